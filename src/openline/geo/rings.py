"""The rings of one polygon drawn in one plane, to be judged: simple or not, inside one another or not."""

from __future__ import annotations

import math

import numpy as np
import shapely

from openline.core.place import Point, Polygon
from openline.geo.ellipsoid import Floats, ecef_one
from openline.geo.face import FACE_PIECE_M, Plane, axis_of
from openline.geo.pieces import Indexes, edges_of

_FEW_VERTICES = 12
_SHORT_EDGE_M = 60_000.0
_SPIKE_RAD = 1e-6
"""Neighbouring edges that turn back on each other more sharply than this hold nothing between them."""
_XY = tuple[float, float]


def is_plainly_simple(ring: tuple[Point, ...], least_area_m2: float) -> bool:
    """True when a small ring of few vertices is simple beyond doubt and holds at least `least_area_m2`.

    False says nothing: the ring may be large, have many vertices, or be in doubt. Edges of up to 60 km are taken for
    straight in the central projection, an error of at most 0.25 m (see `face`). About 20 us for six vertices.
    """
    if len(ring) > _FEW_VERTICES:
        return False
    corners = _drawn_small(ring)
    if corners is None:
        return False
    area = 0.0
    for (ax, ay), (bx, by) in zip(corners[-1:] + corners[:-1], corners, strict=True):
        if (bx - ax) ** 2 + (by - ay) ** 2 > _SHORT_EDGE_M**2:
            return False
        area += ax * by - bx * ay
    return abs(area) >= 2.0 * least_area_m2 and not _may_cross(corners)


def _drawn_small(ring: tuple[Point, ...]) -> list[_XY] | None:
    """The ring in the plane that touches the surface near its first vertex, metres; None when it is not near."""
    points = [ecef_one(vertex.lat_deg, vertex.lng_deg) for vertex in ring]
    x, y, z = points[0]
    size = math.sqrt(x * x + y * y + z * z)
    x, y, z = x / size, y / size, z / size
    # Any two directions across the axis will do; at the pole there is no east, so take it from the x axis.
    across = math.hypot(x, y)
    ex, ey = (-y / across, x / across) if across > 1e-9 else (1.0, 0.0)
    nx, ny, nz = -z * ey, z * ex, x * ey - y * ex
    corners: list[_XY] = []
    for px, py, pz in points:
        depth = px * x + py * y + pz * z
        if depth < 0.9 * size:
            return None
        scale = size / depth
        corners.append(((px * ex + py * ey) * scale, (px * nx + py * ny + pz * nz) * scale))
    return corners


def _may_cross(corners: list[_XY]) -> bool:
    """False only when no two edges of the closed ring meet, except neighbours at their common corner."""
    count = len(corners)
    edges = [(*corners[k], *corners[(k + 1) % count]) for k in range(count)]
    for k in range(count):
        ax, ay, bx, by = edges[k]
        ux, uy = bx - ax, by - ay
        cx, cy = edges[(k + 1) % count][2:]
        back = ux * (bx - cx) + uy * (by - cy)
        if abs(ux * (cy - by) - uy * (cx - bx)) <= _SPIKE_RAD * back:
            return True
        for m in range(k + 2, count - (k == 0)):
            cx, cy, dx, dy = edges[m]
            if (ux * (cy - ay) - uy * (cx - ax)) * (ux * (dy - ay) - uy * (dx - ax)) > 0.0:
                continue
            vx, vy = dx - cx, dy - cy
            if (vx * (ay - cy) - vy * (ax - cx)) * (vx * (by - cy) - vy * (bx - cx)) > 0.0:
                continue
            return True
    return False


class DrawnRings:
    """The exterior of a polygon, ring 0, and its holes, rings 1 and up, in the central projection of the exterior."""

    def __init__(self, polygon: Polygon) -> None:
        """Raises NoHemisphereError when the exterior fits in no cap of WIDEST_DEG."""
        self._corners: list[Floats] = []
        self._edges: list[Indexes] = []
        plane: Plane | None = None
        for ring in (polygon.exterior, *polygon.holes):
            pieces, parents = edges_of([(ring, True)]).cut(FACE_PIECE_M)
            plane = plane or Plane(axis_of(pieces.start))
            self._corners.append(plane.project(pieces.start))
            self._edges.append(parents)
        self._figures = [None if np.isnan(corners).any() else shapely.Polygon(corners) for corners in self._corners]

    def is_out_of_sight(self, ring: int) -> bool:
        """True when some of the ring lies beyond the hemisphere of the exterior."""
        return self._figures[ring] is None

    def is_simple(self, ring: int) -> bool:
        """True when no two edges of the ring meet, except neighbours at their common vertex."""
        return bool(shapely.is_valid(self._figures[ring]))

    def spike(self, ring: int) -> tuple[int, int] | None:
        """The first two neighbouring edges that run back along each other, as drawn."""
        sides = np.roll(self._corners[ring], -1, axis=0) - self._corners[ring]
        ahead = np.roll(sides, -1, axis=0)
        cross = np.abs(sides[:, 0] * ahead[:, 1] - sides[:, 1] * ahead[:, 0])
        back = -np.einsum("ij,ij->i", sides, ahead)
        found = np.flatnonzero((back > 0.0) & (cross <= _SPIKE_RAD * back))
        if not len(found):
            return None
        first, second = int(found[0]), (int(found[0]) + 1) % len(sides)
        return int(self._edges[ring][first]), int(self._edges[ring][second])

    def area_m2(self, ring: int) -> float:
        """The area that the drawn ring holds; where it crosses itself, of all its parts."""
        area = float(shapely.area(self._figures[ring]))
        # The parts of a bow have opposite sense and may cancel.
        return area if area > 1.0 else float(shapely.area(shapely.make_valid(self._figures[ring])))

    def covers(self, outer: int, inner: int) -> bool:
        """True when no point of the one lies outside the other."""
        return bool(shapely.covers(self._figures[outer], self._figures[inner]))

    def overlap(self, one: int, other: int) -> bool:
        """True when the two share some of their insides."""
        return bool(shapely.relate_pattern(self._figures[one], self._figures[other], "T********"))

    def crossing(self, one: int, other: int) -> tuple[int, int] | None:
        """The first edge of `one`, and of `other`, that meet; neighbours at their common vertex do not count."""
        mine, theirs = _segments(self._corners[one]), _segments(self._corners[other])
        left, right = shapely.STRtree(theirs).query(mine, predicate="intersects")
        found: list[tuple[int, int]] = []
        for a, b in zip(left.tolist(), right.tolist(), strict=True):
            if one == other and not (a < b and _meet_wrongly(mine, a, b)):
                continue
            found.append((int(self._edges[one][a]), int(self._edges[other][b])))
        return min(found, default=None)


def _segments(corners: Floats) -> Floats:
    """One straight line per side of a closed ring."""
    figures: Floats = shapely.linestrings(np.stack((corners, np.roll(corners, -1, axis=0)), axis=1))
    return figures


def _meet_wrongly(sides: Floats, a: int, b: int) -> bool:
    """True unless side `b` follows `a`, or `a` follows `b`, and they share their common corner only."""
    if b - a not in (1, len(sides) - 1):
        return True
    return float(shapely.length(shapely.intersection(sides[a], sides[b]))) > 0.0
