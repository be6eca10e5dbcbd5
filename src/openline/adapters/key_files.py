"""Secrets in files: a party's private keys and the node's one secret. Only their owner may read them."""

from __future__ import annotations

import os
import stat
from base64 import b64decode, b64encode
from pathlib import Path
from tempfile import mkstemp

import msgspec
from msgspec import Struct

from openline.adapters.folders import sync_folder
from openline.core.errors import BadUse
from openline.keys.signing import SEED_BYTES, Signer

NODE_SECRET_BYTES = 32
_MAX_BYTES = 65_536
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = os.name != "nt"
"""Windows keeps rights elsewhere; there the folder's rights are all there is."""


class Validity(Struct, frozen=True, kw_only=True):
    """From when to when a key speaks, as RFC 3339 text, and for which watch; empty where nobody has said."""

    not_before: str = ""
    not_after: str = ""
    watch: str = ""


NO_VALIDITY = Validity()


class KeyFile(Struct, frozen=True, kw_only=True):
    """A private key and for whom it speaks."""

    party: str
    role: str
    signer: Signer
    validity: Validity = NO_VALIDITY


class _Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    party: str
    role: str
    public_key: str
    seed: str
    not_before: str = ""
    not_after: str = ""
    watch: str = ""


def new_seed() -> bytes:
    """32 fresh bytes of chance: a private key, the key of an attachment, a salt."""
    return os.urandom(SEED_BYTES)


def write_key(path: Path, seed: bytes, *, party: str, role: str, validity: Validity = NO_VALIDITY) -> KeyFile:
    """Write a new key file that only its owner may read.

    Raises:
        BadUse: FILE_UNREADABLE when the file is there already or cannot be written; CONFIGURATION_INVALID when party or
            role cannot stand in it.
    """
    signer = Signer(seed)
    content = _Content(
        party=party,
        role=role,
        public_key=b64encode(signer.public_key).decode(),
        seed=b64encode(seed).decode(),
        **msgspec.structs.asdict(validity),
    )
    lines = [
        f"{name} = {msgspec.json.encode(value).decode()}\n"
        for name, value in msgspec.structs.asdict(content).items()
        if value
    ]
    text = "# A private key. Whoever has this file speaks for the party: it stays on this machine.\n" + "".join(lines)
    if not party or not role or _parse(text.encode()) != content:
        raise BadUse(
            "CONFIGURATION_INVALID",
            "the names of party and role are empty or hold characters that a file cannot keep",
            remedy="Use printed characters.",
        )
    create_private(path, text.encode())
    return KeyFile(party=party, role=role, signer=signer, validity=validity)


def read_key(path: Path) -> KeyFile:
    """Read a key file.

    Raises:
        BadUse: FILE_UNREADABLE when it is missing or others may read it; CONFIGURATION_INVALID when it is no key file.
    """
    content = _parse(read_private(path))
    if content is None:
        raise malformed(path, "it is not a key file: party, role, public_key and seed, each a text")
    try:
        signer = Signer(b64decode(content.seed, validate=True))
        public_key = b64decode(content.public_key, validate=True)
    except ValueError:
        raise malformed(path, "its seed or its public key is not base64 of 32 bytes") from None
    if public_key != signer.public_key:
        raise malformed(path, "its public key does not belong to its seed")
    validity = Validity(not_before=content.not_before, not_after=content.not_after, watch=content.watch)
    return KeyFile(party=content.party, role=content.role, signer=signer, validity=validity)


def is_private_key(data: bytes) -> bool:
    """True for the bytes of a key file, which should not have been handed over."""
    return _parse(data) is not None


def read_or_create_node_secret(path: Path) -> bytes:
    """The 32 bytes that everything of a node follows from; made once, when the file is missing.

    Raises:
        BadUse: FILE_UNREADABLE when it cannot be read or written, or others may read it; CONFIGURATION_INVALID when it
            has another length.
    """
    if not path.exists():
        _create(path, os.urandom(NODE_SECRET_BYTES))  # Whoever came first made it: what is there is read.
    secret = read_private(path)
    if len(secret) != NODE_SECRET_BYTES:
        raise malformed(path, f"a node secret has {NODE_SECRET_BYTES} bytes, not {len(secret)}")
    return secret


def _parse(data: bytes) -> _Content | None:
    try:
        return msgspec.toml.decode(data, type=_Content)
    except (msgspec.MsgspecError, ValueError):
        return None


def read_private(path: Path) -> bytes:
    """The bytes of a file that nobody else may read.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(_MAX_BYTES)
    except OSError as error:
        raise _unusable(path, error) from error
    if _HAS_MODES and mode & _OTHERS:
        raise BadUse(
            "FILE_UNREADABLE",
            "other accounts of this machine may use this secret",
            path=str(path),
            remedy=f"Run: chmod 600 {path}",
        )
    return data


def create_private(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read.

    Raises:
        BadUse: FILE_UNREADABLE when there is one, or it cannot be written.
    """
    if not _create(path, data):
        raise BadUse(
            "FILE_UNREADABLE",
            "there is a file of this name, and a key is never written over",
            path=str(path),
            remedy="Choose another name, or move the file away.",
        )


def _create(path: Path, data: bytes) -> bool:
    """Put a whole file in place, on disk, never over another; False when there is one.

    A power cut leaves the whole file or none: it is written under another name first and then linked.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".draft")  # it has the mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            is_first = _linked(draft, path)
        finally:
            Path(draft).unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise _unusable(path, error) from error
    return is_first


def _linked(draft: str, path: Path) -> bool:
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    return True


def _unusable(path: Path, error: OSError) -> BadUse:
    return BadUse(
        "FILE_UNREADABLE",
        f"the file cannot be used ({error.strerror})",
        path=str(path),
        remedy="Check its name and its rights.",
    )


def malformed(path: Path, reason: str) -> BadUse:
    """What is said of a file of secrets that cannot be followed; `reason` never shows the secret."""
    return BadUse("CONFIGURATION_INVALID", reason, path=str(path), remedy="Take it from a backup, or write a new one.")
