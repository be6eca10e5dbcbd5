"""A track and a volume within a slice of time: one set of formulas for numbers and for arrays, and its bounds.

A state (`slices`) is taken from the middle of the slice along the circle that osculates the track there, over at most
PIECE_S at a time, and drawn in the plane of the outline (`outlines`). There it is a straight line within

    bend of the edges and of the track + what a straight line at constant speed misses of the projection + of the circle
    BEND t (EDGE_M^2 + (2 r)^2) / R    + 1.3 t r^2 / R                                                  + 1e-16 s^3 / m^2

with r half of the piece, s half of the slice, both metres flown, t the angle seen from the middle of the outline, and
R = RADIUS_MIN_M. Distances in the plane are not below the true ones and above by a factor of at most 1 + GROWTH tan(t)^2.
So the separation is multiplied with that factor and this slack is added: no track is missed whose geodesic comes
within the separation of the outline; one is found needlessly only within twice the slack and the factor, together
0.3 m for an airliner, 5 NM and a volume of 30 km across, and 3 m for one of 200 km.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from openline.engine.compiling import kernel
from openline.engine.tracks.intervals import EVER_S, TINY, below, choose, within
from openline.engine.tracks.approach import X_PRIME, Y_PRIME
from openline.engine.tracks.outlines import BEND, EDGE_M, FARTHEST_M, GROWTH
from openline.engine.tracks.reports import Floats, Ints
from openline.engine.tracks.sharing import Row, row_of_8, row_of_13, row_of_15, shared
from openline.geo.ellipsoid import ECCENTRICITY_SQUARED, RADIUS_MIN_M

PIECE_S = 60.0
"""Longest piece of a slice, seconds."""
PREFILTER_M = 10.0
"""More than single precision and the circle can take from a distance."""
KEPT_M = 1e-3
"""As in `approach`."""

_Q = 1.0 / (1.0 - ECCENTRICITY_SQUARED)
_ROUNDING_M = 0.002
_PER_RADIUS = 1.0 / RADIUS_MIN_M

_RUNS = tuple(x * X_PRIME + y * Y_PRIME - 1 for x in (-1, 0, 1) for y in (-1, 0, 1))
_Value = TypeVar("_Value", float, Floats)


@shared
def agreeing(
    row: Floats, frame: Floats, limit: Floats, reach_m: _Value, vertical_m: float, half_s: float
) -> tuple[_Value, _Value]:
    """From when until when in the slice a volume matters to a track; the end before the begin when never.

    That is while height and window are undercut (the window with its end), and while the track, on a straight line
    through its place in the middle of the slice, is within reach of the outline's middle. From that line it departs by
    no more than the sagitta.
    """
    x, y, z = row[0] - frame[0], row[1] - frame[1], row[2] - frame[2]
    near_m = reach_m + row[12] * row[12] * (0.51 * _PER_RADIUS) + 1.0
    begin, end = within(
        row[3] * row[3] + row[4] * row[4] + row[5] * row[5],
        x * row[3] + y * row[4] + z * row[5],
        x * x + y * y + z * z - near_m * near_m,
    )
    begin = np.maximum(np.maximum(begin, limit[2]), -half_s)
    end = np.minimum(np.minimum(end, limit[3]), half_s)
    keep_m = vertical_m + row[10] - KEPT_M
    begin, end = below(row[7] - row[11], limit[1] - row[6] + keep_m, begin, end)
    return below(-row[7] - row[11], row[6] - limit[0] + keep_m, begin, end)


@shared
def place(row: Floats, frame: Floats, t: _Value) -> tuple[_Value, _Value, _Value]:
    """Where the track is `t` seconds from the middle of the slice, Cartesian metres from the middle of an outline.

    Sine and cosine of the circle by their series, up to the fifth power of an angle of at most 0.1.
    """
    mx, my, mz = row[0], row[1], _Q * row[2]
    turn = (row[3] * row[3] + row[4] * row[4] + _Q * (row[5] * row[5])) / (mx * mx + my * my + mz * mz)
    square = turn * t * t
    along = t * (1.0 - square * (1.0 - square * 0.05) / 6.0)
    down = -turn * t * t * (0.5 - square * (1.0 - square / 30.0) / 24.0)
    return (
        row[0] - frame[0] + along * row[3] + down * mx,
        row[1] - frame[1] + along * row[4] + down * my,
        row[2] - frame[2] + along * row[5] + down * mz,
    )


@shared
def drawn(frame: Floats, place_m: tuple[_Value, _Value, _Value]) -> tuple[_Value, _Value]:
    """Where in the plane of an outline a place is, metres; see `outlines`."""
    x, y, z = place_m
    factor = frame[12] / np.maximum(frame[12] + (x * frame[9] + y * frame[10] + z * frame[11]), 1.0)
    return (x * frame[3] + y * frame[4] + z * frame[5]) * factor, (x * frame[6] + y * frame[7] + z * frame[8]) * factor


@shared
def going(row: Floats, frame: Floats, since: _Value, lasts_s: _Value) -> tuple[_Value, _Value, _Value, _Value]:
    """The straight line in the plane of an outline for the track from `since` on: its begin and its velocity."""
    x, y = drawn(frame, place(row, frame, since))
    to_x, to_y = drawn(frame, place(row, frame, since + lasts_s))
    per_s = 1.0 / np.maximum(lasts_s, TINY)
    return x, y, (to_x - x) * per_s, (to_y - y) * per_s


@shared
def margins(
    row: Floats, frame: Floats, piece_m: _Value, lateral_m: float, half_s: float
) -> tuple[_Value, _Value, _Value]:
    """How far from the middle of an outline a place can matter, metres; `piece_m` is half of a piece's length.

    And how the separation from the edges is reckoned in the plane: at the middle of the slice, and its growth a second.
    """
    reach = frame[13] + lateral_m + row[8] + row[9] * half_s
    angle = np.minimum(reach + 2.0 * piece_m, FARTHEST_M) * _PER_RADIUS
    factor = 1.0 + GROWTH * (angle * angle) * (1.0 + angle * angle)
    bends = BEND * (EDGE_M * EDGE_M + 4.0 * (piece_m * piece_m)) + 1.3 * (piece_m * piece_m)
    slack = angle * bends * _PER_RADIUS + 1e-16 * (row[12] * row[12] * row[12]) + _ROUNDING_M
    return reach, (lateral_m + row[8] + frame[14]) * factor + slack, row[9] * factor


@shared
def touching(
    line: tuple[_Value, _Value, _Value, _Value], edge: Floats, keep_m: _Value, widens: _Value, lasts_s: _Value
) -> _Value:
    """When a straight line first comes within a growing distance of an edge, or of the vertex that it begins with.

    `line`: where it begins, x and y, and its velocity; seconds from its begin, up to `lasts_s`, else EVER_S. `keep_m`
    and its growth `widens` are those at its begin.
    """
    x, y, u, v = line[0] - edge[0], line[1] - edge[1], line[2], line[3]
    first, last = within(
        u * u + v * v - widens * widens, x * u + y * v - keep_m * widens, x * x + y * y - keep_m * keep_m
    )
    first = np.maximum(first, 0.0)
    near = first <= np.minimum(last, lasts_s)
    along, across = x * edge[4] + y * edge[5], edge[4] * y - edge[5] * x
    by, aside = u * edge[4] + v * edge[5], edge[4] * v - edge[5] * u
    begin, end = below(by, edge[6] - along, 0.0 * lasts_s, lasts_s)
    begin, end = below(-by, along, begin, end)
    begin, end = below(aside - widens, keep_m - across, begin, end)
    begin, end = below(-aside - widens, keep_m + across, begin, end)
    return np.minimum(choose(begin <= end, begin, EVER_S), choose(near, first, EVER_S))


@shared
def nearby(keep_m: _Value, widens: _Value, lasts_s: _Value) -> _Value:
    """The greatest distance from an edge, squared, at which it is worth asking when it is touched."""
    most_m = keep_m + widens * lasts_s + _ROUNDING_M
    return most_m * most_m


@shared
def crosses(line: tuple[_Value, _Value, _Value, _Value], edge: Floats) -> _Value:
    """Whether a ray from where the line begins towards x crosses the side of a ring; an odd number of sides is inside."""
    x, y = line[0], line[1]
    rises = edge[3] > edge[1]
    turns = (edge[2] - edge[0]) * (y - edge[1]) - (edge[3] - edge[1]) * (x - edge[0])
    return edge[7] * ((edge[1] > y) != (edge[3] > y)) * ((turns > 0.0) == rises)


@shared
def apart(line: tuple[_Value, _Value, _Value, _Value], edge: Floats, lasts_s: _Value) -> _Value:
    """The least distance between the line, while it lasts, and an edge, squared; 0 where they cross."""
    ax, ay = edge[0] - line[0], edge[1] - line[1]
    bx, by = edge[2] - line[0], edge[3] - line[1]
    u, v = line[2] * lasts_s, line[3] * lasts_s
    per = 1.0 / np.maximum(u * u + v * v, 1e-12)
    e, f, length = edge[4], edge[5], edge[6]
    s = np.minimum(np.maximum((ax * u + ay * v) * per, 0.0), 1.0)
    x, y = ax - s * u, ay - s * v
    nearest = x * x + y * y
    s = np.minimum(np.maximum((bx * u + by * v) * per, 0.0), 1.0)
    x, y = bx - s * u, by - s * v
    nearest = np.minimum(nearest, x * x + y * y)
    s = np.minimum(np.maximum(-(ax * e + ay * f), 0.0), length)
    x, y = ax + s * e, ay + s * f
    nearest = np.minimum(nearest, x * x + y * y)
    s = np.minimum(np.maximum((u - ax) * e + (v - ay) * f, 0.0), length)
    x, y = ax + s * e - u, ay + s * f - v
    nearest = np.minimum(nearest, x * x + y * y)
    across = ((u * ay - v * ax) * (u * by - v * bx) < 0.0) & ((ay * e - ax * f) * ((ay - v) * e - (ax - u) * f) < 0.0)
    return nearest * (1 - across)



@shared
def tried(
    state: Row,
    i: int,
    v: int,
    volumes: tuple[Floats, Floats, Floats, Ints],
    minimum: tuple[float, float, float, int],
    pairs: Ints,
    values: Floats,
    found: int,
) -> int:
    """Write each piece in which the track and the volume come together; how many have been found with them."""
    frames, edges, limits, first_edge = volumes
    lateral_m, vertical_m, half_s, pieces = minimum
    limit, frame = (limits[v, 0], limits[v, 1], limits[v, 2], limits[v, 3]), row_of_15(frames, v)
    piece_m = state[12] / pieces
    reach, keep_m, widens = margins(state, frame, piece_m, lateral_m, half_s)
    begin, end = agreeing(state, frame, limit, reach, vertical_m, half_s)
    if begin > end:
        return found
    for piece in range(pieces):
        middle_s = half_s * ((2 * piece + 1) / pieces - 1.0)
        since, until = np.maximum(begin, middle_s - half_s / pieces), np.minimum(end, middle_s + half_s / pieces)
        if since > until:
            continue
        first_s, least = since, 0.0
        if reach + 2.0 * piece_m <= FARTHEST_M:
            lasts_s = until - since
            line = going(state, frame, since, lasts_s)
            keep = keep_m + widens * since
            first_s, least, inside = EVER_S, EVER_S, 0.0
            for e in range(first_edge[v], first_edge[v + 1]):
                edge = row_of_8(edges, e)
                squared = apart(line, edge, lasts_s)
                least = np.minimum(least, squared)
                inside += crosses(line, edge)
                if squared <= nearby(keep, widens, lasts_s):
                    first_s = np.minimum(first_s, touching(line, edge, keep, widens, lasts_s))
            if inside % 2.0 == 1.0:
                first_s, least = 0.0, 0.0
            if first_s == EVER_S:
                continue
            first_s, least = since + first_s, np.maximum(np.sqrt(least) - frame[14], 0.0)
        if found < len(pairs):
            pairs[found, 0], pairs[found, 1], values[found, 0], values[found, 1] = i, v, first_s, least
        found += 1
    return found


@kernel
def crossings(
    states: Floats,
    grid: tuple[Ints, Ints, float, float, int],
    volumes: tuple[Floats, Floats, Floats, Ints],
    minimum: tuple[float, float, float, int],
    pairs: Ints,
    values: Floats,
) -> int:
    """Write every track and volume that come together in a piece; how many there are, even when not all fit.

    `states`, (n, 13): see `slices`. `grid`: the volumes to sort into cells; those to compare with all tracks; the reach
    of the tracks that are to be compared with all volumes; the side of a cell; the number of buckets, a power of two. `volumes`: frames and edges as in `outlines`; (v, 4) lowest, highest,
    start and end, from the middle of the slice; first edges. `minimum`: lateral and vertical metres, half of the slice,
    pieces. `pairs`, (room, 2): track and volume; one pair may come again in each piece. `values`, (room, 2): first
    seconds from the middle of the slice, least lateral metres. Cells are named as in `approach.meetings`.
    """
    sorted_, wide, most_m, cell_m, buckets = grid
    frames, half_s = volumes[0], minimum[2]
    names = np.empty(len(sorted_), np.int64)
    starts = np.zeros(buckets + 2, np.int32)
    for p in range(len(sorted_)):
        frame = row_of_15(frames, sorted_[p])
        column = int(np.floor(frame[0] / cell_m)) * X_PRIME + int(np.floor(frame[1] / cell_m)) * Y_PRIME
        names[p] = column + int(np.floor(frame[2] / cell_m))
        starts[(names[p] & (buckets - 1)) + 2] += 1
    for k in range(2, buckets + 2):
        starts[k] += starts[k - 1]
    rows = np.empty((len(sorted_), 6), np.float32)
    whose = np.empty(len(sorted_), np.int64)
    for p in range(len(sorted_)):
        bucket, v = names[p] & (buckets - 1), sorted_[p]
        q = starts[bucket + 1]
        starts[bucket + 1] += 1
        whose[q] = v
        rows[q, 0], rows[q, 1], rows[q, 2], rows[q, 3] = frames[v, 0], frames[v, 1], frames[v, 2], frames[v, 13]
        rows[q, 4], rows[q, 5] = volumes[2][v, 0], volumes[2][v, 1]
    found = 0
    for i in range(len(states)):
        state = row_of_13(states, i)
        for v in wide:
            found = tried(state, i, v, volumes, minimum, pairs, values, found)
        if state[12] + state[8] + state[9] * half_s > most_m:
            for v in sorted_:
                found = tried(state, i, v, volumes, minimum, pairs, values, found)
            continue
        x, y, z, h = np.float32(state[0]), np.float32(state[1]), np.float32(state[2]), np.float32(state[6])
        reach = np.float32(state[12] + state[8] + state[9] * half_s + (minimum[0] + PREFILTER_M))
        rise = np.float32((abs(state[7]) + state[11]) * half_s + state[10] + (minimum[1] + PREFILTER_M))
        column = int(np.floor(state[0] / cell_m)) * X_PRIME + int(np.floor(state[1] / cell_m)) * Y_PRIME
        name = column + int(np.floor(state[2] / cell_m))
        for neighbour in _RUNS:
            first = (name + neighbour) & (buckets - 1)
            # a run over the last bucket goes on at the first
            for part in range(1 if first + 3 <= buckets else 2):
                low = starts[first] if part == 0 else 0
                high = starts[min(first + 3, buckets)] if part == 0 else starts[first + 3 - buckets]
                # without signs nothing checks for indexes from the end
                for k in range(np.uint64(low), np.uint64(high)):
                    dx, dy, dz, most = rows[k, 0] - x, rows[k, 1] - y, rows[k, 2] - z, rows[k, 3] + reach
                    is_near = dx * dx + dy * dy + dz * dz <= most * most
                    # all at once: one branch, that is nearly never taken
                    if is_near & (rows[k, 4] - h <= rise) & (h - rows[k, 5] <= rise):
                        found = tried(state, i, whose[k], volumes, minimum, pairs, values, found)
    return found
