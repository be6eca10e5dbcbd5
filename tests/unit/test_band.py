"""Bands of each datum against hand calculations and published tables."""

from __future__ import annotations

from itertools import pairwise

import pytest

from openline.core.volume import FOOT_M, Altitude, Datum, VerticalRanges
from openline.geo.atmosphere import altitude_range_m, pressure_altitude_m, thermal_expansion_m_per_k
from openline.geo.band import UNLIMITED_M, Band, altitude_band, vertical_gap_m
from openline.geo.bounds import Box
from openline.geo.geoid import GEOID_BAND_M, undulation_m

AL_BAB = Box(36.36, 36.38, 37.51, 37.53)
STANDARD_DAY = VerticalRanges(
    terrain_min_m=0.0,
    terrain_max_m=500.0,
    qnh_min_hpa=1013.25,
    qnh_max_hpa=1013.25,
    isa_deviation_min_c=0.0,
    isa_deviation_max_c=0.0,
)


def at(value_m: float, datum: Datum) -> Altitude:
    return Altitude(value_m=value_m, datum=datum)


def band(lower: Altitude, upper: Altitude, ranges: VerticalRanges | None = None) -> Band:
    return altitude_band(lower, upper, AL_BAB, ranges or VerticalRanges())


def test_ellipsoid_heights_stay_as_they_are() -> None:
    assert band(at(100.0, Datum.WGS84), at(250.5, Datum.WGS84)) == Band(lower_m=100.0, upper_m=250.5)


def test_sea_level_is_not_the_ellipsoid() -> None:
    told = band(at(500.0, Datum.MSL), at(600.0, Datum.MSL))
    assert told.lower_m == pytest.approx(500.0 + 27.07 - GEOID_BAND_M, abs=0.5)
    assert told.upper_m == pytest.approx(600.0 + 27.07 + GEOID_BAND_M, abs=0.5)


def test_above_ground_reaches_from_the_lowest_to_the_highest_ground() -> None:
    sea_m = undulation_m(lat_deg=36.37, lng_deg=37.52)
    told = band(at(30.0, Datum.AGL), at(120.0, Datum.AGL), STANDARD_DAY)
    assert told.lower_m == pytest.approx(0.0 + 30.0 + sea_m - GEOID_BAND_M, abs=0.5)
    assert told.upper_m == pytest.approx(500.0 + 120.0 + sea_m + GEOID_BAND_M, abs=0.5)


def test_surface_is_the_ground() -> None:
    assert band(at(0.0, Datum.SURFACE), at(0.0, Datum.SURFACE)) == band(at(0.0, Datum.AGL), at(0.0, Datum.AGL))


def test_unlimited_has_no_top() -> None:
    assert band(at(0.0, Datum.SURFACE), at(0.0, Datum.UNLIMITED)).upper_m == UNLIMITED_M


def test_an_unlimited_lower_limit_hides_nothing() -> None:
    assert band(at(0.0, Datum.UNLIMITED), at(100.0, Datum.WGS84)).lower_m == -UNLIMITED_M


def test_limits_that_contradict_each_other_still_make_a_band() -> None:
    told = band(at(900.0, Datum.WGS84), at(100.0, Datum.WGS84))
    assert (told.lower_m, told.upper_m) == (100.0, 900.0)


@pytest.mark.parametrize(
    ("pressure_hpa", "altitude_m"),
    # the Manual of the ICAO Standard Atmosphere (Doc 7488), table of altitudes against pressure
    [(1013.25, 0.0), (898.746, 1000.0), (540.199, 5000.0), (226.321, 11000.0), (1139.29, -1000.0)],
)
def test_pressure_altitudes_of_the_standard(pressure_hpa: float, altitude_m: float) -> None:
    assert pressure_altitude_m(pressure_hpa) == pytest.approx(altitude_m, abs=0.5)


def test_a_standard_day_leaves_only_gravity() -> None:
    lowest, highest = altitude_range_m(300 * 100 * FOOT_M, STANDARD_DAY)
    assert lowest < 9144.0
    assert highest > 9158.0
    assert highest - lowest < 0.009 * 9144.0


def test_low_pressure_brings_a_flight_level_down() -> None:
    # about 27.3 ft a hectopascal near the sea (Doc 8168, Vol III): 43.25 hPa at 100 ft and more
    low_day = VerticalRanges(
        terrain_min_m=0.0, qnh_min_hpa=970.0, qnh_max_hpa=970.0, isa_deviation_min_c=0.0, isa_deviation_max_c=0.0
    )
    lowest, _ = altitude_range_m(3000.0, low_day)
    _, highest = altitude_range_m(3000.0, low_day)
    assert lowest < 3000.0 - 43.25 * 27.3 * FOOT_M < highest < 2700.0


def test_cold_air_is_lower_than_the_altimeter_says() -> None:
    # ICAO Doc 8168, cold temperature corrections: at 0 degrees (15 K below standard), 280 ft for 5000 ft
    cold = VerticalRanges(
        terrain_min_m=0.0,
        qnh_min_hpa=1013.25,
        qnh_max_hpa=1013.25,
        isa_deviation_min_c=-15.0,
        isa_deviation_max_c=-15.0,
    )
    lowest, highest = altitude_range_m(5280 * FOOT_M, cold)
    assert lowest < 5000 * FOOT_M < highest


def test_layers_join() -> None:
    whole = thermal_expansion_m_per_k(-500.0, 85_000.0)
    joints = [-500.0, 0.0, 11_000.0, 15_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0, 85_000.0]
    parts = [thermal_expansion_m_per_k(a, b) for a, b in pairwise(joints)]
    assert whole == pytest.approx(sum(parts))
    assert thermal_expansion_m_per_k(85_000.0, -500.0) == -whole


def test_gap() -> None:
    low, high = Band(lower_m=0.0, upper_m=100.0), Band(lower_m=250.0, upper_m=300.0)
    assert vertical_gap_m(low, high) == vertical_gap_m(high, low) == 150.0
    assert vertical_gap_m(low, Band(lower_m=100.0, upper_m=300.0)) == 0.0
