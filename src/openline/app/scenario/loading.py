"""Reading a scenario: everything that can be wrong with it is found before anything is replayed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from msgspec import Struct

from openline.app.scenario.words import (
    AcknowledgeEvent,
    AnyEventTable,
    LinkEvent,
    OutsideEvent,
    ScenarioTable,
    TellEvent,
)
from openline.codec.agreements import read_agreement, read_toml
from openline.codec.times import read_instant
from openline.core.agreement import Agreement
from openline.core.errors import BadUse, OpenlineError

_CODE = "SCENARIO_INVALID"
_SEE = "docs/reference/scenario.md lists every field."


class TimedEvent(Struct, frozen=True, kw_only=True):
    """An event of the file with its instant and its place in the file."""

    at_ms: int
    path: str
    table: AnyEventTable


class Scenario(Struct, frozen=True, kw_only=True):
    """A scenario, checked as far as a reader can: names, references, times, agreements."""

    path: str
    table: ScenarioTable
    branch: str
    agreements: tuple[tuple[bytes, Agreement], ...]
    events: tuple[TimedEvent, ...]
    ends_ms: int


def load_scenario(path: Path, *, branch: str = "") -> Scenario:
    """Read a scenario and the agreements that it names.

    Raises:
        BadUse: SCENARIO_INVALID, AGREEMENT_INVALID or FILE_UNREADABLE, with file and line or field.
    """
    table = read_toml(_read(path), ScenarioTable, code=_CODE, name=str(path))
    chosen = _branch(table, branch, path)
    agreements = tuple(_agreement(path.parent / name) for name in table.agreements)
    events = [_timed(event, i, path) for i, event in enumerate(table.events)]
    chosen_events = [event for event in events if not event.table.branches or chosen in event.table.branches]
    ends_ms = _instant(table.ends, f"{path}: ends")
    _check_times(chosen_events, ends_ms, agreements, path)
    for name in table.branches or [""]:
        _check_references(table, events, name, path)
    ordered = tuple(sorted(chosen_events, key=lambda event: event.at_ms))
    return Scenario(path=str(path), table=table, branch=chosen, agreements=agreements, events=ordered, ends_ms=ends_ms)


def plain(value: Any) -> Any:  # noqa: ANN401 - a TOML value
    """A TOML value as JSON knows it: dates and times written bare become text."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, (dt.datetime, dt.date, dt.time)) else value


def invalid(path: str, reason: str, remedy: str = _SEE) -> BadUse:
    """The error for something that cannot be followed in a scenario."""
    return BadUse(_CODE, reason, path=path, remedy=remedy)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE", f"it cannot be read ({error.strerror})", path=str(path), remedy="Check the path."
        ) from error


def _agreement(path: Path) -> tuple[bytes, Agreement]:
    raw = _read(path)
    return raw, read_agreement(raw, name=str(path))


def _branch(table: ScenarioTable, asked: str, path: Path) -> str:
    if asked and asked not in table.branches:
        known = ", ".join(table.branches) or "none"
        raise invalid(f"{path}: branches", f"there is no branch {asked!r}; known: {known}")
    if table.default_branch and table.default_branch not in table.branches:
        raise invalid(f"{path}: default_branch", f"there is no branch {table.default_branch!r}")
    return asked or table.default_branch


def _timed(event: AnyEventTable, i: int, path: Path) -> TimedEvent:
    where = f"{path}: events[{i}]"
    return TimedEvent(at_ms=_instant(event.at, f"{where}.at"), path=where, table=event)


def _instant(text: str, where: str) -> int:
    try:
        return read_instant(text, path=where)
    except OpenlineError as error:
        raise invalid(where, error.reason, error.remedy) from error


def _check_references(table: ScenarioTable, events: list[TimedEvent], chosen: str, path: Path) -> None:
    parties = {party.code: set(party.roles) for party in table.parties}
    if len(parties) != len(table.parties):
        raise invalid(f"{path}: parties", "a party stands in it twice")
    labels: dict[str, str] = {}
    for event in sorted(events, key=lambda e: e.at_ms):
        given = event.table
        unknown = [name for name in given.branches if name not in table.branches]
        if unknown:
            raise invalid(f"{event.path}.branches", f"there is no branch {unknown[0]!r}")
        if isinstance(given, OutsideEvent) or (given.branches and chosen not in given.branches):
            continue
        if given.sender not in parties:
            raise invalid(f"{event.path}.from", f"{given.sender} is no party of this scenario")
        if not isinstance(given, LinkEvent) and given.role not in parties[given.sender]:
            raise invalid(f"{event.path}.role", f"{given.sender} has no role {given.role}")
        if isinstance(given, AcknowledgeEvent) and given.about not in labels:
            raise invalid(f"{event.path}.about", f"no earlier notice has the label {given.about!r}")
        if isinstance(given, TellEvent):
            _check_tell(event, given, labels)


def _check_tell(event: TimedEvent, given: TellEvent, labels: dict[str, str]) -> None:
    if given.label in labels:
        raise invalid(f"{event.path}.label", f"the label {given.label!r} is used twice")
    for name in ("supersedes", "withdraws"):
        label = getattr(given, name)
        if label and labels.get(label) != given.sender:
            raise invalid(f"{event.path}.{name}", f"no earlier notice of {given.sender} has the label {label!r}")
    labels[given.label] = given.sender


def _check_times(
    events: list[TimedEvent], ends_ms: int, agreements: tuple[tuple[bytes, Agreement], ...], path: Path
) -> None:
    if not events:
        raise invalid(f"{path}: events", "no event belongs to this branch")
    last = max(events, key=lambda event: event.at_ms)
    if last.at_ms > ends_ms:
        raise invalid(f"{last.path}.at", "it lies after the end of the scenario", "Move `ends` or the event.")
    first = min(events, key=lambda event: event.at_ms)
    starts = [agreement.window.start_ms for _, agreement in agreements]
    if first.at_ms < min(starts):
        raise invalid(f"{first.path}.at", "it lies before any agreement is in force", "Check the year.")
