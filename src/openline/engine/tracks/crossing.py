"""A track and a volume within a slice of time: one set of formulas for numbers and for arrays, and its bounds.

A state (`slices`) is taken from the middle of the slice along the circle that osculates the track there, over at most
PIECE_S at a time, and drawn in the plane of the outline (`outlines`). There it is a straight line within

    BEND t (EDGE_M^2 + (2 r)^2) / R  +  1.3 t r^2 / R  +  1e-16 s^3 / m^2

of the geodesics of the track and of the edges: the terms are the bend of both, what constant speed in the plane misses
of the projection, and what the circle misses of the ellipsoid; r is half of the piece, s half of the slice, both in
metres flown, t the angle seen from the middle of the outline, R = RADIUS_MIN_M. Distances in the plane are not below
the true ones, and above by a factor of at most 1 + GROWTH tan(t)^2. So the separation is multiplied by that factor and
this slack is added: no track is missed whose geodesic comes within the separation of the outline. One is found
needlessly only within twice the slack and the factor: together 0.5 m for an airliner, 5 NM, a volume 30 km across.
"""

from __future__ import annotations

import numpy as np

from openline.engine.compiling import kernel
from openline.engine.tracks.cells import WHOLE_RUNS, name_of, parts_of, rows_of, run_of, sorted_into
from openline.engine.tracks.intervals import EVER_S, TINY, below, choose, within
from openline.engine.tracks.outlines import BEND, EDGE_M, FARTHEST_M, GROWTH
from openline.engine.tracks.reports import Floats, Ints
from openline.engine.tracks.sharing import Row, Value, row_of_8, row_of_13, row_of_15, shared
from openline.geo.ellipsoid import ECCENTRICITY_SQUARED, RADIUS_MIN_M

PIECE_S = 60.0
"""Longest piece of a slice, seconds."""
PREFILTER_M = 10.0
"""More than single precision and the circle can take from a distance."""
KEPT_M = 1e-3
"""As in `approach`."""

FIRST_SIDE = 2.0
"""The kind of edge with which a polygon begins."""

_Q = 1.0 / (1.0 - ECCENTRICITY_SQUARED)
_ROUNDING_M = 0.002
_PER_RADIUS = 1.0 / RADIUS_MIN_M


@shared
def agreeing(row: Row, frame: Row, limit: Row, reach_m: Value, vertical_m: float, half_s: float) -> tuple[Value, Value]:
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
def place(row: Row, frame: Row, t: Value) -> tuple[Value, Value, Value]:
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
def drawn(frame: Row, place_m: tuple[Value, Value, Value]) -> tuple[Value, Value]:
    """Where in the plane of an outline a place is, metres; see `outlines`."""
    x, y, z = place_m
    factor = frame[12] / np.maximum(frame[12] + (x * frame[9] + y * frame[10] + z * frame[11]), 1.0)
    return (x * frame[3] + y * frame[4] + z * frame[5]) * factor, (x * frame[6] + y * frame[7] + z * frame[8]) * factor


@shared
def going(row: Row, frame: Row, since: Value, lasts_s: Value) -> Row:
    """The straight line in the plane of an outline for the track from `since` on: its begin and its velocity."""
    x, y = drawn(frame, place(row, frame, since))
    to_x, to_y = drawn(frame, place(row, frame, since + lasts_s))
    per_s = 1.0 / np.maximum(lasts_s, TINY)
    return x, y, (to_x - x) * per_s, (to_y - y) * per_s


@shared
def margins(row: Row, frame: Row, piece_m: Value, lateral_m: float, half_s: float) -> tuple[Value, Value, Value]:
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
def touching(line: Row, edge: Row, keep_m: Value, widens: Value, lasts_s: Value) -> Value:
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
def nearby(keep_m: Value, widens: Value, lasts_s: Value) -> Value:
    """The greatest distance from an edge, squared, at which it is worth asking when it is touched."""
    most_m = keep_m + widens * lasts_s + _ROUNDING_M
    return most_m * most_m


@shared
def crosses(line: Row, edge: Row) -> Value:
    """1 where the ray from the line's begin towards x crosses a side: an odd number of a polygon's is inside."""
    x, y = line[0], line[1]
    rises = edge[3] > edge[1]
    turns = (edge[2] - edge[0]) * (y - edge[1]) - (edge[3] - edge[1]) * (x - edge[0])
    return (edge[7] > 0.0) * ((edge[1] > y) != (edge[3] > y)) * ((turns > 0.0) == rises)


@shared
def apart(line: Row, edge: Row, lasts_s: Value) -> Value:
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


_Volumes = tuple[Floats, Floats, Floats, Ints]
_Minimum = tuple[float, float, float, int]
_Found = tuple[Ints, Floats]


@kernel
def crossings(
    states: Floats,
    grid: tuple[Ints, Ints, Ints, Ints, float, int],
    volumes: _Volumes,
    minimum: _Minimum,
    pairs: Ints,
    values: Floats,
) -> int:
    """Write every track and volume that come together in a piece; how many there are, even when not all fit.

    `states`, (n, 13): see `slices`. `grid`: the tracks to sort into cells, the other tracks, the volumes to ask the
    cells for, the other volumes (what is other is compared with all); the side of a cell; the number of buckets.
    `volumes`: frames and edges as in `outlines`; (v, 4) lowest, highest, start and end, from the middle of the slice;
    first edges. `minimum`: lateral and vertical metres, half of the slice, pieces. `pairs`, (room, 2): track and
    volume; one pair may come in every piece, and twice. `values`, (room, 2): first seconds from the middle of the
    slice, least lateral metres.
    """
    sorted_, wide, small, large, cell_m, buckets = grid
    frames, limits = volumes[0], volumes[2]
    _, starts, places = sorted_into(buckets, states, sorted_, cell_m)
    rows, whose = rows_of(states, sorted_, places, minimum[2])
    found = 0
    for v in small:
        for i in wide:
            found = _tried(states, i, v, volumes, minimum, (pairs, values), found)
        x, y, z = np.float32(frames[v, 0]), np.float32(frames[v, 1]), np.float32(frames[v, 2])
        reach = np.float32(frames[v, 13] + (minimum[0] + PREFILTER_M))
        lowest = np.float32(limits[v, 0] - (minimum[1] + PREFILTER_M))
        highest = np.float32(limits[v, 1] + (minimum[1] + PREFILTER_M))
        name = name_of(frames, v, cell_m)
        for offset in WHOLE_RUNS:
            first = (name + offset) & (buckets - 1)
            for part in range(parts_of(first, buckets)):
                low, high = run_of(starts, first, part, buckets)
                # without signs nothing checks for indexes from the end
                for k in range(np.uint64(low), np.uint64(high)):
                    dx, dy, dz, most = rows[k, 0] - x, rows[k, 1] - y, rows[k, 2] - z, rows[k, 4] + reach
                    is_near = dx * dx + dy * dy + dz * dz <= most * most
                    # all at once: one branch, that is nearly never taken
                    if is_near & (rows[k, 3] + rows[k, 5] >= lowest) & (rows[k, 3] - rows[k, 5] <= highest):
                        found = _tried(states, whose[k], v, volumes, minimum, (pairs, values), found)
    for v in large:
        for i in range(len(states)):
            found = _tried(states, i, v, volumes, minimum, (pairs, values), found)
    return found


@shared
def _tried(states: Floats, i: int, v: int, volumes: _Volumes, minimum: _Minimum, room: _Found, found: int) -> int:
    """Write each piece in which the track and the volume come together; how many have been found with them."""
    pairs, values = room
    row, limits = row_of_13(states, i), volumes[2]
    lateral_m, vertical_m, half_s, pieces = minimum
    limit, frame = (limits[v, 0], limits[v, 1], limits[v, 2], limits[v, 3]), row_of_15(volumes[0], v)
    reach, keep_m, widens = margins(row, frame, row[12] / pieces, lateral_m, half_s)
    begin, end = agreeing(row, frame, limit, reach, vertical_m, half_s)
    if begin > end:
        return found
    is_vast = reach + 2.0 * (row[12] / pieces) > FARTHEST_M
    for piece in range(pieces):
        middle_s = half_s * ((2 * piece + 1) / pieces - 1.0)
        since, until = np.maximum(begin, middle_s - half_s / pieces), np.minimum(end, middle_s + half_s / pieces)
        if since > until:
            continue
        first_s, least_m = 0.0, 0.0
        if not is_vast:
            keep = (keep_m + widens * since, widens, until - since)
            first_s, least_m = _first_and_least(going(row, frame, since, until - since), keep, frame, v, volumes)
        if first_s == EVER_S:
            continue
        if found < len(pairs):
            pairs[found, 0], pairs[found, 1], values[found, 0], values[found, 1] = i, v, since + first_s, least_m
        found += 1
    return found


@shared
def _first_and_least(line: Row, keep: Row, frame: Row, v: int, volumes: _Volumes) -> tuple[float, float]:
    """When the line first touches the volume, seconds from its begin, else EVER_S; and the least distance from it."""
    edges, first_edge = volumes[1], volumes[3]
    first_s, least, crossed, is_inside = EVER_S, EVER_S, 0, False
    for e in range(first_edge[v], first_edge[v + 1]):
        edge = row_of_8(edges, e)
        squared = apart(line, edge, keep[2])
        least = np.minimum(least, squared)
        if edge[7] == FIRST_SIDE:
            is_inside, crossed = is_inside or crossed % 2 == 1, 0
        crossed += crosses(line, edge)
        if squared <= nearby(keep[0], keep[1], keep[2]):
            first_s = np.minimum(first_s, touching(line, edge, keep[0], keep[1], keep[2]))
    if is_inside or crossed % 2 == 1:
        return 0.0, 0.0
    return first_s, np.maximum(np.sqrt(least) - frame[14], 0.0)
