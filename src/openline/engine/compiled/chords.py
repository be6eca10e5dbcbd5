"""Edges as straight chords in Cartesian metres: how far two are apart, and what they say of the plane sections above.

Plane sections are those through the centre of the ellipsoid; see `narrow` for how geodesics differ from them.
"""

from __future__ import annotations

import math

from openline.engine.columns import GOES_ON, LINE, Floats, Marks
from openline.engine.compiling import kernel
from openline.geo.ellipsoid import RADIUS_MIN_M

_PARALLEL = 4e-16
"""Below this squared sine rounding tells no angle from none; treating them as parallel errs by 2e-8 of the edge."""
_SQUASH = (RADIUS_MIN_M / 6_378_137.0) ** -1.0
"""(a / b)^2 of WGS84, because the smallest radius of curvature is b^2 / a."""
_SEMI_MAJOR_2 = 6_378_137.0**2


@kernel
def following(marks: Marks, k: int, end: int, start: int) -> int:
    """The vertex at the other end of the edge that begins at `k`, in a chain from `start`; -1 when there is none."""
    if k + 1 < end and marks[k + 1] == GOES_ON:
        return k + 1
    if marks[start] == LINE:
        return k if k == start else -1
    return start


@kernel
def _along(t: float) -> float:
    return min(max(t, 0.0), 1.0)


@kernel
def point_edge_2(px: float, py: float, pz: float, ux: float, uy: float, uz: float, uu: float) -> float:
    """Squared distance of a point, relative to the start of a chord u with square uu, from the chord."""
    t = 0.0
    if uu > 0.0:
        t = _along((px * ux + py * uy + pz * uz) / uu)
    dx, dy, dz = px - t * ux, py - t * uy, pz - t * uz
    return dx * dx + dy * dy + dz * dz


@kernel
def edge_edge_2(
    rx: float, ry: float, rz: float, ux: float, uy: float, uz: float, vx: float, vy: float, vz: float
) -> float:
    """Squared distance of two chords u and v; r is the start of u less the start of v.

    A convex quadratic form on the unit square: least at its stationary point, or else on one of the sides.
    """
    uu = ux * ux + uy * uy + uz * uz
    vv = vx * vx + vy * vy + vz * vz
    uv = ux * vx + uy * vy + uz * vz
    ru = rx * ux + ry * uy + rz * uz
    rv = rx * vx + ry * vy + rz * vz
    square = uu * vv
    spread = square - uv * uv
    if spread > _PARALLEL * square:
        s = (uv * rv - vv * ru) / spread
        t = (uu * rv - uv * ru) / spread
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            dx = rx + s * ux - t * vx
            dy = ry + s * uy - t * vy
            dz = rz + s * uz - t * vz
            return dx * dx + dy * dy + dz * dz
    best = point_edge_2(rx, ry, rz, vx, vy, vz, vv)
    best = min(best, point_edge_2(rx + ux, ry + uy, rz + uz, vx, vy, vz, vv))
    best = min(best, point_edge_2(-rx, -ry, -rz, ux, uy, uz, uu))
    return min(best, point_edge_2(vx - rx, vy - ry, vz - rz, ux, uy, uz, uu))


@kernel
def length_2(corners: Floats, i: int, j: int) -> float:
    """Squared length of the chord between two vertices."""
    x = corners[j, 0] - corners[i, 0]
    y = corners[j, 1] - corners[i, 1]
    z = corners[j, 2] - corners[i, 2]
    return x * x + y * y + z * z


@kernel
def section_point(corners: Floats, i: int, j: int, share: float) -> tuple[float, float, float]:
    """The point of the ellipsoid over a point of a chord, seen from the centre; its own ends exactly."""
    x = corners[i, 0] + share * (corners[j, 0] - corners[i, 0])
    y = corners[i, 1] + share * (corners[j, 1] - corners[i, 1])
    z = corners[i, 2] + share * (corners[j, 2] - corners[i, 2])
    scale = math.sqrt(_SEMI_MAJOR_2 / (x * x + y * y + z * z * _SQUASH))
    return x * scale, y * scale, z * scale


@kernel
def cross(corners: Floats, i: int, j: int, k: int, m: int, margin: float) -> bool:
    """True when the ends of each edge lie on either side of the plane of the other, farther off than `margin`."""
    one, two = _sides(corners, i, j, k, m)
    if not (min(one, two) < -margin and max(one, two) > margin):
        return False
    one, two = _sides(corners, k, m, i, j)
    return min(one, two) < -margin and max(one, two) > margin


@kernel
def _sides(corners: Floats, i: int, j: int, k: int, m: int) -> tuple[float, float]:
    """Metres of the vertices k and m to the left of the plane through i, j and the centre; 0 when there is no plane."""
    ax, ay, az = corners[i, 0], corners[i, 1], corners[i, 2]
    bx, by, bz = corners[j, 0] - ax, corners[j, 1] - ay, corners[j, 2] - az
    nx, ny, nz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    size = math.sqrt(nx * nx + ny * ny + nz * nz)
    if size < 1.0:
        return 0.0, 0.0
    one = (nx * (corners[k, 0] - ax) + ny * (corners[k, 1] - ay) + nz * (corners[k, 2] - az)) / size
    two = (nx * (corners[m, 0] - ax) + ny * (corners[m, 1] - ay) + nz * (corners[m, 2] - az)) / size
    return one, two
