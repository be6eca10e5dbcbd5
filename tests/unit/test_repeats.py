"""FLASHes that repeat each other are one alert with a count: none is dropped, and none is read for another."""

from __future__ import annotations

import pytest

from openline.core.event import Alert, Closed, CloseReason, Escalation, Event, Reason, RepeatChange, Repeated
from openline.core.ladder import TOP_TIER
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS
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

NEAR_MS = NOON_MS + 12 * MINUTE_MS
"""Within the lead of a FLASH, and not too late."""
FAR_M = 90_000.0


def told_of(town: Town, party: str) -> list[tuple[int, int]]:
    """How many conflicts each open alert of a party stands for, and how many references it names."""
    check_all_invariants(town)
    return [(held.count, len(held.parts)) for held in town.alerts(party)]


def repeats(town: Town, party: str) -> list[tuple[RepeatChange, int]]:
    return [(event.change, event.count) for event in town.told(party, Repeated)]


def flown_over(count: int, *, start_ms: int = NEAR_MS, length_ms: int = HOUR_MS) -> Town:
    """SOUTH is there; NORTH tells of so many flights over it."""
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1")
    for number in range(count):
        town.tell(NORTH, activity(in_air(start_ms, start_ms + length_ms)), f"flight-{number}-of-many")
    return town


def test_repeated_flashes_of_one_sender_are_one_alert_with_a_count() -> None:
    town = flown_over(3)
    assert told_of(town, SOUTH) == [(3, 3)]
    assert told_of(town, NORTH) == [(1, 1)] * 3
    assert repeats(town, SOUTH) == [(RepeatChange.JOINED, 2), (RepeatChange.JOINED, 3)]
    assert len(town.told(SOUTH, Alert)) == 1
    assert set(town.alert(SOUTH).parts) == {held.reference for held in town.alerts(NORTH)}


def test_what_is_not_yet_a_flash_is_not_joined() -> None:
    town = flown_over(2, start_ms=NOON_MS + 3 * HOUR_MS)
    town.tell(NORTH, activity(in_air(NEAR_MS)))
    assert told_of(town, SOUTH) == [(1, 1)] * 3
    assert repeats(town, SOUTH) == []


def test_what_has_risen_to_flash_takes_repeats() -> None:
    town = flown_over(1, start_ms=NOON_MS + 3 * HOUR_MS)
    town.wait(3 * HOUR_MS)
    town.tell(NORTH, activity(in_air(town.now_ms + 12 * MINUTE_MS)))
    assert told_of(town, SOUTH) == [(2, 2)]


def test_senders_are_not_mixed_and_neither_are_notices_of_ones_own() -> None:
    parties = [NORTH, SOUTH, "EAST"]
    town = Town(agreement("town", parties), parties=parties)
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1")
    town.tell(SOUTH, presence(on_ground(NOON_MS, east_m=FAR_M)), "presence-2")
    for party in (NORTH, "EAST"):
        for east_m in (0.0, FAR_M):
            for _ in range(2):
                town.tell(party, activity(in_air(NEAR_MS, NEAR_MS + MINUTE_MS, east_m=east_m)))
    alerts = [held for held in town.alerts(SOUTH) if held.reason is Reason.ACTIVITY_NEARBY]
    assert sorted((held.notice, held.count) for held in alerts) == [("presence-1", 2)] * 2 + [("presence-2", 2)] * 2
    check_all_invariants(town)


def test_zones_are_not_mixed() -> None:
    town = Town()
    for name in ("zone-0001", "zone-0002"):
        town.tell(SOUTH, zone(on_ground(NOON_MS)), name)
    town.tell(NORTH, activity(in_air(NEAR_MS)))
    assert sorted((held.zone, held.count) for held in town.alerts(NORTH)) == [("zone-0001", 1), ("zone-0002", 1)]


def test_whoever_has_read_it_reads_a_repeat_again() -> None:
    town = flown_over(1)
    town.acknowledge(town.alert(SOUTH))
    town.wait(MINUTE_MS)
    town.tell(NORTH, activity(in_air(NEAR_MS)))
    (repeat,) = town.told(SOUTH, Repeated)
    assert (repeat.is_acknowledged, repeat.answer_due_ms) == (False, town.now_ms + 2 * MINUTE_MS)
    assert not town.alert(SOUTH).is_acknowledged
    town.acknowledge(town.alert(SOUTH))
    assert town.alert(SOUTH).is_acknowledged
    check_all_invariants(town)


def test_nobody_gains_time_by_a_repeat() -> None:
    town = flown_over(1)
    due_ms = town.alert(SOUTH).answer_due_ms
    town.wait(MINUTE_MS)
    town.tell(NORTH, activity(in_air(NEAR_MS)))
    assert town.alert(SOUTH).answer_due_ms == due_ms
    town.wait(MINUTE_MS)
    assert [event.tier for event in town.told(SOUTH, Escalation)] == [1]


def test_at_the_top_of_the_ladder_a_repeat_asks_once_more() -> None:
    town = flown_over(1, length_ms=DAY_MS)
    town.wait(HOUR_MS)
    assert (town.alert(SOUTH).tier, town.alert(SOUTH).answer_due_ms) == (TOP_TIER, 0)
    town.tell(NORTH, activity(in_air(town.now_ms + 12 * MINUTE_MS)))
    assert town.alert(SOUTH).answer_due_ms == town.now_ms + 2 * MINUTE_MS
    assert told_of(town, SOUTH) == [(2, 2)]


def test_one_that_ceases_leaves_the_others_and_the_last_closes_it() -> None:
    town = flown_over(3)
    for left in (2, 1):
        town.tell(NORTH, withdrawal(f"flight-{left}-of-many"))
        assert told_of(town, SOUTH) == [(left, left)]
        assert town.told(SOUTH, Closed) == []
    town.tell(NORTH, withdrawal("flight-0-of-many"))
    assert told_of(town, SOUTH) == told_of(town, NORTH) == []
    assert [closed.reason for closed in town.told(SOUTH, Closed)] == [CloseReason.CONFLICT_CEASED]


def test_each_ends_with_its_own_window() -> None:
    town = flown_over(1)
    town.tell(NORTH, activity(in_air(NEAR_MS, NEAR_MS + 3 * HOUR_MS)))
    assert town.alert(SOUTH).window_end_ms == NOON_MS + 3 * HOUR_MS + 30 * MINUTE_MS
    town.wait(90 * MINUTE_MS)
    assert told_of(town, SOUTH) == [(1, 1)]
    assert repeats(town, SOUTH)[-1] == (RepeatChange.ENDED, 1)
    town.wait(2 * HOUR_MS)
    assert told_of(town, SOUTH) == []
    assert [closed.reason for closed in town.told(SOUTH, Closed)] == [CloseReason.WINDOW_ENDED]


def test_the_end_of_all_ends_all() -> None:
    town = flown_over(3)
    town.wait(DAY_MS - 1)
    assert told_of(town, SOUTH) == []
    state = town.line.state
    assert (state.conflicts, state.references, state.touching) == ({}, {}, {})


@pytest.mark.parametrize("which", [0, 1], ids=["the first", "another"])
def test_one_that_is_moved_far_ahead_has_an_alert_of_its_own_again(which: int) -> None:
    town = flown_over(2)
    later = activity(in_air(NEAR_MS + DAY_MS), supersedes=f"flight-{which}-of-many")
    town.tell(NORTH, later, "flight-later")
    assert told_of(town, SOUTH) == [(1, 1), (1, 1)]
    flash, apart = town.alerts(SOUTH)
    assert (flash.precedence, apart.precedence) == (Precedence.FLASH, Precedence.PRIORITY)
    assert flash.alert != apart.alert
    town.wait(2 * DAY_MS - 1)
    assert [held for held in town.alerts(SOUTH) if held.reason is Reason.ACTIVITY_NEARBY] == []


def test_one_that_is_moved_a_little_stays_and_what_was_read_stays_read() -> None:
    town = flown_over(2)
    town.acknowledge(town.alert(SOUTH))
    town.tell(NORTH, activity(in_air(NEAR_MS, NEAR_MS + 3 * HOUR_MS), supersedes="flight-1-of-many"))
    assert repeats(town, SOUTH)[-1] == (RepeatChange.MOVED, 2)
    assert (town.alert(SOUTH).is_acknowledged, told_of(town, SOUTH)) == (True, [(2, 2)])


def test_ones_own_notice_told_anew_keeps_the_count() -> None:
    town = flown_over(3)
    town.tell(SOUTH, presence(on_ground(NOON_MS), supersedes="presence-1"), "presence-2")
    (held,) = town.alerts(SOUTH)
    assert (held.notice, held.count) == ("presence-2", 3)
    check_all_invariants(town)


def test_of_one_sender_everything_told_too_late_is_one_alert_to_the_others() -> None:
    parties = [NORTH, SOUTH, "EAST"]
    town = Town(agreement("town", parties), parties=parties)
    for number, east_m in enumerate((0.0, FAR_M, -FAR_M)):
        town.tell(NORTH, activity(in_air(NOON_MS + MINUTE_MS, east_m=east_m)), f"flight-{number}")
    town.tell("EAST", activity(in_air(NOON_MS + MINUTE_MS, north_m=FAR_M)))
    assert [held.count for held in town.alerts(SOUTH)] == [3, 1]
    assert [held.count for held in town.alerts(NORTH)] == [1, 1, 1, 1]
    town.tell(NORTH, activity(in_air(NOON_MS + DAY_MS), supersedes="flight-0"), "flight-9")
    assert [held.count for held in town.alerts(SOUTH)] == [2, 1]
    town.tell(NORTH, activity(in_air(NOON_MS + MINUTE_MS), supersedes="flight-9"), "flight-10")
    assert [held.count for held in town.alerts(SOUTH)] == [3, 1]
    check_all_invariants(town)
    town.wait(DAY_MS)
    assert town.alerts(SOUTH) == []
    assert town.line.state.lates == {}


def test_a_repeat_is_said_in_both_languages() -> None:
    town = flown_over(2)
    town.tell(NORTH, activity(in_air(NEAR_MS, NEAR_MS + 3 * HOUR_MS), supersedes="flight-1-of-many"))
    town.tell(NORTH, withdrawal("flight-0-of-many"))
    joined, moved, ended = town.told(SOUTH, Repeated)
    assert "stands for 2 warnings" in phrase(joined)
    assert "Read it again" in phrase(joined)
    assert joined.references[0] in phrase(joined, "fr")
    assert "2026-03-01T15:30:00Z" in phrase(moved, "fr")
    assert "1 left" in phrase(ended)
    assert all(phrase(event, "en") != phrase(event, "fr") for event in (joined, moved, ended))


def test_whoever_answers_answers_for_all_of_them() -> None:
    town = flown_over(3)
    before = len(town.told(NORTH, Event))
    town.acknowledge(town.alert(SOUTH))
    assert len(town.told(NORTH, Event)) == before + 3
