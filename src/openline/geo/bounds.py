"""Boxes of latitude and longitude around outlines: the broad phase. Plain arithmetic, always outward.

Edges are followed on the auxiliary sphere (Karney 2013, doi:10.1007/s00190-012-0578-z, section 2), where a geodesic is
a great circle through reduced latitudes (tan reduced = (1 - f) tan geodetic). There, for an edge between longitudes
w < pi apart, the tangent of the latitude on the way is a combination of those at the ends with weights that sum to
at most 1 / cos(w / 2); and w is at most (difference in geodetic longitude) / (1 - f).
"""

from __future__ import annotations

import math

from msgspec import Struct

from openline.core.place import Outline, Point
from openline.geo.ellipsoid import FLATTENING, RADIUS_MIN_M, SEMI_MINOR_M

_ROUNDING_DEG = 1e-9
_HALF_SPHERE_RAD = math.pi / (1.0 + 1e-12)
_NEAR_POLE_DEG = 90.0 - 1e-9
_TO_SPHERE = math.radians(0.5) / (1.0 - FLATTENING)


class Box(Struct, frozen=True, gc=False):
    """Latitudes and longitudes, degrees. From `lng_min_deg` eastward to `lng_max_deg`.

    Both longitudes are within -180 to 180; `lng_min_deg` above `lng_max_deg` says that the box crosses the
    antimeridian. A box around a pole has all longitudes, -180 to 180.
    """

    lat_min_deg: float
    lat_max_deg: float
    lng_min_deg: float
    lng_max_deg: float


def bounding_box(outline: Outline, margin_m: float = 0.0) -> Box:
    """A box that covers every point within `margin_m` of the outline's region; no point of it is left out.

    The outline must have passed `validity.check_outline`. Sources and derivation: see the module.
    """
    span: _Span | None = None
    if outline.line:
        span = _span(outline.line, is_ring=False)
    for polygon in outline.polygons:
        ring = _span(polygon.exterior, is_ring=True)
        span = ring if span is None else _union(span, ring)
    if span is None:
        raise ValueError("an outline without polygons or a line has no box")
    south, north, west, east = span
    return _widened(south, north, west, east, outline.radius_m + margin_m)


def split(box: Box) -> tuple[Box, ...]:
    """The box itself, or its two parts when it crosses the antimeridian."""
    if box.lng_min_deg <= box.lng_max_deg:
        return (box,)
    return (
        Box(box.lat_min_deg, box.lat_max_deg, box.lng_min_deg, 180.0),
        Box(box.lat_min_deg, box.lat_max_deg, -180.0, box.lng_max_deg),
    )


_Span = tuple[float, float, float, float]
"""South, north, west, east, degrees; west may be any number and east is at least west."""


def _span(points: tuple[Point, ...], *, is_ring: bool) -> _Span:
    """What a chain of edges covers, and for a ring its interior too."""
    before = points[-1] if is_ring else points[0]
    lat_before, lng_before = before.lat_deg, before.lng_deg
    south = north = lat_before
    lng = west = east = lng_before
    is_polar = False
    for point in points:
        lat_deg, lng_deg = point.lat_deg, point.lng_deg
        step = lng_deg - lng_before
        if step > 180.0:
            step -= 360.0
        elif step < -180.0:
            step += 360.0
        lng += step
        if lng < west:
            west = lng
        elif lng > east:
            east = lng
        half = abs(step) * _TO_SPHERE
        high, low = (lat_deg, lat_before) if lat_deg > lat_before else (lat_before, lat_deg)
        if 2.0 * half >= _HALF_SPHERE_RAD or high > _NEAR_POLE_DEG or low < -_NEAR_POLE_DEG:
            # Such an edge may run over a pole, or begins at one and has any longitude.
            is_polar = True
        else:
            if high > 0.0:
                high = _bulged(high, half)
            if low < 0.0:
                low = -_bulged(-low, half)
        north = max(north, high)
        south = min(south, low)
        lat_before, lng_before = lat_deg, lng_deg
    if is_polar or (is_ring and abs(lng - points[-1].lng_deg) > 180.0):
        # The ring goes round a pole. When it keeps to one hemisphere its smaller side holds the pole of that one.
        return (-90.0 if south < 0.0 else south, 90.0 if north > 0.0 else north, -180.0, 180.0)
    return south, north, west, east


def _bulged(lat_deg: float, half_rad: float) -> float:
    """The highest latitude that an edge reaches whose ends are no higher than `lat_deg`, at least 0."""
    if half_rad < 1e-7:
        return lat_deg
    return math.degrees(math.atan(math.tan(math.radians(lat_deg)) / math.cos(half_rad)))


def _union(one: _Span, other: _Span) -> _Span:
    """A span that covers both, the shorter way round the globe."""
    turns = 360.0 * round((one[2] + one[3] - other[2] - other[3]) / 720.0)
    return (
        min(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2] + turns),
        max(one[3], other[3] + turns),
    )


def _widened(south: float, north: float, west: float, east: float, by_m: float) -> Box:
    """The box of a span and all within `by_m` metres of it.

    A degree of latitude is never shorter than RADIUS_MIN_M makes it. On the auxiliary sphere a geodesic of length s
    covers at most s / b, and longitudes on it differ by at least as much as on the ellipsoid; from reduced latitude B
    an arc r reaches the longitude asin(sin r / cos B).
    """
    rise = math.degrees(by_m / RADIUS_MIN_M) + _ROUNDING_DEG
    arc = by_m / SEMI_MINOR_M
    # Geodetic latitude is farther from the equator than the reduced one, so it may stand for it.
    highest = math.radians(max(abs(south), abs(north)))
    south, north = south - rise, north + rise
    if highest + arc >= 1.5707 or south <= -90.0 or north >= 90.0:
        return Box(max(-90.0, south), min(90.0, north), -180.0, 180.0)
    reach = math.degrees(math.asin(min(1.0, math.sin(arc) / math.cos(highest)))) + _ROUNDING_DEG
    west, east = west - reach, east + reach
    if east - west >= 360.0:
        return Box(south, north, -180.0, 180.0)
    return Box(south, north, _wrapped(west), _wrapped(east))


def _wrapped(lng_deg: float) -> float:
    """The same longitude from -180 to 180."""
    if -180.0 <= lng_deg <= 180.0:
        return lng_deg
    return (lng_deg + 180.0) % 360.0 - 180.0
