"""The distance of two outlines by brute force: places along the edges, geodesics between them, finer and finer.

Only GeographicLib's direct and inverse geodesics are used (through PROJ). Each pair of edges that can be nearest is
searched: places along one, from each the nearest place of the other, and again around the best. Inside or not is told
by how the azimuth turns as a point watches someone walk round the ring.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from openline.core.place import Outline, Point

Floats = npt.NDArray[np.float64]
Edge = tuple[Point, Point]

GEOD = Geod(ellps="WGS84")
SAMPLES = 17
ROUNDS = 14
HALF_GLOBE_M = 10_000_000.0


def lateral_distance_m(one: Outline, other: Outline, *, near_m: float = 0.0, far_m: float = math.inf) -> float:
    """The geodesic distance of the two regions, metres, within about a millimetre; 0 when they share a point.

    A distance that is surely below `near_m`, or surely above `far_m`, need not be told more exactly than that.
    """
    if any(is_inside(point, one) for point in corners(other)) or any(is_inside(point, other) for point in corners(one)):
        return 0.0
    radii_m = one.radius_m + other.radius_m
    return max(0.0, core_distance_m(one, other, near_m=near_m + radii_m, far_m=far_m + radii_m) - radii_m)


def corners(outline: Outline) -> list[Point]:
    """Every vertex."""
    rings = [ring for polygon in outline.polygons for ring in (polygon.exterior, *polygon.holes)]
    return [point for chain in (outline.line, *rings) for point in chain]


def edges(outline: Outline) -> list[Edge]:
    """Every edge; a line of one point is an edge without length."""
    found: list[Edge] = list(pairwise(outline.line)) or [(point, point) for point in outline.line]
    for polygon in outline.polygons:
        for ring in (polygon.exterior, *polygon.holes):
            found.extend(pairwise((*ring, ring[0])))
    return found


def core_distance_m(one: Outline, other: Outline, *, near_m: float = 0.0, far_m: float = math.inf) -> float:
    """The distance of the edges, whatever lies inside of what."""
    pairs = [(a, b) for a in map(Walk, edges(one)) for b in map(Walk, edges(other))]
    coarse = [_sampled(a, b) for a, b in pairs]
    best = min(coarse)
    for (a, b), distance in zip(pairs, coarse, strict=True):
        if best < near_m:
            break
        # No point of an edge is farther from a sample than half of the spacing.
        if distance - (a.length_m + b.length_m) / (SAMPLES - 1) / 2.0 < min(best, far_m):
            best = min(best, _refined(a, b))
    return best


class Walk:
    """An edge that can be walked along."""

    def __init__(self, edge: Edge) -> None:
        start, end = edge
        self.start = start
        self.azimuth, _, self.length_m = GEOD.inv(
            start.lng_deg, start.lat_deg, end.lng_deg, end.lat_deg, return_back_azimuth=False
        )

    def at(self, fractions: Floats) -> tuple[Floats, Floats]:
        """Longitudes and latitudes at fractions of the length."""
        same = np.ones_like(fractions)
        lng, lat, _ = GEOD.fwd(
            self.start.lng_deg * same,
            self.start.lat_deg * same,
            self.azimuth * same,
            self.length_m * fractions,
            return_back_azimuth=False,
        )
        return lng, lat


def _distances(a: Walk, b: Walk, s: Floats, t: Floats) -> Floats:
    """The geodesic between the place s[i] of one edge and t[i] of the other, for all i, in the form of s."""
    lng, lat = a.at(s.ravel())
    lng_b, lat_b = b.at(t.ravel())
    _, _, distance = GEOD.inv(lng, lat, lng_b, lat_b, return_back_azimuth=False)
    found: Floats = distance.reshape(s.shape)
    return found


def _sampled(a: Walk, b: Walk) -> float:
    """The least distance of evenly spaced places of two edges."""
    s, t = np.meshgrid(np.linspace(0.0, 1.0, SAMPLES), np.linspace(0.0, 1.0, SAMPLES))
    return float(_distances(a, b, s, t).min())


def _refined(a: Walk, b: Walk) -> float:
    """The least distance of two edges: from places of one to the whole other, then around the best place, and so on."""
    low, high = 0.0, 1.0
    best = float("inf")
    for _ in range(ROUNDS):
        s = np.linspace(low, high, SAMPLES)
        distance = _to_edge(a, b, s)
        best = min(best, float(distance.min()))
        middle, reach = float(s[np.argmin(distance)]), (high - low) / 8.0
        low, high = max(0.0, middle - reach), min(1.0, middle + reach)
        if a.length_m * (high - low) < 1e-3:
            break
    return best


def _to_edge(a: Walk, b: Walk, s: Floats) -> Floats:
    """From each of the places s of one edge, the least distance to the other."""
    low, high = np.zeros_like(s), np.ones_like(s)
    best = np.full_like(s, np.inf)
    steps = np.linspace(0.0, 1.0, SAMPLES)
    for _ in range(ROUNDS):
        t = low[:, None] + (high - low)[:, None] * steps
        distance = _distances(a, b, np.repeat(s[:, None], SAMPLES, axis=1), t)
        best = np.minimum(best, distance.min(axis=1))
        middle = t[np.arange(len(s)), distance.argmin(axis=1)]
        reach = (high - low) / 8.0
        low, high = np.maximum(0.0, middle - reach), np.minimum(1.0, middle + reach)
        if b.length_m * float((high - low).max()) < 1e-3:
            break
    return best


def is_inside(point: Point, outline: Outline) -> bool:
    """True when the point lies in a polygon of the outline, not in its holes; the edge itself may go either way."""
    return any(
        goes_round(point, polygon.exterior) and not any(goes_round(point, hole) for hole in polygon.holes)
        for polygon in outline.polygons
    )


def goes_round(point: Point, ring: tuple[Point, ...]) -> bool:
    """True when one who stands at the point turns once while watching someone walk the ring, on the near half."""
    per_edge = 65
    lng_lat = [Walk(edge).at(np.linspace(0.0, 1.0, per_edge)[:-1]) for edge in pairwise((*ring, ring[0]))]
    lng = np.concatenate([lngs for lngs, _ in lng_lat])
    lat = np.concatenate([lats for _, lats in lng_lat])
    same = np.ones_like(lng)
    azimuth, _, distance = GEOD.inv(point.lng_deg * same, point.lat_deg * same, lng, lat, return_back_azimuth=False)
    if distance.min() < 1e-6:
        return True
    turns = np.diff(np.append(azimuth, azimuth[0]))
    turned = float((((turns + 180.0) % 360.0) - 180.0).sum())
    # The far side of the globe is seen going round too: a ring of less than a hemisphere lies nearer than its opposite.
    return abs(turned) > 180.0 and float(distance.mean()) < HALF_GLOBE_M
