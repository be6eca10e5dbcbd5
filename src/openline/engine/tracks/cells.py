"""Cubes of Cartesian space, sorted into buckets, for the compiled searches: no poles, no antimeridian.

The bucket of a cube is that of its column plus its number in the column, modulo the buckets, so three neighbours in a
column are one run. Columns that share buckets cost time and change nothing.
"""

from __future__ import annotations

import numpy as np

from openline.engine.tracks.reports import Floats, Ints, Shorts, Singles
from openline.engine.tracks.sharing import row_of_13, shared

HALF = ((0, 0), (0, 1), (1, -1), (1, 0), (1, 1))
"""A column of cubes and four of its eight neighbours: the other four look back at it."""
WHOLE = tuple((x, y) for x in (-1, 0, 1) for y in (-1, 0, 1))
"""A column and all its neighbours."""

_X_PRIME, _Y_PRIME = 73_856_093, 19_349_669
WHOLE_RUNS = tuple(x * _X_PRIME + y * _Y_PRIME - 1 for x, y in WHOLE)
"""From the name of a cube to where the run of three begins in each column."""


@shared
def name_of(places: Floats, i: int, cell_m: float) -> int:
    """The name of the cube of place i, the first three columns of `places`."""
    column = int(np.floor(places[i, 0] / cell_m)) * _X_PRIME + int(np.floor(places[i, 1] / cell_m)) * _Y_PRIME
    return column + int(np.floor(places[i, 2] / cell_m))


@shared
def sorted_into(buckets: int, places: Floats, which: Ints, cell_m: float) -> tuple[Ints, Shorts, Ints]:
    """Sort the places `which` into buckets, a power of two.

    (n,) the name of the cube of each; (buckets + 2,) where each bucket begins; (n,) the place of each when sorted.
    """
    names = np.empty(len(which), np.int64)
    starts = np.zeros(buckets + 2, np.int32)
    for p in range(len(which)):
        names[p] = name_of(places, which[p], cell_m)
        starts[(names[p] & (buckets - 1)) + 2] += 1
    for k in range(2, buckets + 2):
        starts[k] += starts[k - 1]
    sorted_places = np.empty(len(which), np.int64)
    for p in range(len(which)):
        bucket = names[p] & (buckets - 1)
        sorted_places[p] = starts[bucket + 1]
        starts[bucket + 1] += 1
    return names, starts, sorted_places


@shared
def parts_of(first: int, buckets: int) -> int:
    """Into how many parts a run falls: one over the last bucket goes on at the first."""
    return 1 if first + 3 <= buckets else 2


@shared
def run_of(starts: Shorts, first: int, part: int, buckets: int) -> tuple[int, int]:
    """From where to where a part of a run goes."""
    if part == 0:
        return starts[first], starts[min(first + 3, buckets)]
    return 0, starts[first + 3 - buckets]


@shared
def rows_of(states: Floats, sorted_: Ints, places: Ints, half_s: float) -> tuple[Singles, Ints]:
    """(n, 6) in single precision: place, height, lateral and vertical reach within the slice; and whose each row is."""
    rows, whose = np.empty((len(places), 6), np.float32), np.empty(len(places), np.int64)
    for p in range(len(places)):
        q, row = places[p], row_of_13(states, sorted_[p])
        rows[q, 0], rows[q, 1], rows[q, 2], rows[q, 3] = row[0], row[1], row[2], row[6]
        rows[q, 4], rows[q, 5] = row[12] + row[8] + row[9] * half_s, abs(row[7]) * half_s + row[10] + row[11] * half_s
        whose[q] = sorted_[p]
    return rows, whose
