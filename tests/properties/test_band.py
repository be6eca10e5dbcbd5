"""Bands cover the truth: of pressure altitudes, by walking up through random weather step by step."""

from __future__ import annotations

from math import cos, radians

from hypothesis import given
from hypothesis import strategies as st

from openline.core.volume import Altitude, Datum, VerticalRanges
from openline.geo.band import altitude_band, vertical_gap_m
from openline.geo.bounds import Box
from openline.geo.geoid import undulation_m

STEP_M = 50.0
LEVELS_M = st.integers(-8, 400).map(lambda steps: steps * STEP_M)
HEIGHTS_M = st.integers(-400, 20_000).map(float)
SHARES = st.floats(0.0, 1.0)


@st.composite
def agreements(draw: st.DrawFn) -> VerticalRanges:
    terrain_m = sorted(draw(st.tuples(st.integers(-430, 5_000), st.integers(-430, 5_000))))
    qnh_hpa = sorted(draw(st.tuples(st.floats(940.0, 1080.0), st.floats(940.0, 1080.0))))
    deviation_c = sorted(draw(st.tuples(st.floats(-50.0, 50.0), st.floats(-50.0, 50.0))))
    return VerticalRanges(
        terrain_min_m=float(terrain_m[0]),
        terrain_max_m=float(terrain_m[1]),
        qnh_min_hpa=qnh_hpa[0],
        qnh_max_hpa=qnh_hpa[1],
        isa_deviation_min_c=deviation_c[0],
        isa_deviation_max_c=deviation_c[1],
    )


def between(share: float, lowest: float, highest: float) -> float:
    return min(highest, lowest + share * (highest - lowest))


def standard_temperature_k(altitude_m: float) -> float:
    return 288.15 - 0.0065 * altitude_m if altitude_m < 11_000.0 else 216.65


def true_altitude_m(level_m: float, qnh_hpa: float, deviations_c: list[float], gravity_m_s2: float) -> float:
    """Height above the sea of a level of pressure: hydrostatic steps of pressure, in air as warm as it is there.

    Steps of pressure altitude stand for steps of pressure; gravity falls with the square of the distance from the
    Earth's centre.
    """
    sea_level_m = 44_330.77 * (1.0 - (qnh_hpa / 1013.25) ** 0.190263)
    way_m = level_m - sea_level_m
    steps = max(1, round(abs(way_m) / STEP_M))
    height_m = 0.0
    for step in range(steps):
        middle_m = sea_level_m + (step + 0.5) * way_m / steps
        standard_k = standard_temperature_k(middle_m)
        warmer = 1.0 + deviations_c[step % len(deviations_c)] / standard_k
        gravity = gravity_m_s2 / (1.0 + height_m / 6_371_000.0) ** 2
        height_m += way_m / steps * warmer * 9.80665 / gravity
    return height_m


@given(LEVELS_M, agreements(), SHARES, st.lists(SHARES, min_size=1, max_size=9), st.floats(-90.0, 90.0))
def test_flight_levels(
    level_m: float, ranges: VerticalRanges, qnh: float, warmths: list[float], lat_deg: float
) -> None:
    box = Box(lat_deg, lat_deg, 37.0, 37.0)
    told = Altitude(value_m=level_m, datum=Datum.FLIGHT_LEVEL)
    band = altitude_band(told, told, box, ranges)
    truth_m = true_altitude_m(
        level_m,
        between(qnh, ranges.qnh_min_hpa, ranges.qnh_max_hpa),
        [between(share, ranges.isa_deviation_min_c, ranges.isa_deviation_max_c) for share in warmths],
        9.80620 * (1.0 - 2.6442e-3 * cos(radians(2.0 * lat_deg))),
    )
    assert band.lower_m <= truth_m + undulation_m(lat_deg=lat_deg, lng_deg=37.0) <= band.upper_m


@given(HEIGHTS_M, agreements(), SHARES, SHARES, SHARES)
def test_heights_above_ground_and_sea(
    height_m: float, ranges: VerticalRanges, ground: float, south: float, west: float
) -> None:
    box = Box(-2.0, 3.0, 178.0, -179.0)
    sea_m = undulation_m(lat_deg=between(south, -2.0, 3.0), lng_deg=between(west, 178.0, 180.0))
    ground_m = between(ground, ranges.terrain_min_m, ranges.terrain_max_m)
    for datum, above_m in ((Datum.MSL, 0.0), (Datum.AGL, ground_m)):
        told = Altitude(value_m=height_m, datum=datum)
        band = altitude_band(told, told, box, ranges)
        assert band.lower_m <= height_m + above_m + sea_m <= band.upper_m


@given(st.data(), agreements())
def test_a_band_is_never_upside_down_and_gaps_are_mutual(data: st.DataObject, ranges: VerticalRanges) -> None:
    box = Box(36.0, 37.0, 37.0, 38.0)
    altitudes = st.builds(Altitude, value_m=HEIGHTS_M, datum=st.sampled_from(list(Datum)))
    one, other = (altitude_band(data.draw(altitudes), data.draw(altitudes), box, ranges) for _ in range(2))
    assert one.lower_m <= one.upper_m
    assert vertical_gap_m(one, other) == vertical_gap_m(other, one) >= 0.0
    assert vertical_gap_m(one, one) == 0.0


@given(LEVELS_M, agreements())
def test_a_wider_agreement_gives_a_wider_band(level_m: float, ranges: VerticalRanges) -> None:
    box = Box(36.0, 37.0, 37.0, 38.0)
    told = Altitude(value_m=level_m, datum=Datum.FLIGHT_LEVEL)
    wider = VerticalRanges(
        terrain_min_m=ranges.terrain_min_m - 100.0,
        terrain_max_m=ranges.terrain_max_m + 100.0,
        qnh_min_hpa=ranges.qnh_min_hpa - 5.0,
        qnh_max_hpa=ranges.qnh_max_hpa + 5.0,
        isa_deviation_min_c=ranges.isa_deviation_min_c - 5.0,
        isa_deviation_max_c=ranges.isa_deviation_max_c + 5.0,
    )
    narrow, wide = altitude_band(told, told, box, ranges), altitude_band(told, told, box, wider)
    assert wide.lower_m <= narrow.lower_m <= narrow.upper_m <= wide.upper_m
