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
    CloseReason,
    Escalation,
    EscalationCause,
    Event,
)
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS
from openline.hotline.alerts import Ladder, OpenAlert, Request, severity_of

LadderOf = Callable[[str, str, int], Ladder]
"""The ladder of a party under an agreement at a time: (agreement, party, milliseconds)."""


class Desk:
    """Open alerts by id and by reference, with a queue of what is next due."""

    def __init__(self, ladder_of: LadderOf) -> None:
        """`ladder_of` gives the timers and desks that the agreement sets."""
        self._ladder_of = ladder_of
        self._open: dict[str, OpenAlert] = {}
        self._by_reference: dict[str, list[str]] = {}
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

    def opening(self, request: Request, at_ms: int) -> Alert:
        """The alert that a request opens, at tier 0, or at FLASH or whatever its window demands."""
        ladder = self._ladder_of(request.agreement, request.party, at_ms)
        precedence = severity_of(request.reason, ladder.timers, at_ms=at_ms, window_start_ms=request.window_start_ms)
        return Alert(
            at_ms=at_ms,
            to=request.party,
            alert=request.alert,
            reference=request.reference,
            agreement=request.agreement,
            reason=request.reason,
            notice=request.notice,
            zone=request.zone,
            window_start_ms=request.window_start_ms,
            window_end_ms=request.window_end_ms,
            precedence=precedence,
            answer_due_ms=at_ms + ladder.timers.answer_within_ms(precedence),
            tier=0,
            roles=ladder.asked_at(0),
        )

    def changing(self, held: OpenAlert, request: Request, at_ms: int) -> list[Event]:
        """What a superseded notice makes of an open alert. Graver opens it again; milder keeps what was read.

        Nobody gains time by superseding: an answer that is owed stays due when it was.
        """
        window_start_ms, window_end_ms = request.window_start_ms, request.window_end_ms
        known = (held.notice, held.zone, held.window_start_ms, held.window_end_ms)
        if known == (request.notice, request.zone, window_start_ms, window_end_ms):
            return []
        timers = held.ladder.timers
        severity = severity_of(held.reason, timers, at_ms=at_ms, window_start_ms=window_start_ms)
        is_graver = severity > held.precedence
        answer_due_ms = at_ms + timers.answer_within_ms(severity)
        if not held.is_acknowledged and not is_graver:
            answer_due_ms = min(answer_due_ms, held.answer_due_ms)
        return [
            AlertChanged(
                at_ms=at_ms,
                to=held.party,
                alert=held.alert,
                reference=held.reference,
                notice=request.notice,
                zone=request.zone,
                window_start_ms=window_start_ms,
                window_end_ms=window_end_ms,
                precedence=severity,
                answer_due_ms=answer_due_ms,
                tier=held.tier,
                roles=held.ladder.asked_at(held.tier),
                is_acknowledged=held.is_acknowledged and not is_graver,
            )
        ]

    def due(self, at_ms: int) -> OpenAlert | None:
        """The next alert to which something happens at `at_ms` or before; None when nothing is due."""
        next_ms = self.next_due_ms()
        return self._open[self._queue[0][1]] if next_ms is not None and next_ms <= at_ms else None

    def falling_due(self, held: OpenAlert, at_ms: int) -> Event:
        """The one event that is due next for an alert: its end, a climb, or a rise, in this order."""
        if held.window_end_ms <= at_ms:
            return closing(held, CloseReason.WINDOW_ENDED, at_ms)
        if held.answer_due_ms and not held.is_acknowledged and held.answer_due_ms <= at_ms:
            return self._climbing(held, at_ms)
        severity = held.severity_at(at_ms)
        return _escalating(held, at_ms, cause=EscalationCause.GRAVER, tier=held.tier, precedence=severity)

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
        stops = read >= held.precedence
        own = Acknowledged(
            at_ms=at_ms,
            to=party,
            alert=alert,
            reference=held.reference,
            by="own",
            role=role,
            precedence=read,
            is_timer_stopped=stops,
        )
        others = (
            Acknowledged(
                at_ms=at_ms,
                to=other.party,
                alert=other.alert,
                reference=other.reference,
                by="other",
                role="",
                precedence=other.precedence,
                is_timer_stopped=False,
            )
            for other in self.of_reference(held.reference)
            if other.party != party
        )
        return own, *others

    def apply(self, event: Event) -> None:
        """Take an event into the state; events that are none of this room's are ignored."""
        if isinstance(event, Alert):
            self._open_alert(event)
        elif isinstance(event, Closed):
            self._forget(event.alert)
        elif isinstance(event, (AlertChanged, Escalation)):
            self._take(event)
        elif isinstance(event, Acknowledged) and event.by == "own" and event.is_timer_stopped:
            held = self._open[event.alert]
            held.is_acknowledged = True
            self._enqueue(held)

    def _climbing(self, held: OpenAlert, at_ms: int) -> Escalation:
        tier = held.tier if held.is_at_top else held.tier + 1
        return _escalating(
            held,
            at_ms,
            cause=EscalationCause.UNANSWERED,
            tier=tier,
            precedence=held.precedence,
            is_last=held.is_at_top,
        )

    def _open_alert(self, event: Alert) -> None:
        held = OpenAlert(
            alert=event.alert,
            reference=event.reference,
            party=event.to,
            agreement=event.agreement,
            reason=event.reason,
            notice=event.notice,
            zone=event.zone,
            window_start_ms=event.window_start_ms,
            window_end_ms=event.window_end_ms or FOREVER_MS,
            precedence=event.precedence,
            answer_due_ms=event.answer_due_ms,
            tier=event.tier,
            ladder=self._ladder_of(event.agreement, event.to, event.at_ms),
        )
        self._open[held.alert] = held
        self._by_reference.setdefault(held.reference, []).append(held.alert)
        self._enqueue(held)

    def _take(self, event: AlertChanged | Escalation) -> None:
        held = self._open[event.alert]
        held.precedence, held.answer_due_ms, held.tier = event.precedence, event.answer_due_ms, event.tier
        if isinstance(event, AlertChanged):
            held.notice, held.zone = event.notice, event.zone
            held.window_start_ms, held.window_end_ms = event.window_start_ms, event.window_end_ms
            held.is_acknowledged = event.is_acknowledged
        elif event.cause is EscalationCause.GRAVER:
            held.is_acknowledged = False
        self._enqueue(held)

    def _forget(self, alert: str) -> None:
        held = self._open.pop(alert)
        names = self._by_reference[held.reference]
        names.remove(alert)
        if not names:
            del self._by_reference[held.reference]

    def _enqueue(self, held: OpenAlert) -> None:
        due_ms = held.next_due_ms()
        if due_ms < FOREVER_MS:
            heapq.heappush(self._queue, (due_ms, held.alert))


def closing(held: OpenAlert, reason: CloseReason, at_ms: int) -> Closed:
    """The end of an alert."""
    return Closed(
        at_ms=at_ms, to=held.party, alert=held.alert, reference=held.reference, notice=held.notice, reason=reason
    )


def _escalating(
    held: OpenAlert, at_ms: int, *, cause: EscalationCause, tier: int, precedence: Precedence, is_last: bool = False
) -> Escalation:
    due_ms = 0 if is_last else at_ms + held.ladder.timers.answer_within_ms(precedence)
    return Escalation(
        at_ms=at_ms,
        to=held.party,
        alert=held.alert,
        reference=held.reference,
        cause=cause,
        notice=held.notice,
        precedence=precedence,
        answer_due_ms=due_ms,
        tier=tier,
        roles=held.ladder.asked_at(tier),
    )
