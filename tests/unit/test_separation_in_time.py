"""A flight keeps its distance in time after it has ended: whoever comes too soon behind it is warned."""

from __future__ import annotations

import pytest

from openline.core.event import ConflictFound, Reason
from openline.core.time import HOUR_MS, MINUTE_MS
from tests.invariants import check_all_invariants
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, agreement, in_air

ENDS_MS = NOON_MS + 2 * HOUR_MS
TWO_HOURS = agreement(minima='lateral_m = 1000\nvertical_m = 150\ntime = "2h"')


def behind(start_ms: int, told_ms: int, *agreements: bytes) -> Town:
    """SOUTH's flight ends; NORTH tells of one that begins at `start_ms`."""
    parties = [NORTH, SOUTH, "EAST"]
    town = Town(*(agreements or (TWO_HOURS,)), parties=parties)
    town.tell(SOUTH, activity(in_air(NOON_MS + HOUR_MS, ENDS_MS)), "the-first")
    town.wait(told_ms - NOON_MS)
    town.tell(NORTH, activity(in_air(start_ms)), "the-second")
    check_all_invariants(town)
    return town


def found(town: Town) -> int:
    return sum(isinstance(output, ConflictFound) for _, output in town.heard)


@pytest.mark.parametrize("told_ms", [ENDS_MS - 1, ENDS_MS, ENDS_MS + 31 * MINUTE_MS, ENDS_MS + 110 * MINUTE_MS])
@pytest.mark.parametrize(("early_ms", "conflicts"), [(1, 1), (0, 0)])
def test_a_flight_behind_another_is_in_conflict_up_to_the_separation(
    told_ms: int, early_ms: int, conflicts: int
) -> None:
    town = behind(ENDS_MS + 2 * HOUR_MS - early_ms, told_ms)
    assert found(town) == conflicts
    for party in (NORTH, SOUTH):
        near = [held for held in town.alerts(party) if held.reason is Reason.ACTIVITIES_TOO_NEAR]
        assert len(near) == conflicts


def test_the_longest_separation_of_all_agreements_keeps_it_and_the_own_one_judges() -> None:
    others = agreement("others", [NORTH, "EAST"], minima='lateral_m = 0\nvertical_m = 0\ntime = "6h"')
    ten_minutes = agreement()
    kept = behind(ENDS_MS + 100 * MINUTE_MS, ENDS_MS + 90 * MINUTE_MS, ten_minutes, others)
    assert "SOUTH/the-first" in kept.line.state.engine
    assert found(kept) == 0


def test_after_the_separation_it_is_forgotten() -> None:
    town = behind(ENDS_MS + 9 * HOUR_MS, ENDS_MS + 2 * HOUR_MS - 1)
    assert "SOUTH/the-first" in town.line.state.engine
    town.wait(1)
    town.tell(NORTH, activity(in_air(ENDS_MS + 9 * HOUR_MS)))
    assert "SOUTH/the-first" not in town.line.state.engine
    assert not town.line.state.held["SOUTH/the-first"].is_in_force
