"""Are two shapes nearer than a limit? Certainly, certainly not, or too near to the limit to say.

Everything is compared in Cartesian metres, so there are no poles, no antimeridian and no projection whose error grows.
The bounds of the distance of two geodesics from that of their chords are those of `openline.geo.pairs`. Where they leave
the answer open, edges are cut along plane sections through the centre, from which a geodesic of length L departs by no
more than 0.0034 L^2 / 8R (`openline.geo.face`), and compared again. What is still open is for `lateral_gap_m`, whose
answer is the one that counts: it lies below the truth by at most its band, and every "certainly" here leaves room for
that band. `tests/properties/test_narrow.py` holds this to GeographicLib.
"""

from __future__ import annotations

import math

from openline.engine.columns import EXTERIOR, GOES_ON, HOLE, LINE, Floats, Ints, Marks
from openline.engine.compiled.layout import POINT, RING, Records
from openline.engine.compiling import inlined, kernel
from openline.geo.ellipsoid import RADIUS_MAX_M, RADIUS_MIN_M

CLEAR, NEAR, DOUBTFUL = range(3)

_LONGEST_M = 250_000.0
"""Longer edges are left to `lateral_gap_m`."""
_WIDEST_M = 1_000_000.0
"""So are wider shapes."""
_FARTHEST_M = 1_000_000.0
"""And larger limits."""
_ROUNDING_M = 0.01
_BAND_M = 0.1
"""See `openline.geo.separation.LATERAL_BAND_M`; beyond 100 km it grows by `_BAND_RATE` d^3."""
_BAND_RATE = 3e-17
_DEPARTURE = 0.0034 * 1.01 / (8.0 * RADIUS_MIN_M)
"""Times the square of an edge: how far a geodesic lies from the plane of its ends and the centre."""
_CURVED = 1.01
"""More than the square of an arc of 250 km over that of its chord."""
_PARALLEL = 4e-16
"""Below this squared sine rounding tells no angle from none; treating them as parallel errs by 2e-8 of the edge."""
_CUT_M = 2_000.0
_CUTS_MAX = 24


@inlined
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
def limits(limit_m: float, radii_m: float) -> tuple[float, float]:
    """The chord up to which cores are certainly within `limit_m` with their radii, and that from which certainly not."""
    apart = limit_m + radii_m
    near = 2.0 * RADIUS_MIN_M * math.sin(apart / (2.0 * RADIUS_MIN_M)) - _ROUNDING_M
    apart += _BAND_M + _BAND_RATE * apart * apart * apart + _ROUNDING_M
    clear = 2.0 * RADIUS_MAX_M * math.sin(apart / (2.0 * RADIUS_MAX_M))
    return near, clear


@kernel
def compare(volumes: Records, corners: Floats, marks: Marks, one: int, other: int, limit_m: float) -> int:
    """`NEAR` when `lateral_gap_m` is certainly at most `limit_m`, `CLEAR` when certainly more, or `DOUBTFUL`."""
    a, b = volumes[one], volumes[other]
    radii_m = a.radius_m + b.radius_m
    if limit_m + radii_m > _FARTHEST_M or max(a.longest_m, b.longest_m) > _LONGEST_M:
        return DOUBTFUL
    near, clear = limits(limit_m, radii_m)
    dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
    between = math.sqrt(dx * dx + dy * dy + dz * dz)
    if between - a.reach_m - b.reach_m > clear:
        return CLEAR
    if a.form == POINT and b.form == POINT:
        return NEAR if between <= near else DOUBTFUL
    if max(a.reach_m, b.reach_m) > _WIDEST_M:
        return DOUBTFUL
    found, apart = _boundaries(corners, marks, a.first, a.count, b.first, b.count, a.longest_m, b.longest_m, near, clear)
    if found != CLEAR or max(a.form, b.form) < RING:
        return found
    # the boundaries are apart: one holds the other, or neither. Faces are drawn with straight edges.
    if apart <= _DEPARTURE * max(a.longest_m, b.longest_m) ** 2 + _ROUNDING_M:
        return DOUBTFUL
    if _holds_some(volumes, corners, marks, one, other) or _holds_some(volumes, corners, marks, other, one):
        return NEAR
    return CLEAR


@kernel
def following(marks: Marks, k: int, end: int, start: int) -> int:
    """The vertex at the other end of the edge that begins at `k`, in a chain from `start`; -1 when there is none."""
    if k + 1 < end and marks[k + 1] == GOES_ON:
        return k + 1
    if marks[start] == LINE:
        return k if k == start else -1
    return start


@kernel
def _boundaries(
    corners: Floats,
    marks: Marks,
    first: int,
    count: int,
    second: int,
    counted: int,
    longest: float,
    longer: float,
    near: float,
    clear: float,
) -> tuple[int, float]:
    """What the edges say, and a lower bound of their distance when that is `CLEAR`, metres."""
    dip = (longest * longest + longer * longer) * _CURVED / (8.0 * RADIUS_MIN_M)
    bend = dip / RADIUS_MIN_M
    slack = (longest**3 + longer**3) * _CURVED**2 / (48.0 * RADIUS_MIN_M * RADIUS_MIN_M)
    # chords nearer than the one, or farther than the other, need no closer look
    surely = (near - 2.0 * slack / (1.0 - bend)) * math.sqrt(1.0 - bend)
    surely_2 = surely * surely if surely > 0.0 else -1.0
    never_2 = (clear + slack) ** 2 * (1.0 + bend) + dip * dip
    doubt = False
    least_2 = math.inf
    start = first
    for i in range(first, first + count):
        if marks[i] != GOES_ON:
            start = i
        j = following(marks, i, first + count, start)
        if j < 0:
            continue
        ax, ay, az = corners[i, 0], corners[i, 1], corners[i, 2]
        ux, uy, uz = corners[j, 0] - ax, corners[j, 1] - ay, corners[j, 2] - az
        begin = second
        for k in range(second, second + counted):
            if marks[k] != GOES_ON:
                begin = k
            m = following(marks, k, second + counted, begin)
            if m < 0:
                continue
            bx, by, bz = corners[k, 0], corners[k, 1], corners[k, 2]
            vx, vy, vz = corners[m, 0] - bx, corners[m, 1] - by, corners[m, 2] - bz
            square = edge_edge_2(ax - bx, ay - by, az - bz, ux, uy, uz, vx, vy, vz)
            if square <= surely_2:
                return NEAR, 0.0
            least_2 = min(least_2, square)
            if square < never_2:
                found = _closer(corners, i, j, k, m, near, clear)
                if found == NEAR:
                    return NEAR, 0.0
                doubt = doubt or found == DOUBTFUL
    apart = math.sqrt(max(least_2 - dip * dip, 0.0) / (1.0 + bend)) - slack
    return DOUBTFUL if doubt else CLEAR, max(apart, clear)


@kernel
def _closer(corners: Floats, i: int, j: int, k: int, m: int, near: float, clear: float) -> int:
    """Two edges, cut into short pieces of plane sections."""
    length = math.sqrt(_square(corners, i, j) * _CURVED)
    other = math.sqrt(_square(corners, k, m) * _CURVED)
    # once for the geodesics, once because the sections bend a little aside
    departure = 2.0 * _DEPARTURE * (length * length + other * other)
    if _cross(corners, i, j, k, m, departure + _ROUNDING_M):
        return NEAR
    cuts = min(max(int(length / _CUT_M), 1), _CUTS_MAX)
    other_cuts = min(max(int(other / _CUT_M), 1), _CUTS_MAX)
    length, other = length / cuts, other / other_cuts
    dip = (length * length + other * other) / (8.0 * RADIUS_MIN_M)
    bend = dip / RADIUS_MIN_M
    slack = (length**3 + other**3) / (48.0 * RADIUS_MIN_M * RADIUS_MIN_M)
    surely = (near - departure - 2.0 * slack / (1.0 - bend)) * math.sqrt(1.0 - bend)
    surely_2 = surely * surely if surely > 0.0 else -1.0
    never_2 = (clear + departure + slack) ** 2 * (1.0 + bend) + dip * dip
    doubt = False
    ax, ay, az = corners[i, 0], corners[i, 1], corners[i, 2]
    for s in range(1, cuts + 1):
        ex, ey, ez = section_point(corners, i, j, s / cuts)
        bx, by, bz = corners[k, 0], corners[k, 1], corners[k, 2]
        for t in range(1, other_cuts + 1):
            fx, fy, fz = section_point(corners, k, m, t / other_cuts)
            square = edge_edge_2(ax - bx, ay - by, az - bz, ex - ax, ey - ay, ez - az, fx - bx, fy - by, fz - bz)
            if square <= surely_2:
                return NEAR
            doubt = doubt or square < never_2
            bx, by, bz = fx, fy, fz
        ax, ay, az = ex, ey, ez
    return DOUBTFUL if doubt else CLEAR


@kernel
def _square(corners: Floats, i: int, j: int) -> float:
    x = corners[j, 0] - corners[i, 0]
    y = corners[j, 1] - corners[i, 1]
    z = corners[j, 2] - corners[i, 2]
    return x * x + y * y + z * z


_SQUASH = (RADIUS_MIN_M / 6_378_137.0) ** -1.0
"""(a / b)^2 of WGS84, because the smallest radius of curvature is b^2 / a."""
_SEMI_MAJOR_2 = 6_378_137.0**2


@kernel
def section_point(corners: Floats, i: int, j: int, share: float) -> tuple[float, float, float]:
    """The point of the ellipsoid over a point of a chord, seen from the centre; its own ends exactly."""
    x = corners[i, 0] + share * (corners[j, 0] - corners[i, 0])
    y = corners[i, 1] + share * (corners[j, 1] - corners[i, 1])
    z = corners[i, 2] + share * (corners[j, 2] - corners[i, 2])
    scale = math.sqrt(_SEMI_MAJOR_2 / (x * x + y * y + z * z * _SQUASH))
    return x * scale, y * scale, z * scale


@kernel
def _cross(corners: Floats, i: int, j: int, k: int, m: int, margin: float) -> bool:
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


@kernel
def _holds_some(volumes: Records, corners: Floats, marks: Marks, one: int, other: int) -> bool:
    """True when a polygon of `one` holds the first vertex of a connected part of `other`."""
    a, b = volumes[one], volumes[other]
    if marks[a.first] == LINE:
        return False
    for k in range(b.first, b.first + b.count):
        if marks[k] in (EXTERIOR, LINE) and _holds(volumes, corners, marks, one, k):
            return True
    return False


@kernel
def _holds(volumes: Records, corners: Floats, marks: Marks, one: int, point: int) -> bool:
    """True when the vertex `point` lies in a polygon of `one` and in none of its holes.

    Drawn by central projection onto the plane that touches a sphere at the middle of the ball, where plane sections
    through the centre are straight; crossings of a ray decide (Shimrat 1962, Algorithm 112).
    """
    a = volumes[one]
    size = math.sqrt(a.x * a.x + a.y * a.y + a.z * a.z)
    x, y, z = a.x / size, a.y / size, a.z / size
    across = math.hypot(x, y)
    ex, ey = 1.0, 0.0
    if across > 1e-9:
        ex, ey = -y / across, x / across
    nx, ny, nz = -z * ey, z * ex, x * ey - y * ex
    depth = corners[point, 0] * x + corners[point, 1] * y + corners[point, 2] * z
    if depth < 0.5 * size:
        return False
    px = (corners[point, 0] * ex + corners[point, 1] * ey) / depth
    py = (corners[point, 0] * nx + corners[point, 1] * ny + corners[point, 2] * nz) / depth
    inside, in_hole, odd, is_hole = False, False, False, False
    start, end = a.first, a.first + a.count
    for k in range(a.first, end):
        if marks[k] != GOES_ON:
            if odd and is_hole:
                in_hole = True
            elif not is_hole:
                inside = odd
            if marks[k] == EXTERIOR:
                if inside and not in_hole:
                    return True
                in_hole = False
            start, odd, is_hole = k, False, marks[k] == HOLE
        m = following(marks, k, end, start)
        depth = corners[k, 0] * x + corners[k, 1] * y + corners[k, 2] * z
        ax = (corners[k, 0] * ex + corners[k, 1] * ey) / depth
        ay = (corners[k, 0] * nx + corners[k, 1] * ny + corners[k, 2] * nz) / depth
        depth = corners[m, 0] * x + corners[m, 1] * y + corners[m, 2] * z
        bx = (corners[m, 0] * ex + corners[m, 1] * ey) / depth
        by = (corners[m, 0] * nx + corners[m, 1] * ny + corners[m, 2] * nz) / depth
        if (ay > py) != (by > py) and px < ax + (py - ay) * (bx - ax) / (by - ay):
            odd = not odd
    if is_hole:
        return inside and not (in_hole or odd)
    return odd and not in_hole
