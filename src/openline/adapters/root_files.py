"""Root keys in files with a passphrase, which may lie on a stick in a safe. Only their owner may read them.

Argon2id (RFC 9106) makes a key of the passphrase, with the cost that the file names; XSalsa20-Poly1305 (NaCl's
secretbox) closes the seed, the party and the role with it. A check over the whole file tells a damaged one from a wrong
passphrase. The default cost, 256 MiB and three passes (libsodium's "moderate"), is about a second for each trial: four
words drawn from a list of 7,776 are 3.7e15 passphrases, which keep a thousand machines busy for some 58,000 years.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox

from openline.adapters.key_files import KeyFile, create_private, malformed, read_private
from openline.core.errors import BadUse
from openline.core.key_documents import ROOT_ROLE
from openline.keys.signing import Signer

PASSPHRASE_MIN_CHARS = 12
_MEMORY_MAX_BYTES = 4 << 30
_PASSES_MAX = 50


class Cost(Struct, frozen=True):
    """What one trial of a passphrase costs: passes over so many bytes."""

    passes: int
    memory_bytes: int


MODERATE = Cost(passes=argon2id.OPSLIMIT_MODERATE, memory_bytes=argon2id.MEMLIMIT_MODERATE)
LEAST = Cost(passes=argon2id.OPSLIMIT_INTERACTIVE, memory_bytes=argon2id.MEMLIMIT_INTERACTIVE)
"""Less than this is not taken: a file that asks for less was not made here."""


class _Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    party: str
    public_key: str
    derivation: str
    passes: int
    memory_bytes: int
    salt: str
    box: str
    check: str = ""


class _Closed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What lies in the box."""

    party: str
    role: str
    seed: str


_DERIVATION = "argon2id"


def write_root(path: Path, seed: bytes, passphrase: str, *, party: str, cost: Cost = MODERATE) -> KeyFile:
    """Write a new root key file that only its owner may read, and nobody without the passphrase.

    Raises:
        BadUse: CONFIGURATION_INVALID for a passphrase that is too short; FILE_UNREADABLE when the file is there already
            or cannot be written.
    """
    if len(passphrase) < PASSPHRASE_MIN_CHARS:
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"a passphrase has at least {PASSPHRASE_MIN_CHARS} characters",
            path="passphrase",
            remedy="Take five or six words that nobody has written down together.",
        )
    signer = Signer(seed)
    salt, nonce = os.urandom(argon2id.SALTBYTES), os.urandom(SecretBox.NONCE_SIZE)
    closed = msgspec.json.encode(_Closed(party=party, role=ROOT_ROLE, seed=_text(seed)))
    box = _box(passphrase, salt, cost).encrypt(closed, nonce)
    content = _Content(
        party=party,
        public_key=_text(signer.public_key),
        derivation=_DERIVATION,
        passes=cost.passes,
        memory_bytes=cost.memory_bytes,
        salt=_text(salt),
        box=_text(bytes(box)),
    )
    content = msgspec.structs.replace(content, check=_check(content))
    lines = [f"{name} = {msgspec.json.encode(value).decode()}\n" for name, value in _fields(content).items()]
    create_private(path, ("# A root key, closed with a passphrase. Keep it offline.\n" + "".join(lines)).encode())
    return KeyFile(party=party, role=ROOT_ROLE, signer=signer)


def is_root_file(path: Path) -> bool:
    """True for a file that needs a passphrase, damaged or not.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    return b"\nderivation = " in read_private(path)


def read_root(path: Path, passphrase: str) -> KeyFile:
    """Open a root key file.

    Raises:
        BadUse: FILE_UNREADABLE when it is missing or others may read it; CONFIGURATION_INVALID when it is damaged, no
            root key file, or the passphrase is not its own.
    """
    try:
        content = msgspec.toml.decode(read_private(path), type=_Content)
    except (msgspec.MsgspecError, ValueError):
        raise malformed(path, "it is no root key file, or it is damaged") from None
    if content.check != _check(content):
        raise malformed(path, "it is damaged: its bytes are not those that were written")
    cost = Cost(passes=content.passes, memory_bytes=content.memory_bytes)
    if content.derivation != _DERIVATION or not _is_bearable(cost):
        raise malformed(path, "it asks for a derivation that this version does not make")
    try:
        salt, box = b64decode(content.salt, validate=True), b64decode(content.box, validate=True)
        opened = _box(passphrase, salt, cost).decrypt(box)
        closed = msgspec.json.decode(opened, type=_Closed)
        signer = Signer(b64decode(closed.seed, validate=True))
    except CryptoError:
        raise BadUse(
            "CONFIGURATION_INVALID",
            "the passphrase does not open it",
            path=str(path),
            remedy="Type it again. The file itself is as it was written.",
        ) from None
    except (msgspec.MsgspecError, ValueError):
        raise malformed(path, "it is damaged: what lies in it is no key") from None
    if (closed.party, closed.role, _text(signer.public_key)) != (content.party, ROOT_ROLE, content.public_key):
        raise malformed(path, "somebody has changed it: it holds another key than it says")
    return KeyFile(party=closed.party, role=closed.role, signer=signer)


def _box(passphrase: str, salt: bytes, cost: Cost) -> SecretBox:
    key = argon2id.kdf(SecretBox.KEY_SIZE, passphrase.encode(), salt, opslimit=cost.passes, memlimit=cost.memory_bytes)
    return SecretBox(key)


def _is_bearable(cost: Cost) -> bool:
    return LEAST.passes <= cost.passes <= _PASSES_MAX and LEAST.memory_bytes <= cost.memory_bytes <= _MEMORY_MAX_BYTES


def _check(content: _Content) -> str:
    """Over everything else: it finds damage by accident, and keeps nothing secret."""
    fields = {name: value for name, value in _fields(content).items() if name != "check"}
    return sha256(msgspec.json.encode(fields)).hexdigest()[:16]


def _fields(content: _Content) -> dict[str, str | int]:
    return msgspec.structs.asdict(content)


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
