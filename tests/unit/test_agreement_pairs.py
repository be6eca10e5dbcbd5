"""Which pairs an agreement judges and how near is too near."""

from __future__ import annotations

import pytest

from openline.agreement.pairs import (
    Object,
    PairMinima,
    is_in_scope,
    minima_of,
    protection_radius_m,
    reach_of,
    strictest,
)
from openline.codec.agreements import read_agreement
from openline.core.agreement import Agreement
from openline.core.notice import Kind
from openline.core.time import MINUTE_MS
from tests.parties import agreement

TOWN = read_agreement(agreement())
AIR = Object(party="NORTH", kind=Kind.AIR_ACTIVITY)
TROOPS = Object(party="SOUTH", kind=Kind.GROUND_PRESENCE, protection_class="troops")
MEDICAL = Object(party="SOUTH", kind=Kind.HUMANITARIAN_SITE, protection_class="medical")
UNHEARD = Object(party="SOUTH", kind=Kind.GROUND_PRESENCE, protection_class="unheard_of")
ZONE = Object(party="SOUTH", kind=Kind.ZONE)


def scoped(text: str) -> Agreement:
    return read_agreement(agreement(scope=text))


@pytest.mark.parametrize(
    ("only", "one", "other", "expected"),
    [
        ("air_air", AIR, AIR, True),
        ("air_air", AIR, TROOPS, False),
        ("air_ground", AIR, TROOPS, True),
        ("air_ground", AIR, AIR, False),
        ("air_ground", TROOPS, TROOPS, False),
        ("ground_ground", TROOPS, TROOPS, True),
        ("ground_ground", AIR, TROOPS, False),
        ("nothing", AIR, AIR, False),
        ("nothing", AIR, MEDICAL, True),
        ("nothing", TROOPS, MEDICAL, True),
        ("nothing", AIR, ZONE, True),
        ("nothing", TROOPS, ZONE, True),
    ],
)
def test_the_scope_and_what_is_always_in_it(only: str, one: Object, other: Object, *, expected: bool) -> None:
    names = ("air_air", "air_ground", "ground_ground")
    held = scoped("\n".join(f"{name} = {str(name == only).lower()}" for name in names))
    assert is_in_scope(held, one, other) is expected
    assert is_in_scope(held, other, one) is expected


@pytest.mark.parametrize(
    ("one", "other", "lateral_m"),
    [
        (AIR, AIR, 1000.0),
        (AIR, MEDICAL, 2000.0),
        (TROOPS, MEDICAL, 2000.0),
        (AIR, UNHEARD, 2000.0),
        (AIR, TROOPS, 1000.0),
    ],
)
def test_on_the_ground_the_radius_of_the_class_counts(one: Object, other: Object, lateral_m: float) -> None:
    expected = PairMinima(lateral_m=lateral_m, vertical_m=150.0, separation_ms=10 * MINUTE_MS)
    assert minima_of(TOWN, one, other) == minima_of(TOWN, other, one) == expected


def test_around_the_ground_the_radius_stands_alone() -> None:
    small = read_agreement(agreement(protection_radii_m="troops = 300"))
    assert minima_of(small, AIR, TROOPS).lateral_m == 300.0
    assert minima_of(small, AIR, AIR).lateral_m == 1000.0


@pytest.mark.parametrize("other", [AIR, TROOPS, MEDICAL])
def test_nothing_is_added_around_a_zone(other: Object) -> None:
    nothing = PairMinima(lateral_m=0.0, vertical_m=0.0, separation_ms=0)
    assert minima_of(TOWN, ZONE, other) == minima_of(TOWN, other, ZONE) == nothing


def test_a_class_that_the_agreement_does_not_know_has_the_largest_radius() -> None:
    assert protection_radius_m(TOWN, "unheard_of") == 2000.0
    assert protection_radius_m(TOWN, "troops") == 1000.0


def test_of_several_agreements_the_strictest_of_each() -> None:
    minima = [
        PairMinima(lateral_m=1.0, vertical_m=5.0, separation_ms=3),
        PairMinima(lateral_m=2.0, vertical_m=4.0, separation_ms=9),
    ]
    assert strictest(minima) == PairMinima(lateral_m=2.0, vertical_m=5.0, separation_ms=9)


def test_the_reach_covers_every_pair_of_every_agreement() -> None:
    other = read_agreement(agreement("b", minima="lateral_m = 9000\nvertical_m = 10", protection_radii_m="troops = 5"))
    nothing = PairMinima(lateral_m=0.0, vertical_m=0.0, separation_ms=0)
    assert reach_of(()) == nothing
    assert reach_of((TOWN, other)) == PairMinima(lateral_m=9000.0, vertical_m=150.0, separation_ms=10 * MINUTE_MS)
    assert reach_of((TOWN,)).lateral_m == 2000.0
