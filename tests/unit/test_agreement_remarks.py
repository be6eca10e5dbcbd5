"""What is remarked of a notice on its own: at the very millisecond where each remark begins."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from openline.agreement.remarks import Last, is_too_late, refresh_due_ms, remarks
from openline.codec.agreements import read_agreement
from openline.codec.documents import read_notice
from openline.codec.times import Offsets
from openline.core.agreement import Agreement
from openline.core.flags import FlagCode
from openline.core.notice import Notice
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, to_text
from tests.parties import NOON_MS, activity, agreement, in_air, on_ground, presence, site, withdrawal, zone

TOWN = read_agreement(agreement())
BOX = (
    "outline_polygon = { vertices = [{lat = 36, lng = 37}, {lat = 36, lng = 38}, {lat = 37, lng = 38}, "
    "{lat = 37, lng = 37}] }"
)


def notice(fields: dict[str, Any], **more: object) -> Notice:
    common = {
        "id": "notice-0001",
        "party": "NORTH",
        "sequence": 1,
        "previous": "",
        "agreement": {"id": "town", "version": 1},
        "issued_at": to_text(NOON_MS),
    }
    return read_notice(msgspec.json.encode(common | fields | more), offsets_of=lambda _: Offsets(0, HOUR_MS))


def said(told: Notice, held: Agreement | None = TOWN, last: Last | None = None, at_ms: int = NOON_MS) -> list[str]:
    return [flag.value for flag in remarks(told, agreement=held, last=last or Last(), received_ms=at_ms)]


@pytest.mark.parametrize(
    ("lead_ms", "expected"),
    [
        (2 * HOUR_MS, []),
        (2 * HOUR_MS - 1, ["LEAD_TIME_SHORT"]),
        (10 * MINUTE_MS, ["LEAD_TIME_SHORT"]),
        (10 * MINUTE_MS - 1, ["LATE"]),
        (-HOUR_MS + 1, ["LATE"]),
        (-HOUR_MS, ["ALREADY_ENDED"]),
    ],
)
def test_late_and_short(lead_ms: int, expected: list[str]) -> None:
    told = notice(activity(in_air(NOON_MS + lead_ms)))
    assert said(told) == expected
    assert is_too_late(told, TOWN, NOON_MS) is (lead_ms < 10 * MINUTE_MS)


@pytest.mark.parametrize(("lead_ms", "expected"), [(30 * MINUTE_MS, []), (30 * MINUTE_MS - 1, ["LEAD_TIME_SHORT"])])
def test_an_emergency_may_come_later(lead_ms: int, expected: list[str]) -> None:
    assert said(notice(activity(in_air(NOON_MS + lead_ms), emergency=True))) == expected


def test_only_an_activity_can_be_late() -> None:
    for fields in (presence(on_ground(NOON_MS)), site(on_ground(NOON_MS)), zone(on_ground(NOON_MS))):
        assert said(notice(fields)) == []
        assert not is_too_late(notice(fields), TOWN, NOON_MS + HOUR_MS)


def test_the_earliest_volume_counts_hazard_included() -> None:
    told = activity(in_air(NOON_MS + 9 * HOUR_MS), hazard_volumes=[in_air(NOON_MS + HOUR_MS)])
    assert said(notice(told)) == ["LEAD_TIME_SHORT"]


@pytest.mark.parametrize(
    ("last", "sequence", "previous", "expected"),
    [
        (Last(), 1, "", []),
        (Last(), 2, "", ["SEQUENCE_GAP"]),
        (Last(), 1, "a" * 64, ["PREVIOUS_DIFFERS"]),
        (Last(sequence=4, digest="a" * 64), 5, "a" * 64, []),
        (Last(sequence=4, digest="a" * 64), 5, "b" * 64, ["PREVIOUS_DIFFERS"]),
        (Last(sequence=4, digest="a" * 64), 5, "", ["PREVIOUS_DIFFERS"]),
        (Last(sequence=4, digest="a" * 64), 4, "a" * 64, ["SEQUENCE_GAP"]),
        (Last(sequence=4, digest="a" * 64), 6, "a" * 64, ["SEQUENCE_GAP"]),
    ],
)
def test_the_chain_of_a_party(last: Last, sequence: int, previous: str, expected: list[str]) -> None:
    assert said(notice(zone(on_ground(NOON_MS)), sequence=sequence, previous=previous), last=last) == expected


@pytest.mark.parametrize(("ahead_ms", "expected"), [(5 * MINUTE_MS, []), (5 * MINUTE_MS + 1, ["ISSUED_AHEAD"])])
def test_a_clock_that_runs_ahead(ahead_ms: int, expected: list[str]) -> None:
    assert said(notice(withdrawal("n"), issued_at=to_text(NOON_MS + ahead_ms))) == expected


def test_without_an_agreement_there_is_nothing_to_be_late_for() -> None:
    assert said(notice(activity(in_air(NOON_MS))), None) == ["NO_AGREEMENT"]


def test_an_assumed_offset_is_said() -> None:
    place = on_ground(NOON_MS) | {"time_start": "2026-03-01T12:00"}
    assert said(notice(presence(place))) == ["OFFSET_ASSUMED"]


@pytest.mark.parametrize(
    ("scope", "fields", "expected"),
    [
        ("air_air = false\nair_ground = false", activity(in_air(NOON_MS + DAY_MS)), ["OUT_OF_SCOPE"]),
        ("air_air = false", activity(in_air(NOON_MS + DAY_MS)), []),
        ("air_ground = false\nground_ground = false", presence(on_ground(NOON_MS)), ["OUT_OF_SCOPE"]),
        ("air_ground = false", presence(on_ground(NOON_MS)), []),
        ("air_air = false\nair_ground = false\nground_ground = false", site(on_ground(NOON_MS)), []),
        ("air_air = false\nair_ground = false\nground_ground = false", zone(on_ground(NOON_MS)), []),
    ],
)
def test_out_of_scope(scope: str, fields: dict[str, Any], expected: list[str]) -> None:
    assert said(notice(fields), read_agreement(agreement(scope=scope))) == expected


def test_out_of_area_when_a_volume_lies_wholly_outside() -> None:
    bounded = read_agreement(agreement(area=BOX))
    inside, outside = on_ground(NOON_MS), on_ground(NOON_MS, north_m=200_000)
    across = on_ground(NOON_MS, north_m=69_000, radius_m=5_000)
    assert said(notice(zone(inside)), bounded) == []
    assert said(notice(zone(inside, outside)), bounded) == ["OUT_OF_AREA"]
    assert said(notice(zone(across)), bounded) == []


def high(lower: object, upper: object) -> dict[str, Any]:
    return zone(on_ground(NOON_MS) | {"altitude_lower": lower, "altitude_upper": upper})


FL, MSL, AGL, SFC = "FL", "MSL", "AGL", {"reference": "SFC"}
LEVELS = 'floor = { value = 300, reference = "AGL" }\nceiling = { value = 245, reference = "FL", units = "FL" }'


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (SFC, {"reference": "UNL"}, False),
        ({"reference": FL, "value": 245, "units": FL}, {"reference": "UNL"}, False),
        ({"reference": FL, "value": 246, "units": FL}, {"reference": FL, "value": 300, "units": FL}, True),
        ({"reference": MSL, "value": 7_500}, {"reference": MSL, "value": 9_000}, False),
        ({"reference": MSL, "value": 12_000}, {"reference": MSL, "value": 13_000}, True),
        (SFC, {"reference": AGL, "value": 300}, False),
        (SFC, {"reference": AGL, "value": 299}, True),
        (SFC, SFC, True),
        (SFC, {"reference": MSL, "value": 250}, False),
        (SFC, {"reference": MSL, "value": -900}, True),
    ],
)
def test_out_of_area_when_a_volume_lies_surely_above_or_below(lower: object, upper: object, *, expected: bool) -> None:
    bounded = read_agreement(agreement(area=LEVELS))
    assert said(notice(high(lower, upper)), bounded) == (["OUT_OF_AREA"] if expected else [])
    assert said(notice(high(lower, upper))) == []


@pytest.mark.parametrize(("version", "expected"), [(1, ["VERSION_DIFFERS"]), (2, []), (3, ["VERSION_DIFFERS"])])
def test_another_version_than_the_one_that_judges(version: int, expected: list[str]) -> None:
    second = read_agreement(agreement(version=2))
    for fields in (zone(on_ground(NOON_MS)), withdrawal("n")):
        assert said(notice(fields, agreement={"id": "town", "version": version}), second) == expected
    assert said(notice(zone(on_ground(NOON_MS)), agreement={"id": "town", "version": 9}), None) == ["NO_AGREEMENT"]


def test_a_class_that_the_agreement_does_not_know() -> None:
    for fields in (presence(on_ground(NOON_MS)), site(on_ground(NOON_MS))):
        assert said(notice(fields | {"protection_class": "embassy"})) == ["CLASS_UNKNOWN"]


@pytest.mark.parametrize(
    ("held", "told", "expected"),
    [
        (TOWN, None, NOON_MS + DAY_MS),
        (TOWN, NOON_MS + HOUR_MS, NOON_MS + HOUR_MS),
        (TOWN, NOON_MS + 9 * DAY_MS, NOON_MS + DAY_MS),
        (None, NOON_MS + 9 * DAY_MS, NOON_MS + 9 * DAY_MS),
        (None, None, None),
    ],
)
def test_when_a_presence_is_to_be_confirmed(held: Agreement | None, told: int | None, expected: int | None) -> None:
    more = {} if told is None else {"refresh_due": to_text(told)}
    for fields in (presence(on_ground(NOON_MS)), site(on_ground(NOON_MS))):
        assert refresh_due_ms(notice(fields | more), held, received_ms=NOON_MS) == expected
    assert refresh_due_ms(notice(zone(on_ground(NOON_MS))), held, received_ms=NOON_MS) is None


def test_every_flag_is_explained_by_its_name() -> None:
    assert all(flag.name == flag.value for flag in FlagCode)
