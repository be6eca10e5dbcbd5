"""Signed notes as C2SP lays down (https://c2sp.org/signed-note), with Ed25519 signatures of the text (type 0x01).

    text, one or more lines
    (an empty line)
    — key name base64(key hash || signature)

Parsing is strict: what could be read in two ways is refused. Signatures by unknown keys are carried along unread, so
that cosignatures of other types survive; `ledger.cosignature` reads those of witnesses.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256

from msgspec import Struct

from openline.keys.signing import BadSignature, Signer, WeakKey, check_public_key, verify

MAX_SIGNATURES = 100
"""Signature lines that are read; the specification asks for at least 16."""
KEY_HASH_BYTES = 4

ED25519 = 0x01
"""Type byte of a key that signs the text itself."""
_DASH = "\u2014 "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class NoteError(ValueError):
    """The text is no well-formed signed note, or a key string is not well-formed."""


class NoteUnverified(NoteError):
    """No known key signed the note, or a known key's signature is wrong: nothing in its text may be believed."""


class NoteSignature(Struct, frozen=True):
    """One signature line, not yet believed."""

    name: str
    key_hash: bytes
    """4 bytes that with the name identify key and algorithm; a hint, no proof."""
    signature: bytes


class Note(Struct, frozen=True):
    """A text with its signature lines. The text ends in a newline, which is signed with it."""

    text: str
    signatures: tuple[NoteSignature, ...]


class NoteVerifier(Struct, frozen=True):
    """A key that is trusted under a name."""

    name: str
    public_key: bytes
    """Ed25519, 32 bytes."""

    @property
    def key_hash(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || public key)[:4]."""
        return key_hash(self.name, ED25519, self.public_key)


def key_hash(name: str, kind: int, public_key: bytes) -> bytes:
    """SHA-256(name || 0x0A || type byte || public key)[:4], which with the name identifies key and algorithm."""
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:KEY_HASH_BYTES]


def format_key_string(name: str, kind: int, public_key: bytes) -> str:
    """`name+hash+key`: the hash in 8 hexadecimal digits, the key as base64(type byte || public key)."""
    check_name(name)
    return f"{name}+{key_hash(name, kind, public_key).hex()}+{_base64(bytes([kind]) + public_key)}"


def parse_key_string(text: str) -> tuple[str, int, bytes]:
    """Name, type byte and public key of a key string; the key itself is not judged. Raises NoteError when malformed."""
    name, _, rest = text.partition("+")
    hash_digits, _, encoded = rest.partition("+")
    check_name(name)
    material = decode_base64(encoded)
    if not material:
        raise NoteError("a verifier key without a key")
    kind, public_key = material[0], material[1:]
    if hash_digits != key_hash(name, kind, public_key).hex():
        raise NoteError("a verifier key's hash does not belong to its name and key")
    return name, kind, public_key


def format_verifier_key(verifier: NoteVerifier) -> str:
    """The key string of a key that signs notes."""
    return format_key_string(verifier.name, ED25519, verifier.public_key)


def parse_verifier_key(text: str) -> NoteVerifier:
    """The inverse of `format_verifier_key`. Raises NoteError when malformed, of another type, or the key is weak."""
    name, kind, public_key = parse_key_string(text)
    if kind != ED25519:
        raise NoteError("a verifier key of another type than Ed25519")
    try:
        check_public_key(public_key)
    except WeakKey as error:
        raise NoteError(f"verifier key: {error}") from error
    return NoteVerifier(name, public_key)


def parse_note(note: str) -> Note:
    """Take a signed note apart; believe nothing yet. Raises NoteError when it is malformed."""
    _check_characters(note)
    # The last empty line divides: the text may hold empty lines, the signatures may not.
    head, divider, tail = note.rpartition("\n\n")
    if not divider or not tail.endswith("\n"):
        raise NoteError("a note ends in an empty line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"more than {MAX_SIGNATURES} signatures")
    return Note(head + "\n", tuple(_parse_signature(line) for line in lines))


def parse_signature_lines(text: str) -> tuple[NoteSignature, ...]:
    """Signature lines without a note, each ended by a newline; believe none yet. Raises NoteError when malformed."""
    _check_characters(text)
    lines = text.removesuffix("\n").split("\n")
    if not text.endswith("\n") or len(lines) > MAX_SIGNATURES:
        raise NoteError(f"signature lines are 1 to {MAX_SIGNATURES}, each ended by a newline")
    return tuple(_parse_signature(line) for line in lines)


def format_note(note: Note) -> str:
    """The one written form of `note`; `parse_note` gives it back. Raises NoteError when it has none."""
    _check_text(note.text)
    if not 1 <= len(note.signatures) <= MAX_SIGNATURES:
        raise NoteError(f"a note has 1 to {MAX_SIGNATURES} signatures")
    return f"{note.text}\n{''.join(format_signature(signature) for signature in note.signatures)}"


def sign_note(text: str, name: str, signer: Signer) -> str:
    """The note over `text` with one signature. Raises NoteError when text or name cannot stand in a note."""
    _check_text(text)
    check_name(name)
    signature = signer.sign(text.encode())
    return format_note(Note(text, (NoteSignature(name, key_hash(name, ED25519, signer.public_key), signature),)))


def verify_note(note: str, verifiers: Sequence[NoteVerifier]) -> Note:
    """The note's text with those of its signatures that `verifiers` confirm, one for each key, in the note's order.

    Raises NoteError when malformed, NoteUnverified when a known key's signature is wrong or no known key signed.
    """
    parsed = parse_note(note)
    known = {(verifier.name, verifier.key_hash): verifier for verifier in verifiers}
    if len(known) != len({(v.name, v.public_key) for v in verifiers}):
        raise NoteError("two of the verifiers share a name and a key hash")
    message = parsed.text.encode()
    confirmed: dict[tuple[str, bytes], NoteSignature] = {}
    for line in parsed.signatures:
        identity = (line.name, line.key_hash)
        verifier = known.get(identity)
        if verifier is None:
            continue
        try:
            verify(verifier.public_key, message, line.signature)
        except BadSignature as error:
            raise NoteUnverified(f"the signature of {line.name} is wrong") from error
        confirmed.setdefault(identity, line)
    if not confirmed:
        raise NoteUnverified("no known key signed the note")
    return Note(parsed.text, tuple(confirmed.values()))


def format_signature(signature: NoteSignature) -> str:
    """The signature's line, with its newline. Raises NoteError when it has none."""
    check_name(signature.name)
    if len(signature.key_hash) != KEY_HASH_BYTES or not signature.signature:
        raise NoteError(f"a signature has a key hash of {KEY_HASH_BYTES} bytes and is not empty")
    return f"{_DASH}{signature.name} {_base64(signature.key_hash + signature.signature)}\n"


def check_name(name: str) -> None:
    """Return when `name` can name a key. Raises NoteError otherwise."""
    _check_characters(name)
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError("a key name is not empty and holds neither spaces nor plus signs")


def decode_base64(text: str) -> bytes:
    """Standard base64 with padding (RFC 4648 section 4), in its one canonical form. Raises NoteError otherwise."""
    try:
        data = b64decode(text, validate=True)
    except ValueError as error:
        raise NoteError("not base64") from error
    if _base64(data) != text:
        raise NoteError("base64 that is not canonical")
    return data


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


def _parse_signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise NoteError("a signature line begins with an em dash and a space")
    name, _, encoded = line[len(_DASH) :].partition(" ")
    check_name(name)
    blob = decode_base64(encoded)
    if len(blob) <= KEY_HASH_BYTES:
        raise NoteError("a signature line without a signature")
    return NoteSignature(name, blob[:KEY_HASH_BYTES], blob[KEY_HASH_BYTES:])


def _check_text(text: str) -> None:
    _check_characters(text)
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends in a newline")


def _check_characters(text: str) -> None:
    if _CONTROL.search(text):
        raise NoteError("a note holds no control characters but newlines")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NoteError("a note is valid UTF-8") from error
