"""Does a shape hold a point of another? Asked when their boundaries are known to be apart."""

from __future__ import annotations

import math

from openline.engine.columns import EXTERIOR, GOES_ON, HOLE, LINE, Floats, Marks
from openline.engine.compiled.chords import following
from openline.engine.compiled.layout import Records
from openline.engine.compiling import kernel

_AXIS = 1e-9
"""Nearer to the Earth's axis than this share of the radius, no direction is east, and any will do."""


@kernel
def holds_some(volumes: Records, corners: Floats, marks: Marks, one: int, other: int) -> bool:
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
    if across > _AXIS:
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
