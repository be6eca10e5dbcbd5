"""The search of `crossing.crossings` in numpy: the same answers without a compiler, several times slower."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openline.engine.tracks.cells import WHOLE
from openline.engine.tracks.crossing import FIRST_SIDE, agreeing, apart, crosses, going, margins, nearby, touching
from openline.engine.tracks.intervals import EVER_S
from openline.engine.tracks.outlines import FARTHEST_M
from openline.engine.tracks.portions import Indexes, expanded, ranks, runs
from openline.engine.tracks.reports import Floats, Ints
from openline.engine.tracks.sharing import Row

_Volumes = tuple[Floats, Floats, Floats, Ints]


def crossings(
    states: Floats,
    grid: tuple[Ints, Ints, Ints, Ints, float, int],
    volumes: _Volumes,
    minimum: tuple[float, float, float, int],
) -> tuple[Ints, Floats]:
    """Tracks and volumes that come together in a piece, (found, 2), and their figures, (found, 2)."""
    lateral_m, vertical_m, half_s, pieces = minimum
    frames, _, limits, _ = volumes
    pairs, values = [np.empty((0, 2), np.int64)], [np.empty((0, 2))]
    for i, v in candidates(states, frames, grid):
        row, frame = states[i].T, frames[v].T
        piece_m = row[12] / pieces
        reach, keep_m, widens = margins(row, frame, piece_m, lateral_m, half_s)
        begin, end = agreeing(row, frame, limits[v].T, reach, vertical_m, half_s)
        for piece in range(pieces):
            middle_s = half_s * ((2 * piece + 1) / pieces - 1.0)
            since, until = np.maximum(begin, middle_s - half_s / pieces), np.minimum(end, middle_s + half_s / pieces)
            kept = np.flatnonzero(since <= until)
            is_vast = reach[kept] + 2.0 * piece_m[kept] > FARTHEST_M
            vast, kept = kept[is_vast], kept[~is_vast]
            pairs.append(np.stack((i[vast], v[vast]), axis=1))
            values.append(np.stack((since[vast], np.zeros(len(vast))), axis=1))
            since, lasts_s = since[kept], until[kept] - since[kept]
            line = going(row[:, kept], frame[:, kept], since, lasts_s)
            keep = keep_m[kept] + widens[kept] * since
            first_s, least = _first_and_least(line, v[kept], keep, widens[kept], lasts_s, volumes)
            met = first_s < EVER_S
            kept = kept[met]
            pairs.append(np.stack((i[kept], v[kept]), axis=1))
            values.append(np.stack((since[met] + first_s[met], least[met]), axis=1))
    return np.concatenate(pairs), np.concatenate(values)


def _first_and_least(
    line: Row,
    v: Indexes,
    keep: Floats,
    widens: Floats,
    lasts_s: Floats,
    volumes: _Volumes,
) -> tuple[Floats, Floats]:
    """When each line first touches its volume, seconds from its begin, and the least distance from it."""
    frames, edges, _, first_edge = volumes
    if not len(v):
        return np.empty(0), np.empty(0)
    low, high = first_edge[v], first_edge[v + 1]
    place, number = expanded(low, high)
    begins = np.cumsum(high - low) - (high - low)
    each = (line[0][place], line[1][place], line[2][place], line[3][place])
    edge = edges[number].T
    squared = apart(each, edge, lasts_s[place])
    is_near = squared <= nearby(keep, widens, lasts_s)[place]
    touched = touching(each, edge, keep[place], widens[place], lasts_s[place])
    first_s = np.minimum.reduceat(np.where(is_near, touched, EVER_S), begins)
    # polygons of one volume may overlap: each is asked for itself
    is_first = edge[7] == FIRST_SIDE
    is_first[begins] = True
    polygons = np.flatnonzero(is_first)
    in_polygon = np.add.reduceat(crosses(each, edge), polygons, dtype=np.int64) % 2 == 1
    inside = np.maximum.reduceat(in_polygon, np.searchsorted(polygons, begins))
    least = np.minimum.reduceat(squared, begins)
    least = np.maximum(np.sqrt(least) - frames[v, 14], 0.0)
    return np.where(inside, 0.0, first_s), np.where(inside, 0.0, least)


def candidates(
    states: Floats, frames: Floats, grid: tuple[Ints, Ints, Ints, Ints, float, int]
) -> Iterator[tuple[Indexes, Indexes]]:
    """Tracks and volumes in neighbouring cells, and wide ones with all; each pair once."""
    sorted_, wide, small, large, cell_m, _ = grid
    for v in large:
        yield np.arange(len(states)), np.full(len(states), v)
    for i in wide:
        yield np.full(len(small), i), small
    if not len(small) or not len(sorted_):
        return
    both = np.concatenate((frames[small, 0:3], states[sorted_, 0:3]))
    cells = np.floor(both / cell_m).astype(np.int64)
    for axis in range(3):
        cells[:, axis] = ranks(cells[:, axis]) + 1
    # with two more, neither a run of three nor a neighbouring column reaches into another
    sizes = cells.max(axis=0) + 2
    along = np.array([sizes[1] * sizes[2], sizes[2], 1])
    names = cells @ along
    volume_names, track_names = names[: len(small)], names[len(small) :]
    order = np.argsort(volume_names, kind="stable")
    volume_names, volumes = volume_names[order], small[order]
    for x, y in WHOLE:
        middle = track_names + (x * along[0] + y * along[1])
        low = np.searchsorted(volume_names, middle - 1, side="left")
        high = np.searchsorted(volume_names, middle + 1, side="right")
        for place, other in runs(low, high):
            yield sorted_[place], volumes[other]
