"""Severity by time to the window, answer times, and who is asked: at the millisecond where each changes."""

from __future__ import annotations

import pytest

from openline.core.event import Reason
from openline.core.ladder import TIER_ROLES, TOP_TIER, Role, Timers
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from openline.hotline.alerts import Ladder, severity_of

F, I, P, R = Precedence.FLASH, Precedence.IMMEDIATE, Precedence.PRIORITY, Precedence.ROUTINE  # noqa: E741 - as on a form
START_MS = 30 * DAY_MS


@pytest.mark.parametrize(
    ("lead_ms", "expected"),
    [
        (20 * DAY_MS, R),
        (24 * HOUR_MS + 1, R),
        (24 * HOUR_MS, P),
        (2 * HOUR_MS + 1, P),
        (2 * HOUR_MS, I),
        (15 * MINUTE_MS + 1, I),
        (15 * MINUTE_MS, F),
        (0, F),
        (-DAY_MS, F),
    ],
)
def test_severity_rises_as_the_window_comes_nearer(lead_ms: int, expected: Precedence) -> None:
    assert Timers().precedence_at(START_MS - lead_ms, window_start_ms=START_MS) is expected


@pytest.mark.parametrize(
    ("precedence", "before_ms"), [(R, 24 * HOUR_MS), (P, 2 * HOUR_MS), (I, 15 * MINUTE_MS), (F, None)]
)
def test_the_next_rise_is_the_very_instant_at_which_severity_changes(
    precedence: Precedence, before_ms: int | None
) -> None:
    timers = Timers()
    rise_ms = timers.next_rise_ms(precedence, window_start_ms=START_MS)
    assert rise_ms == (None if before_ms is None else START_MS - before_ms)
    if rise_ms is not None:
        assert timers.precedence_at(rise_ms - 1, window_start_ms=START_MS) is precedence
        assert timers.precedence_at(rise_ms, window_start_ms=START_MS) == precedence + 1


@pytest.mark.parametrize(
    ("precedence", "within_ms"), [(F, 2 * MINUTE_MS), (I, 10 * MINUTE_MS), (P, HOUR_MS), (R, 6 * HOUR_MS)]
)
def test_a_graver_alert_is_to_be_answered_sooner(precedence: Precedence, within_ms: int) -> None:
    assert Timers().answer_within_ms(precedence) == within_ms


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.PRESENCE_STALE, P),
        (Reason.TOLD_TOO_LATE, F),
        (Reason.NOTICE_TOO_LATE, F),
        (Reason.ACTIVITY_NEARBY, R),
        (Reason.ZONE_RULE, R),
    ],
)
def test_stale_and_late_do_not_follow_the_window(reason: Reason, expected: Precedence) -> None:
    assert severity_of(reason, Timers(), at_ms=0, window_start_ms=START_MS) is expected


def test_climbing_adds_desks_and_never_drops_one() -> None:
    ladder = Ladder()
    for tier in range(TOP_TIER + 1):
        assert ladder.asked_at(tier) == TIER_ROLES[: tier + 1]
    two = Ladder(roles=(Role(name="tower", tier=0), Role(name="cell", tier=0), Role(name="minister", tier=4)))
    assert two.asked_at(3) == ("tower", "cell")
    assert two.asked_at(4) == ("tower", "cell", "minister")
