"""Boxes around very many outlines at once; never smaller than `openline.geo.bounds` gives, seldom much larger.

The formulas are those of `openline.geo.bounds`, over whole arrays. Where a chain comes near a pole, or reaches over
half of the longitudes, its box has all longitudes and goes up to the pole.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bench.engine_parts.outlines import outline_of
from openline.engine.columns import Columns
from openline.geo.bounds import bounding_box
from openline.geo.ellipsoid import FLATTENING, RADIUS_MIN_M, SEMI_MINOR_M

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_SPARE_DEG = 1e-6
_WIDE_DEG = 170.0
_HIGH_RAD = 1.55


def boxes(vertices: Ints, lat_deg: Floats, lng_deg: Floats, radius_m: Floats) -> Floats:
    """South, west, north, east (n, 4) of chains with `vertices` points each and all within `radius_m` of them."""
    begins = np.cumsum(vertices) - vertices
    base = lng_deg[begins]
    steps = (lng_deg - np.repeat(base, vertices) + 180.0) % 360.0 - 180.0
    west, east = np.minimum.reduceat(steps, begins), np.maximum.reduceat(steps, begins)
    south, north = np.minimum.reduceat(lat_deg, begins), np.maximum.reduceat(lat_deg, begins)
    # No edge is longer in longitude than its chain, so this bulges at least as much as any edge does.
    half = np.radians((east - west) / 2.0) / (1.0 - FLATTENING)
    is_polar = (east - west > _WIDE_DEG) | (np.radians(np.maximum(-south, north)) > _HIGH_RAD)
    half[is_polar] = 0.0
    south, north = -_bulged(-south, half), _bulged(north, half)
    rise = np.degrees(radius_m / RADIUS_MIN_M) + _SPARE_DEG
    arc = radius_m / SEMI_MINOR_M
    highest = np.radians(np.maximum(np.abs(south), np.abs(north)))
    is_polar |= highest + arc >= _HIGH_RAD
    widest = np.where(is_polar, 0.0, highest)
    reach = np.degrees(np.arcsin(np.minimum(1.0, np.sin(arc) / np.cos(widest)))) + _SPARE_DEG
    box = np.empty((len(vertices), 4))
    box[:, 0] = np.maximum(-90.0, np.where(is_polar & (south < 0.0), -90.0, south - rise))
    box[:, 1] = np.where(is_polar, -180.0, _wrapped(base + west - reach))
    box[:, 2] = np.minimum(90.0, np.where(is_polar & (north > 0.0), 90.0, north + rise))
    box[:, 3] = np.where(is_polar, 180.0, _wrapped(base + east + reach))
    return box


def check_boxes(columns: Columns, count: int, seed: int) -> None:
    """Compare a sample with the boxes that the house makes one by one; AssertionError when one does not hold it."""
    for index in np.random.default_rng(seed).integers(0, len(columns), count).tolist():
        theirs = bounding_box(outline_of(columns, index))
        south, west, north, east = columns.box_deg[index].tolist()
        assert south <= theirs.lat_min_deg, index
        assert north >= theirs.lat_max_deg, index
        if east - west < 360.0:
            assert _reaches(theirs.lng_min_deg, west), index
            assert _reaches(east, theirs.lng_max_deg), index


def _reaches(one_deg: float, other_deg: float) -> bool:
    """True when `one_deg` is at or east of `other_deg`, by less than half a turn."""
    return (one_deg - other_deg + 180.0) % 360.0 - 180.0 >= 0.0


def _bulged(lat_deg: Floats, half_rad: Floats) -> Floats:
    higher = np.degrees(np.arctan(np.tan(np.radians(np.maximum(lat_deg, 0.0))) / np.cos(half_rad)))
    return np.where(lat_deg > 0.0, higher, lat_deg)


def _wrapped(lng_deg: Floats) -> Floats:
    return (lng_deg + 180.0) % 360.0 - 180.0
