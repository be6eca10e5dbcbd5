"""Whether a promise was kept: proofs are fetched, verified as anybody would offline, and kept."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from openline.app.history import History
from openline.app.ledger_door import LedgerDoor
from openline.app.receipts import Kept, Receipts, Standing
from openline.codec.envelope import read_own_envelope
from openline.core.agreement import Agreement
from openline.core.errors import LedgerFault, NodeFault, Refusal
from openline.ledger.cosignature import confirmed_cosignatures, parse_cosigner_key
from openline.ledger.note import NoteError, NoteVerifier, parse_note
from openline.ledger.proof_file import ProofFileError, parse_proof_file, verify_proof_file
from openline.ledger.receipt import Promise


class Prover:
    """Holds kept receipts against what the node shows."""

    def __init__(
        self,
        log: NoteVerifier,
        ledger: LedgerDoor,
        history: History,
        receipts: Receipts,
        agreements: Sequence[Agreement],
    ) -> None:
        """Without an agreement cosignatures are counted and not judged: only it says whose count."""
        self._log = log
        self._ledger = ledger
        self._history = history
        self._receipts = receipts
        self._agreements = [agreement for agreement in agreements if agreement.witness_quorum]
        self._agreed: set[str] = set()
        self._faults: list[LedgerFault] = []

    def faults(self) -> list[LedgerFault]:
        """What was wrong with the last entry that was looked at."""
        return self._faults

    def standing(self, kept: Kept, promise: Promise) -> tuple[Standing, str]:
        """How far a promise was kept, and in words what is still owed; empty when it is nothing."""
        self._faults = []
        held = self._receipts.proof(kept.index)
        standing, owed = self._judged(held, kept, promise)
        if not owed:
            return standing, owed
        try:
            fresh = self._ledger.proof(kept.index)
        except (NodeFault, Refusal) as error:
            return standing, f"{owed} ({error.reason})"
        if not fresh or not self._is_of_this_history(fresh, kept.index):
            return standing, owed
        found, still = self._judged(fresh, kept, promise)
        if found is not Standing.PROMISED:
            self._receipts.take_proof(kept.index, fresh)
            standing, owed = found, still
        return standing, owed

    def _judged(self, text: str, kept: Kept, promise: Promise) -> tuple[Standing, str]:
        if not text:
            return Standing.PROMISED, "the node has shown no proof that the entry is in its ledger"
        try:
            checkpoint = self._proven(text, kept)
        except ProofFileError as error:
            path = self._receipts.contradict(kept.index, text)
            self._faults.append(
                LedgerFault(
                    "PROMISE_BROKEN",
                    f"at index {kept.index} the node does not show the entry that it promised ({error})",
                    path=str(path),
                    remedy="Receipt and file together prove it. Telephone the others, and show them both.",
                )
            )
            return Standing.PROMISED, "the node's proof does not show the entry"
        if not promise.is_witnessed and not self._asks_for_witnesses(kept, promise):
            return Standing.INCLUDED, ""
        return self._witnessed(checkpoint, kept)

    def _asks_for_witnesses(self, kept: Kept, promise: Promise) -> bool:
        """True when an agreement at hand did so at the time: a lesser promise lets the node off nothing."""
        named = _agreement_named(kept)
        return any(held.id == named and held.is_in_force_at(promise.recorded_ms) for held in self._agreements)

    def _proven(self, text: str, kept: Kept) -> str:
        """The checkpoint under which a proof shows this very entry. Raises ProofFileError when it does not."""
        proof = parse_proof_file(text)
        if proof.index != kept.index:
            raise ProofFileError(f"it is about entry {proof.index}")
        verify_proof_file(text, b64decode(kept.leaf), self._log)
        return proof.checkpoint

    def _witnessed(self, note: str, kept: Kept) -> tuple[Standing, str]:
        named = _agreement_named(kept)
        policies = [agreement for agreement in self._agreements if named in {agreement.id, ""}]
        if not policies:
            others = [line.name for line in parse_note(note).signatures if line.name != self._log.name]
            # whose cosignatures count stands in the agreement alone: without it nothing is owed and nothing is proven
            return Standing.INCLUDED, "" if others else "no witness has cosigned it"
        for agreement in policies:
            parties = _cosigned_by(agreement, note)
            if len(parties) >= agreement.witness_quorum:
                return Standing.WITNESSED, ""
        return Standing.INCLUDED, "too few of the agreement's witnesses have cosigned it"

    def _is_of_this_history(self, proof: str, index: int) -> bool:
        """Hold a proof's checkpoint against the history seen; each checkpoint once."""
        try:
            note = parse_proof_file(proof).checkpoint
        except ProofFileError:
            return True  # what is wrong with it is said where it is judged
        if note in self._agreed:
            return True
        try:
            self._history.agree(note)
        except LedgerFault as error:
            self._faults.append(error)
            self._receipts.contradict(index, proof)
            return False
        except NodeFault:
            return False
        self._agreed.add(note)
        return True


def _cosigned_by(agreement: Agreement, note: str) -> set[str]:
    """The parties of whom a witness that the agreement names has cosigned."""
    try:
        cosigners = {parse_cosigner_key(witness.key): witness.party for witness in agreement.witnesses}
        lines = [cosignature.line for cosignature in confirmed_cosignatures(note, list(cosigners))]
    except NoteError:
        return set()  # a wrong line spoils the note, as the specification of notes asks
    confirmed = {(line.name, line.key_hash) for line in lines}
    return {party for cosigner, party in cosigners.items() if (cosigner.name, cosigner.key_hash) in confirmed}


class _Named(Struct, frozen=True):
    id: str = ""


class _Payload(Struct, frozen=True):
    agreement: _Named = _Named()


def _agreement_named(kept: Kept) -> str:
    """The agreement that a notice names, empty for other documents."""
    return msgspec.json.decode(read_own_envelope(b64decode(kept.envelope))[1], type=_Payload).agreement.id
