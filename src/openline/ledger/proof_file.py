"""Proof files as C2SP lays down (https://c2sp.org/tlog-proof): inclusion of one entry, to be checked offline.

    c2sp.org/tlog-proof@v1
    extra base64            (may be missing)
    index 73894
    base64 of a hash, one a line, from the leaf's sibling upwards
    (an empty line)
    the checkpoint as signed by the log, with whatever cosignatures it carries

The name of such a file ends in `.tlog-proof`. What the extra line says is signed by nobody.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence

from msgspec import Struct

from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint, parse_checkpoint
from openline.ledger.note import NoteError, NoteVerifier, decode_base64, parse_note
from openline.ledger.proof import ProofError, verify_inclusion
from openline.ledger.tree import HASH_BYTES, leaf_hash

SUFFIX = ".tlog-proof"
MAX_HASHES = 63
"""The longest path in a tree of less than 2**63 leaves."""

_HEADER = "c2sp.org/tlog-proof@v1"
_EXTRA = "extra "
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_INDEX = (1 << 63) - 1


class ProofFileError(ValueError):
    """The text is no well-formed proof file, or it does not prove what it is held against."""


class ProofFile(Struct, frozen=True, kw_only=True):
    """What a proof file says; nothing of it is believed before `verify_proof_file`."""

    index: int
    """The entry's place in the log, from 0."""
    hashes: tuple[bytes, ...]
    """PATH(index, D[size]) of RFC 9162 section 2.1.3.1, 32 bytes each."""
    checkpoint: str
    """The signed note, byte for byte, with its cosignatures."""
    extra: bytes = b""
    """Whatever came along. No signature covers it."""


def parse_proof_file(text: str) -> ProofFile:
    """Take a proof file apart; believe nothing yet. Raises ProofFileError unless it is the one written form."""
    head, divider, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if not divider or lines[0] != _HEADER:
        raise ProofFileError(f"a proof file begins with the line {_HEADER} and has an empty line before its checkpoint")
    del lines[0]
    extra = b""
    if lines and lines[0].startswith(_EXTRA):
        extra = _decoded(lines.pop(0).removeprefix(_EXTRA), "extra")
        if not extra:
            raise ProofFileError("extra: without data its line is left out")
    number = _INDEX.fullmatch(lines[0]) if lines else None
    if number is None or int(number[1]) > _MAX_INDEX:
        raise ProofFileError("the line `index` with a decimal number below 2**63 must follow")
    hashes = tuple(_decoded(line, "a hash") for line in lines[1:])
    _check(hashes, checkpoint)
    return ProofFile(index=int(number[1]), hashes=hashes, checkpoint=checkpoint, extra=extra)


def format_proof_file(proof: ProofFile) -> str:
    """The one written form of `proof`; `parse_proof_file` gives it back. Raises ProofFileError when it has none."""
    if not 0 <= proof.index <= _MAX_INDEX:
        raise ProofFileError("an index lies from 0 to 2**63 - 1")
    _check(proof.hashes, proof.checkpoint)
    lines = [_HEADER, f"{_EXTRA}{_base64(proof.extra)}"] if proof.extra else [_HEADER]
    lines += [f"index {proof.index}", *map(_base64, proof.hashes)]
    return "\n".join(lines) + "\n\n" + proof.checkpoint


def verify_proof_file(text: str, leaf: bytes, log: NoteVerifier) -> Checkpoint:
    """The log's signed checkpoint, under which `text` shows the entry whose leaf is `leaf`.

    Cosignatures are carried along unread; whoever asks for witnesses verifies `parse_proof_file(text).checkpoint`.
    Raises ProofFileError when the text is malformed, another than the log's key signed it, or it leads elsewhere.
    """
    proof = parse_proof_file(text)
    try:
        head = open_checkpoint(proof.checkpoint, log)
        verify_inclusion(
            index=proof.index, size=head.size, leaf_hash=leaf_hash(leaf), proof=proof.hashes, root=head.root
        )
    except (NoteError, CheckpointError, ProofError) as error:
        raise ProofFileError(str(error)) from error
    return head


def _check(hashes: Sequence[bytes], checkpoint: str) -> None:
    """The parts that reading and writing share."""
    if len(hashes) > MAX_HASHES or any(len(digest) != HASH_BYTES for digest in hashes):
        raise ProofFileError(f"a proof has at most {MAX_HASHES} hashes of {HASH_BYTES} bytes")
    try:
        parse_checkpoint(parse_note(checkpoint).text)
    except (NoteError, CheckpointError) as error:
        raise ProofFileError(f"checkpoint: {error}") from error


def _decoded(text: str, what: str) -> bytes:
    try:
        return decode_base64(text)
    except NoteError as error:
        raise ProofFileError(f"{what}: {error}") from error


def _base64(data: bytes) -> str:
    return b64encode(data).decode()
