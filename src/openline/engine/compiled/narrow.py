"""Are two shapes nearer than a limit? Certainly, certainly not, or too near to the limit to say.

Everything is compared in Cartesian metres, so there are no poles, no antimeridian and no projection whose error grows.
The bounds of the distance of two geodesics from that of their chords are those of `openline.geo.pairs`. Where they
leave the answer open, edges are cut along plane sections through the centre, from which a geodesic of length L departs
by no more than 0.0034 L^2 / 8R (`openline.geo.face`), and compared again. What is still open is for `lateral_gap_m`,
whose answer is the one that counts: it lies below the truth by at most its band, and every "certainly" here leaves room
for that band. `tests/properties/test_narrow.py` holds this to GeographicLib.
"""

from __future__ import annotations

import math

from openline.engine.columns import GOES_ON, Floats, Marks
from openline.engine.compiled.chords import cross, edge_edge_2, following, length_2, section_point
from openline.engine.compiled.inside import holds_some
from openline.engine.compiled.layout import POINT, RING, Records
from openline.engine.compiling import kernel
from openline.geo.ellipsoid import RADIUS_MAX_M, RADIUS_MIN_M

APART, NEAR, DOUBTFUL = range(3)

_LONGEST_M = 1_500_000.0
"""Longer edges are left to `lateral_gap_m`."""
_WIDEST_M = 1_500_000.0
"""So are wider shapes."""
_FARTHEST_M = 3_000_000.0
"""And larger limits."""
_ROUNDING_M = 0.01
_BAND_M = 0.1
"""See `openline.geo.separation.LATERAL_BAND_M`; beyond 100 km it grows by `_BAND_RATE` d^3."""
_BAND_RATE = 3e-17
_DEPARTURE = 0.0034 * 1.01 / (8.0 * RADIUS_MIN_M)
"""Times the square of an edge: how far a geodesic lies from the plane of its ends and the centre."""
_CURVED = 1.01
"""More than the square of an arc of 1,500 km over that of its chord."""
_CUT_M = 2_000.0
_CUTS_MAX = 32


@kernel
def limits(limit_m: float, radii_m: float) -> tuple[float, float]:
    """The chord up to which cores are certainly within `limit_m` with their radii; that from which certainly not."""
    apart = limit_m + radii_m
    near = 2.0 * RADIUS_MIN_M * math.sin(apart / (2.0 * RADIUS_MIN_M)) - _ROUNDING_M
    apart += _BAND_M + _BAND_RATE * apart * apart * apart + _ROUNDING_M
    beyond = 2.0 * RADIUS_MAX_M * math.sin(apart / (2.0 * RADIUS_MAX_M))
    return near, beyond


@kernel
def compare(volumes: Records, corners: Floats, marks: Marks, one: int, other: int, limit_m: float) -> int:
    """`NEAR` when `lateral_gap_m` is certainly at most `limit_m`, `APART` when certainly more, or `DOUBTFUL`."""
    a, b = volumes[one], volumes[other]
    radii_m = a.radius_m + b.radius_m
    if limit_m + radii_m > _FARTHEST_M or max(a.longest_m, b.longest_m) > _LONGEST_M:
        return DOUBTFUL
    near, beyond = limits(limit_m, radii_m)
    dx, dy, dz = a.x - b.x, a.y - b.y, a.z - b.z
    between = math.sqrt(dx * dx + dy * dy + dz * dz)
    if between - a.reach_m - b.reach_m > beyond:
        return APART
    if a.form == POINT and b.form == POINT:
        return NEAR if between <= near else DOUBTFUL
    if max(a.reach_m, b.reach_m) > _WIDEST_M:
        return DOUBTFUL
    found, apart = _boundaries(
        corners, marks, a.first, a.count, b.first, b.count, a.longest_m, b.longest_m, near, beyond
    )
    if found != APART or max(a.form, b.form) < RING:
        return found
    # the boundaries are apart: one holds the other, or neither. Faces are drawn with straight edges.
    if apart <= _DEPARTURE * max(a.longest_m, b.longest_m) ** 2 + _ROUNDING_M:
        return DOUBTFUL
    if holds_some(volumes, corners, marks, one, other) or holds_some(volumes, corners, marks, other, one):
        return NEAR
    return APART


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
    beyond: float,
) -> tuple[int, float]:
    """What the edges say, and a lower bound of their distance when that is `APART`, metres."""
    dip = (longest * longest + longer * longer) * _CURVED / (8.0 * RADIUS_MIN_M)
    bend = dip / RADIUS_MIN_M
    slack = (longest**3 + longer**3) * _CURVED**2 / (48.0 * RADIUS_MIN_M * RADIUS_MIN_M)
    # chords nearer than the one, or farther than the other, need no closer look
    surely = (near - 2.0 * slack / (1.0 - bend)) * math.sqrt(1.0 - bend)
    surely_2 = surely * surely if surely > 0.0 else -1.0
    never_2 = (beyond + slack) ** 2 * (1.0 + bend) + dip * dip
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
                found = _closer(corners, i, j, k, m, square, near, beyond)
                if found == NEAR:
                    return NEAR, 0.0
                doubt = doubt or found == DOUBTFUL
    apart = math.sqrt(max(least_2 - dip * dip, 0.0) / (1.0 + bend)) - slack
    return DOUBTFUL if doubt else APART, max(apart, beyond)


@kernel
def _closer(corners: Floats, i: int, j: int, k: int, m: int, square: float, near: float, beyond: float) -> int:
    """Two edges whose chords are `square` apart, first as they are, then cut into short pieces of plane sections."""
    length = math.sqrt(length_2(corners, i, j) * _CURVED)
    other = math.sqrt(length_2(corners, k, m) * _CURVED)
    dip = (length * length + other * other) / (8.0 * RADIUS_MIN_M)
    slack = (length**3 + other**3) / (48.0 * RADIUS_MIN_M * RADIUS_MIN_M)
    if square >= (beyond + slack) ** 2 * (1.0 + dip / RADIUS_MIN_M) + dip * dip:
        return APART
    # once for the geodesics, once because the sections bend a little aside
    departure = 2.0 * _DEPARTURE * (length * length + other * other)
    if cross(corners, i, j, k, m, departure + _ROUNDING_M):
        return NEAR
    cuts = min(max(int(length / _CUT_M), 1), _CUTS_MAX)
    other_cuts = min(max(int(other / _CUT_M), 1), _CUTS_MAX)
    length, other = length / cuts, other / other_cuts
    dip = (length * length + other * other) / (8.0 * RADIUS_MIN_M)
    bend = dip / RADIUS_MIN_M
    slack = (length**3 + other**3) / (48.0 * RADIUS_MIN_M * RADIUS_MIN_M)
    surely = (near - departure - 2.0 * slack / (1.0 - bend)) * math.sqrt(1.0 - bend)
    surely_2 = surely * surely if surely > 0.0 else -1.0
    never_2 = (beyond + departure + slack) ** 2 * (1.0 + bend) + dip * dip
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
    return DOUBTFUL if doubt else APART
