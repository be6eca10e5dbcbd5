"""Live tracks by brute force: every pair, second by second, with GeographicLib's geodesics.

Nothing is shared with the engine but the columns that both are given.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from openline.core.place import Outline, Point
from openline.engine.tracks.reports import Tracks
from tests.oracle.lateral import lateral_distance_m

Floats = npt.NDArray[np.float64]

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Path:
    """Where one track is predicted to be, and how sure, at some times."""

    lat_deg: Floats
    lng_deg: Floats
    height_m: Floats
    lateral_m: Floats
    vertical_m: Floats


def path(tracks: Tracks, which: int, now_ms: int, after_s: Floats) -> Path:
    """One track at times counted in seconds from `now_ms`: course, speed and rate kept, uncertainty grown with age."""
    age_s = (now_ms - int(tracks.at_ms[which])) / 1000.0
    same = np.ones_like(after_s)
    lng, lat, _ = GEOD.fwd(
        tracks.lng_deg[which] * same,
        tracks.lat_deg[which] * same,
        tracks.true_track_deg[which] * same,
        tracks.ground_speed_mps[which] * (age_s + after_s),
        return_back_azimuth=False,
    )
    old_s = abs(age_s) + after_s
    return Path(
        lat_deg=lat,
        lng_deg=lng,
        height_m=tracks.height_m[which] + tracks.vertical_rate_mps[which] * (age_s + after_s),
        lateral_m=tracks.lateral_m[which] + tracks.lateral_growth_mps[which] * old_s,
        vertical_m=tracks.vertical_m[which] + tracks.vertical_growth_mps[which] * old_s,
    )


@dataclass(frozen=True)
class Watch:
    """Two tracks watched over some times."""

    lateral_m: Floats
    """Geodesic distance."""
    vertical_m: Floats
    """Difference in height."""
    lateral_over_m: Floats
    """The distance less the separation and the uncertainty of both: negative where it is undercut."""
    vertical_over_m: Floats


def watch(
    tracks: Tracks, first: int, second: int, *, now_ms: int, after_s: Floats, lateral_m: float, vertical_m: float
) -> Watch:
    """Two tracks at some times."""
    one, other = path(tracks, first, now_ms, after_s), path(tracks, second, now_ms, after_s)
    _, _, apart = GEOD.inv(one.lng_deg, one.lat_deg, other.lng_deg, other.lat_deg, return_back_azimuth=False)
    gap = np.abs(one.height_m - other.height_m)
    return Watch(
        lateral_m=apart,
        vertical_m=gap,
        lateral_over_m=apart - (lateral_m + one.lateral_m + other.lateral_m),
        vertical_over_m=gap - (vertical_m + one.vertical_m + other.vertical_m),
    )


def conflicts(
    tracks: Tracks, *, now_ms: int, after_s: Floats, lateral_m: float, vertical_m: float, kept_m: float
) -> Iterator[tuple[int, int]]:
    """Every pair that undercuts both separations at one of the times; heights by more than `kept_m`."""
    for first, second in combinations(range(len(tracks)), 2):
        seen = watch(tracks, first, second, now_ms=now_ms, after_s=after_s, lateral_m=lateral_m, vertical_m=vertical_m)
        if ((seen.lateral_over_m < 0.0) & (seen.vertical_over_m < -kept_m)).any():
            yield first, second


def gap_to_outline_m(flown: Path, at: int, outline: Outline) -> float:
    """Geodesic distance from one place of a path to a region, metres."""
    here = Outline(line=(Point(lat_deg=float(flown.lat_deg[at]), lng_deg=float(flown.lng_deg[at])),))
    return lateral_distance_m(here, outline)
