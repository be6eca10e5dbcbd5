"""Strips of latitude and height, cut into bins of longitude, for the compiled search of pairs.

Two points of the ellipsoid whose reduced latitudes (sine: z / b) differ by u, and longitudes by v, are apart by a chord
of at least 2 b sin(u / 2), and of at least 2 r sin(v / 2), r the lesser distance from the axis. So rows of latitude
that are 2 asin(c / 2b) high, and bins 2 asin(c / 2r) wide with the least r of the row and both its neighbours, let
nothing within a chord c lie farther than in the next row and the next bin. A row around a pole is one bin, and the bins
of a row go round: no poles, no antimeridian. Heights are cut into layers likewise.

The bucket of a bin is that of its strip plus its number, modulo the buckets, so neighbouring bins are one run. Strips
that share buckets cost time and change nothing.
"""

from __future__ import annotations

import math

import numpy as np

from openline.engine.tracks.reports import Floats, Ints, Shorts, Singles
from openline.engine.tracks.sharing import row_of_13, shared
from openline.geo.ellipsoid import SEMI_MAJOR_M, SEMI_MINOR_M

HALF = ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1))
"""From a strip to itself and to four of its eight neighbours, in rows and layers: the other four look back at it."""
FEW = 3
"""A row of so few bins is read whole."""

_WIDER = 1.0 + 1e-9
_ROW_PRIME, _LAYER_PRIME = 73_856_093, 19_349_669


def bins_of(chord_m: float) -> tuple[float, Ints]:
    """The height of a row, radians, and how many bins each row has, from the south, for what lies within a chord."""
    step = 2.0 * math.asin(min(1.0, chord_m / (2.0 * SEMI_MINOR_M))) * _WIDER
    edges = np.arange(-1, int(math.pi / step) + 3) * step - 0.5 * math.pi
    # of the row and its neighbours, what is farthest from the equator
    farthest = np.minimum(np.maximum(np.abs(edges[:-3]), np.abs(edges[3:])), 0.5 * math.pi)
    share = chord_m / (2.0 * SEMI_MAJOR_M * np.maximum(np.cos(farthest), 1e-12))
    width = 2.0 * np.arcsin(np.minimum(share, 1.0)) * _WIDER
    return step, np.where(share < 1.0, np.maximum(2.0 * math.pi / width, 1.0), 1.0).astype(np.int64)


Workroom = tuple[Shorts, Singles, Shorts, Shorts, Singles, Singles, Shorts]
"""To sort n tracks in. (n, 2) row and layer of each; (n,) its longitude as a share of the turn, off by 2 m at most;
(n,) its bucket; (buckets + 4,) where each bucket begins, a power of two of them. Sorted and in single precision:
(2 n, 6) place, height, lateral and vertical reach within the slice; (2 n, 4) velocity and the greatest uncertainty in
the slice; (2 n,) whose they are. The first two buckets come again after the last, so that no run is broken."""


@shared
def bin_of(turn: float, count: int) -> int:
    """The bin of a longitude, told as a share of the whole turn, in a row of so many."""
    return min(int(turn * count), count - 1)


@shared
def strip_of(row: int, layer: int) -> int:
    """The number from which the bins of a strip are counted."""
    return row * _ROW_PRIME + layer * _LAYER_PRIME


def workroom_for(count: int) -> Workroom:
    """Room to sort so many tracks in, for all slices: new memory costs more than what is done in it."""
    buckets = 1 << (2 * count).bit_length()
    return (
        np.empty((count, 2), np.int32),
        np.empty(count, np.float32),
        np.empty(count, np.int32),
        np.empty(buckets + 4, np.int32),
        # at worst all of them lie in the first two buckets, and come again
        np.empty((2 * count, 6), np.float32),
        np.empty((2 * count, 4), np.float32),
        np.empty(2 * count, np.int32),
    )


@shared
def sort_into_strips(
    states: Floats, which: Ints, half_s: float, cells: tuple[float, Ints, float], room: Workroom
) -> None:
    """Sort the tracks `which` into the room; `cells`: height of a row, bins of each, depth of a layer."""
    step, bins, layer_m = cells
    homes, turns, names, starts, rows, going, order = room
    buckets = len(starts) - 4
    starts[:] = 0
    for p in range(len(which)):
        i = which[p]
        up = max(-1.0, min(1.0, states[i, 2] / SEMI_MINOR_M))
        row = min(int((math.asin(up) + 0.5 * math.pi) / step), len(bins) - 1)
        layer = math.floor(states[i, 6] / layer_m)
        homes[p, 0], homes[p, 1] = row, layer
        turns[p] = math.atan2(states[i, 1], states[i, 0]) / (2.0 * math.pi) + 0.5
        names[p] = (strip_of(row, layer) + bin_of(turns[p], bins[row])) & (buckets - 1)
        starts[names[p] + 2] += 1
    for k in range(2, buckets + 2):
        starts[k] += starts[k - 1]
    again = starts[3]
    for p in range(len(which)):
        q, state = starts[names[p] + 1], row_of_13(states, which[p])
        starts[names[p] + 1] += 1
        rows[q, 0], rows[q, 1], rows[q, 2], rows[q, 3] = state[0], state[1], state[2], state[6]
        rows[q, 4] = state[12] + state[8] + state[9] * half_s
        rows[q, 5] = abs(state[7]) * half_s + state[10] + state[11] * half_s
        going[q, 0], going[q, 1], going[q, 2] = state[3], state[4], state[5]
        going[q, 3] = state[8] + state[9] * half_s
        order[q] = p
    last = len(which)
    starts[buckets + 1], starts[buckets + 2] = last + starts[1], last + again
    rows[last : last + again], going[last : last + again] = rows[:again], going[:again]
    order[last : last + again] = order[:again]
