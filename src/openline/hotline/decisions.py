"""What becomes of an alert, as events. Nothing here changes anything: the desk applies what was decided."""

from __future__ import annotations

from openline.core.event import (
    Alert,
    AlertChanged,
    Closed,
    CloseReason,
    Escalation,
    EscalationCause,
    Event,
    RepeatChange,
    Repeated,
)
from openline.core.precedence import Precedence
from openline.core.time import Window
from openline.hotline.alerts import Ladder, OpenAlert, Request

PARTS_AT_ONCE = 100
"""Conflicts that one event says to have ended; what is left follows in the next."""
_NOT_TOLD = Window(start_ms=0, end_ms=0)


def opening(request: Request, ladder: Ladder, at_ms: int) -> Alert:
    """The alert that a request opens, at tier 0, or at FLASH or whatever its window demands."""
    precedence = request.severity_at(at_ms, ladder.timers)
    told = _told(request.window, is_told=request.is_window_told)
    return Alert(
        at_ms=at_ms,
        to=request.party,
        alert=request.alert,
        reference=request.reference,
        agreement=request.agreement,
        reason=request.reason,
        notice=request.notice,
        zone=request.zone,
        window_start_ms=told.start_ms,
        window_end_ms=told.end_ms,
        precedence=precedence,
        answer_due_ms=at_ms + ladder.timers.answer_within_ms(precedence),
        tier=0,
        roles=ladder.asked_at(0),
    )


def joining(held: OpenAlert, request: Request, at_ms: int) -> Repeated:
    """One conflict more for an open FLASH. Whoever has read it reads it again; whoever owes an answer gains no time."""
    is_owed = held.answer_due_ms and not held.is_acknowledged
    return _repeated(
        held,
        at_ms,
        change=RepeatChange.JOINED,
        parts={**held.parts, request.reference: request.window},
        references=(request.reference,),
        request=request,
        answer_due_ms=held.answer_due_ms if is_owed else at_ms + held.ladder.timers.answer_within_ms(held.precedence),
        is_acknowledged=False,
    )


def changing(held: OpenAlert, request: Request, ladder: Ladder, at_ms: int) -> list[Event]:
    """What a superseded notice makes of an open alert. Graver opens it again; milder keeps what was read.

    Nobody gains time by superseding: an answer that is owed stays due when it was. A conflict that is a FLASH no longer
    leaves the alert that it shared with others, and has one of its own.
    """
    timers = held.ladder.timers
    severity = request.severity_at(at_ms, timers)
    if held.count > 1 and severity < Precedence.FLASH:
        return [opening(request, ladder, at_ms), ending(held, (request.reference,), at_ms)]
    is_moved = held.is_window_told and held.parts[request.reference] != request.window
    is_same = (held.notice, held.zone) == (request.notice, request.zone) and not is_moved
    if is_same and (held.is_window_told or severity is held.precedence):
        return []
    if is_moved and held.count > 1:
        return [_moving(held, request, at_ms)]
    is_graver = severity > held.precedence
    answer_due_ms = at_ms + timers.answer_within_ms(severity)
    if not held.is_acknowledged and not is_graver:
        answer_due_ms = min(answer_due_ms, held.answer_due_ms)
    window = request.window if held.count == 1 else Window(start_ms=held.window_start_ms, end_ms=held.window_end_ms)
    told = _told(window, is_told=held.is_window_told)
    return [
        AlertChanged(
            at_ms=at_ms,
            to=held.party,
            alert=held.alert,
            reference=held.reference,
            notice=request.notice,
            zone=request.zone,
            window_start_ms=told.start_ms,
            window_end_ms=told.end_ms,
            precedence=severity,
            answer_due_ms=answer_due_ms,
            tier=held.tier,
            roles=held.ladder.asked_at(held.tier),
            is_acknowledged=held.is_acknowledged and not is_graver,
        )
    ]


def parting(held: OpenAlert, reference: str, reason: CloseReason, at_ms: int) -> Event:
    """A conflict is no more: the end of its alert, unless that stands for others as well."""
    return closing(held, reason, at_ms) if held.count == 1 else ending(held, (reference,), at_ms)


def expiring(held: OpenAlert, at_ms: int) -> Event:
    """The window of some of what it stands for has ended; when it is that of all, the alert has."""
    if held.window_end_ms <= at_ms:
        return closing(held, CloseReason.WINDOW_ENDED, at_ms)
    ended = [reference for reference, window in held.parts.items() if window.end_ms <= at_ms]
    return ending(held, tuple(ended[:PARTS_AT_ONCE]), at_ms)


def closing(held: OpenAlert, reason: CloseReason, at_ms: int) -> Closed:
    """The end of an alert."""
    return Closed(
        at_ms=at_ms, to=held.party, alert=held.alert, reference=held.reference, notice=held.notice, reason=reason
    )


def ending(held: OpenAlert, references: tuple[str, ...], at_ms: int) -> Repeated:
    """Fewer conflicts than before; at least one is left."""
    parts = {reference: window for reference, window in held.parts.items() if reference not in references}
    return _repeated(held, at_ms, change=RepeatChange.ENDED, parts=parts, references=references)


def climbing(held: OpenAlert, at_ms: int) -> Escalation:
    """Nobody has answered in time: the next tier is asked too."""
    due_ms = 0 if held.is_at_top else at_ms + held.ladder.timers.answer_within_ms(held.precedence)
    tier = held.tier if held.is_at_top else held.tier + 1
    return _escalating(held, at_ms, EscalationCause.UNANSWERED, tier, held.precedence, due_ms)


def rising(held: OpenAlert, at_ms: int) -> Escalation:
    """Its window has come nearer: it opens again at the tier that it had reached."""
    precedence = held.severity_at(at_ms)
    due_ms = at_ms + held.ladder.timers.answer_within_ms(precedence)
    return _escalating(held, at_ms, EscalationCause.GRAVER, held.tier, precedence, due_ms)


def _escalating(
    held: OpenAlert, at_ms: int, cause: EscalationCause, tier: int, precedence: Precedence, due_ms: int
) -> Escalation:
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


def _moving(held: OpenAlert, request: Request, at_ms: int) -> Repeated:
    parts = {**held.parts, request.reference: request.window}
    references = (request.reference,)
    return _repeated(held, at_ms, change=RepeatChange.MOVED, parts=parts, references=references, request=request)


def _repeated(
    held: OpenAlert,
    at_ms: int,
    *,
    change: RepeatChange,
    parts: dict[str, Window],
    references: tuple[str, ...],
    request: Request | None = None,
    answer_due_ms: int | None = None,
    is_acknowledged: bool | None = None,
) -> Repeated:
    start_ms, end_ms = min(w.start_ms for w in parts.values()), max(w.end_ms for w in parts.values())
    whole = _told(Window(start_ms=start_ms, end_ms=end_ms), is_told=held.is_window_told)
    part = _NOT_TOLD if request is None else _told(request.window, is_told=held.is_window_told)
    return Repeated(
        at_ms=at_ms,
        to=held.party,
        alert=held.alert,
        reference=next(iter(parts)),
        references=references,
        change=change,
        count=len(parts),
        notice=held.notice if request is None else request.notice,
        zone=held.zone if request is None else request.zone,
        part_start_ms=part.start_ms,
        part_end_ms=part.end_ms,
        window_start_ms=whole.start_ms,
        window_end_ms=whole.end_ms,
        precedence=held.precedence,
        answer_due_ms=held.answer_due_ms if answer_due_ms is None else answer_due_ms,
        tier=held.tier,
        roles=held.ladder.asked_at(held.tier),
        is_acknowledged=held.is_acknowledged if is_acknowledged is None else is_acknowledged,
    )


def _told(window: Window, *, is_told: bool) -> Window:
    return window if is_told else _NOT_TOLD
