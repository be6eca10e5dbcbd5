"""Who guarantees a zone, and who hears of a late notice, learns that it is so and by which reference: no window."""

from __future__ import annotations

import pytest

from openline.codec.events import to_document
from openline.core.event import Alert, AlertChanged, Closed, CloseReason, Escalation, Reason
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS, HOUR_MS, MINUTE_MS
from openline.release.phrases import phrase
from tests.invariants import check_all_invariants
from tests.parties import (
    NOON_MS,
    NORTH,
    SOUTH,
    Town,
    activity,
    agreement,
    in_air,
    on_ground,
    presence,
    withdrawal,
    zone,
)

UN = "UN"
SOON_MS = NOON_MS + 3 * HOUR_MS + 7 * MINUTE_MS
BOTH = ["no_air_activity", "no_ground_presence"]


def guarded() -> Town:
    """A zone of the south that UN guarantees."""
    town = Town(agreement("town", [NORTH, SOUTH, UN]), parties=[NORTH, SOUTH, UN])
    town.tell(SOUTH, zone(on_ground(NOON_MS), rules=BOTH, guarantors=[UN]), "zone-0001")
    return town


def test_a_guarantor_learns_no_window_but_how_grave_it_is_when_it_is_told() -> None:
    town = guarded()
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    (alert,) = town.told(UN, Alert)
    shown = to_document(alert)
    assert (shown["window_start"], shown["window_end"], shown["precedence"]) == (None, None, "PRIORITY")
    assert shown["answer_due"] == "2026-03-01T13:00:00Z"
    assert (shown["zone"], shown["notice"]) == ("zone-0001", "")
    assert alert.reference == town.alert(NORTH).reference
    assert phrase(alert) == (
        f"A rule of zone zone-0001 is touched. Call by reference {alert.reference}. Answer due 2026-03-01T13:00:00Z."
    )
    assert alert.reference in phrase(alert, "fr")


def test_its_timers_say_nothing_of_the_window_and_it_climbs_like_any_other() -> None:
    town = guarded()
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    town.wait(3 * HOUR_MS)
    assert town.alert(SOUTH).precedence is Precedence.FLASH
    assert town.alert(UN).severity_at(town.now_ms) is Precedence.PRIORITY
    assert {event.precedence for event in town.told(UN, Escalation)} == {Precedence.PRIORITY}
    assert [event.tier for event in town.told(UN, Escalation)] == [1, 2, 3]
    check_all_invariants(town)


def test_it_ends_with_the_window_all_the_same() -> None:
    town = guarded()
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    town.wait(SOON_MS + HOUR_MS + 23 * MINUTE_MS - NOON_MS - 1)
    assert len(town.alerts(UN)) == 1
    town.wait(1)
    assert town.alerts(UN) == []
    assert [closed.reason for closed in town.told(UN, Closed)] == [CloseReason.WINDOW_ENDED]
    check_all_invariants(town)


def test_it_ends_with_the_window_as_it_is_after_a_change_that_was_not_told() -> None:
    town = guarded()
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    town.tell(NORTH, activity(in_air(SOON_MS, SOON_MS + 4 * HOUR_MS), supersedes="flight-01"), "flight-02")
    assert town.told(UN, AlertChanged) == []
    town.wait(6 * HOUR_MS)
    assert len(town.alerts(UN)) == 1
    check_all_invariants(town)
    town.wait(2 * HOUR_MS)
    assert town.alerts(UN) == []


def test_told_anew_it_is_as_grave_as_it_is_then() -> None:
    town = guarded()
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    town.acknowledge(town.alert(UN))
    town.tell(NORTH, activity(in_air(NOON_MS + HOUR_MS), supersedes="flight-01"), "flight-02")
    (changed,) = town.told(UN, AlertChanged)
    assert (changed.precedence, changed.is_acknowledged) == (Precedence.IMMEDIATE, False)
    assert (changed.window_start_ms, changed.window_end_ms) == (0, 0)
    town.tell(NORTH, withdrawal("flight-02"))
    assert [closed.reason for closed in town.told(UN, Closed)] == [CloseReason.CONFLICT_CEASED]


def test_of_a_presence_in_its_zone_a_teller_learns_no_window_either() -> None:
    town = guarded()
    town.tell(NORTH, presence(on_ground(SOON_MS)), "presence-1")
    for party in (SOUTH, UN):
        (alert,) = town.told(party, Alert)
        assert (alert.window_start_ms, alert.window_end_ms) == (0, 0)
        assert town.alert(party).window_end_ms == FOREVER_MS
    town.tell(NORTH, withdrawal("presence-1"))
    assert town.alerts(SOUTH) == town.alerts(UN) == []


def test_of_an_activity_in_its_zone_a_teller_learns_the_half_hours() -> None:
    town = guarded()
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    (alert,) = town.told(SOUTH, Alert)
    assert alert.window_end_ms - alert.window_start_ms == 90 * MINUTE_MS


def test_of_a_late_notice_the_others_learn_that_it_is_late() -> None:
    town = Town()
    town.tell(NORTH, activity(in_air(NOON_MS + 7 * MINUTE_MS)), "flight-01")
    (alert,) = town.told(SOUTH, Alert)
    assert (alert.reason, alert.precedence) == (Reason.NOTICE_TOO_LATE, Precedence.FLASH)
    assert (alert.window_start_ms, alert.window_end_ms) == (0, 0)
    assert "12:0" not in phrase(alert).replace("Answer due 2026-03-01T12:02:00Z", "")
    town.wait(90 * MINUTE_MS - 1)
    assert len(town.alerts(SOUTH)) == 1
    town.wait(1)
    assert town.alerts(SOUTH) == []


@pytest.mark.parametrize("later_ms", [0, 3 * HOUR_MS])
def test_late_again_it_ends_with_the_new_window(later_ms: int) -> None:
    town = Town()
    town.tell(NORTH, activity(in_air(NOON_MS + 7 * MINUTE_MS)), "flight-01")
    again = in_air(NOON_MS + 8 * MINUTE_MS, NOON_MS + HOUR_MS + later_ms)
    town.tell(NORTH, activity(again, supersedes="flight-01"), "flight-02")
    assert len(town.told(SOUTH, Alert)) == 1
    town.wait(HOUR_MS + later_ms - 1)
    assert len(town.alerts(SOUTH)) == 1
    check_all_invariants(town)
    town.wait(1)
    assert town.alerts(SOUTH) == []
