"""The agreement's file: what it means, what is taken when it says nothing, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from openline.codec.agreements import read_agreement
from openline.core.agreement import Agreement, LeadTimes, LegalStatus, Scope
from openline.core.errors import BadUse
from openline.core.ladder import TIER_ROLES, Timers
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS
from openline.core.volume import VerticalRanges
from tests.parties import agreement

DRILL = Path(__file__).parents[2] / "agreements" / "ru-tr-2017.toml"


def test_what_is_left_out_has_its_usual_value() -> None:
    plain = read_agreement(agreement())
    assert (plain.lead_times, plain.timers, plain.scope) == (LeadTimes(), Timers(), Scope())
    assert (plain.ranges, plain.area, plain.presence_refresh_ms) == (VerticalRanges(), None, DAY_MS)
    assert (plain.private.grid_m, plain.private.offset_m) == (10_000.0, 10_000.0)
    assert (plain.offset_min_ms, plain.offset_max_ms) == (-12 * HOUR_MS, 14 * HOUR_MS)
    assert plain.window.end_ms == FOREVER_MS
    assert not plain.has_end
    assert [role.name for role in plain.signatories[0].roles] == list(TIER_ROLES)


def test_the_drill_agreement() -> None:
    drill = read_agreement(DRILL.read_bytes())
    assert drill.parties == ("RUS", "TUR")
    assert (drill.offset_min_ms, drill.offset_max_ms) == (2 * HOUR_MS, 3 * HOUR_MS)
    assert (drill.lateral_m, drill.vertical_m, drill.separation_ms) == (1000.0, 150.0, 10 * MINUTE_MS)
    assert drill.scope == Scope(ground_ground=False)
    assert drill.area is not None
    assert drill.window.start_ms == 1_484_168_400_000


def test_a_desk_that_is_named_takes_the_place_of_the_usual_one_of_its_tier() -> None:
    text = agreement().decode().replace('name = "The north"', 'name = "N"\nroles = [{ name = "tower", tier = 1 }]')
    roles = read_agreement(text.encode()).signatories[0].roles
    assert [(role.name, role.tier) for role in roles] == [
        ("duty_officer", 0),
        ("tower", 1),
        ("cell_chief", 2),
        ("general_staff", 3),
        ("political", 4),
    ]


@pytest.mark.parametrize(
    ("at_ms", "top", "expected"),
    [
        (999, "", False),
        (1_000, "", True),
        (1_999, "", True),
        (2_000, "", False),
        (1_500, 'legal_status = "suspended"', True),
        (1_500, 'legal_status = "ended"', False),
    ],
)
def test_a_suspended_text_still_warns_and_an_ended_one_does_not(at_ms: int, top: str, *, expected: bool) -> None:
    dates = 'in_force_from = "1970-01-01T00:00:01Z"\nin_force_until = "1970-01-01T00:00:02Z"\n'
    assert read_agreement(agreement(top=dates + top)).is_in_force_at(at_ms) is expected


def test_who_signed() -> None:
    plain: Agreement = read_agreement(agreement())
    assert plain.signatory("WEST") is None
    north = plain.signatory("NORTH")
    assert north is not None
    assert north.name == "The north"
    assert plain.legal_status is LegalStatus.IN_FORCE


WRONG = [
    (agreement(minima="lateral_m = -1\nvertical_m = 0"), "minima.lateral_m"),
    (agreement(minima="lateral_m = nan\nvertical_m = 0"), "minima.lateral_m"),
    (agreement(minima="lateral_m = inf\nvertical_m = 0"), "minima.lateral_m"),
    (agreement(minima="vertical_m = 0"), "lateral_m"),
    (agreement(minima='lateral_m = 1\nvertical_m = 0\ntime = "soon"'), "duration"),
    (agreement(area="terrain_min_m = nan"), "area.terrain_min_m"),
    (agreement(area="terrain_min_m = 600\nterrain_max_m = 500"), "area.terrain_min_m is larger"),
    (agreement(area="qnh_min_hpa = 0"), "area.qnh_min_hpa"),
    (agreement(area="qnh_max_hpa = inf"), "area.qnh_max_hpa"),
    (agreement(area='utc_offset_min = "+03:00"\nutc_offset_max = "+02:00"'), "utc_offset_min is larger"),
    (agreement(area='utc_offset_min = "3"'), "UTC offset"),
    (agreement(protection_radii_m=""), "protection_radii_m"),
    (agreement(protection_radii_m="troops = 2000000"), "protection_radii_m"),
    (agreement(timers='flash = "0s"'), "more than no time"),
    (agreement(timers='flash_before = "2h"'), "must shrink"),
    (agreement(timers='routine = "999999999d"'), "too long"),
    (agreement(presence="private_grid_m = 10"), "presence.private_grid_m"),
    (agreement(presence="private_grid = 10000"), "private_grid"),
    (agreement(parties=["NORTH"]), "parties"),
    (agreement(parties=["NORTH", "NORTH"]), "twice"),
    (agreement(parties=["NORTH", "south"]), "parties"),
    (agreement(version=0), "version"),
    (agreement(top='in_force_from = "2020-01-01T00:00:00"'), "in_force_from"),
    (agreement(top='in_force_until = "2019-01-01T00:00:00Z"'), "not after"),
    (agreement(top='legal_status = "maybe"'), "legal_status"),
    (agreement() + b"\n[minima]\n", "TOML"),
    (agreement() + b"\n\xff", "UTF-8"),
    (b"", "id"),
]


@pytest.mark.parametrize(("raw", "said"), WRONG, ids=range(len(WRONG)))
def test_a_file_that_cannot_be_followed_says_where(raw: bytes, said: str) -> None:
    with pytest.raises(BadUse, match="AGREEMENT_INVALID at town") as caught:
        read_agreement(raw, name="town")
    assert said in str(caught.value)
    assert caught.value.remedy
