"""Altitudes as bands of height above the WGS84 ellipsoid that cover the truth, whatever datum they were told in.

| datum | what is added, outward | source |
|---|---|---|
| W84 | nothing | |
| MSL | the geoid over the whole box, and `GEOID_BAND_M` | EGM96 (`geoid`) |
| FL | all pressures and temperatures of the agreement (`atmosphere`), then as MSL | ISO 2533:1975, Doc 7488 |
| AGL, SFC | the lowest and the highest ground of the agreement, then as MSL | the agreement |
| UNL | up to `UNLIMITED_M` | |

Not covered, because they belong to whoever flies and not to what was told: errors of altimeters and of height keeping.
The terrain range of an agreement includes the surface of its waters with their tides.
"""

from __future__ import annotations

from msgspec import Struct

from openline.core.volume import Altitude, Datum, VerticalRanges
from openline.geo.atmosphere import altitude_range_m
from openline.geo.bounds import Box
from openline.geo.geoid import undulation_range_m

UNLIMITED_M = 1e9
"""The upper limit of a volume that has none, metres."""


class Band(Struct, frozen=True, gc=False, kw_only=True):
    """Heights above the WGS84 ellipsoid, metres, both ends included and widened outward."""

    lower_m: float
    upper_m: float


def altitude_band(lower: Altitude, upper: Altitude, box: Box, ranges: VerticalRanges) -> Band:
    """The heights that a volume between `lower` and `upper` somewhere in `box` may occupy.

    Altitudes are taken as valid. A lower limit told as unlimited, which intake refuses, reaches down without end;
    limits that contradict each other are taken in the order that covers both.
    """
    if lower.datum is Datum.WGS84 and upper.datum in (Datum.WGS84, Datum.UNLIMITED):
        undulation = (0.0, 0.0)
    else:
        undulation = undulation_range_m(box)
    if lower.datum is Datum.UNLIMITED:
        lowest = -UNLIMITED_M
    else:
        lowest, _ = _above_ellipsoid_m(lower, undulation, ranges)
    _, highest = _above_ellipsoid_m(upper, undulation, ranges)
    return Band(lower_m=min(lowest, highest), upper_m=max(lowest, highest))


def vertical_gap_m(first: Band, second: Band) -> float:
    """Metres of height between two bands; 0 when they touch or overlap."""
    return max(0.0, first.lower_m - second.upper_m, second.lower_m - first.upper_m)


def _above_ellipsoid_m(
    altitude: Altitude, undulation: tuple[float, float], ranges: VerticalRanges
) -> tuple[float, float]:
    if altitude.datum is Datum.WGS84:
        return altitude.value_m, altitude.value_m
    if altitude.datum is Datum.UNLIMITED:
        return UNLIMITED_M, UNLIMITED_M
    lowest, highest = _above_sea_m(altitude, ranges)
    return lowest + undulation[0], highest + undulation[1]


def _above_sea_m(altitude: Altitude, ranges: VerticalRanges) -> tuple[float, float]:
    match altitude.datum:
        case Datum.MSL:
            return altitude.value_m, altitude.value_m
        case Datum.FLIGHT_LEVEL:
            return altitude_range_m(altitude.value_m, ranges)
        case Datum.AGL:
            return ranges.terrain_min_m + altitude.value_m, ranges.terrain_max_m + altitude.value_m
        case Datum.SURFACE:
            return ranges.terrain_min_m, ranges.terrain_max_m
        case _:
            raise ValueError(f"no height above the sea for datum {altitude.datum}")
