"""The distance of two cores by GeographicLib alone, from points put ever denser along their edges.

No sampled pair is nearer than the truth, so this never says less than it; and it says more by millimetres only, because
each round looks closer around the nearest pair of the round before. It settles who is right where two others differ.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from bench.engine_parts.boxes import Floats
from openline.core.place import Outline
from openline.geo.ellipsoid import GEOD, ecef

_PIECES = 48
_ROUNDS = 4

Place = tuple[float, float]
"""Longitude and latitude, degrees."""


def nearest_m(first: Outline, second: Outline) -> float:
    """The geodesic distance of the edges of two cores, metres."""
    one, other = _corners(first), _corners(second)
    nearest = 0.0
    for _ in range(_ROUNDS):
        one, other = _denser(one), _denser(other)
        gaps = np.linalg.norm(_cartesian(one)[:, None] - _cartesian(other)[None], axis=2)
        where, there = (int(index) for index in np.unravel_index(gaps.argmin(), gaps.shape))
        _, _, nearest = GEOD.inv(*one[where], *other[there])
        one = one[max(0, where - 1) : where + 2]
        other = other[max(0, there - 1) : there + 2]
    return nearest


def _corners(outline: Outline) -> list[Place]:
    ring = outline.polygons[0].exterior if outline.polygons else ()
    return [(point.lng_deg, point.lat_deg) for point in (*outline.line, *ring, *ring[:1])]


def _denser(places: list[Place]) -> list[Place]:
    dense = places[:1]
    for one, other in pairwise(places):
        dense += [*GEOD.npts(*one, *other, _PIECES - 1), other]
    return dense


def _cartesian(places: list[Place]) -> Floats:
    lng_deg, lat_deg = np.array(places).T
    return ecef(lat_deg, lng_deg)
