"""How the command line shouts: what a desk holds against its node, in red, in JSON, and as exit status 1."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import typer
from msgspec import to_builtins

from openline.adapters.clock import SystemClock
from openline.app.console import FINDING, err, print_json, printable
from openline.app.custody import Alarm, Custody
from openline.app.desk import Desk
from openline.core.errors import LedgerFault, NodeFault, Refusal
from openline.core.time import MINUTE_MS
from openline.ledger.note import format_verifier_key

_PAUSE_MS = MINUTE_MS
"""Between two looks at the ledger while a feed is followed."""


def alarms_json(custody: Custody) -> list[dict[str, Any]]:
    """The alarms as JSON has them."""
    return [_json(alarm) for alarm in custody.alarms]


def say_custody(custody: Custody) -> None:
    """Say whose key was met for the first time, and every alarm."""
    if custody.is_first:
        err.print(
            f"First contact: the node's key is {format_verifier_key(custody.log)}. It is kept, and another one will be "
            "refused. Compare it with the one that you were given.",
            style="yellow",
            markup=False,
        )
    for alarm in custody.alarms:
        shout(alarm)


def shout(alarm: Alarm) -> None:
    """One alarm, in red."""
    err.print(printable(f"ALARM {alarm.code}: {alarm.text}"), style="bold red", markup=False)
    if alarm.path:
        err.print(printable(f"  Kept in {alarm.path}"), markup=False)
    if alarm.remedy:
        err.print(printable(f"  {alarm.remedy}"), markup=False)


def end_with(custody: Custody) -> None:
    """End with status 1 when there is an alarm."""
    if custody.alarms:
        raise typer.Exit(FINDING)


class Passing:
    """Looks at the ledger in passing, while a feed is followed. An alarm is said once."""

    def __init__(self, desk: Desk, *, as_json: bool) -> None:
        """Nothing was looked at yet."""
        self._desk = desk
        self._as_json = as_json
        self._next_ms = 0
        self._said = 0

    def check(self) -> None:
        """Compare history and promises, at most once a minute.

        Raises:
            LedgerFault: NODE_KEY_DIFFERS.
            BadUse: FILE_UNREADABLE.
        """
        clock = SystemClock()
        if clock.elapsed_ms() < self._next_ms:
            return
        self._next_ms = clock.elapsed_ms() + _PAUSE_MS
        try:
            # that the line is lost, the feed says; a promise whose deadline passes meanwhile is broken all the same
            with suppress(NodeFault, Refusal):
                self._desk.look()
            self._desk.custody.review(clock.now_ms())
        except (NodeFault, Refusal):
            return  # at the very first contact: nothing was promised to this desk yet that it could hold against a key
        except LedgerFault as error:
            shout(Alarm(code=error.code, text=error.reason, path=error.path, remedy=error.remedy))
            raise
        fresh = self._desk.custody.alarms[self._said :]
        self._said += len(fresh)
        for alarm in fresh:
            print_json({"kind": "alarm", **_json(alarm)}) if self._as_json else shout(alarm)


def _json(alarm: Alarm) -> dict[str, Any]:
    document: dict[str, Any] = to_builtins(alarm)
    return document
