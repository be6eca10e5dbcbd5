"""Signed receipts: the node's promise, given at once, that an entry is in its ledger and will be shown there in time.

    openline/receipt/v1
    openline.example/north                          origin of the ledger
    73894                                           index of the entry
    JnP8rexYhR1ykWOf7mJKi7YYUDv25MTzXXOocx7W5wQ=    hash of its leaf, RFC 9162 section 2.1.1
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=    SHA-256 of the payload that was told
    2026-03-01T12:00:00Z                            when it was recorded
    witnessed_by 2026-03-01T12:01:00Z               until when it is to be witnessed

A signed note (C2SP signed-note) under the ledger's own key and name. Where no agreement asks for witnesses the last
line begins with `published_by`: the promise is a checkpoint that covers the entry, and no more. A receipt cannot be
taken for a checkpoint nor the other way round: the third line of the one is an index of at most 19 digits, of the other
a root of 44 characters.
"""

from __future__ import annotations

import re
from base64 import b64encode

from msgspec import Struct

from openline.codec.times import read_instant
from openline.core.errors import OpenlineError
from openline.core.limits import LATEST_MS
from openline.core.time import DAY_MS, to_text
from openline.keys.signing import Signer
from openline.ledger.note import NoteError, NoteVerifier, decode_base64, sign_note, verify_note

DEADLINE_MAX_MS = DAY_MS
"""No promise runs longer: whoever promises more promises nothing."""

_HEADER = "openline/receipt/v1"
_LINES = 7
_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_INDEX = (1 << 63) - 1
_WITNESSED, _PUBLISHED = "witnessed_by", "published_by"
_HASH_BYTES = 32


class ReceiptError(ValueError):
    """The text is no well-formed receipt, or another than the ledger's key signed it."""


class Promise(Struct, frozen=True, kw_only=True):
    """What a receipt says of an entry."""

    origin: str
    """Of the ledger, which is also the name of its key."""
    index: int
    leaf_hash: bytes
    """32 bytes."""
    digest: bytes
    """SHA-256 of the payload, 32 bytes."""
    recorded_ms: int
    deadline_ms: int
    """Until when the entry is to be witnessed, or published where nobody witnesses."""
    is_witnessed: bool
    """True when a quorum of witnesses is promised, false for a checkpoint alone."""


class ReceiptSigner:
    """Signs the receipts of one ledger: what all of them share is made once."""

    def __init__(self, origin: str, signer: Signer) -> None:
        """Raises NoteError when the origin cannot stand in a note."""
        # A note is made once by the ordinary way, so that a name that cannot stand in one is refused here.
        sign_note(f"{_HEADER}\n{origin}\n", origin, signer)
        self._origin = origin
        self._signer = signer
        self._head = f"{_HEADER}\n{origin}\n"
        self._key_hash = NoteVerifier(origin, signer.public_key).key_hash

    def sign(
        self, *, index: int, leaf_hash: bytes, digest: bytes, recorded_ms: int, within_ms: int, is_witnessed: bool
    ) -> str:
        """The receipt of an entry, to be witnessed or published `within_ms` of when it was recorded.

        The same entry always gives the same bytes. Hashes are 32 bytes each; they are the node's own and not checked.
        """
        word = _WITNESSED if is_witnessed else _PUBLISHED
        text = (
            f"{self._head}{index}\n{_base64(leaf_hash)}\n{_base64(digest)}\n{to_text(recorded_ms)}\n"
            f"{word} {to_text(recorded_ms + within_ms)}\n"
        )
        signature = _base64(self._key_hash + self._signer.sign(text.encode()))
        return f"{text}\n\u2014 {self._origin} {signature}\n"


def format_receipt(promise: Promise) -> str:
    """The note text of `promise`. Raises ReceiptError when a part cannot stand on its line."""
    if not 0 <= promise.index <= _MAX_INDEX or {len(promise.leaf_hash), len(promise.digest)} != {_HASH_BYTES}:
        raise ReceiptError(f"a receipt has an index from 0 to 2**63 - 1 and hashes of {_HASH_BYTES} bytes")
    if not 0 <= promise.recorded_ms <= promise.deadline_ms <= LATEST_MS:
        raise ReceiptError("the deadline of a receipt lies after its recording")
    if promise.deadline_ms - promise.recorded_ms > DEADLINE_MAX_MS:
        raise ReceiptError("its deadline lies more than a day off")
    lines = [
        _HEADER,
        promise.origin,
        str(promise.index),
        _base64(promise.leaf_hash),
        _base64(promise.digest),
        to_text(promise.recorded_ms),
        f"{_WITNESSED if promise.is_witnessed else _PUBLISHED} {to_text(promise.deadline_ms)}",
    ]
    if any(not line or "\n" in line for line in lines):
        raise ReceiptError("the lines of a receipt are not empty and hold no newline")
    return "".join(f"{line}\n" for line in lines)


def parse_receipt(text: str) -> Promise:
    """The promise in the note text `text`. Raises ReceiptError unless it is the one written form."""
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) != _LINES or lines[0] != _HEADER:
        raise ReceiptError(f"a receipt has {_LINES} lines and begins with {_HEADER}")
    _, origin, index, leaf_hash, digest, recorded, promised = lines
    word, _, deadline = promised.partition(" ")
    if not _INDEX.fullmatch(index) or word not in {_WITNESSED, _PUBLISHED}:
        raise ReceiptError(f"its index is a decimal number, and it ends in {_WITNESSED} or {_PUBLISHED} and a time")
    try:
        promise = Promise(
            origin=origin,
            index=int(index),
            leaf_hash=decode_base64(leaf_hash),
            digest=decode_base64(digest),
            recorded_ms=read_instant(recorded, path="recorded"),
            deadline_ms=read_instant(deadline, path="deadline"),
            is_witnessed=word == _WITNESSED,
        )
    except (NoteError, OpenlineError) as error:
        raise ReceiptError(f"its hashes are base64 and its times RFC 3339 in UTC ({error})") from error
    if format_receipt(promise) != text:
        raise ReceiptError("not the one written form of a receipt")
    return promise


def open_receipt(note: str, verifier: NoteVerifier) -> Promise:
    """The promise that the ledger's own key signed in `note`.

    Raises ReceiptError when the note is malformed, the ledger did not sign it, or it speaks of another ledger.
    """
    try:
        promise = parse_receipt(verify_note(note, [verifier]).text)
    except NoteError as error:
        raise ReceiptError(str(error)) from error
    if promise.origin != verifier.name:
        raise ReceiptError(f"{verifier.name} signed a receipt of {promise.origin}")
    return promise


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
