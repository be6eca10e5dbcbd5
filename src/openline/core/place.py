"""Places on the WGS84 ellipsoid: points, polygons whose edges are geodesics, and outlines.

Latitude comes before longitude and both are passed by keyword; GeoJSON's order exists at the codec's edge only.
"""

from __future__ import annotations

from msgspec import Struct


class Point(Struct, frozen=True, gc=False, kw_only=True):
    """One point of the ellipsoid's surface, WGS84, degrees."""

    lat_deg: float
    """Geodetic latitude, -90 to 90."""
    lng_deg: float
    """Longitude, -180 to 180, east positive."""


class Polygon(Struct, frozen=True, kw_only=True):
    """A region bounded by geodesic edges. Rings are open: the first vertex is not repeated at the end.

    The interior of a ring is the smaller of the two regions that it bounds, whichever way its vertices run; a ring
    therefore fits within a hemisphere.
    """

    exterior: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()


class Outline(Struct, frozen=True, kw_only=True):
    """Every point within `radius_m` (geodesic metres) of the polygons or of the line.

    One form for all: a polygon has radius 0, a circle is a line of one point, a corridor a line of several, and an
    uncertain place adds its uncertainty to the radius. Exactly one of `polygons` and `line` is filled.
    """

    polygons: tuple[Polygon, ...] = ()
    line: tuple[Point, ...] = ()
    radius_m: float = 0.0
