"""The desk: an alert climbs until somebody answers, rises with its window, and ends with it."""

from __future__ import annotations

import pytest

from openline.core.errors import NotFound
from openline.core.event import (
    Acknowledged,
    Alert,
    AlertChanged,
    Closed,
    CloseReason,
    Escalation,
    EscalationCause,
    Event,
    Reason,
)
from openline.core.ladder import TIER_ROLES, TOP_TIER, Timers
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from openline.hotline.alerts import Ladder, OpenAlert, Request
from openline.hotline.decisions import closing
from openline.hotline.desk import Desk

START_MS = 10 * DAY_MS
END_MS = START_MS + 2 * HOUR_MS


def request(**changes: object) -> Request:
    plain = {
        "alert": "one",
        "reference": "ref",
        "agreement": "town",
        "party": "NORTH",
        "reason": Reason.PROTECTED_NEARBY,
        "notice": "flight-0001",
        "zone": "",
        "window_start_ms": START_MS,
        "window_end_ms": END_MS,
    }
    return Request(**(plain | changes))  # type: ignore[arg-type]


class Watch:
    """A desk with one or more alerts, and a clock."""

    def __init__(self, at_ms: int, *requests: Request) -> None:
        self.desk = Desk(lambda _agreement, _party, _at_ms: Ladder())
        self.events: list[Event] = []
        for asked in requests or (request(),):
            self.apply(self.desk.opening(asked, at_ms))

    def apply(self, event: Event) -> None:
        self.events.append(event)
        self.desk.apply(event)

    def until(self, at_ms: int) -> list[Event]:
        """Everything that falls due up to a time, each at its own time."""
        seen = len(self.events)
        while (due_ms := self.desk.next_due_ms()) is not None and due_ms <= at_ms:
            while (held := self.desk.due(due_ms)) is not None:
                self.apply(self.desk.falling_due(held, due_ms))
        return self.events[seen:]

    def read(self, precedence: Precedence, at_ms: int, *, alert: str = "one", party: str = "NORTH") -> None:
        for event in self.desk.acknowledging(alert, party=party, role=TIER_ROLES[0], read=precedence, at_ms=at_ms):
            self.apply(event)

    def changed(self, at_ms: int, asked: Request) -> AlertChanged:
        (event,) = self.desk.changing(self.held, asked, at_ms)
        self.apply(event)
        assert isinstance(event, AlertChanged)
        return event

    @property
    def held(self) -> OpenAlert:
        held = self.desk.get("one")
        assert held is not None
        return held


def test_an_alert_opens_at_the_bottom_with_an_answer_due() -> None:
    watch = Watch(START_MS - HOUR_MS)
    (event,) = watch.events
    assert isinstance(event, Alert)
    assert (event.tier, event.roles, event.precedence) == (0, TIER_ROLES[:1], Precedence.IMMEDIATE)
    assert event.answer_due_ms == event.at_ms + 10 * MINUTE_MS
    assert (len(watch.desk), watch.desk.of_party("SOUTH")) == (1, [])


def test_nobody_answers_and_it_climbs_to_the_top_and_not_beyond() -> None:
    opened_ms = START_MS - 9 * DAY_MS
    events = Watch(opened_ms).until(opened_ms + 3 * DAY_MS)
    assert all(isinstance(e, Escalation) and e.cause is EscalationCause.UNANSWERED for e in events)
    climbs = [(e.at_ms - opened_ms, e.tier, e.answer_due_ms) for e in events if isinstance(e, Escalation)]
    six_ms = 6 * HOUR_MS
    assert climbs == [
        (six_ms, 1, opened_ms + 2 * six_ms),
        (2 * six_ms, 2, opened_ms + 3 * six_ms),
        (3 * six_ms, 3, opened_ms + 4 * six_ms),
        (4 * six_ms, TOP_TIER, opened_ms + 5 * six_ms),
        (5 * six_ms, TOP_TIER, 0),
    ]


def test_at_the_top_it_stays_open_and_still_rises() -> None:
    opened_ms = START_MS - 9 * DAY_MS
    watch = Watch(opened_ms)
    watch.until(START_MS - DAY_MS - 1)
    (rise, *_) = watch.until(START_MS - DAY_MS)
    assert isinstance(rise, Escalation)
    assert (rise.cause, rise.tier, rise.precedence) == (EscalationCause.GRAVER, TOP_TIER, Precedence.PRIORITY)
    assert rise.answer_due_ms == rise.at_ms + HOUR_MS


def test_one_millisecond_before_its_time_nothing_happens() -> None:
    opened_ms = START_MS - HOUR_MS
    watch = Watch(opened_ms)
    assert watch.until(opened_ms + 10 * MINUTE_MS - 1) == []
    assert len(watch.until(opened_ms + 10 * MINUTE_MS)) == 1


def test_an_acknowledgement_stops_the_timer_of_its_precedence_only() -> None:
    opened_ms = START_MS - 25 * HOUR_MS
    watch = Watch(opened_ms)
    watch.until(opened_ms)
    watch.read(Precedence.ROUTINE, opened_ms)
    assert watch.until(START_MS - DAY_MS - 1) == []
    (rise,) = watch.until(START_MS - DAY_MS)
    assert isinstance(rise, Escalation)
    assert (rise.cause, rise.precedence) == (EscalationCause.GRAVER, Precedence.PRIORITY)
    assert not watch.held.is_acknowledged
    watch.read(Precedence.ROUTINE, START_MS - DAY_MS + 1)
    assert not watch.held.is_acknowledged
    assert isinstance(watch.events[-1], Acknowledged)
    assert not watch.events[-1].is_timer_stopped
    (climb,) = watch.until(START_MS - 23 * HOUR_MS)
    assert isinstance(climb, Escalation)
    assert (climb.cause, climb.tier) == (EscalationCause.UNANSWERED, 1)


def test_what_rises_opens_again_at_the_tier_that_it_had_reached() -> None:
    opened_ms = START_MS - 4 * HOUR_MS
    watch = Watch(opened_ms)
    watch.until(opened_ms + HOUR_MS)
    assert watch.held.tier == 1
    watch.read(Precedence.PRIORITY, opened_ms + HOUR_MS)
    (rise,) = watch.until(START_MS - 2 * HOUR_MS)
    assert isinstance(rise, Escalation)
    assert (rise.tier, rise.precedence, rise.roles) == (1, Precedence.IMMEDIATE, TIER_ROLES[:2])


def test_it_closes_when_its_window_ends_answered_or_not() -> None:
    for is_read in (False, True):
        watch = Watch(START_MS)
        if is_read:
            watch.read(Precedence.FLASH, START_MS)
        *_, last = watch.until(END_MS)
        assert isinstance(last, Closed)
        assert (last.at_ms, last.reason, len(watch.desk)) == (END_MS, CloseReason.WINDOW_ENDED, 0)
        assert watch.desk.next_due_ms() is None
        assert watch.desk.of_reference("ref") == []


def test_the_end_comes_before_an_answer_that_is_due_at_the_same_time() -> None:
    watch = Watch(END_MS - 2 * MINUTE_MS)
    assert [type(event) for event in watch.until(END_MS)] == [Closed]


def test_a_window_without_end_never_closes_by_itself() -> None:
    watch = Watch(START_MS, request(window_end_ms=FOREVER_MS))
    watch.read(Precedence.FLASH, START_MS)
    assert watch.desk.next_due_ms() is None
    assert watch.held.never_ends


def test_both_sides_see_that_it_was_read() -> None:
    watch = Watch(START_MS - HOUR_MS, request(), request(alert="two", party="SOUTH", notice="presence-1"))
    watch.read(Precedence.IMMEDIATE, START_MS - HOUR_MS)
    own, other = (event for event in watch.events if isinstance(event, Acknowledged))
    assert (own.to, own.alert, own.by, own.role, own.is_timer_stopped) == ("NORTH", "one", "own", TIER_ROLES[0], True)
    assert (other.to, other.alert, other.by, other.role, other.is_timer_stopped) == ("SOUTH", "two", "other", "", False)
    two = watch.desk.get("two")
    assert two is not None
    assert (watch.held.is_acknowledged, two.is_acknowledged) == (True, False)


@pytest.mark.parametrize(("alert", "party"), [("one", "SOUTH"), ("three", "NORTH")])
def test_an_alert_of_another_party_looks_like_one_that_does_not_exist(alert: str, party: str) -> None:
    watch = Watch(START_MS)
    with pytest.raises(NotFound, match=r"ALERT_UNKNOWN at alert: no open alert of yours has this id"):
        watch.read(Precedence.FLASH, START_MS, alert=alert, party=party)


def test_nothing_is_said_when_nothing_has_changed() -> None:
    watch = Watch(START_MS - HOUR_MS)
    assert watch.desk.changing(watch.held, request(), START_MS) == []


def test_moved_to_later_it_is_milder_and_stays_read() -> None:
    watch = Watch(START_MS - HOUR_MS)
    watch.read(Precedence.IMMEDIATE, START_MS - HOUR_MS)
    later = request(notice="flight-0002", window_start_ms=START_MS + DAY_MS, window_end_ms=END_MS + DAY_MS)
    event = watch.changed(START_MS - HOUR_MS, later)
    assert (event.precedence, event.is_acknowledged, event.tier) == (Precedence.ROUTINE, True, 0)
    assert watch.until(START_MS - 1) == []
    assert isinstance(watch.until(START_MS)[0], Escalation)


def test_moved_to_earlier_it_opens_again() -> None:
    watch = Watch(START_MS - 5 * HOUR_MS)
    watch.read(Precedence.PRIORITY, START_MS - 5 * HOUR_MS)
    sooner = request(notice="flight-0002", window_start_ms=START_MS - 4 * HOUR_MS)
    event = watch.changed(START_MS - 5 * HOUR_MS, sooner)
    assert (event.precedence, event.is_acknowledged) == (Precedence.IMMEDIATE, False)
    assert event.answer_due_ms == START_MS - 5 * HOUR_MS + 10 * MINUTE_MS


def test_nobody_gains_time_by_superseding() -> None:
    opened_ms = START_MS - HOUR_MS
    watch = Watch(opened_ms)
    for minute in (4, 8):
        moved = request(notice=f"flight-{minute}", window_start_ms=START_MS - minute * MINUTE_MS)
        assert watch.changed(opened_ms + minute * MINUTE_MS, moved).answer_due_ms == opened_ms + 10 * MINUTE_MS
    assert len(watch.until(opened_ms + 10 * MINUTE_MS)) == 1


def test_overdue_at_the_top_superseding_starts_no_new_timer_unless_it_is_graver() -> None:
    opened_ms = START_MS - 9 * DAY_MS
    watch = Watch(opened_ms)
    watch.until(opened_ms + 2 * DAY_MS)
    assert watch.held.answer_due_ms == 0
    assert watch.changed(opened_ms + 2 * DAY_MS, request(notice="flight-2")).answer_due_ms == 0
    sooner = request(notice="flight-3", window_start_ms=opened_ms + 3 * DAY_MS)
    assert watch.changed(opened_ms + 2 * DAY_MS, sooner).answer_due_ms == opened_ms + 2 * DAY_MS + HOUR_MS


def test_a_stale_presence_is_no_graver_later() -> None:
    stale = request(reason=Reason.PRESENCE_STALE, window_start_ms=START_MS, window_end_ms=FOREVER_MS)
    watch = Watch(START_MS, stale)
    assert watch.held.precedence is Precedence.PRIORITY
    watch.read(Precedence.PRIORITY, START_MS)
    assert watch.until(START_MS + 300 * DAY_MS) == []


def test_an_alert_keeps_the_ladder_that_it_was_opened_with() -> None:
    ladders = [Ladder(), Ladder(timers=Timers(flash_ms=1))]
    desk = Desk(lambda _agreement, _party, at_ms: ladders[at_ms > START_MS])
    desk.apply(desk.opening(request(), START_MS))
    held = desk.get("one")
    assert held is not None
    assert held.ladder == ladders[0]
    assert desk.opening(request(alert="two"), START_MS + 1).answer_due_ms == START_MS + 2


def test_ended_by_hand_it_is_forgotten() -> None:
    watch = Watch(START_MS, request(), request(alert="two", party="SOUTH"))
    watch.apply(closing(watch.held, CloseReason.CONFLICT_CEASED, START_MS))
    assert [held.alert for held in watch.desk.of_reference("ref")] == ["two"]
    assert watch.desk.get("one") is None
