"""Every pair of volumes compared by brute force: what the engine must find, and what it may."""

from __future__ import annotations

from typing import NamedTuple

from openline.core.time import Window
from openline.engine.words import Item, JudgedVolume, Minima
from openline.geo.separation import lateral_band_m
from tests.oracle.lateral import lateral_distance_m

ORACLE_M = 0.002
"""The oracle's own error, metres."""


class Expected(NamedTuple):
    """Pairs of windows (first, second) of volumes that conflict, and of those that the stated band lets conflict."""

    certain: list[tuple[Window, Window]]
    possible: list[tuple[Window, Window]]


def compared(first: Item, second: Item, minima: Minima) -> Expected:
    """All volumes of the one with all of the other."""
    expected = Expected([], [])
    for one in first.volumes:
        for other in second.volumes:
            if not (near_in_time(one.window, other.window, minima.time_ms) and near_in_height(one, other, minima)):
                continue
            limit_m, radii_m = minima.lateral_m, one.outline.radius_m + other.outline.radius_m
            # the band grows by less than a hundredth of the distance
            far_m = limit_m + 1.0 + 2.0 * lateral_band_m(limit_m + radii_m)
            apart_m = lateral_distance_m(one.outline, other.outline, near_m=limit_m - 1.0, far_m=far_m)
            band_m = lateral_band_m(apart_m + radii_m)
            if apart_m <= limit_m - ORACLE_M:
                expected.certain.append((one.window, other.window))
            if apart_m <= limit_m + band_m + ORACLE_M:
                expected.possible.append((one.window, other.window))
    return expected


def near_in_time(one: Window, other: Window, separation_ms: int) -> bool:
    """True when the gap from the earlier end to the later start is less than the separation."""
    earlier, later = sorted((one, other), key=lambda window: window.end_ms)
    return later.start_ms - earlier.end_ms < separation_ms and earlier.start_ms < later.end_ms + separation_ms


def near_in_height(one: JudgedVolume, other: JudgedVolume, minima: Minima) -> bool:
    """True when the upper one's floor is at most the minimum above the lower one's ceiling."""
    lower, upper = sorted((one.band, other.band), key=lambda band: band.lower_m)
    return upper.lower_m <= lower.upper_m + minima.vertical_m
