"""The settings of a node, in `openline.toml` of its data folder. `docs/reference/configuration.md` lists every one."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from openline.app.witness_settings import (
    LogSettings,
    WitnessSettings,
    check_logs,
    check_name_of_witness,
    check_witnesses,
    lines_of_logs,
    lines_of_witnesses,
)
from openline.codec.agreements import read_toml
from openline.codec.envelope import from_base64
from openline.codec.wire import Code, Reference
from openline.core.errors import BadUse, OpenlineError
from openline.core.key_documents import ROOTS_MAX, RootSet
from openline.core.limits import NAME_MAX_CHARS
from openline.keys.signing import WeakKey, check_public_key

FILE_NAME = "openline.toml"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8460

PublicKey = Annotated[str, Meta(min_length=44, max_length=44)]


class KeySettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """An operational key of a party."""

    role: Reference
    key: PublicKey


class PartySettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """A party that this node serves."""

    code: Code
    name: Annotated[str, Meta(max_length=NAME_MAX_CHARS)] = ""
    root_key: Annotated[str, Meta(pattern=r"^(.{44})?$")] = ""
    root_keys: list[PublicKey] = []
    root_threshold: Annotated[int, Meta(ge=1, le=ROOTS_MAX)] = 1
    keys: list[KeySettings] = []

    def roots(self) -> RootSet:
        """Its first roots.

        Raises:
            BadUse: CONFIGURATION_INVALID, when they are none.
        """
        named = self.root_keys or [self.root_key]
        is_named_once = bool(self.root_key) != bool(self.root_keys) and len(set(named)) == len(named)
        if not is_named_once or self.root_threshold > len(named):
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"the roots of {self.code} cannot be followed",
                path=f"{FILE_NAME}: parties {self.code}",
                remedy="Give root_key, or root_keys with a root_threshold of at most as many.",
            )
        return RootSet(keys=tuple(check_key(text, self.code) for text in named), threshold=self.root_threshold)


class SearchChoice(StrEnum):
    """How conflicts are searched for; the answers are the same."""

    AUTO = "auto"
    COMPILED = "compiled"
    PLAIN = "plain"


class Settings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Everything that an operator sets."""

    origin: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]*(/[A-Za-z0-9._-]+)*$", max_length=200)]
    drill: bool = False
    host: str = DEFAULT_HOST
    port: Annotated[int, Meta(ge=0, le=65_535)] = DEFAULT_PORT
    search: SearchChoice = SearchChoice.AUTO
    agreements: list[str] = []
    parties: list[PartySettings] = field(default_factory=list)
    node_key: str = ""
    publish: Annotated[str, Meta(max_length=4_096)] = ""
    witness_name: str = ""
    witnesses: list[WitnessSettings] = []
    witnessed_logs: list[LogSettings] = []
    attachment_escrow: str = ""


def read_settings(folder: Path) -> Settings:
    """Read the settings of a data folder.

    Raises:
        BadUse: CONFIGURATION_INVALID or FILE_UNREADABLE, with file and field.
    """
    path = folder / FILE_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE",
            f"there are no settings to read ({error.strerror})",
            path=str(path),
            remedy="Make the folder with `openline init`, or name another one with --data.",
        ) from error
    settings = read_toml(raw, Settings, code="CONFIGURATION_INVALID", name=str(path))
    for party in settings.parties:
        for key in party.keys:
            check_key(key.key, f"{path}: parties {party.code}")
    _check_places(settings, path)
    check_witnesses(settings.witnesses, str(path), is_drill=settings.drill)
    check_logs(settings.witnessed_logs, str(path))
    check_name_of_witness(settings.witness_name or settings.origin, str(path))
    return settings


def _check_places(settings: Settings, path: Path) -> None:
    """A key has one place: a root signs nothing else, and no two parties share one."""
    places = [key for party in settings.parties for key in party.roots().keys]
    places += [from_base64(key.key) for party in settings.parties for key in party.keys]
    if len(set(places)) < len(places):
        raise BadUse(
            "CONFIGURATION_INVALID",
            "one key stands in two places",
            path=str(path),
            remedy="Give every role of every party a key of its own.",
        )


def check_key(text: str, where: str) -> bytes:
    """The bytes of a public key written in base64.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    try:
        key = from_base64(text)
        check_public_key(key)
    except (OpenlineError, WeakKey, ValueError) as error:
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"{text!r} is no Ed25519 public key that we accept",
            path=where,
            remedy="Copy the key from the party's .pub file.",
        ) from error
    return key


def write_settings(folder: Path, settings: Settings) -> Path:
    """Write settings as TOML; gives the file's path.

    Raises:
        BadUse: CONFIGURATION_INVALID, when they could not be read again; FILE_UNREADABLE.
    """
    try:
        msgspec.convert(msgspec.to_builtins(settings), Settings)
    except msgspec.ValidationError as error:
        raise BadUse(
            "CONFIGURATION_INVALID", str(error), path=str(folder / FILE_NAME), remedy="Choose another value."
        ) from error
    lines = [
        "# The settings of this node; the reference page `configuration` describes every one.",
        f'origin = "{settings.origin}"',
        f"drill = {str(settings.drill).lower()}",
        f'host = "{settings.host}"',
        f"port = {settings.port}",
        f'search = "{settings.search}"',
        f"agreements = [{', '.join(_quoted(name) for name in settings.agreements)}]",
        f'node_key = "{settings.node_key}"',
        *([f"witness_name = {_quoted(settings.witness_name)}"] if settings.witness_name else []),
        f"attachment_escrow = {_quoted(settings.attachment_escrow)}",
    ]
    lines += [f"publish = {_quoted(settings.publish)}"] if settings.publish else []
    for party in settings.parties:
        lines += ["", "[[parties]]", f'code = "{party.code}"']
        lines += [f"name = {_quoted(party.name)}"] if party.name else []
        if party.root_keys:
            lines += [f"root_keys = [{', '.join(_quoted(key) for key in party.root_keys)}]"]
            lines += [f"root_threshold = {party.root_threshold}"]
        else:
            lines += [f'root_key = "{party.root_key}"']
        for key in party.keys:
            lines += ["", "[[parties.keys]]", f'role = "{key.role}"', f'key = "{key.key}"']
    lines += [*lines_of_witnesses(settings.witnesses), *lines_of_logs(settings.witnessed_logs, "witnessed_logs")]
    path = folder / FILE_NAME
    write_file(path, ("\n".join(lines) + "\n").encode())
    return path


def make_folder(folder: Path) -> None:
    """Make a folder unless it is there.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_file(path: Path, raw: bytes) -> None:
    """Write a file.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        path.write_bytes(raw)
    except OSError as error:
        raise _unwritable(path, error) from error


def write_private_file(path: Path, raw: bytes) -> None:
    """Write a file that only its owner may read, also when one of this name lay open to others before.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
    except OSError as error:
        raise _unwritable(path, error) from error
    write_file(path, raw)


def _unwritable(path: Path, error: OSError) -> BadUse:
    reason = f"it cannot be written ({error.strerror})"
    return BadUse("FILE_UNREADABLE", reason, path=str(path), remedy="Name another place.")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
