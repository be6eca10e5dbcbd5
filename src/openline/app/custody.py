"""What a desk holds against its node: the node's key, the history it has seen, the receipts it was given.

Everything that the node shows is compared with it at each contact. What does not fit becomes an alarm, and the desk
goes on: a notice is sent all the same, for it may save somebody. Only another key than the one that was kept ends the
conversation before anything is said.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from msgspec import Struct

from openline.adapters.kept_files import keep, read_kept
from openline.app.agreements import read_signed
from openline.app.configuration import check_key
from openline.app.history import History
from openline.app.ledger_door import LedgerDoor
from openline.app.proving import Prover
from openline.app.receipts import Kept, Receipts, Standing, due_ms
from openline.core.agreement import Agreement
from openline.core.errors import BadUse, LedgerFault, NodeFault
from openline.core.time import to_text
from openline.ledger.checkpoint import CheckpointError, open_checkpoint
from openline.ledger.note import NoteError, NoteVerifier, format_verifier_key, parse_verifier_key
from openline.ledger.receipt import Promise


class Alarm(Struct, frozen=True, kw_only=True):
    """Something that the officer has to hear, in words."""

    code: str
    text: str
    path: str = ""
    """The file that shows it, empty when none does."""
    remedy: str = ""
    entry: int | None = None


class Shown(Struct, frozen=True, kw_only=True):
    """A receipt and how far its promise was kept."""

    index: int
    standing: Standing
    told_at: str
    promised: str
    deadline: str
    note: str = ""


class Custody:
    """One key file's side of the record."""

    def __init__(self, key_path: Path, ledger: LedgerDoor, node_key: str = "") -> None:
        """Meet the node: hold its key against the one kept at `key_path`, or keep it at first contact.

        Raises:
            LedgerFault: NODE_KEY_DIFFERS.
            BadUse: CONFIGURATION_INVALID or FILE_UNREADABLE.
            Refusal, NodeFault: what the node answered, or NODE_UNREACHABLE.
        """
        self._ledger = ledger
        self.alarms: list[Alarm] = []
        self.is_first = False
        self.log = self._meet(key_path.with_suffix(".node"), node_key)
        self.history = History(key_path.with_suffix(".checkpoint"), self.log, ledger)
        self.receipts = Receipts(key_path.with_suffix(".receipts"), self.log)
        self._agreements = key_path.with_suffix(".agreements")

    def look(self) -> None:
        """Compare the node's present checkpoint with what was seen before.

        Raises:
            NodeFault: NODE_UNREACHABLE.
            BadUse: FILE_UNREADABLE.
        """
        note = self._ledger.checkpoint()
        if note or self.history.head is not None:
            self._follow(note)

    def compare(self, note: str) -> None:
        """Hold a checkpoint from elsewhere against the history that was seen; it is not taken over.

        Raises:
            NodeFault: NODE_UNREACHABLE.
            BadUse: CONFIGURATION_INVALID, when it is no checkpoint that this node's key signed; FILE_UNREADABLE.
        """
        try:
            open_checkpoint(note, self.log)
        except (NoteError, CheckpointError) as error:
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"it is no checkpoint that this node signed ({error})",
                remedy="Ask for the signed note as it was given out; another key says nothing of this node.",
            ) from error
        try:
            self.history.agree(note)
        except LedgerFault as error:
            self._alarm(error)

    def take(self, answer: dict[str, Any], raw: bytes, at_ms: int) -> None:
        """Check a receipt and keep it; `at_ms` is the desk's own time.

        Raises:
            BadUse: FILE_UNREADABLE.
        """
        try:
            promise = self.receipts.take(answer, raw, at_ms)
            head = self._follow(str(answer.get("checkpoint", "")))
            if head is not None and head <= promise.index:
                reason = f"its checkpoint has {head} entries and does not cover entry {promise.index}"
                self.alarms.append(Alarm(code="RECEIPT_INVALID", text=reason, entry=promise.index))
        except LedgerFault as error:
            self._alarm(error)
        except NodeFault:
            # the receipt is kept; what could not be compared now is compared at the next contact
            return

    def remember(self, raw: bytes, *, name: str) -> None:
        """Keep a signed agreement: it says whose cosignatures count, from now on at every contact.

        Raises:
            BadUse: AGREEMENT_INVALID or FILE_UNREADABLE.
        """
        read_signed(raw, name=name)
        keep(self._agreements / f"{sha256(raw).hexdigest()[:32]}.json", raw.decode())

    def agreements(self) -> list[Agreement]:
        """The agreements that were kept.

        Raises:
            BadUse: AGREEMENT_INVALID or FILE_UNREADABLE.
        """
        paths = sorted(self._agreements.glob("*.json"))
        return [read_signed(read_kept(path).encode(), name=str(path)).agreement for path in paths]

    def review(self, at_ms: int) -> list[Shown]:
        """Fetch the proofs that are missing, and say how far each promise was kept by the desk's time `at_ms`.

        Raises:
            BadUse: FILE_UNREADABLE.
        """
        prover = Prover(self.log, self._ledger, self.history, self.receipts, self.agreements())
        shown: list[Shown] = []
        for kept in self.receipts.all():
            try:
                promise = self.receipts.promise(kept)
            except LedgerFault as error:
                self._alarm(error, kept.index)
                continue
            standing, remark = prover.standing(kept, promise)
            for fault in prover.faults():
                self._alarm(fault, kept.index)
                standing = Standing.BROKEN
            if remark and at_ms > due_ms(kept, promise) and standing is not Standing.BROKEN:
                self.alarms.append(_late(kept, promise, remark))
                standing = Standing.BROKEN
            shown.append(_shown(kept, promise, standing, remark))
        return shown

    def _follow(self, note: str) -> int | None:
        """Take a head of the ledger; its size, or None when it does not fit."""
        try:
            return self.history.follow(note).size
        except LedgerFault as error:
            self._alarm(error)
            return None

    def _alarm(self, error: LedgerFault, entry: int | None = None) -> None:
        alarm = Alarm(code=error.code, text=error.reason, path=error.path, remedy=error.remedy, entry=entry)
        if alarm not in self.alarms:
            self.alarms.append(alarm)

    def _meet(self, path: Path, node_key: str) -> NoteVerifier:
        held, said = read_kept(path).strip(), self._ledger.key()
        try:
            shown = parse_verifier_key(said)
            kept = parse_verifier_key(held) if held else None
        except NoteError as error:
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"the node's key, or the one that was kept, is none ({error})",
                path=str(path),
                remedy="Check the address of the node, and the file.",
            ) from error
        if node_key and check_key(node_key, "--node-key") != shown.public_key:
            raise _other_key(said, f"the one that you gave, {node_key}", "--node-key")
        if kept is not None and kept != shown:
            raise _other_key(said, f"the one of the first contact, {held}", str(path))
        if kept is None:
            self.is_first = not node_key
            keep(path, f"{format_verifier_key(shown)}\n")
        return shown


def _other_key(said: str, wanted: str, path: str) -> LedgerFault:
    return LedgerFault(
        "NODE_KEY_DIFFERS",
        f"the node speaks with the key {said}, and not with {wanted}",
        path=path,
        remedy="Nothing was sent. Telephone the node's operator: somebody may stand between you and it.",
    )


def _late(kept: Kept, promise: Promise, remark: str) -> Alarm:
    return Alarm(
        code="PROMISE_BROKEN",
        text=f"entry {kept.index} was promised for {to_text(promise.deadline_ms)}: {remark}",
        remedy="The signed receipt proves the promise. Telephone the others, and show them the receipt.",
        entry=kept.index,
    )


def _shown(kept: Kept, promise: Promise, standing: Standing, remark: str) -> Shown:
    if standing is Standing.INCLUDED and promise.is_witnessed and not remark:
        remark = "cosigned; whose cosignatures count was not checked: name the agreement"
    return Shown(
        index=kept.index,
        standing=standing,
        told_at=to_text(kept.told_at_ms),
        promised="witnessed" if promise.is_witnessed else "published",
        deadline=to_text(promise.deadline_ms),
        note=remark,
    )
