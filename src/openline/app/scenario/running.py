"""Replaying a scenario on an embedded node: the same file gives the same lines, byte for byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openline.app.scenario.drill import Drill
from openline.app.scenario.lines import event_line, refusal_line, summary_line, told_line
from openline.app.scenario.loading import Scenario, TimedEvent, invalid, plain
from openline.app.scenario.words import AcknowledgeEvent, LinkEvent, OutsideEvent, TellEvent
from openline.core.errors import Refusal
from openline.core.event import Alert, AlertChanged, Closed, Escalation, Repeated
from openline.core.notice import Notice
from openline.core.time import to_text
from openline.engine.finder import Engine
from openline.intake.opening import OpenedNotice, open_acknowledgement, open_notice
from openline.node.batch import Delivery, Input
from openline.node.journal import Output
from openline.node.line import Line, outcome_of
from openline.node.ports import Store
from openline.node.state import EngineMaker

Document = dict[str, Any]
_DELIVERED = (Alert, AlertChanged, Repeated, Escalation, Closed)


class Replay:
    """One scenario on one store."""

    def __init__(self, scenario: Scenario, store: Store, make_engine: EngineMaker = Engine) -> None:
        """The store is empty. Which search the engines have changes no line."""
        self._scenario = scenario
        self.drill = Drill(scenario)
        self.line = Line(store, self.drill.secrets(), self.drill.origin, make_engine)
        self.line.listen(self._take)
        self._fresh: list[tuple[int, Output]] = []
        self._labels: dict[str, tuple[str, Notice]] = {}
        self._down: dict[str, list[int]] = {}
        self._due_for_delivery: dict[str, list[int]] = {}
        self._last_of: dict[str, tuple[int, str]] = {}
        self._alerts = 0

    def run(self) -> Iterator[Document]:
        """Every line in order of time, a summary last.

        Raises:
            BadUse: SCENARIO_INVALID, when a notice is refused that was not expected to be.
        """
        first_ms = self._scenario.events[0].at_ms
        self.line.open()
        self.line.administer(first_ms, self.drill.opening(first_ms))
        yield from self._flush(first_ms)
        for event in self._scenario.events:
            yield from self._until(event.at_ms)
            yield from self._play(event)
        yield from self._until(self._scenario.ends_ms)
        yield summary_line(self.line, self._scenario.ends_ms, alerts=self._alerts)

    def _until(self, at_ms: int) -> Iterator[Document]:
        while (due_ms := self.line.state.next_due_ms()) is not None and due_ms <= at_ms:
            self.line.commit([], due_ms)
            yield from self._flush(due_ms)

    def _play(self, event: TimedEvent) -> Iterator[Document]:
        given = event.table
        if isinstance(given, TellEvent):
            yield from self._tell(event, given)
        elif isinstance(given, AcknowledgeEvent):
            yield from self._acknowledge(event, given)
        elif isinstance(given, LinkEvent):
            yield from self._link(event, given)
        else:
            yield _outside(event, given)

    def _tell(self, event: TimedEvent, given: TellEvent) -> Iterator[Document]:
        raw = self._write(event, given)
        state = self.line.state
        try:
            opened = open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)
        except Refusal as refusal:
            if not given.refused:
                where = f"{event.path}.notice.{refusal.path}".rstrip(".")
                raise invalid(where, refusal.reason, refusal.remedy) from refusal
            yield refusal_line(refusal, event.at_ms, given.sender, given.label)
            return
        if given.refused:
            raise invalid(f"{event.path}.refused", "the line accepts this notice", "Take `refused` out.")
        self._labels[given.label] = (given.sender, opened.notice)
        yield from self._commit(opened, event, given)

    def _commit(self, opened: OpenedNotice, event: TimedEvent, given: TellEvent) -> Iterator[Document]:
        batch = self.line.commit([opened], event.at_ms)
        receipt = self.line.receipt(outcome_of(batch, 0))
        marks = {"label": given.label, **_marks(given)}
        for line in self._lines():
            yield told_line(line, opened.notice, marks) if line["kind"] == "told" else line
        yield {
            "at": to_text(event.at_ms),
            "kind": "receipt",
            "from": "line",
            "to": given.sender,
            "index": receipt.index,
            "notice": opened.notice.id,
            "leaf_hash": receipt.leaf_hash.hex(),
            "flags": list(receipt.flags),
        }
        yield from self._deliver(event.at_ms)

    def _write(self, event: TimedEvent, given: TellEvent) -> bytes:
        fields = plain(given.notice)
        if "type" not in fields:
            raise invalid(f"{event.path}.notice.type", "a notice needs a type")
        for name in ("supersedes", "withdraws"):
            label = getattr(given, name)
            if label:
                fields[name] = self._labels[label][1].id
        pen = self.drill.pen(given.sender, given.role)
        pen.sequence, pen.previous = self._last_of.get(given.sender, (0, ""))
        agreement = self._agreement(event, given)
        raw = pen.notice(fields, identifier=self.drill.identifier(given.label), agreement=agreement, at_ms=event.at_ms)
        if not given.refused:
            self._last_of[given.sender] = (pen.sequence, pen.previous)
        return raw

    def _agreement(self, event: TimedEvent, given: TellEvent) -> tuple[str, int]:
        known = {agreement.id: agreement.version for _, agreement in self._scenario.agreements}
        name = given.agreement or next(iter(known))
        if name not in known and name != "none":
            raise invalid(f"{event.path}.agreement", f"the scenario has no agreement {name!r}")
        return name, known.get(name, 0)

    def _acknowledge(self, event: TimedEvent, given: AcknowledgeEvent) -> Iterator[Document]:
        about = self._labels[given.about][1].id
        held = next((a for a in self.line.state.desk.of_party(given.sender) if a.notice == about), None)
        if held is None:
            reason = f"{given.sender} has no open alert about {given.about!r} at this time"
            raise invalid(f"{event.path}.about", reason, "Move the event, or take it out.")
        raw = self.drill.pen(given.sender, given.role).acknowledgement(
            alert=held.alert,
            precedence=given.precedence or held.precedence.name,
            identifier=self.drill.identifier(f"{event.path.rpartition(': ')[2]}/{held.alert}"),
            at_ms=event.at_ms,
        )
        opened: Input = open_acknowledgement(raw, keyring=self.line.state.keyring)
        outcome_of(self.line.commit([opened], event.at_ms), 0)
        for line in self._lines():
            told = {"kind": "acknowledgement", "role": given.role, "alert": held.alert, **_marks(given)}
            yield line | told if line["kind"] == "told" else line
        yield from self._deliver(event.at_ms)

    def _link(self, event: TimedEvent, given: LinkEvent) -> Iterator[Document]:
        at = to_text(event.at_ms)
        yield {"at": at, "kind": "link", "from": given.sender, "state": given.state, **_marks(given)}
        if given.state == "down":
            self._down.setdefault(given.sender, [])
            return
        waiting = self._down.pop(given.sender, [])
        yield from self._record_delivery(given.sender, waiting, event.at_ms)

    def _flush(self, at_ms: int) -> Iterator[Document]:
        yield from self._lines()
        yield from self._deliver(at_ms)

    def _lines(self) -> Iterator[Document]:
        fresh, self._fresh = self._fresh, []
        for index, output in fresh:
            self._alerts += isinstance(output, Alert)
            if isinstance(output, _DELIVERED):
                self._due_for_delivery.setdefault(output.to, []).append(index)
            yield event_line(output, index)

    def _deliver(self, at_ms: int) -> Iterator[Document]:
        due, self._due_for_delivery = self._due_for_delivery, {}
        for party, indexes in due.items():
            if party in self._down:
                self._down[party] += indexes
            else:
                yield from self._record_delivery(party, indexes, at_ms)

    def _record_delivery(self, party: str, indexes: list[int], at_ms: int) -> Iterator[Document]:
        if indexes:
            self.line.commit([Delivery(party=party, entries=tuple(indexes), channel="feed")], at_ms)
            yield from self._lines()

    def _take(self, indexed: list[tuple[int, Output]]) -> None:
        self._fresh += indexed


def _outside(event: TimedEvent, given: OutsideEvent) -> Document:
    to = {"to": given.receiver} if given.receiver else {}
    return {"at": to_text(event.at_ms), "kind": "outside", "from": given.sender, **to, **_marks(given)}


def _marks(given: TellEvent | AcknowledgeEvent | LinkEvent | OutsideEvent) -> Document:
    """What the file says of the event itself: its words, what is synthetic, what is disputed, where it stands."""
    marks = {name: getattr(given, name) for name in ("text", "synthetic", "disputed", "source")}
    return {name: value for name, value in marks.items() if value}
