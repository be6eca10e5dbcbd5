"""The closest approach of two tracks within a slice of time: one formula for numbers and for arrays, and its bounds.

For each slice, at most SLICE_S long, both tracks are moved exactly to its middle (`motion`) and taken on from there as
straight lines: d(t) = D + V t, t in seconds from the middle. Two points of x^2 + y^2 + q z^2 = a^2 differ by a chord
that is exactly perpendicular to m = (x, y, q z) of their sum, the normal between them. So the lateral distance is that
of d(t) with its part along m taken out,

    L(t)^2 = D.D + 2 D.V t + W t^2,   W = V.V - (V.m)^2 / m.m

Bound. Within the slice a track that goes r metres from its middle leaves the straight line by at most k = r^2 / 2R, of
which at most k (reach / 2R) + r^3 / 6R^2 is across m, R = RADIUS_MIN_M, reach = the separation and both r: the slack,
0.1 m for two airliners and 5 NM. A chord is no longer than its geodesic. So L(t) <= geodesic distance + slack, and
every pair whose geodesics come within the separation is found. A pair is found needlessly only within twice the slack
and what L falls short of a geodesic s, s^3 / 24 R^2 + s (r / R)^2 / 2: together under 0.25 m for that pair.

A separation that grows with the uncertainty of both, S + G t, is undercut during one interval, because L is convex:
where (W - G^2) t^2 + 2 (D.V - S G) t + D.D - S^2 <= 0, on the branch on which S + G t is not negative. So it is with
heights. A conflict is what both intervals share (BlueSky's statebased.py has the same tinhor, touthor, tinver, toutver
on a sphere and without growth).
"""

from __future__ import annotations

import numpy as np

from openline.engine.compiling import kernel
from openline.engine.tracks.intervals import TINY, below, within
from openline.engine.tracks.reports import Floats, Ints
from openline.engine.tracks.sharing import Row, Value, row_of_13, shared
from openline.engine.tracks.strips import FEW, HALF, Workroom, bin_of, sort_into_strips, strip_of
from openline.geo.ellipsoid import ECCENTRICITY_SQUARED, RADIUS_MIN_M

KEPT_M = 1e-3
"""A vertical gap short of the separation by no more than this counts as the separation kept: level traffic stacked
exactly at the minimum is no conflict for the sake of rounding."""
ROUNDING_M = 1e-3
"""More than all rounding of lateral metres."""
PREFILTER_M = 4.0
"""More than rounding Cartesian metres to single precision can take from a distance."""

_Q = 1.0 / (1.0 - ECCENTRICITY_SQUARED)
_CHORD = 1.0 / (24.0 * 6_371_000.0**2)
"""Of the chord's cube what its geodesic is longer; within 1 % of that."""
_ASIDE = 1.0 / (4.0 * RADIUS_MIN_M**2)
_TURNED = 1.0 / (6.0 * RADIUS_MIN_M**2)


@shared
def meeting(
    a: Row, b: Row, lateral_m: float, vertical_m: float, half_s: float
) -> tuple[Value, Value, Value, Value, Value]:
    """When in the slice two tracks undercut both separations at one instant; of a row of a state each, or of columns.

    Begin and end, seconds from the middle (the end before the begin when never); and of the closest approach in
    between its instant, lateral metres along the geodesic and vertical metres. The same for b and a, to the last bit.
    """
    dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    mx, my, mz = b[0] + a[0], b[1] + a[1], _Q * (b[2] + a[2])
    vx, vy, vz = b[3] - a[3], b[4] - a[4], b[5] - a[5]
    vm = vx * mx + vy * my + vz * mz
    # antipodes have no normal between them, and no separation that could matter
    mm = np.maximum(mx * mx + my * my + mz * mz, 1.0)
    dd = dx * dx + dy * dy + dz * dz
    dv = dx * vx + dy * vy + dz * vz
    vv = np.maximum(vx * vx + vy * vy + vz * vz - vm * vm / mm, 0.0)
    aside = a[12] * a[12] + b[12] * b[12]
    turned = a[12] * a[12] * a[12] + b[12] * b[12] * b[12]
    plain_m = lateral_m + (a[8] + b[8])
    keep_m = plain_m + (aside * (plain_m + (a[12] + b[12])) * _ASIDE + turned * _TURNED + ROUNDING_M)
    widens = a[9] + b[9]
    begin, end = within(vv - widens * widens, dv - keep_m * widens, dd - keep_m * keep_m)
    begin, end = np.maximum(begin, -half_s), np.minimum(end, half_s)
    gap, climb = b[6] - a[6], b[7] - a[7]
    keep_m, widens = vertical_m + (a[10] + b[10]) - KEPT_M, a[11] + b[11]
    begin, end = below(climb - widens, keep_m - gap, begin, end)
    begin, end = below(-climb - widens, keep_m + gap, begin, end)
    closest = np.minimum(np.maximum(-dv / np.maximum(vv, TINY), begin), end)
    squared = np.maximum(dd + closest * (2.0 * dv + closest * vv), 0.0)
    chord = np.sqrt(squared)
    return begin, end, closest, chord + chord * squared * _CHORD, np.abs(gap + closest * climb)


_Minimum = tuple[float, float, float]
_AT_ONCE = 4_096
"""Pairs to be judged wait until they are so many: to call something costs more than to judge one."""


@kernel
def meetings(  # noqa: PLR0912 -- one loop: to hand on arrays costs more than what is done between two calls
    states: Floats,
    grid: tuple[Ints, Ints, float, Ints, float, float],
    minimum: _Minimum,
    room: Workroom,
    pairs: Ints,
    values: Floats,
) -> int:
    """Write every pair that meets in a slice to `pairs` and `values`; how many there are, even when not all fit.

    `states`, (n, 13): see `slices`. `grid`: the tracks to sort into strips; those to compare with all; height of a row
    and bins of each (`strips`); depth of a layer; how far, at most, a straight line leaves the surface. `minimum`:
    lateral and vertical metres, half of the slice. `room`: to sort in. `pairs`, (room, 2): the lower index first; one
    pair may come twice. `values`, (room, 4): begin, closest approach, lateral and vertical metres.
    """
    sorted_, wide, step, bins, layer_m, bulge_m = grid
    homes, turns, _, starts, rows, going, order = room
    sort_into_strips(states, sorted_, minimum[2], (step, bins, layer_m), room)
    buckets = len(starts) - 4
    half_s, bulge = np.float32(minimum[2]), np.float32(bulge_m * bulge_m)
    found, waiting, near = 0, 0, np.empty((_AT_ONCE, 2), np.int64)
    # along the strips, so that what is read next lies next in memory
    for q in range(len(sorted_)):
        p = order[q]
        home, layer, turn = int(homes[p, 0]), int(homes[p, 1]), turns[p]
        x, y, z, h = rows[q, 0], rows[q, 1], rows[q, 2], rows[q, 3]
        reach = rows[q, 4] + np.float32(minimum[0] + PREFILTER_M)
        rise = rows[q, 5] + np.float32(minimum[1] + PREFILTER_M)
        for north, above in HALF:
            if home + north == len(bins):
                continue
            count = bins[home + north]
            middle, strip = bin_of(turn, count), strip_of(home + north, layer + above)
            first, last, other = middle - 1, middle + 1, -1
            if count <= FEW:
                first, last = 0, count - 1
            elif first < 0:
                first, other = 0, count - 1
            elif last == count:
                last, other = count - 1, 0
            # where a run goes over the antimeridian, one bin is left for a second part
            for part in range(1 if other < 0 else 2):
                if part == 1:
                    first, last = other, other
                bucket = (strip + first) & (buckets - 1)
                # within its own strip a pair is met from both sides
                low = max(starts[bucket], q + 1) if north == 0 and above == 0 else starts[bucket]
                # without signs nothing checks for indexes from the end
                for k in range(np.uint64(low), np.uint64(starts[bucket + last - first + 1])):
                    dx, dy, dz, most = rows[k, 0] - x, rows[k, 1] - y, rows[k, 2] - z, reach + rows[k, 4]
                    # both at once: one branch, that is nearly never taken
                    if (dx * dx + dy * dy + dz * dz <= most * most) & (abs(rows[k, 3] - h) <= rise + rows[k, 5]):
                        u, v, w = going[k, 0] - going[q, 0], going[k, 1] - going[q, 1], going[k, 2] - going[q, 2]
                        t = -(dx * u + dy * v + dz * w) / max(u * u + v * v + w * w, np.float32(1e-6))
                        t = min(max(t, -half_s), half_s)
                        dx, dy, dz = dx + t * u, dy + t * v, dz + t * w
                        most = np.float32(minimum[0] + PREFILTER_M) + going[q, 3] + going[k, 3]
                        if dx * dx + dy * dy + dz * dz > most * most + bulge:
                            continue
                        near[waiting, 0], near[waiting, 1] = sorted_[p], sorted_[order[k]]
                        waiting += 1
                        if waiting == _AT_ONCE:
                            found = _judged(states, near, minimum, pairs, values, found)
                            waiting = 0
    is_wide = np.zeros(len(states), np.bool_)
    for i in wide:
        is_wide[i] = True
        for j in range(len(states)):
            if not is_wide[j]:
                near[waiting, 0], near[waiting, 1] = i, j
                waiting += 1
                if waiting == _AT_ONCE:
                    found = _judged(states, near, minimum, pairs, values, found)
                    waiting = 0
    return _judged(states, near[:waiting], minimum, pairs, values, found)


@shared
def _judged(states: Floats, near: Ints, minimum: _Minimum, pairs: Ints, values: Floats, found: int) -> int:
    """Write those of the pairs `near`, (any, 2), that meet; how many have been found with them."""
    for k in range(len(near)):
        i, j = min(near[k, 0], near[k, 1]), max(near[k, 0], near[k, 1])
        begin, end, closest, lateral, vertical = meeting(
            row_of_13(states, i), row_of_13(states, j), minimum[0], minimum[1], minimum[2]
        )
        # strips that share buckets may bring a track to itself
        if begin <= end and i != j:
            if found < len(pairs):
                pairs[found, 0], pairs[found, 1] = i, j
                values[found, 0], values[found, 1], values[found, 2], values[found, 3] = (
                    begin,
                    closest,
                    lateral,
                    vertical,
                )
            found += 1
    return found
