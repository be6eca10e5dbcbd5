"""The search of `approach.meetings` in numpy: the same answers without a compiler, several times slower."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openline.engine.tracks.approach import PREFILTER_M, meeting
from openline.engine.tracks.cells import HALF
from openline.engine.tracks.portions import Indexes, ranks, runs
from openline.engine.tracks.reports import Floats, Ints


def meetings(
    states: Floats, grid: tuple[Ints, Ints, float], minimum: tuple[float, float, float]
) -> tuple[Ints, Floats]:
    """The pairs that meet in a slice, (found, 2), and their figures, (found, 4); see `approach.meetings`."""
    pairs, values = [np.empty((0, 2), np.int64)], [np.empty((0, 4))]
    lateral_m, vertical_m, half_s = minimum
    reach = states[:, 12] + states[:, 8] + states[:, 9] * half_s
    rise = np.abs(states[:, 7]) * half_s + states[:, 10] + states[:, 11] * half_s
    for i, j in candidates(states, grid):
        near = np.abs(states[j, 6] - states[i, 6]) <= rise[i] + rise[j] + (vertical_m + PREFILTER_M)
        one, other = np.minimum(i[near], j[near]), np.maximum(i[near], j[near])
        apart = states[other, 0:3] - states[one, 0:3]
        most = reach[one] + reach[other] + (lateral_m + PREFILTER_M)
        near = apart[:, 0] ** 2 + apart[:, 1] ** 2 + apart[:, 2] ** 2 <= most * most
        one, other = one[near], other[near]
        begin, end, closest, lateral, vertical = meeting(states[one].T, states[other].T, lateral_m, vertical_m, half_s)
        met = begin <= end
        pairs.append(np.stack((one[met], other[met]), axis=1))
        values.append(np.stack((begin[met], closest[met], lateral[met], vertical[met]), axis=1))
    return np.concatenate(pairs), np.concatenate(values)


def candidates(states: Floats, grid: tuple[Ints, Ints, float]) -> Iterator[tuple[Indexes, Indexes]]:
    """Pairs of tracks in neighbouring cells, and of wide tracks with all; each pair once."""
    sorted_, wide, cell_m = grid
    if len(sorted_):
        cells = np.floor(states[sorted_, 0:3] / cell_m).astype(np.int64)
        # ranks instead of numbers, two apart where anything lies between, so that few bits name even tiny cells
        for axis in range(3):
            cells[:, axis] = ranks(cells[:, axis])
        # with two more, neither a run of three nor a neighbouring column reaches into another
        sizes = cells.max(axis=0) + 3
        along = np.array([sizes[1] * sizes[2], sizes[2], 1])
        names = cells @ along
        order = np.argsort(names, kind="stable")
        names, whose = names[order], sorted_[order]
        for x, y in HALF:
            middle = names + (x * along[0] + y * along[1])
            low = np.searchsorted(names, middle - 1, side="left")
            high = np.searchsorted(names, middle + 1, side="right")
            if (x, y) == (0, 0):
                low = np.arange(1, len(names) + 1)
            for place, other in runs(low, np.maximum(high, low)):
                yield whose[place], whose[other]
    everyone = np.arange(len(states))
    for number, i in enumerate(wide):
        others = np.setdiff1d(everyone, wide[: number + 1], assume_unique=True)
        yield np.full(len(others), i), others
