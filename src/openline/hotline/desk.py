"""All open alerts, and the rules by which they climb. Decisions give events; only `apply` changes anything."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator

from openline.core.errors import NotAuthenticated, NotFound
from openline.core.event import (
    Acknowledged,
    Alert,
    AlertChanged,
    Closed,
    Escalation,
    EscalationCause,
    Event,
    Reason,
    RepeatChange,
    Repeated,
)
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS, Window
from openline.hotline import decisions
from openline.hotline.alerts import Ladder, OpenAlert, Request

LadderOf = Callable[[str, str, int], Ladder]
"""The ladder of a party under an agreement at a time: (agreement, party, milliseconds)."""
FoldOf = Callable[[str, str, Reason, str], str]
"""The token of what repeats each other, empty for what never does: (reference, party, reason, agreement)."""


def _never(_reference: str, _party: str, _reason: Reason, _agreement: str) -> str:
    return ""


class Desk:
    """Open alerts by id and by reference, with a queue of what is next due."""

    def __init__(self, ladder_of: LadderOf, fold_of: FoldOf = _never) -> None:
        """`ladder_of` gives the timers and desks that the agreement sets, `fold_of` what is counted as a repeat."""
        self._ladder_of = ladder_of
        self._fold_of = fold_of
        self._open: dict[str, OpenAlert] = {}
        self._by_reference: dict[str, list[str]] = {}
        self._by_fold: dict[str, list[str]] = {}
        self._ends: dict[str, int] = {}
        """When what is told without a window ends, by reference."""
        self._queue: list[tuple[int, str]] = []

    def __len__(self) -> int:
        """How many alerts are open."""
        return len(self._open)

    def get(self, alert: str) -> OpenAlert | None:
        """The open alert of this id, or None."""
        return self._open.get(alert)

    def of_party(self, party: str) -> list[OpenAlert]:
        """Open alerts of a party, oldest first."""
        return [a for a in self._open.values() if a.party == party]

    def of_reference(self, reference: str) -> list[OpenAlert]:
        """The open alerts of all sides of one conflict."""
        return [self._open[name] for name in self._by_reference.get(reference, ())]

    def standing(self, reference: str, party: str) -> OpenAlert | None:
        """The open alert of a party that stands for this conflict, or None."""
        return next((held for held in self.of_reference(reference) if held.party == party), None)

    def all_open(self) -> Iterator[OpenAlert]:
        """Every open alert, oldest first."""
        return iter(self._open.values())

    def next_due_ms(self) -> int | None:
        """When something next falls due, or None."""
        while self._queue:
            due_ms, name = self._queue[0]
            held = self._open.get(name)
            if held is not None and held.next_due_ms() == due_ms:
                return due_ms
            heapq.heappop(self._queue)
        return None

    def know_end(self, reference: str, end_ms: int) -> None:
        """What follows under this reference ends then, also for those who are told no window."""
        self._ends[reference] = end_ms
        for held in self.of_reference(reference):
            if not held.is_window_told:
                held.put_part(reference, self._untold(reference))
                self._enqueue(held)

    def opening(self, request: Request, at_ms: int) -> Alert:
        """The alert that a request opens."""
        return decisions.opening(request, self._ladder_of(request.agreement, request.party, at_ms), at_ms)

    def raising(self, request: Request, at_ms: int) -> Alert | Repeated:
        """The alert that a request opens; a FLASH that repeats an open one is counted there instead."""
        alert = self.opening(request, at_ms)
        if alert.precedence is not Precedence.FLASH:
            return alert
        fold = self._fold_of(request.reference, request.party, request.reason, request.agreement)
        for name in reversed(self._by_fold.get(fold, ())):
            held = self._open[name]
            is_alike = held.is_window_told is request.is_window_told
            if is_alike and held.precedence is Precedence.FLASH:
                return decisions.joining(held, request, at_ms)
        return alert

    def changing(self, held: OpenAlert, request: Request, at_ms: int) -> list[Event]:
        """What a superseded notice makes of an open alert."""
        return decisions.changing(held, request, self._ladder_of(request.agreement, request.party, at_ms), at_ms)

    def due(self, at_ms: int) -> OpenAlert | None:
        """The next alert to which something happens at `at_ms` or before; None when nothing is due."""
        next_ms = self.next_due_ms()
        return self._open[self._queue[0][1]] if next_ms is not None and next_ms <= at_ms else None

    def falling_due(self, held: OpenAlert, at_ms: int) -> Event:
        """The one event that is due next for an alert: an end, a climb, or a rise, in this order."""
        if held.part_end_ms <= at_ms:
            return decisions.expiring(held, at_ms)
        if held.answer_due_ms and not held.is_acknowledged and held.answer_due_ms <= at_ms:
            return decisions.climbing(held, at_ms)
        return decisions.rising(held, at_ms)

    def acknowledging(
        self, alert: str, *, party: str, role: str, read: Precedence, at_ms: int
    ) -> tuple[Acknowledged, ...]:
        """Tell both sides that a person has read it.

        Raises:
            NotFound: ALERT_UNKNOWN, also when the alert is another party's.
            NotAuthenticated: ROLE_UNQUALIFIED.
        """
        held = self._open.get(alert)
        if held is None or held.party != party:
            raise NotFound(
                "ALERT_UNKNOWN",
                "no open alert of yours has this id",
                path="alert",
                remedy="See your open alerts; it may have closed.",
            )
        if role not in {known.name for known in held.ladder.roles}:
            raise NotAuthenticated(
                "ROLE_UNQUALIFIED",
                f"the role {role} is on no tier that answers this alert",
                path="role",
                remedy="Have it read by one of " + ", ".join(known.name for known in held.ladder.roles) + ".",
            )
        own = Acknowledged(
            at_ms=at_ms,
            to=party,
            alert=alert,
            reference=held.reference,
            by="own",
            role=role,
            precedence=read,
            is_timer_stopped=read >= held.precedence,
        )
        return own, *self._seen_by_others(held, at_ms)

    def references_ended(self, event: Event) -> tuple[str, ...]:
        """The conflicts that an event, not applied yet, ends for its receiver."""
        if isinstance(event, Closed):
            return tuple(self._open[event.alert].parts)
        return event.references if isinstance(event, Repeated) and event.change is RepeatChange.ENDED else ()

    def apply(self, event: Event) -> None:
        """Take an event into the state; events that are none of this room's are ignored."""
        if isinstance(event, Alert):
            self._open_alert(event)
        elif isinstance(event, Closed):
            self._forget(event.alert)
        elif isinstance(event, Repeated):
            self._repeat(event)
        elif isinstance(event, (AlertChanged, Escalation)):
            self._take(event)
        elif isinstance(event, Acknowledged) and event.by == "own" and event.is_timer_stopped:
            held = self._open[event.alert]
            held.is_acknowledged = True
            self._enqueue(held)

    def _seen_by_others(self, read: OpenAlert, at_ms: int) -> Iterator[Acknowledged]:
        others = {other.alert: other for reference in read.parts for other in self.of_reference(reference)}
        for other in others.values():
            if other.party != read.party:
                yield Acknowledged(
                    at_ms=at_ms,
                    to=other.party,
                    alert=other.alert,
                    reference=other.reference,
                    by="other",
                    role="",
                    precedence=other.precedence,
                    is_timer_stopped=False,
                )

    def _open_alert(self, event: Alert) -> None:
        is_told = event.window_end_ms > 0
        window = Window(start_ms=event.window_start_ms, end_ms=event.window_end_ms)
        window = window if is_told else self._untold(event.reference)
        held = OpenAlert(
            alert=event.alert,
            party=event.to,
            agreement=event.agreement,
            reason=event.reason,
            notice=event.notice,
            zone=event.zone,
            parts={event.reference: window},
            window_start_ms=window.start_ms,
            window_end_ms=window.end_ms,
            part_end_ms=window.end_ms,
            precedence=event.precedence,
            answer_due_ms=event.answer_due_ms,
            tier=event.tier,
            ladder=self._ladder_of(event.agreement, event.to, event.at_ms),
            fold=self._fold_of(event.reference, event.to, event.reason, event.agreement),
            is_window_told=is_told,
        )
        self._open[held.alert] = held
        self._by_reference.setdefault(event.reference, []).append(held.alert)
        if held.fold:
            self._by_fold.setdefault(held.fold, []).append(held.alert)
        self._enqueue(held)

    def _take(self, event: AlertChanged | Escalation) -> None:
        held = self._open[event.alert]
        held.precedence, held.answer_due_ms, held.tier = event.precedence, event.answer_due_ms, event.tier
        if isinstance(event, AlertChanged):
            held.notice, held.zone = event.notice, event.zone
            if held.is_window_told and held.count == 1:
                held.put_part(held.reference, Window(start_ms=event.window_start_ms, end_ms=event.window_end_ms))
            held.is_acknowledged = event.is_acknowledged
        elif event.cause is EscalationCause.GRAVER:
            held.is_acknowledged = False
        self._enqueue(held)

    def _repeat(self, event: Repeated) -> None:
        held = self._open[event.alert]
        held.notice, held.zone = event.notice, event.zone
        held.answer_due_ms, held.is_acknowledged = event.answer_due_ms, event.is_acknowledged
        if event.change is RepeatChange.ENDED:
            held.drop_parts(event.references)
            for reference in event.references:
                _drop(self._by_reference, reference, held.alert)
            self._forget_ends(event.references)
        else:
            (reference,) = event.references
            window = Window(start_ms=event.part_start_ms, end_ms=event.part_end_ms)
            held.put_part(reference, window if held.is_window_told else self._untold(reference))
            if event.change is RepeatChange.JOINED:
                self._by_reference.setdefault(reference, []).append(held.alert)
        self._enqueue(held)

    def _forget(self, alert: str) -> None:
        held = self._open.pop(alert)
        for reference in held.parts:
            _drop(self._by_reference, reference, alert)
        self._forget_ends(tuple(held.parts))
        if held.fold:
            _drop(self._by_fold, held.fold, alert)

    def _forget_ends(self, references: tuple[str, ...]) -> None:
        for reference in references:
            if reference not in self._by_reference:
                self._ends.pop(reference, None)

    def _untold(self, reference: str) -> Window:
        return Window(start_ms=0, end_ms=self._ends.get(reference, FOREVER_MS))

    def _enqueue(self, held: OpenAlert) -> None:
        due_ms = held.next_due_ms()
        if due_ms < FOREVER_MS:
            heapq.heappush(self._queue, (due_ms, held.alert))


def _drop(index: dict[str, list[str]], key: str, name: str) -> None:
    names = index[key]
    names.remove(name)
    if not names:
        del index[key]
