"""The table of what a party learns, row by row."""

from __future__ import annotations

import pytest

from openline.core.event import Reason
from openline.core.notice import Kind
from openline.core.time import FOREVER_MS, HOUR_MS, MINUTE_MS, Window
from openline.release.disclosure import Disclosure, Side, disclose, disclose_late

AIR, GROUND, SITE, ZONE = Kind.AIR_ACTIVITY, Kind.GROUND_PRESENCE, Kind.HUMANITARIAN_SITE, Kind.ZONE
WHOLE = {"NORTH": Window(start_ms=7 * MINUTE_MS, end_ms=5 * HOUR_MS + 1), "SOUTH": Window(start_ms=0)}
TOUCHED = Window(start_ms=HOUR_MS + 7 * MINUTE_MS, end_ms=2 * HOUR_MS + MINUTE_MS)
COMMON = Window(start_ms=HOUR_MS + 16 * MINUTE_MS, end_ms=HOUR_MS + 31 * MINUTE_MS)
HALF_HOURS = Window(start_ms=HOUR_MS, end_ms=2 * HOUR_MS + 30 * MINUTE_MS)
QUARTERS = Window(start_ms=HOUR_MS + 15 * MINUTE_MS, end_ms=HOUR_MS + 45 * MINUTE_MS)


def side(party: str, kind: Kind, guarantors: tuple[str, ...] = ()) -> Side:
    return Side(
        party=party,
        notice=f"{party.lower()}-1",
        kind=kind,
        whole=WHOLE[party],
        touched=TOUCHED,
        guarantors=guarantors,
    )


@pytest.mark.parametrize(
    ("north", "south", "norths", "souths"),
    [
        (AIR, GROUND, (Reason.PROTECTED_NEARBY, WHOLE["NORTH"]), (Reason.ACTIVITY_NEARBY, HALF_HOURS)),
        (AIR, SITE, (Reason.PROTECTED_NEARBY, WHOLE["NORTH"]), (Reason.ACTIVITY_NEARBY, HALF_HOURS)),
        (AIR, AIR, (Reason.ACTIVITIES_TOO_NEAR, QUARTERS), (Reason.ACTIVITIES_TOO_NEAR, QUARTERS)),
        (GROUND, GROUND, (Reason.PRESENCES_TOO_NEAR, WHOLE["NORTH"]), (Reason.PRESENCES_TOO_NEAR, WHOLE["SOUTH"])),
        (GROUND, SITE, (Reason.PRESENCES_TOO_NEAR, WHOLE["NORTH"]), (Reason.PRESENCES_TOO_NEAR, WHOLE["SOUTH"])),
    ],
)
def test_each_side_learns_its_own_notice_and_a_window(
    north: Kind, south: Kind, norths: tuple[Reason, Window], souths: tuple[Reason, Window]
) -> None:
    first, second = side("NORTH", north), side("SOUTH", south)
    expected = (
        Disclosure(party="NORTH", reason=norths[0], notice="north-1", window=norths[1]),
        Disclosure(party="SOUTH", reason=souths[0], notice="south-1", window=souths[1]),
    )
    assert disclose(first, second, COMMON) == expected
    assert disclose(second, first, COMMON) == expected[::-1]


def test_a_zone_is_known_to_all_and_its_guarantors_learn_that_a_rule_is_touched() -> None:
    zone = side("SOUTH", ZONE, ("SOUTH", "NORTH", "UN", "OSCE"))
    rule, *touched = disclose(zone, side("NORTH", AIR), COMMON)
    assert disclose(side("NORTH", AIR), zone, COMMON) == (rule, *touched)
    assert rule == Disclosure(
        party="NORTH", reason=Reason.ZONE_RULE, notice="north-1", window=WHOLE["NORTH"], zone="south-1"
    )
    assert [(d.party, d.notice) for d in touched] == [("SOUTH", "south-1"), ("UN", ""), ("OSCE", "")]
    assert {(d.reason, d.window, d.zone) for d in touched} == {(Reason.ZONE_RULE_TOUCHED, HALF_HOURS, "south-1")}
    assert [d.is_window_told for d in (rule, *touched)] == [True, True, False, False]


def test_of_a_presence_in_a_zone_not_even_its_teller_learns_a_window() -> None:
    rule, *touched = disclose(side("SOUTH", ZONE, ("UN",)), side("NORTH", GROUND), COMMON)
    assert (rule.party, rule.window, rule.is_window_told) == ("NORTH", WHOLE["NORTH"], True)
    assert [(d.party, d.is_window_told) for d in touched] == [("SOUTH", False), ("UN", False)]


def test_of_a_late_notice_the_others_learn_no_name_and_no_window() -> None:
    own, other = disclose_late(side("NORTH", AIR), ("SOUTH",))
    assert own == Disclosure(party="NORTH", reason=Reason.TOLD_TOO_LATE, notice="north-1", window=WHOLE["NORTH"])
    window = Window(start_ms=0, end_ms=5 * HOUR_MS + 30 * MINUTE_MS)
    late = Reason.NOTICE_TOO_LATE
    assert other == Disclosure(party="SOUTH", reason=late, notice="", window=window, is_window_told=False)


def test_two_windows_that_meet_in_an_instant_have_a_quarter_in_common() -> None:
    instant = Window(start_ms=HOUR_MS, end_ms=HOUR_MS)
    (first, _) = disclose(side("NORTH", AIR), side("SOUTH", AIR), instant)
    assert first.window == Window(start_ms=HOUR_MS, end_ms=HOUR_MS + 15 * MINUTE_MS)


def test_a_window_without_end_stays_without() -> None:
    open_ended = Side(party="NORTH", notice="n", kind=AIR, whole=WHOLE["SOUTH"], touched=WHOLE["SOUTH"])
    (_, second) = disclose(open_ended, side("SOUTH", GROUND), COMMON)
    assert second.window == Window(start_ms=0, end_ms=FOREVER_MS)
