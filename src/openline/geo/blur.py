"""Private presence: the circle on which a place is judged, which always covers it and tells only a cell of a grid.

The true centre is replaced by the centre of its grid cell, moved by an offset that only the node's secret and the cell
decide. Telling the same place again gives the same circle, so nothing can be averaged out; probing can find the circle
and nothing within it. The radius pays for both steps, so blur adds false alarms and never removes a true one.

What the circle still tells: the size of the place to a factor of two, and that it moved when the circle moved. A place
told anew across the border of a cell shows two circles.

Geodesics: Karney, *Algorithms for geodesics*, J. Geodesy 87 (2013), through pyproj; error below a micrometre.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from hashlib import sha256
from math import atan2, ceil, cos, degrees, floor, hypot, radians, sin, sqrt

from msgspec import Struct
from pyproj import Geod

from openline.core.place import Outline, Point

SMALLEST_CLASS_M = 250.0
"""Radius of the smallest size class; each further class doubles it."""

WHOLE_EARTH_M = 20_037_508.0
"""A radius that reaches every point from any other: half the equator, metres."""

_CONVEX_M = 9_000_000.0
"""A geodesic disc up to this radius holds the geodesic between any two of its points (the bound of the ellipsoid is
9,985 km, pi b / 2)."""
_CELL_REACH = 0.75
"""No cell's half diagonal is longer than this times the side of the grid, up to 300 km (a square's is 0.707)."""
_ROUNDING_M = 1.0
"""More than both roundings of a centre to 1e-7 degree can move it (0.016 m), metres."""
_DECIMALS = 7
_EQUATOR_M = 40_075_016.686
_MERIDIAN_M = 20_003_931.459
"""Pole to pole along a meridian, metres."""

_GEOD = Geod(ellps="WGS84")


class GridCell(Struct, frozen=True, gc=False, kw_only=True):
    """One cell of the grid of a given step: a row of latitude and its column, both counted from the south-west."""

    row: int
    column: int
    centre: Point
    half_diagonal_m: float
    """Geodesic distance from the centre to the furthest corner, metres, rounded up."""


def private_outline(outline: Outline, *, grid_m: float, offset_m: float, secret: bytes) -> Outline:
    """The circle on which `outline` is judged: it covers all of it, and places of one cell and size class share it.

    `grid_m` is the side of the grid's cells and `offset_m` the furthest that the centre is moved, both metres. The
    centre is rounded to 1e-7 degree and the radius up to a whole metre, so that every machine gets the same circle.
    """
    centre, extent_m = _bounding_circle(outline)
    cell = grid_cell(centre, grid_m=grid_m)
    azimuth_deg, moved_m = _secret_offset(cell, grid_m=grid_m, offset_m=offset_m, secret=secret)
    lng_deg, lat_deg, _ = _GEOD.fwd(cell.centre.lng_deg, cell.centre.lat_deg, azimuth_deg, moved_m)
    # the same for every cell: a radius to the metre would tell which row of the grid the place is in
    cell_m = max(_CELL_REACH * grid_m, cell.half_diagonal_m)
    radius_m = ceil(size_class_m(extent_m) + cell_m + offset_m + _ROUNDING_M)
    return Outline(line=(_rounded(lat_deg, lng_deg),), radius_m=min(float(radius_m), WHOLE_EARTH_M))


def size_class_m(extent_m: float) -> float:
    """The smallest of 250 m, 500 m, 1 km, 2 km... that is not below `extent_m`."""
    size_m = SMALLEST_CLASS_M
    while size_m < extent_m:
        size_m *= 2
    return size_m


def grid_cell(point: Point, *, grid_m: float) -> GridCell:
    """The cell that holds `point`: rows of latitude `grid_m` high, each cut into equal columns.

    A column is at most `grid_m` wide, and 0.4 % more on the ellipsoid.
    Rows meet at the poles in a ring of triangles and columns meet at the antimeridian, so no place is special.
    """
    rows = max(1, round(_MERIDIAN_M / grid_m))
    row_deg = 180.0 / rows
    row = min(max(floor((point.lat_deg + 90.0) / row_deg), 0), rows - 1)
    south_deg, north_deg = row * row_deg - 90.0, (row + 1) * row_deg - 90.0
    widest_deg = 0.0 if south_deg < 0.0 < north_deg else min(abs(south_deg), abs(north_deg))
    # rounded before it is rounded up, so that the last bit of a cosine never decides
    columns = max(3, ceil(round(_EQUATOR_M * cos(radians(widest_deg)) / grid_m, 6)))
    column_deg = 360.0 / columns
    column = min(max(floor((point.lng_deg + 180.0) / column_deg), 0), columns - 1)
    # the antimeridian and the poles have many names and one cell
    if point.lng_deg == 180.0 or abs(point.lat_deg) == 90.0:
        column = 0
    lat_deg, lng_deg = (south_deg + north_deg) / 2, (column + 0.5) * column_deg - 180.0
    # the furthest point of a cell is a corner: distance grows along a parallel and is convex along a meridian
    corners_m = [
        _distance_m(lat_deg, lng_deg, edge_deg, lng_deg + column_deg / 2) for edge_deg in (south_deg, north_deg)
    ]
    return GridCell(
        row=row,
        column=column,
        centre=Point(lat_deg=lat_deg, lng_deg=lng_deg),
        half_diagonal_m=float(ceil(max(corners_m))),
    )


def _secret_offset(cell: GridCell, *, grid_m: float, offset_m: float, secret: bytes) -> tuple[float, float]:
    """Azimuth (degrees) and length (metres) of the offset of a cell, uniform over the disc of radius `offset_m`."""
    name = f"openline/blur {round(grid_m * 1000)} {round(offset_m * 1000)} {cell.row} {cell.column}"
    digest = hmac.new(secret, name.encode(), sha256).digest()
    turn = int.from_bytes(digest[:8]) / 2**64
    share = int.from_bytes(digest[8:16]) / 2**64
    return turn * 360.0, offset_m * sqrt(share)


def _bounding_circle(outline: Outline) -> tuple[Point, float]:
    """A centre and a radius in metres that cover the outline; the whole Earth where a disc would not be convex."""
    vertices = tuple(_vertices(outline))
    centre = _mean(vertices)
    furthest_m = max(_distance_m(centre.lat_deg, centre.lng_deg, v.lat_deg, v.lng_deg) for v in vertices)
    extent_m = furthest_m + outline.radius_m
    return (centre, extent_m) if furthest_m <= _CONVEX_M else (centre, WHOLE_EARTH_M)


def _vertices(outline: Outline) -> Iterator[Point]:
    yield from outline.line
    for polygon in outline.polygons:
        yield from polygon.exterior


def _mean(points: Iterable[Point]) -> Point:
    """The direction of the mean of the points' unit vectors, rounded; any place would do."""
    x = y = z = 0.0
    for point in points:
        lat, lng = radians(point.lat_deg), radians(point.lng_deg)
        x, y, z = x + cos(lat) * cos(lng), y + cos(lat) * sin(lng), z + sin(lat)
    return _rounded(degrees(atan2(z, hypot(x, y))), degrees(atan2(y, x)))


def _rounded(lat_deg: float, lng_deg: float) -> Point:
    # adding zero turns minus zero into zero
    return Point(lat_deg=round(lat_deg, _DECIMALS) + 0.0, lng_deg=round(lng_deg, _DECIMALS) + 0.0)


def _distance_m(lat_deg: float, lng_deg: float, other_lat_deg: float, other_lng_deg: float) -> float:
    _, _, distance_m = _GEOD.inv(lng_deg, lat_deg, other_lng_deg, other_lat_deg)
    return float(distance_m)
