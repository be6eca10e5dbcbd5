"""Which version of which agreement judges, and when."""

from __future__ import annotations

from openline.agreement.register import WIDEST_OFFSETS_MS, Register
from openline.codec.agreements import read_agreement
from openline.core.time import HOUR_MS
from tests.parties import NOON_MS, agreement

LATER_MS = 2_208_988_800_000


def register(*texts: bytes) -> Register:
    made = Register()
    for text in texts:
        made.load(read_agreement(text))
    return made


def test_the_highest_version_that_has_begun_judges() -> None:
    held = register(
        agreement(version=2, minima="lateral_m = 2\nvertical_m = 0"),
        agreement(version=1),
        agreement(version=3, top='in_force_from = "2040-01-01T00:00:00Z"', minima="lateral_m = 3\nvertical_m = 0"),
    )
    assert [a.version for a in held.in_force(NOON_MS)] == [2]
    assert [a.version for a in held.in_force(LATER_MS - 1)] == [2]
    assert [a.version for a in held.in_force(LATER_MS)] == [3]
    assert [a.version for a in held.in_force(NOON_MS)] == [2]
    assert [a.version for a in held.all_loaded()] == [3, 2, 1]


def test_a_version_that_ends_the_agreement_is_not_passed_over() -> None:
    held = register(agreement(), agreement(version=2, top='legal_status = "ended"'))
    assert held.in_force(NOON_MS) == ()
    assert held.judging("town", NOON_MS) is None
    latest = held.get("town")
    assert latest is not None
    assert latest.version == 2


def test_an_agreement_that_has_run_out_judges_nothing() -> None:
    held = register(agreement(), agreement(version=2, top='in_force_until = "2026-01-01T00:00:00Z"'))
    assert held.in_force(NOON_MS) == ()


def test_a_version_loaded_later_counts_at_once() -> None:
    held = register(agreement())
    assert [a.version for a in held.common("NORTH", "SOUTH", NOON_MS)] == [1]
    held.load(read_agreement(agreement(version=2)))
    assert [a.version for a in held.common("NORTH", "SOUTH", NOON_MS)] == [2]
    assert held.holds("town", 1)
    assert not held.holds("town", 3)


def test_common_agreements_are_those_that_both_signed() -> None:
    held = register(agreement("b"), agreement("a", ["NORTH", "EAST"]), agreement("c", ["NORTH", "SOUTH", "EAST"]))
    assert [a.id for a in held.common("NORTH", "SOUTH", NOON_MS)] == ["b", "c"]
    assert [a.id for a in held.common("EAST", "NORTH", NOON_MS)] == ["a", "c"]
    assert [a.id for a in held.of_party("EAST", NOON_MS)] == ["a", "c"]
    assert held.common("WEST", "NORTH", NOON_MS) == ()


def test_the_offsets_of_an_agreement_that_nobody_knows_are_all_there_are() -> None:
    held = register(agreement(area='utc_offset_min = "+02:00"\nutc_offset_max = "+03:00"'))
    assert held.offsets_of("town") == (2 * HOUR_MS, 3 * HOUR_MS)
    assert held.offsets_of("elsewhere") == WIDEST_OFFSETS_MS == (-12 * HOUR_MS, 14 * HOUR_MS)
