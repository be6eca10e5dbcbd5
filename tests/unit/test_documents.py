"""Every kind of document, from the bytes that are signed to the words that the rooms use."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from openline.codec.documents import read_acknowledgement, read_notice, read_session
from openline.codec.times import Offsets
from openline.core.errors import Refusal
from openline.core.notice import (
    AirActivity,
    GroundPresence,
    HumanitarianSite,
    Kind,
    Notice,
    SeenCheckpoint,
    Withdrawal,
    Zone,
    ZoneRule,
)
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS, HOUR_MS, Window, to_text
from openline.core.volume import Altitude, Datum
from tests.parties import NOON_MS, activity, in_air, on_ground, presence, site, withdrawal, zone

COMMON = {
    "id": "notice-0001",
    "party": "NORTH",
    "sequence": 7,
    "previous": "0" * 64,
    "agreement": {"id": "town", "version": 3},
    "issued_at": to_text(NOON_MS),
}


def read(fields: dict[str, Any]) -> Notice:
    return read_notice(msgspec.json.encode(COMMON | fields), offsets_of=lambda _: Offsets(0, 0))


def volume(**changes: object) -> dict[str, Any]:
    return in_air(NOON_MS) | changes


def test_what_every_notice_carries() -> None:
    root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
    told = read(zone(on_ground(NOON_MS)) | {"checkpoint": {"size": 4, "root": root}, "supersedes": "notice-0000"})
    assert (told.id, told.party, told.sequence, told.previous) == ("notice-0001", "NORTH", 7, "0" * 64)
    assert (told.agreement_id, told.agreement_version, told.issued_ms) == ("town", 3, NOON_MS)
    assert told.checkpoint == SeenCheckpoint(size=4, root=bytes(31) + b"\x01")
    assert (told.supersedes, told.kind) == ("notice-0000", Kind.ZONE)


def test_an_activity_and_its_hazard() -> None:
    told = read(activity(in_air(NOON_MS), hazard_volumes=[in_air(NOON_MS + HOUR_MS)], emergency=True))
    assert isinstance(told, AirActivity)
    assert (len(told.volumes), len(told.hazard_volumes), told.is_emergency) == (1, 1, True)
    assert told.window == Window(start_ms=NOON_MS, end_ms=NOON_MS + 2 * HOUR_MS)


def test_a_presence_reaches_from_the_ground_to_ten_storeys_and_may_have_no_end() -> None:
    told = read(presence(on_ground(NOON_MS), mobility="mobile", private=True, refresh_due=to_text(NOON_MS + 1)))
    assert isinstance(told, GroundPresence)
    assert told.volumes[0].lower == Altitude(value_m=0.0, datum=Datum.SURFACE)
    assert told.volumes[0].upper == Altitude(value_m=30.0, datum=Datum.AGL)
    assert told.window == Window(start_ms=NOON_MS, end_ms=FOREVER_MS)
    assert (told.is_mobile, told.is_private, told.refresh_due_ms) == (True, True, NOON_MS + 1)


def test_a_site_a_zone_and_a_withdrawal() -> None:
    hospital = read(site(on_ground(NOON_MS)))
    assert isinstance(hospital, HumanitarianSite)
    assert (hospital.name, hospital.category, hospital.protection_class) == ("A hospital", "health", "medical")
    area = read(zone(on_ground(NOON_MS), rules=["no_ground_presence"], guarantors=["UN"]))
    assert isinstance(area, Zone)
    assert (area.rules, area.guarantors) == ((ZoneRule.NO_GROUND_PRESENCE,), ("UN",))
    back = read(withdrawal("notice-0000") | {"reason": "mistaken"})
    assert isinstance(back, Withdrawal)
    assert (back.withdraws, back.reason, back.volumes) == ("notice-0000", "mistaken", ())


@pytest.mark.parametrize(
    ("told", "metres", "datum"),
    [
        ({"reference": "FL", "value": 150, "units": "FL"}, 4572.0, Datum.FLIGHT_LEVEL),
        ({"reference": "MSL", "value": 1000, "units": "FT"}, 304.8, Datum.MSL),
        ({"reference": "AGL", "value": 120}, 120.0, Datum.AGL),
        ({"reference": "W84", "value": 100_000}, 100_000.0, Datum.WGS84),
        ({"reference": "UNL"}, 0.0, Datum.UNLIMITED),
    ],
)
def test_an_altitude_is_metres_with_a_datum(told: dict[str, Any], metres: float, datum: Datum) -> None:
    upper = read(activity(volume(altitude_upper=told))).volumes[0].upper
    assert upper.value_m == pytest.approx(metres)
    assert upper.datum is datum


def test_uncertainty_widens_the_outline() -> None:
    wide = volume(uncertainty={"value": 50, "units": "M"})
    assert read(activity(wide)).volumes[0].outline.radius_m == 150.0


def test_each_form_of_outline() -> None:
    ring = [{"lat": 0, "lng": 0}, {"lat": 0, "lng": 1}, {"lat": 1, "lng": 0}]
    metres = {"value": 9, "units": "M"}
    hole = [{"lat": 0.1, "lng": 0.1}, {"lat": 0.1, "lng": 0.2}, {"lat": 0.2, "lng": 0.1}]
    forms: list[dict[str, Any]] = [
        {"outline_polygon": {"vertices": ring, "holes": [hole]}},
        {"outline_multipolygon": [{"vertices": ring}, {"vertices": hole}]},
        {"outline_corridor": {"vertices": ring[:2], "half_width": metres}},
    ]
    shapes = []
    for form in forms:
        place = {key: value for key, value in volume().items() if key != "outline_circle"} | form
        shapes.append(read(activity(place)).volumes[0].outline)
    assert [(len(s.polygons), len(s.line), s.radius_m) for s in shapes] == [(1, 0, 0.0), (2, 0, 0.0), (0, 2, 9.0)]
    assert len(shapes[0].polygons[0].holes[0]) == 3


def test_an_acknowledgement_and_a_session() -> None:
    document = {
        "type": "acknowledgement",
        "id": "ack-0001",
        "party": "NORTH",
        "role": "duty_officer",
        "alert": "a1",
        "precedence": "IMMEDIATE",
        "issued_at": to_text(NOON_MS),
    }
    ack = read_acknowledgement(msgspec.json.encode(document))
    assert (ack.party, ack.role, ack.alert, ack.precedence) == ("NORTH", "duty_officer", "a1", Precedence.IMMEDIATE)
    assert read_session(b'{"type":"session","party":"NORTH","challenge":"c"}') == ("NORTH", "c")
    for wrong in ({"precedence": "URGENT"}, {"type": "session"}, {"id": "short"}, {"issued_at": "now"}):
        with pytest.raises(Refusal):
            read_acknowledgement(msgspec.json.encode(document | wrong))


def test_the_limits_are_counted_to_the_last() -> None:
    assert len(read(activity(*[in_air(NOON_MS)] * 60, hazard_volumes=[in_air(NOON_MS)] * 40)).volumes) == 60
    with pytest.raises(Refusal, match="LIMIT_EXCEEDED at volumes: the notice has 101 volumes"):
        read(activity(*[in_air(NOON_MS)] * 60, hazard_volumes=[in_air(NOON_MS)] * 41))
    year = 366 * 24 * HOUR_MS
    assert read(activity(in_air(NOON_MS, NOON_MS + year))).window.end_ms == NOON_MS + year
    with pytest.raises(Refusal, match="LIMIT_EXCEEDED at volumes: the windows span more than a year"):
        read(activity(in_air(NOON_MS, NOON_MS + year + 1)))
