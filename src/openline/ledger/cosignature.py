"""Cosignatures of witnesses as C2SP lays down (https://c2sp.org/tlog-cosignature): Ed25519 with a time (type 0x04).

A cosignature is a signature line of a checkpoint's note. Its bytes are the time (8, big-endian, seconds since 1970) and
the signature (64) over two lines, `cosignature/v1` and `time N`, followed by the note's text. It states that the
checkpoint is the largest consistent one that the witness had seen of this log at that time.

The algorithm is the key's: the type byte of the key that *we* were given chooses it, never a byte that was sent. Room
is left for ML-DSA-44 (type 0x06): one more row of the table. Lines of other types are carried along unread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from openline.keys.signing import SIGNATURE_BYTES, BadSignature, Signer, WeakKey, check_public_key, verify
from openline.ledger.checkpoint import parse_checkpoint
from openline.ledger.note import (
    Note,
    NoteError,
    NoteSignature,
    NoteUnverified,
    check_name,
    format_key_string,
    format_note,
    format_signature,
    key_hash,
    parse_key_string,
    parse_note,
)

ED25519_COSIGNATURE = 0x04
"""Type byte of a key that cosigns with Ed25519."""
MAX_TIME_S = (1 << 63) - 1

_TIME_BYTES = 8


class Cosigner(Struct, frozen=True):
    """The key of a witness, trusted under a name."""

    name: str
    kind: int
    """Type byte: it alone says with which algorithm signatures are checked."""
    public_key: bytes

    @property
    def key_hash(self) -> bytes:
        """SHA-256(name || 0x0A || type byte || public key)[:4]."""
        return key_hash(self.name, self.kind, self.public_key)


class Cosignature(Struct, frozen=True):
    """A cosignature that was confirmed."""

    name: str
    time_s: int
    """When the witness signed by its own clock, seconds since 1970-01-01T00:00:00Z."""
    line: NoteSignature


class _Scheme(Struct, frozen=True):
    """How one type of key cosigns."""

    signature_bytes: int
    check_key: Callable[[bytes], None]
    """Raises WeakKey."""
    message: Callable[[str, str, int], bytes]
    """What is signed: from the witness's name, the note's text and the time."""
    verify: Callable[[bytes, bytes, bytes], None]
    """Key, message, signature; raises BadSignature."""


def _ed25519_message(_: str, text: str, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{text}".encode()


_SCHEMES = {ED25519_COSIGNATURE: _Scheme(SIGNATURE_BYTES, check_public_key, _ed25519_message, verify)}


def cosigner_of(name: str, signer: Signer) -> Cosigner:
    """What others have to know of a witness to confirm what it signs."""
    return Cosigner(name, ED25519_COSIGNATURE, signer.public_key)


def format_cosigner_key(cosigner: Cosigner) -> str:
    """`name+hash+key`, as `ledger.note.format_key_string`. Raises NoteError when the name cannot name a key."""
    return format_key_string(cosigner.name, cosigner.kind, cosigner.public_key)


def parse_cosigner_key(text: str) -> Cosigner:
    """The inverse of `format_cosigner_key`.

    Raises NoteError when it is malformed, of a type that cosigns nothing we can check, or the key is weak.
    """
    name, kind, public_key = parse_key_string(text)
    scheme = _SCHEMES.get(kind)
    if scheme is None:
        raise NoteError(f"a key of type 0x{kind:02x}, with which no witness that can be checked here cosigns")
    try:
        scheme.check_key(public_key)
    except WeakKey as error:
        raise NoteError(f"a witness's key: {error}") from error
    return Cosigner(name, kind, public_key)


def cosign(text: str, name: str, signer: Signer, time_s: int) -> NoteSignature:
    """The cosignature line of the witness `name` over the checkpoint in the note text `text`, at `time_s`.

    Whoever signs has made sure that the checkpoint is consistent with the last one it signed, and has kept it. Raises
    CheckpointError when `text` is no checkpoint, NoteError when name or time cannot stand in a cosignature.
    """
    parse_checkpoint(text)
    check_name(name)
    _check_time(time_s)
    signature = signer.sign(_ed25519_message(name, text, time_s))
    identity = key_hash(name, ED25519_COSIGNATURE, signer.public_key)
    return NoteSignature(name, identity, time_s.to_bytes(_TIME_BYTES, "big") + signature)


def verify_cosignature(text: str, line: NoteSignature, cosigner: Cosigner) -> Cosignature:
    """What `line` states of the checkpoint in the note text `text`, once `cosigner` is seen to have signed it.

    Raises NoteUnverified when the line is another key's, of another form, or not a signature over this text.
    """
    scheme = _SCHEMES.get(cosigner.kind)
    if scheme is None or (line.name, line.key_hash) != (cosigner.name, cosigner.key_hash):
        raise NoteUnverified(f"a signature line that is not of the key of {cosigner.name}")
    if len(line.signature) != _TIME_BYTES + scheme.signature_bytes:
        raise NoteUnverified(f"the cosignature of {cosigner.name} has {len(line.signature)} bytes")
    time_s = int.from_bytes(line.signature[:_TIME_BYTES], "big")
    _check_time(time_s)
    try:
        scheme.verify(cosigner.public_key, scheme.message(cosigner.name, text, time_s), line.signature[_TIME_BYTES:])
    except BadSignature as error:
        raise NoteUnverified(f"the cosignature of {cosigner.name} is wrong") from error
    return Cosignature(cosigner.name, time_s, line)


def confirmed_cosignatures(note: str, cosigners: Sequence[Cosigner]) -> tuple[Cosignature, ...]:
    """The cosignatures in `note` that `cosigners` confirm, one for each key, in the note's order; possibly none.

    The log's own signature is not looked at: `ledger.checkpoint.open_checkpoint` does that. Raises NoteError when the
    note is malformed or two cosigners cannot be told apart, NoteUnverified when the line of a known key is wrong, as
    the specification of notes asks.
    """
    parsed = parse_note(note)
    known = {(cosigner.name, cosigner.key_hash): cosigner for cosigner in cosigners}
    if len(known) != len(set(cosigners)):
        raise NoteError("two of the witnesses share a name and a key hash")
    confirmed: dict[tuple[str, bytes], Cosignature] = {}
    for line in parsed.signatures:
        cosigner = known.get((line.name, line.key_hash))
        if cosigner is not None:
            found = verify_cosignature(parsed.text, line, cosigner)
            confirmed.setdefault((line.name, line.key_hash), found)
    return tuple(confirmed.values())


def append_signatures(note: str, lines: Sequence[NoteSignature]) -> str:
    """`note` with further signature lines at its end, those that it has already left out.

    Raises NoteError when the note is malformed or would have too many lines.
    """
    parsed = parse_note(note)
    fresh = [line for line in dict.fromkeys(lines) if line not in parsed.signatures]
    return format_note(Note(parsed.text, (*parsed.signatures, *fresh)))


def line_text(line: NoteSignature) -> str:
    """The line as it stands in a note, with its newline."""
    return format_signature(line)


def _check_time(time_s: int) -> None:
    if not 0 <= time_s <= MAX_TIME_S:
        raise NoteUnverified("the time of a cosignature is from 0 to 2**63 - 1 seconds")
