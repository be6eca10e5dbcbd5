"""Settings about witnesses: those that a node asks, and the logs that a witness watches."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from openline.codec.agreements import read_toml
from openline.codec.wire import Code
from openline.core.errors import BadUse
from openline.core.event import WitnessNamed
from openline.ledger.cosignature import parse_cosigner_key
from openline.ledger.note import NoteError, NoteVerifier, check_name, parse_verifier_key

WITNESS_FILE_NAME = "witness.toml"
DEFAULT_WITNESS_PORT = 8461

KeyString = Annotated[str, Meta(min_length=1, max_length=4_000)]
"""A verifier key string, `name+hash+key`."""


class WitnessSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """A witness that the node asks for cosignatures."""

    party: Code
    key: KeyString
    url: Annotated[str, Meta(pattern=r"^https?://[^\s?#\"\\]+$", max_length=500)]


class LogSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """A log that is watched: the name of its key is its origin."""

    key: KeyString


class WitnessFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """Everything that the operator of a witness that runs alone sets."""

    name: str
    host: str = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65_535)] = DEFAULT_WITNESS_PORT
    logs: list[LogSettings] = field(default_factory=list)


def read_witness_file(folder: Path) -> WitnessFile:
    """Read the settings of a witness that runs alone.

    Raises:
        BadUse: CONFIGURATION_INVALID or FILE_UNREADABLE, with file and field.
    """
    path = folder / WITNESS_FILE_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE",
            f"there are no settings of a witness to read ({error.strerror})",
            path=str(path),
            remedy="Make them with `openline witness --data DIR --name NAME --log KEY`.",
        ) from error
    found = read_toml(raw, WitnessFile, code="CONFIGURATION_INVALID", name=str(path))
    check_name_of_witness(found.name, str(path))
    check_logs(found.logs, str(path))
    return found


def text_of_witness_file(settings: WitnessFile) -> str:
    """The settings as TOML."""
    lines = [
        "# The settings of this witness; the reference page `configuration` describes every one.",
        f'name = "{settings.name}"',
        f'host = "{settings.host}"',
        f"port = {settings.port}",
        *lines_of_logs(settings.logs, "logs"),
    ]
    return "\n".join(lines) + "\n"


def check_witnesses(witnesses: Sequence[WitnessSettings], where: str, *, is_drill: bool) -> None:
    """Check the witnesses that a node asks.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    names: set[str] = set()
    for witness in witnesses:
        place = f"{where}: witnesses {witness.party}"
        try:
            name = parse_cosigner_key(witness.key).name
        except NoteError as error:
            raise _invalid(str(error), place, "Copy the key as `openline witness` shows it.") from error
        if name in names:
            raise _invalid(f"two witnesses are called {name}", place, "Name each once.")
        names.add(name)
        if not _is_address(witness.url):
            raise _invalid(f"{witness.url} is no address", place, "Write it like https://witness.example.")
        if is_drill and not _is_loopback(witness.url):
            raise _invalid(
                "a drill tells nothing to other machines, and this witness is on one",
                place,
                "Use a witness on 127.0.0.1.",
            )


def named_witnesses(witnesses: Sequence[WitnessSettings], at_ms: int) -> list[WitnessNamed]:
    """The witnesses of the settings, to be recorded before any is asked."""
    return [WitnessNamed(at_ms=at_ms, party=witness.party, key=witness.key) for witness in witnesses]


def check_logs(logs: Sequence[LogSettings], where: str) -> None:
    """Check the logs that a witness watches.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    logs_of(logs, where)


def logs_of(logs: Sequence[LogSettings], where: str = "") -> dict[str, tuple[NoteVerifier, ...]]:
    """The keys of each log by its origin. A log that is changing its key stands in it with both.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    found: dict[str, tuple[NoteVerifier, ...]] = {}
    for log in logs:
        try:
            verifier = parse_verifier_key(log.key)
        except NoteError as error:
            raise _invalid(str(error), f"{where}: logs", "Copy the ledger's key as its node shows it.") from error
        if verifier not in found.get(verifier.name, ()):
            found[verifier.name] = (*found.get(verifier.name, ()), verifier)
    return found


def check_name_of_witness(name: str, where: str) -> None:
    """Check that a witness can be called so.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    try:
        check_name(name)
    except NoteError as error:
        raise _invalid(str(error), f"{where}: name", "Use something like witness.example/w1.") from error
    if '"' in name or "\\" in name:
        raise _invalid("the name of a witness holds quotes", f"{where}: name", "Use something like witness.example/w1.")


def lines_of_witnesses(witnesses: Sequence[WitnessSettings]) -> list[str]:
    """The TOML lines of witnesses that a node asks."""
    return [
        line
        for witness in witnesses
        for line in (
            "",
            "[[witnesses]]",
            f'party = "{witness.party}"',
            f'key = "{witness.key}"',
            f'url = "{witness.url}"',
        )
    ]


def lines_of_logs(logs: Sequence[LogSettings], table: str) -> list[str]:
    """The TOML lines of logs that are watched."""
    return [line for log in logs for line in ("", f"[[{table}]]", f'key = "{log.key}"')]


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _invalid(reason: str, path: str, remedy: str) -> BadUse:
    return BadUse("CONFIGURATION_INVALID", reason, path=path, remedy=remedy)
