"""Public key files: what a party hands to the operator of a node."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from openline.adapters.key_files import KeyFile, is_private_key
from openline.codec.agreements import read_toml
from openline.codec.envelope import to_base64
from openline.codec.wire import Code, Reference
from openline.core.errors import BadUse


class PublicKeyFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """A public key, the party and the role that it is for."""

    party: Code
    role: Reference
    public_key: str


def write_public_key(path: Path, key: KeyFile) -> Path:
    """Write the public half of a key; gives the path.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    text = f'party = "{key.party}"\nrole = "{key.role}"\npublic_key = "{to_base64(key.signer.public_key)}"\n'
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE", f"it cannot be written ({error.strerror})", path=str(path), remedy="Check the folder."
        ) from error
    return path


def check_public_key_file(party: str, role: str) -> None:
    """See that party and role are written as every reader expects them.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    try:
        msgspec.convert({"party": party, "role": role, "public_key": ""}, PublicKeyFile)
    except msgspec.ValidationError as error:
        raise BadUse(
            "CONFIGURATION_INVALID",
            str(error),
            path="--party, --role",
            remedy="A party is written in capitals, digits, - and _; a role in letters, digits and _.",
        ) from error


def read_public_key(path: Path) -> PublicKeyFile:
    """Read a public key file.

    Raises:
        BadUse: FILE_UNREADABLE or CONFIGURATION_INVALID.
    """
    raw = read_file(path)
    try:
        return read_toml(raw, PublicKeyFile, code="CONFIGURATION_INVALID", name=str(path))
    except BadUse as error:
        if not is_private_key(raw):
            raise
        raise BadUse(
            "CONFIGURATION_INVALID",
            "this is a private key: it stays with its party, and a node is given its public half",
            path=str(path),
            remedy=f"Give {path.with_suffix('.pub').name}, which was made beside it.",
        ) from error


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE", f"it cannot be read ({error.strerror})", path=str(path), remedy="Check the path."
        ) from error
