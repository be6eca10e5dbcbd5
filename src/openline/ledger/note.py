"""Signed notes as C2SP lays down (https://c2sp.org/signed-note), Ed25519 signatures only (type 0x01).

    text, one or more lines
    (an empty line)
    — key name base64(key hash || signature)

Parsing is strict: what could be read in two ways is refused. Signatures by unknown keys are carried along unread, so
that cosignatures of other types survive.
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

_ED25519 = b"\x01"
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
        return _key_hash(self.name, self.public_key)


def format_verifier_key(verifier: NoteVerifier) -> str:
    """`name+hash+key`: the hash in 8 hexadecimal digits, the key as base64(0x01 || public key)."""
    _check_name(verifier.name)
    return f"{verifier.name}+{verifier.key_hash.hex()}+{_base64(_ED25519 + verifier.public_key)}"


def parse_verifier_key(text: str) -> NoteVerifier:
    """The inverse of `format_verifier_key`. Raises NoteError when malformed, of another type, or the key is weak."""
    name, _, rest = text.partition("+")
    hash_digits, _, encoded = rest.partition("+")
    _check_name(name)
    material = decode_base64(encoded)
    if material[:1] != _ED25519:
        raise NoteError("a verifier key of another type than Ed25519")
    try:
        check_public_key(material[1:])
    except WeakKey as error:
        raise NoteError(f"verifier key: {error}") from error
    verifier = NoteVerifier(name, material[1:])
    if hash_digits != verifier.key_hash.hex():
        raise NoteError("a verifier key's hash does not belong to its name and key")
    return verifier


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


def format_note(note: Note) -> str:
    """The one written form of `note`; `parse_note` gives it back. Raises NoteError when it has none."""
    _check_text(note.text)
    if not 1 <= len(note.signatures) <= MAX_SIGNATURES:
        raise NoteError(f"a note has 1 to {MAX_SIGNATURES} signatures")
    return f"{note.text}\n{''.join(_format_signature(signature) for signature in note.signatures)}"


def sign_note(text: str, name: str, signer: Signer) -> str:
    """The note over `text` with one signature. Raises NoteError when text or name cannot stand in a note."""
    _check_text(text)
    _check_name(name)
    signature = signer.sign(text.encode())
    return format_note(Note(text, (NoteSignature(name, _key_hash(name, signer.public_key), signature),)))


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


def _key_hash(name: str, public_key: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public_key).digest()[:KEY_HASH_BYTES]


def _parse_signature(line: str) -> NoteSignature:
    if not line.startswith(_DASH):
        raise NoteError("a signature line begins with an em dash and a space")
    name, _, encoded = line[len(_DASH) :].partition(" ")
    _check_name(name)
    blob = decode_base64(encoded)
    if len(blob) <= KEY_HASH_BYTES:
        raise NoteError("a signature line without a signature")
    return NoteSignature(name, blob[:KEY_HASH_BYTES], blob[KEY_HASH_BYTES:])


def _format_signature(signature: NoteSignature) -> str:
    _check_name(signature.name)
    if len(signature.key_hash) != KEY_HASH_BYTES or not signature.signature:
        raise NoteError(f"a signature has a key hash of {KEY_HASH_BYTES} bytes and is not empty")
    return f"{_DASH}{signature.name} {_base64(signature.key_hash + signature.signature)}\n"


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


def _check_name(name: str) -> None:
    _check_characters(name)
    if not name or "+" in name or any(character.isspace() for character in name):
        raise NoteError("a key name is not empty and holds neither spaces nor plus signs")
