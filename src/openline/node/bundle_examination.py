"""Examining an evidence bundle: everything in it held against leaf, tree, checkpoint and signatures, then judged.

Nothing is taken from the node on trust but the order of entries and the times that it recorded, and what it alone says
is called its word. What is at fault is named and counts for nothing. No network, no ledger, no secret is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256

import msgspec
from msgspec import Struct

from openline.codec.envelope import EVENT_TYPE, read_envelope, read_own_envelope
from openline.codec.events import read_event, write_event
from openline.core.errors import OpenlineError
from openline.core.event import Event
from openline.core.evidence import EvidenceBundle, OpenedEntry
from openline.core.time import to_text
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, verify
from openline.ledger.absence_proof import AbsenceMalformed, AbsenceProof, read_absence
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from openline.ledger.leaf import LeafClass, LeafError, commitment, decode_leaf
from openline.ledger.note import NoteError, NoteVerifier, parse_verifier_key
from openline.ledger.proof import ProofError, verify_consistency, verify_inclusion
from openline.ledger.proof_file import ProofFileError, parse_proof_file
from openline.ledger.receipt import Promise, ReceiptError, open_receipt
from openline.ledger.told import split_told
from openline.ledger.tree import leaf_hash
from openline.node.hearing import Hearing
from openline.node.journal import class_of
from openline.node.silence import breaks, heard_silence
from openline.node.terms import Heard, Roots, Terms
from openline.record.evidence import judge
from openline.record.findings import Case, Promised, Said, Silence, Subject, Witnessing


class Pins(Struct, frozen=True, kw_only=True):
    """What the reader knows otherwise than from the bundle."""

    node_key: bytes = b""
    """The node's public key; empty when it is not known."""
    roots: Roots = {}
    """Root keys by party."""


class Trust(Struct, frozen=True, kw_only=True):
    """A key that the examination rests on."""

    what: str
    """`node` or `root`."""
    party: str = ""
    key: bytes
    is_given: bool
    """True when the reader gave it; else the bundle did."""

    @property
    def fingerprint(self) -> str:
        """The key's id."""
        return key_id(self.key)


class Fault(Struct, frozen=True, kw_only=True):
    """What does not verify."""

    entry: int | None
    """None for the bundle as a whole."""
    reason: str


class Examination(Struct, frozen=True, kw_only=True):
    """What was found."""

    bundle: EvidenceBundle
    is_drill: bool
    """By the bundle, by the origin that the node signs, or by the start that it recorded: any of them will do."""
    head: Checkpoint | None
    """None when the checkpoint is not the node's: then nothing is proven."""
    trust: tuple[Trust, ...]
    rootless: tuple[str, ...]
    """Parties whose word is shown, and of whom no root is known."""
    faults: tuple[Fault, ...]
    case: Case
    subjects: tuple[Subject, ...]
    promised: tuple[Promised, ...]
    """What the receipts in it say, of those that hold."""
    silences: tuple[Silence, ...]
    """What its proofs of absence show."""
    remarks: tuple[str, ...] = ()
    """What is no fault, and a reader should know."""


def examine(bundle: EvidenceBundle, pins: Pins) -> Examination:
    """Hold everything against everything. Never raises for what a bundle says: a fault is a finding."""
    return _Examining(bundle, pins).run()


class _Examining:
    """One examination."""

    def __init__(self, bundle: EvidenceBundle, pins: Pins) -> None:
        self._bundle = bundle
        self._pins = pins
        self._faults: list[Fault] = []
        self._heads: dict[str, Checkpoint] = {}
        """Checkpoints that the node's key signed, by their notes."""
        self._absences = list(_readable(bundle.absences)) if bundle.receipts else []

    def run(self) -> Examination:
        log = self._log()
        head = None if log is None else self._open_heads(log)
        held = [] if log is None or head is None else self._held(log)
        terms = Terms(held, self._pins.roots)
        hearing = Hearing(self._bundle.manifest, terms)
        for heard in held:
            hearing.hear(heard)
        hearing.close()
        said = tuple(hearing.said)
        witnessing = terms.witnessing(self._heads, self._bundle.manifest.party) if head else {}
        for entry, reason in (*terms.faults, *hearing.faults):
            self._fail(entry, reason)
        self._check_range(hearing.said)
        promised = () if log is None else self._promised(log)
        silences = self._unbroken(self._silences(head, terms, witnessing), said)
        case = Case(party=self._bundle.manifest.party, said=said, witnessing=witnessing)
        return Examination(
            bundle=self._bundle,
            is_drill=self._bundle.manifest.drill or hearing.is_drill,
            head=head,
            trust=(trust := self._trust(log, terms)),
            rootless=tuple(sorted({one.party for one in said if one.party} - {one.party for one in trust})),
            faults=tuple(self._faults),
            case=case,
            subjects=judge(case),
            promised=promised,
            silences=silences,
            remarks=tuple(hearing.remarks),
        )

    def _promised(self, log: NoteVerifier) -> tuple[Promised, ...]:
        """The receipts, each held against the entry that it speaks of."""
        shown = {entry.index: entry for entry in self._bundle.opened}
        found: list[Promised] = []
        for index, note in sorted(self._bundle.receipts.items()):
            try:
                promise = open_receipt(note, log)
            except ReceiptError as error:
                self._fail(index, f"the receipt of it does not hold ({error})")
                continue
            entry = shown.get(index)
            if promise.index != index or any(
                leaf_hash(leaf) != promise.leaf_hash for leaf in self._leaves_at(index, entry)
            ):
                self._fail(index, "the node signed a receipt for something else than what it shows there")
                continue
            if entry is not None and not _is_told_so(promise, entry.body):
                self._fail(index, "the receipt of it names another time of recording, or other bytes, than it has")
                continue
            found.append(
                Promised(
                    entry=index,
                    recorded_ms=promise.recorded_ms,
                    deadline_ms=promise.deadline_ms,
                    is_witnessed=promise.is_witnessed,
                    is_shown=entry is not None,
                )
            )
        return tuple(found)

    def _leaves_at(self, index: int, opened: OpenedEntry | None) -> Iterator[bytes]:
        """The leaf of an entry, wherever the bundle shows it: opened, or in a proof of absence that covers it."""
        if opened is not None:
            yield opened.leaf
        yield from (proof.leaf_at(index) for proof in self._absences if proof.first <= index < proof.end)

    def _silences(
        self, head: Checkpoint | None, terms: Terms, witnessing: dict[str, Witnessing]
    ) -> tuple[Silence, ...]:
        found: list[Silence] = []
        if head is None:
            return ()
        for raw in self._bundle.absences:
            silence, fault = heard_silence(raw, head, terms.read_signed, terms.rootless_in(raw), witnessing)
            if fault:
                self._fail(None, f"a proof of absence does not hold: {fault}")
            elif silence is not None:
                found.append(silence)
        return tuple(found)

    def _unbroken(self, silences: tuple[Silence, ...], said: tuple[Said, ...]) -> tuple[Silence, ...]:
        """Those that no notice in the bundle breaks: one in its range that the channel does not count."""
        kept: list[Silence] = []
        for silence in silences:
            broken = [one.index for one in said if breaks(one, silence)]
            for index in broken:
                self._fail(index, f"it belongs on {silence.channel}, and the node keeps the channel as if it were not")
            if not broken:
                kept.append(silence)
        return tuple(kept)

    def _fail(self, entry: int | None, reason: str) -> None:
        self._faults.append(Fault(entry=entry, reason=reason))

    def _log(self) -> NoteVerifier | None:
        """The node's key, under the origin."""
        manifest = self._bundle.manifest
        try:
            named = parse_verifier_key(manifest.node_key)
        except NoteError as error:
            self._fail(None, f"the node's key in the bundle cannot be used ({error})")
            return None
        if named.name != manifest.origin:
            self._fail(None, f"the key in the bundle is that of {named.name}, and the ledger is {manifest.origin}")
            return None
        if self._pins.node_key and self._pins.node_key != named.public_key:
            self._fail(None, "the bundle rests on another node key than the one that you gave")
            return None
        return named

    def _open_heads(self, log: NoteVerifier) -> Checkpoint | None:
        """The checkpoint, and the earlier one that witnesses cosigned, which must be of the same history."""
        bundle = self._bundle
        head = self._opened(bundle.checkpoint, log)
        if head is None or not bundle.witnessed:
            return head
        early = self._opened(bundle.witnessed, log)
        if early is None:
            return head
        try:
            verify_consistency(
                old=early.size,
                new=head.size,
                proof=bundle.consistency,
                old_root=early.root,
                new_root=head.root,
            )
        except ProofError as error:
            del self._heads[bundle.witnessed]
            self._fail(None, f"the two checkpoints in it are not of one history ({error})")
        return head

    def _opened(self, note: str, log: NoteVerifier) -> Checkpoint | None:
        try:
            self._heads[note] = open_checkpoint(note, log)
        except (CheckpointError, NoteError) as error:
            self._fail(None, f"a checkpoint in it is not one that the node's key signed ({error})")
            return None
        return self._heads[note]

    def _held(self, log: NoteVerifier) -> list[Heard]:
        """The entries that hold, in the order of the ledger."""
        bundle = self._bundle
        shown = {entry.index for entry in bundle.opened} & {entry.index for entry in bundle.keys}
        for index in sorted(shown):
            self._fail(index, "it stands in the bundle twice")
        for index in sorted(bundle.proofs.keys() - {entry.index for entry in (*bundle.opened, *bundle.keys)}):
            self._fail(index, "it has a proof, and is not shown")
        held: list[Heard] = []
        for entry in sorted((*bundle.opened, *bundle.keys), key=lambda entry: entry.index):
            try:
                leaf_class = self._check_entry(entry)
                held.append(_heard(entry, leaf_class, log))
            except (_Unproven, LeafError, ProofError, ProofFileError) as error:
                self._fail(entry.index, str(error))
            except (OpenlineError, msgspec.MsgspecError, BadSignature, ValueError) as error:
                self._fail(entry.index, f"it cannot be read ({error})")
        return held

    def _check_entry(self, entry: OpenedEntry) -> LeafClass:
        """Body and salt fit the leaf, and the leaf lies in the tree at its index."""
        leaf = decode_leaf(entry.leaf)
        if commitment(entry.salt, entry.body) != leaf.commitment:
            raise _Unproven("the body shown is not the one that was recorded")
        text = self._bundle.proofs.get(entry.index)
        if text is None:
            raise _Unproven("no proof shows that it is in the ledger")
        proof = parse_proof_file(text)
        head = self._heads.get(proof.checkpoint)
        if head is None:
            raise _Unproven("its proof leads to another checkpoint than those of the bundle")
        if proof.index != entry.index:
            raise _Unproven(f"its proof is that of entry {proof.index}")
        verify_inclusion(
            index=entry.index, size=head.size, leaf_hash=leaf_hash(entry.leaf), proof=proof.hashes, root=head.root
        )
        return leaf.leaf_class

    def _check_range(self, said: list[Said]) -> None:
        manifest = self._bundle.manifest
        if self._heads and manifest.to_index > max(head.size for head in self._heads.values()):
            self._fail(None, "its range reaches further than its checkpoint")
        opened = {entry.index for entry in self._bundle.opened}
        for one in said:
            if one.index in opened and one.index >= manifest.to_index:
                self._fail(one.index, "it lies behind the range of the bundle")

    def _trust(self, log: NoteVerifier | None, terms: Terms) -> tuple[Trust, ...]:
        found = []
        if log is not None:
            found.append(Trust(what="node", key=log.public_key, is_given=bool(self._pins.node_key)))
        pinned = ((party, key) for party, keys in sorted(self._pins.roots.items()) for key in keys)
        given = [Trust(what="root", party=p, key=key, is_given=True) for p, key in pinned]
        shown = [Trust(what="root", party=p, key=key, is_given=False) for p, key in terms.roots_shown()]
        return (*found, *given, *shown)


class _Unproven(Exception):
    """An entry that its leaf or its proof does not carry."""


def _readable(absences: Iterable[bytes]) -> Iterator[AbsenceProof]:
    """The proofs that can be read; what is wrong with the others is said where they are judged."""
    for raw in absences:
        with suppress(AbsenceMalformed):
            yield read_absence(raw)


def _is_told_so(promise: Promise, body: bytes) -> bool:
    """True when a receipt speaks of the very bytes that an entry holds, recorded when it says."""
    try:
        told_at, raw = split_told(body)
        payload = read_own_envelope(raw)[1]
    except (OpenlineError, msgspec.MsgspecError, ValueError):
        return False
    return (told_at, sha256(payload).digest()) == (to_text(promise.recorded_ms), promise.digest)


def _heard(entry: OpenedEntry, leaf_class: LeafClass, log: NoteVerifier) -> Heard:
    if leaf_class is LeafClass.TOLD:
        return Heard(index=entry.index, body=entry.body, event=None)
    event = _event_of(entry.body, log)
    if class_of(event) is not leaf_class:
        raise _Unproven("its leaf is of another class than its body")
    return Heard(index=entry.index, body=entry.body, event=event)


def _event_of(body: bytes, log: NoteVerifier) -> Event:
    """The event that the node signed."""
    envelope = read_envelope(body)
    if envelope.payload_type != EVENT_TYPE or len(envelope.signatures) != 1:
        raise _Unproven("it is neither what a party told nor one event of the node")
    message = pae(envelope.payload_type, envelope.payload)
    try:
        verify(log.public_key, message, envelope.signatures[0].value)
    except BadSignature as error:
        raise _Unproven("the node has not signed it") from error
    event = read_event(envelope.payload)
    if write_event(event) != envelope.payload:
        # A key said twice, for one: another reader could be shown another event.
        raise _Unproven("it is not in the one form that a node writes its entries in")
    return event
