"""The receipts that a desk keeps: what it sent, what the node promised, and the proof when it comes.

One JSON file for each entry in a folder beside the key file, and beside it the proof (C2SP tlog-proof) under the same
name. Both are enough to show anybody, offline, what was told and whether the node kept its word.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from openline.adapters.kept_files import keep, read_kept
from openline.codec.envelope import read_own_envelope
from openline.core.errors import BadUse, LedgerFault
from openline.core.time import SECOND_MS, to_text
from openline.ledger.leaf import LeafClass, LeafError, commitment, decode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.proof_file import SUFFIX
from openline.ledger.receipt import Promise, ReceiptError, open_receipt
from openline.ledger.told import told_body
from openline.ledger.tree import leaf_hash

TOLERANCE_MS = 30 * SECOND_MS
"""What is added to a deadline before a desk shouts: the way of the answer and the pace of its clock."""
_DIGITS = 12


class Standing(StrEnum):
    """How far a promise has been kept."""

    PROMISED = "promised"
    INCLUDED = "included"
    """A checkpoint that the node signed covers the entry."""
    WITNESSED = "witnessed"
    """And witnesses have cosigned it."""
    BROKEN = "broken"


class Kept(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is kept of an entry before its proof comes."""

    index: int
    told_at_ms: int
    """When the receipt came in, by the desk's own clock."""
    envelope: str
    """The bytes that were sent, base64."""
    salt: str
    leaf: str
    receipt: str
    """The signed note."""


class Receipts:
    """The folder of one key file."""

    def __init__(self, folder: Path, log: NoteVerifier) -> None:
        """`log` is the key of the ledger whose receipts are kept here."""
        self._folder = folder
        self._log = log

    def take(self, answer: dict[str, Any], raw: bytes, at_ms: int) -> Promise:
        """Check what a node answered to `raw`, and keep it. What does not hold is kept too, as evidence.

        Raises:
            LedgerFault: RECEIPT_INVALID.
            BadUse: FILE_UNREADABLE.
        """
        try:
            promise, kept = checked(answer, raw, self._log, at_ms)
            before = self.get(promise.index)
            _check_same(before, kept)
        except ReceiptError as error:
            path = self._folder / f"invalid-{sha256(msgspec.json.encode(answer)).hexdigest()[:12]}.json"
            keep(path, _json({"sent": _base64(raw), "answered": answer}))
            raise LedgerFault(
                "RECEIPT_INVALID",
                f"the node's receipt does not hold: {error}",
                path=str(path),
                remedy="It may have recorded something else, or nothing. Telephone, and show the file to the others.",
            ) from error
        if before is None:
            keep(self._path(promise.index), _json(kept))
        return promise

    def get(self, index: int) -> Kept | None:
        """What was kept of an entry, or None.

        Raises:
            BadUse: FILE_UNREADABLE.
        """
        path = self._path(index)
        text = read_kept(path)
        if not text:
            return None
        try:
            return msgspec.json.decode(text, type=Kept)
        except msgspec.DecodeError as error:
            raise BadUse(
                "FILE_UNREADABLE", f"it is no receipt ({error})", path=str(path), remedy="Put it back from a copy."
            ) from error

    def all(self) -> Iterator[Kept]:
        """Everything kept, in the order of the ledger.

        Raises:
            BadUse: FILE_UNREADABLE.
        """
        for path in sorted(self._folder.glob(f"{'[0-9]' * _DIGITS}.json")):
            kept = self.get(int(path.stem))
            if kept is not None:
                yield kept

    def proof(self, index: int) -> str:
        """The proof file that was kept, empty when none has come yet."""
        return read_kept(self._path(index).with_suffix(SUFFIX))

    def take_proof(self, index: int, text: str) -> None:
        """Keep a proof that was verified, in place of a lesser one."""
        keep(self._path(index).with_suffix(SUFFIX), text)

    def contradict(self, index: int, text: str) -> Path:
        """Keep what the node shows instead of the entry."""
        path = self._path(index).with_suffix(".contradiction.txt")
        keep(path, text)
        return path

    def promise(self, kept: Kept) -> Promise:
        """The promise in a receipt that was kept.

        Raises:
            LedgerFault: RECEIPT_INVALID, when the file was changed or belongs to another ledger.
        """
        try:
            return open_receipt(kept.receipt, self._log)
        except ReceiptError as error:
            raise LedgerFault(
                "RECEIPT_INVALID",
                f"a receipt that was kept does not verify: {error}",
                path=str(self._path(kept.index)),
                remedy="Put it back from a copy.",
            ) from error

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:0{_DIGITS}}.json"


def checked(answer: dict[str, Any], raw: bytes, log: NoteVerifier, at_ms: int) -> tuple[Promise, Kept]:
    """The promise in a node's answer to `raw`, when all of it fits together. Raises ReceiptError."""
    try:
        promise = open_receipt(answer["signed"], log)
        salt, leaf = b64decode(answer["salt"], validate=True), b64decode(answer["leaf"], validate=True)
        held = decode_leaf(leaf)
        body = told_body(raw, promise.recorded_ms)
        opens = held.leaf_class is LeafClass.TOLD and held.commitment == commitment(salt, body)
        said = answer["index"], answer["recorded_at"], answer["leaf_hash"]
    except (KeyError, TypeError, LeafError, ValueError) as error:
        if isinstance(error, ReceiptError):
            raise
        raise ReceiptError(f"a part of it is missing or malformed ({error})") from error
    if said != (promise.index, to_text(promise.recorded_ms), _base64(promise.leaf_hash)):
        raise ReceiptError("what it says and what was signed differ")
    if promise.digest != sha256(read_own_envelope(raw)[1]).digest():
        raise ReceiptError("it is for other bytes than were sent")
    if not opens or leaf_hash(leaf) != promise.leaf_hash:
        raise ReceiptError("its leaf does not hold the bytes that were sent")
    kept = Kept(
        index=promise.index,
        told_at_ms=at_ms,
        envelope=_base64(raw),
        salt=answer["salt"],
        leaf=answer["leaf"],
        receipt=answer["signed"],
    )
    return promise, kept


def _check_same(before: Kept | None, kept: Kept) -> None:
    if before is not None and before.receipt != kept.receipt:
        raise ReceiptError("it promises something else than it promised before for the same entry")


def due_ms(kept: Kept, promise: Promise) -> int:
    """When a promise is broken by the desk's own clock, whatever the node's says."""
    return kept.told_at_ms + promise.deadline_ms - promise.recorded_ms + TOLERANCE_MS


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
