"""Checkpoints as C2SP lays down (https://c2sp.org/tlog-checkpoint): the signed size and root of a ledger.

    openline.example/north
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

The lines are the origin, the size and the root; extension lines may follow.
"""

from __future__ import annotations

import re
from base64 import b64encode

from msgspec import Struct

from openline.keys.signing import Signer
from openline.ledger.note import NoteError, NoteVerifier, decode_base64, sign_note, verify_note
from openline.ledger.tree import HASH_BYTES

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_MAX_SIZE = (1 << 63) - 1
_FIXED_LINES = 3


class CheckpointError(ValueError):
    """The text is no well-formed checkpoint, or it is another log's than its signer's."""


class Checkpoint(Struct, frozen=True):
    """What a log states of itself at one size."""

    origin: str
    """The log's identity, a URL without scheme; also the name of its key."""
    size: int
    """Number of entries."""
    root: bytes
    """Root of the tree of that size, 32 bytes."""
    extensions: tuple[str, ...] = ()
    """Opaque further lines; ours has none."""


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text of `checkpoint`. Raises CheckpointError when a part cannot stand on its line."""
    if not 0 <= checkpoint.size <= _MAX_SIZE or len(checkpoint.root) != HASH_BYTES:
        raise CheckpointError(f"a checkpoint has a size from 0 to 2**63 - 1 and a root of {HASH_BYTES} bytes")
    lines = [checkpoint.origin, str(checkpoint.size), b64encode(checkpoint.root).decode(), *checkpoint.extensions]
    if any(not line or "\n" in line for line in lines):
        raise CheckpointError("the lines of a checkpoint are not empty and hold no newline")
    return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the note text `text`. Raises CheckpointError unless it is the one written form."""
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) < _FIXED_LINES or "" in lines:
        raise CheckpointError("a checkpoint has at least three lines, none empty, each ended by a newline")
    origin, size, root, *extensions = lines
    if not _DECIMAL.fullmatch(size) or int(size) > _MAX_SIZE:
        raise CheckpointError("a tree size is a decimal number without leading zeroes, below 2**63")
    try:
        digest = decode_base64(root)
    except NoteError as error:
        raise CheckpointError(f"root: {error}") from error
    if len(digest) != HASH_BYTES:
        raise CheckpointError(f"a root has {HASH_BYTES} bytes, not {len(digest)}")
    return Checkpoint(origin, int(size), digest, tuple(extensions))


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """The signed note of `checkpoint`, under its origin as the key's name.

    Whoever signs has made sure that no earlier signed checkpoint contradicts it. Raises CheckpointError or NoteError
    when the origin or another part cannot stand in a note.
    """
    return sign_note(format_checkpoint(checkpoint), checkpoint.origin, signer)


def open_checkpoint(note: str, verifier: NoteVerifier) -> Checkpoint:
    """The checkpoint that the log's own key signed in `note`.

    Raises NoteError when the note is malformed, NoteUnverified when the log did not sign it, CheckpointError when its
    text is no checkpoint or its origin is not the verifier's name: no log may speak for another.
    """
    checkpoint = parse_checkpoint(verify_note(note, [verifier]).text)
    if checkpoint.origin != verifier.name:
        raise CheckpointError(f"{verifier.name} signed a checkpoint of {checkpoint.origin}")
    return checkpoint
