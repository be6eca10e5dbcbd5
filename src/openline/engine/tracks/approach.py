"""The closest approach of two tracks within a slice of time: one formula for numbers and for arrays, and its bounds.

For each slice, at most SLICE_S long, both tracks are moved exactly to its middle (`motion`) and taken on from there as
straight lines: d(t) = D + V t, t in seconds from the middle. Two points of x^2 + y^2 + q z^2 = a^2 differ by a chord
that is exactly perpendicular to m = (x, y, q z) of their sum, the normal between them. So the lateral distance is that
of d(t) with its part along m taken out,

    L(t)^2 = D.D + 2 D.V t + W t^2,   W = V.V - (V.m)^2 / m.m

Bound. Within the slice a track that goes r metres from its middle leaves the straight line by at most k = r^2 / 2R, of
which at most k (reach / 2R) + r^3 / 6R^2 is across m, R = RADIUS_MIN_M, reach = the separation and both r: the slack,
0.04 m for two airliners and 5 NM. A chord is no longer than its geodesic. So L(t) <= geodesic distance + slack, and
every pair whose geodesics come within the separation is found. A pair is found needlessly only within twice the slack
and what L falls short of a geodesic s, s^3 / 24 R^2 + s (r / R)^2 / 2: together under 0.1 m for that pair.

A separation that grows with the uncertainty of both, S + G t, is undercut during one interval, because L is convex:
where (W - G^2) t^2 + 2 (D.V - S G) t + D.D - S^2 <= 0, on the branch on which S + G t is not negative. So it is with
heights. A conflict is what both intervals share (BlueSky's statebased.py has the same tinhor, touthor, tinver, toutver
on a sphere and without growth).
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from openline.engine.compiling import kernel
from openline.engine.tracks.intervals import TINY, below, within
from openline.engine.tracks.reports import Floats, Ints
from openline.engine.tracks.sharing import row_of_13, shared
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
X_PRIME, Y_PRIME = 73_856_093, 19_349_669
HALF = ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1))
"""A column of cells itself and four of its eight neighbours: the other four look back at it."""
_RUNS = tuple(x * X_PRIME + y * Y_PRIME - 1 for x, y in HALF)

_Value = TypeVar("_Value", float, Floats)
_Singles = npt.NDArray[np.float32]


@shared
def meeting(
    a: Floats, b: Floats, lateral_m: float, vertical_m: float, half_s: float
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
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



@shared
def _tried(
    states: Floats, i: int, j: int, minimum: tuple[float, float, float], pairs: Ints, values: Floats, found: int
) -> int:
    """Write the pair when it meets; how many have been found with it."""
    begin, end, closest, lateral, vertical = meeting(row_of_13(states, i), row_of_13(states, j), minimum[0], minimum[1], minimum[2])
    if begin > end:
        return found
    if found < len(pairs):
        pairs[found, 0], pairs[found, 1] = min(i, j), max(i, j)
        values[found, 0], values[found, 1], values[found, 2], values[found, 3] = begin, closest, lateral, vertical
    return found + 1


@kernel
def meetings(
    states: Floats,
    grid: tuple[Ints, Ints, float, int],
    minimum: tuple[float, float, float],
    pairs: Ints,
    values: Floats,
) -> int:
    """Write every pair that meets in a slice to `pairs` and `values`; how many there are, even when not all fit.

    `states`, (n, 13): see `slices`. `grid`: the tracks to sort into cells, in ascending order; those to compare with
    all; the side of a cell; the number of buckets, a power of two. `minimum`: lateral and vertical metres, half of the
    slice. `pairs`, (room, 2): the lower index first; one pair may come twice. `values`, (room, 4): begin, closest
    approach, lateral and vertical metres.

    Cells are cubes. The bucket of a cell is that of its column plus its number in the column, modulo the buckets, so
    three neighbours in a column are one run. Columns that share buckets cost time and change nothing.
    """
    sorted_, wide, cell_m, buckets = grid
    lateral_m, vertical_m, half_s = minimum
    names = np.empty(len(sorted_), np.int64)
    starts = np.zeros(buckets + 2, np.int32)
    for p in range(len(sorted_)):
        i = sorted_[p]
        column = int(np.floor(states[i, 0] / cell_m)) * X_PRIME + int(np.floor(states[i, 1] / cell_m)) * Y_PRIME
        names[p] = column + int(np.floor(states[i, 2] / cell_m))
        starts[(names[p] & (buckets - 1)) + 2] += 1
    for k in range(2, buckets + 2):
        starts[k] += starts[k - 1]
    rows = np.empty((len(sorted_), 6), np.float32)
    whose = np.empty(len(sorted_), np.int32)
    for p in range(len(sorted_)):
        bucket = names[p] & (buckets - 1)
        q = starts[bucket + 1]
        starts[bucket + 1] += 1
        whose[q] = p
        row = row_of_13(states, sorted_[p])
        rows[q, 0], rows[q, 1], rows[q, 2], rows[q, 3] = row[0], row[1], row[2], row[6]
        rows[q, 4], rows[q, 5] = row[12] + row[8] + row[9] * half_s, abs(row[7]) * half_s + row[10] + row[11] * half_s
    found = 0
    for q in range(len(sorted_)):
        p = whose[q]
        x, y, z, h = rows[q, 0], rows[q, 1], rows[q, 2], rows[q, 3]
        reach, rise = rows[q, 4] + np.float32(lateral_m + PREFILTER_M), rows[q, 5] + np.float32(vertical_m + PREFILTER_M)
        for neighbour in _RUNS:
            first = (names[p] + neighbour) & (buckets - 1)
            # a run over the last bucket goes on at the first
            for part in range(1 if first + 3 <= buckets else 2):
                low = starts[first] if part == 0 else 0
                high = starts[min(first + 3, buckets)] if part == 0 else starts[first + 3 - buckets]
                if neighbour == -1:
                    low = max(low, q + 1)
                # without signs nothing checks for indexes from the end
                for k in range(np.uint64(low), np.uint64(high)):
                    dx, dy, dz, most = rows[k, 0] - x, rows[k, 1] - y, rows[k, 2] - z, reach + rows[k, 4]
                    # both at once: one branch, that is nearly never taken
                    if (dx * dx + dy * dy + dz * dz <= most * most) & (abs(rows[k, 3] - h) <= rise + rows[k, 5]):
                        i, j = sorted_[p], sorted_[whose[k]]
                        if i != j:
                            found = _tried(states, i, j, minimum, pairs, values, found)
    is_wide = np.zeros(len(states), np.bool_)
    for i in wide:
        is_wide[i] = True
        for j in range(len(states)):
            if not is_wide[j]:
                found = _tried(states, i, j, minimum, pairs, values, found)
    return found
