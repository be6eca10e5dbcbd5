"""Traffic and volumes to measure with: over Europe, evenly spread and equally dense whatever their number."""

from __future__ import annotations

import math

import numpy as np
from pyproj import Geod

from openline.engine.columns import EXTERIOR, GOES_ON, LINE, Columns
from openline.engine.tracks.reports import Tracks

NOW_MS = 1_700_000_000_000
HOUR_MS = 3_600_000
MIDDLE = (45.0, 15.0)
FULL = (15.0, 25.0)
"""Half the height and the width, degrees, of the region for DENSE tracks: 12.7 million km2, 8 tracks in 1,000 km2."""
DENSE = 100_000


def traffic(count: int, seed: int = 1, *, is_level: bool = False) -> Tracks:
    """Tracks of 50 to 250 m/s in all directions, at 0 to 12 km, six of ten level, the rest climbing or sinking.

    `count` tracks take `count / DENSE` of the region. With `is_level` all fly level at one height. Reports are up to
    12 s old and sure.
    """
    rng = np.random.default_rng(seed)
    share = math.sqrt(count / DENSE)
    climbs = np.where(rng.random(count) < 0.6, 0.0, rng.uniform(-15.0, 15.0, count))
    height_m = rng.uniform(0.0, 12_000.0, count)
    none = np.zeros(count)
    return Tracks(
        lat_deg=MIDDLE[0] + FULL[0] * share * rng.uniform(-1.0, 1.0, count),
        lng_deg=MIDDLE[1] + FULL[1] * share * rng.uniform(-1.0, 1.0, count),
        height_m=np.full(count, 9_000.0) if is_level else height_m,
        ground_speed_mps=rng.uniform(50.0, 250.0, count),
        true_track_deg=rng.uniform(0.0, 360.0, count),
        vertical_rate_mps=none if is_level else climbs,
        at_ms=NOW_MS - rng.integers(0, 12_000, count),
        lateral_m=none,
        vertical_m=none,
        lateral_growth_mps=none,
        vertical_growth_mps=none,
    )


def volumes(count: int, seed: int = 2, *, are_on: bool) -> Columns:
    """Circles (three of ten) and polygons of 3 to 8 corners, 3 to 15 km around their middles, 300 to 3,000 m deep.

    Spread over the whole region.
    With `are_on` all their windows hold the look-ahead; else they are one to four hours long and begin evenly from two
    hours ago to twelve hours ahead, as notices in force are told before their time.
    """
    rng = np.random.default_rng(seed)
    corners = np.where(rng.random(count) < 0.3, 1, rng.integers(3, 9, count))
    lat = MIDDLE[0] + FULL[0] * rng.uniform(-1.0, 1.0, count)
    lng = MIDDLE[1] + FULL[1] * rng.uniform(-1.0, 1.0, count)
    whose = np.repeat(np.arange(count), corners)
    number = np.arange(len(whose)) - np.repeat(np.cumsum(corners) - corners, corners)
    is_circle = corners == 1
    reach_m = np.where(is_circle[whose], 0.0, rng.uniform(3_000.0, 15_000.0, len(whose)))
    vertex_lng, vertex_lat, _ = Geod(ellps="WGS84").fwd(
        lng[whose], lat[whose], 360.0 * number / corners[whose], reach_m, return_back_azimuth=False
    )
    begins_with = np.where(is_circle[whose], LINE, EXTERIOR)
    lower_m = rng.uniform(0.0, 9_000.0, count)
    start_ms = NOW_MS + rng.integers(-2 * HOUR_MS, 12 * HOUR_MS, count)
    end_ms = start_ms + rng.integers(HOUR_MS, 4 * HOUR_MS, count)
    nothing = np.zeros(count, np.int64)
    return Columns(
        number=np.arange(count),
        standing=nothing,
        package=nothing,
        start_ms=np.full(count, NOW_MS - HOUR_MS) if are_on else start_ms,
        end_ms=np.full(count, NOW_MS + HOUR_MS) if are_on else end_ms,
        lower_m=lower_m,
        upper_m=lower_m + rng.uniform(300.0, 3_000.0, count),
        box_deg=np.zeros((count, 4)),
        radius_m=np.where(is_circle, rng.uniform(3_000.0, 15_000.0, count), 0.0),
        vertices=corners,
        lat_deg=vertex_lat,
        lng_deg=vertex_lng,
        mark=np.where(number == 0, begins_with, GOES_ON).astype(np.int8),
    )
