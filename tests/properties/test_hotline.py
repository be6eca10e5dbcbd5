"""Whatever happens to an alert, and in whatever order, it is answered, climbing, or at the top, and it ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openline.core.event import Acknowledged, Alert, AlertChanged, Closed, Escalation, Event, Reason
from openline.core.ladder import TOP_TIER
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from openline.hotline.alerts import Ladder, Request
from openline.hotline.desk import Desk

SPANS = st.sampled_from([1, MINUTE_MS, 11 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, 3 * DAY_MS])
acts = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), SPANS, st.none()),
        st.tuples(st.just("read"), st.sampled_from(list(Precedence)), st.none()),
        st.tuples(st.just("move"), st.integers(-9, 90), st.sampled_from([1, HOUR_MS, 5 * DAY_MS, FOREVER_MS])),
    ),
    max_size=30,
)
REASONS = st.sampled_from([Reason.ACTIVITY_NEARBY, Reason.PRESENCE_STALE, Reason.TOLD_TOO_LATE])


class Watch:
    """A desk with one alert that is followed from event to event."""

    def __init__(self, reason: Reason) -> None:
        self.now_ms, self.moves, self.reason = 10 * DAY_MS, 0, reason
        self.desk = Desk(lambda _agreement, _party, _at_ms: Ladder())
        self.events: list[Event] = []
        self.apply(self.desk.opening(self.asked(self.now_ms + 30 * HOUR_MS, HOUR_MS), self.now_ms))

    def asked(self, start_ms: int, length_ms: int) -> Request:
        return Request(
            alert="one",
            reference="ref",
            agreement="town",
            party="NORTH",
            reason=self.reason,
            notice=f"notice {self.moves}",
            zone="",
            window_start_ms=start_ms,
            window_end_ms=min(start_ms + length_ms, FOREVER_MS),
        )

    def apply(self, event: Event) -> None:
        held = self.desk.get("one")
        if isinstance(event, (Escalation, AlertChanged)) and held is not None:
            assert event.tier >= held.tier
            assert set(event.roles) >= set(held.ladder.asked_at(held.tier))
            if isinstance(event, Escalation):
                assert event.precedence >= held.precedence
            if held.answer_due_ms and not held.is_acknowledged and event.precedence <= held.precedence:
                assert isinstance(event, Escalation) or event.answer_due_ms <= held.answer_due_ms
        self.events.append(event)
        self.desk.apply(event)

    def wait(self, span_ms: int) -> None:
        until_ms = self.now_ms + span_ms
        while (due_ms := self.desk.next_due_ms()) is not None and due_ms <= until_ms:
            self.now_ms = max(self.now_ms, due_ms)
            while (held := self.desk.due(self.now_ms)) is not None:
                self.apply(self.desk.falling_due(held, self.now_ms))
        self.now_ms = until_ms

    def read(self, precedence: Precedence) -> None:
        events = self.desk.acknowledging("one", party="NORTH", role="duty_officer", read=precedence, at_ms=self.now_ms)
        for event in events:
            self.apply(event)

    def move(self, quarters: int, length_ms: int) -> None:
        held = self.desk.get("one")
        assert held is not None
        self.moves += 1
        asked = self.asked(self.now_ms + quarters * 15 * MINUTE_MS, length_ms)
        if asked.window_end_ms > self.now_ms:
            for event in self.desk.changing(held, asked, self.now_ms):
                self.apply(event)

    def check(self) -> bool:
        """True while it is open, in order."""
        held = self.desk.get("one")
        if held is None:
            assert isinstance(self.events[-1], Closed)
            return False
        assert held.window_end_ms > self.now_ms
        assert held.precedence is held.severity_at(self.now_ms)
        due_ms = self.desk.next_due_ms()
        assert due_ms is None or due_ms > self.now_ms
        read = [e.precedence for e in self.events if isinstance(e, Acknowledged)]
        assert not held.is_acknowledged or max(read) >= held.precedence
        assert held.is_acknowledged or held.answer_due_ms > self.now_ms or held.tier == TOP_TIER
        return True


@given(REASONS, acts)
def test_an_alert_is_always_seen_to(reason: Reason, history: list[tuple[str, object, object]]) -> None:
    watch = Watch(reason)
    assert isinstance(watch.events[0], Alert)
    for what, *how in history:
        if what == "wait" and isinstance(how[0], int):
            watch.wait(how[0])
        elif what == "read" and isinstance(how[0], Precedence):
            watch.read(how[0])
        elif isinstance(how[0], int) and isinstance(how[1], int):
            watch.move(how[0], how[1])
        watch.wait(0)
        if not watch.check():
            break
    held = watch.desk.get("one")
    if held is not None and not held.never_ends:
        watch.wait(held.window_end_ms - watch.now_ms)
        assert not watch.check()


@given(REASONS)
def test_unread_it_reaches_the_top_in_four_answer_times(reason: Reason) -> None:
    watch = Watch(reason)
    held = watch.desk.get("one")
    assert held is not None
    watch.wait(4 * held.ladder.timers.answer_within_ms(held.precedence))
    assert held.tier == TOP_TIER
