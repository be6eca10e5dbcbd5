"""Rings of geodesics as plane figures: the central projection, in which plane sections through the centre are straight.

A geodesic piece of length L leaves the central plane of its ends by no more than 0.0034 L^2 / 8R, because the normal of
the ellipsoid is never more than 0.0034 rad from the direction of the centre: under 7 mm for pieces of 10 km.
"""

from __future__ import annotations

import math

import numpy as np
import shapely

from openline.geo.ellipsoid import Floats
from openline.geo.pieces import Pieces

FACE_PIECE_M = 10_000.0
"""Edges longer than this are cut before they are drawn as straight lines."""
FACE_ERROR_M = 0.007
"""How far, at most, a drawn edge lies from its geodesic, metres on the ground."""
WIDEST_DEG = 85.0
"""A ring must fit within this angle of some point, seen from the centre of the ellipsoid: well within a hemisphere."""

_SCALE_M = 6_371_000.0
_LEAST_COSINE = math.cos(math.radians(WIDEST_DEG))
_TRIALS = 2_000


class NoHemisphereError(ValueError):
    """The points fit in no cap of WIDEST_DEG."""


class Plane:
    """The central projection onto the plane that touches the sphere at `axis`; metres at that point."""

    __slots__ = ("_rows",)

    def __init__(self, axis: Floats) -> None:
        """`axis` is a unit vector."""
        least = np.zeros(3)
        least[int(np.argmin(np.abs(axis)))] = 1.0
        east = _cross(least, axis)
        east /= math.sqrt(float(east @ east))
        self._rows = np.stack((east, _cross(axis, east), axis))

    def project(self, xyz: Floats) -> Floats:
        """Plane coordinates, metres, one row per point; NaN for points 90 degrees or more from the axis."""
        turned = xyz @ self._rows.T
        depth = turned[:, 2:]
        drawn: Floats = turned[:, :2] * (_SCALE_M / np.where(depth > 0.0, depth, np.nan))
        return drawn


def axis_of(xyz: Floats) -> Floats:
    """A direction (unit vector) near the middle of the points, from which all are seen within the hemisphere.

    Raises NoHemisphereError when the points fit in no cap of WIDEST_DEG. The mean direction nearly always serves;
    otherwise the perceptron rule turns the axis towards the point that is farthest out.
    """
    units = xyz / np.sqrt(np.einsum("ij,ij->i", xyz, xyz))[:, None]
    axis = units.sum(axis=0)
    for _ in range(_TRIALS):
        size = math.sqrt(float(axis @ axis))
        cosines = units @ axis
        worst = int(np.argmin(cosines))
        # Half of the margin is enough for the projection, and makes the rule end soon when the whole can be had.
        if size > 0.0 and cosines[worst] >= 0.5 * _LEAST_COSINE * size:
            found: Floats = axis / size
            return found
        axis = axis + units[worst]
    raise NoHemisphereError


def drawn(pieces: Pieces) -> Floats:
    """The points to draw a ring of `pieces` through, Cartesian metres."""
    return pieces.cut(FACE_PIECE_M)[0].start


class Face:
    """A polygon with holes, drawn in a plane of its own."""

    __slots__ = ("_figure", "_plane")

    def __init__(self, exterior: Pieces, holes: list[Pieces]) -> None:
        """Raises NoHemisphereError when the exterior fits in no cap of WIDEST_DEG."""
        outside = drawn(exterior)
        self._plane = Plane(axis_of(outside))
        self._figure = shapely.Polygon(
            self._plane.project(outside), [self._plane.project(drawn(hole)) for hole in holes]
        )
        shapely.prepare(self._figure)

    def contains(self, xyz: Floats) -> bool:
        """True when a point, Cartesian metres, lies within or on the edge; errs by at most FACE_ERROR_M."""
        x, y = self._plane.project(xyz[None, :])[0].tolist()
        return not math.isnan(x) and bool(shapely.intersects_xy(self._figure, x, y))


def _cross(a: Floats, b: Floats) -> Floats:
    return np.array((a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]))
