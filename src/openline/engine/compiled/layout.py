"""How the compiled search lays out its memory: volumes, cells, and the entries of a cell.

A **cell** is a square of latitude and longitude for a span of time. Volumes are sorted by how long they last into
classes; each class has cells of one length in time. In place a cell of one level holds those of the next. A volume
lies in all cells of one level that it touches, which are at most two by two, by two in time: of a level at which none
of them is crowded, or else of the finest whose cells are not smaller than the volume. So a city full of drones gets
fine cells, and a continent of airspace coarse ones, and nothing that is in force is ever moved.

An **entry** is a volume's extent in a cell, in 32,768ths of the cell, always outward: two words of four lanes, each
with a free bit on top, so that four comparisons are one subtraction (Lamport 1975, "Multiple byte processing with
full-word instructions", CACM 18 no. 8). Words hold what must be no more than the question's: the lower ends as they
are, the upper ends taken from the most that a lane can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np

from openline.engine.columns import Floats, Ints, Marks

Records: TypeAlias = Any
"""A structured array, or one row of it; types cannot tell its fields."""

signed = cast("Callable[[Any], int]", np.int64)
"""A whole number in 64 bits with a sign, whatever it was held in."""

PLACE_UNITS = 1e7
"""Places are counted in 1e-7 degrees from the south pole and from 180 degrees west."""
NORTH_POLE = 1_800_000_000
ROUND = 3_600_000_000

SHIFTS = np.array([32, 29, 27, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16], dtype=np.int64)
"""Sides of the cells of each level, as powers of two of a unit: the whole globe, 54 degrees, 13, 3.4, 1.7, 0.84
(93 km), 0.42, 0.21, 0.10 (12 km), and so on to 0.0066 degrees (730 m)."""
TIME_SHIFTS = np.array([23, 24, 25, 27, 30, 34, 44], dtype=np.int64)
"""Lengths of the cells of each class, as powers of two of a millisecond: 2.3 h, 4.7 h, 9.3 h, 37 h, 12 d, 199 d, and
all time."""
LATEST_MS = (1 << 44) - 1
"""Cells know no later time (the year 2527): what is later lies in the last."""
SLAB_LEVEL = 8
"""From this level on (12 km), cells are slabs of height too, for volumes that are thin. So a city's layers of altitude
are cells of their own."""
SLAB_M = 512.0
SLABS = 15
"""Slabs have numbers from 1 to this, and then from 1 again; 0 is the cell of all heights, for volumes thicker than a
slab."""
CROWDED = 64
"""A cell with so many entries takes no more of what would fit the next level."""

HEIGHT_STEP_M = 4.0
HEIGHT_LEAST_M = -2_000.0
"""Heights of entries are counted in steps from here, up to 129 km."""

LANE_BITS = 15
LANE_MAX = (1 << LANE_BITS) - 1
TOPS = -0x7FFF_7FFF_7FFF_8000
"""The free bit of each of the four lanes of a word."""

LEAST_ROOM = 2
"""A cell's entries lie side by side, with room for 4, 8, 16 and so on: as powers of two from this one on."""

CELL = np.dtype([("key", "i8"), ("first", "i4"), ("count", "i4"), ("through", "i4"), ("room", "i2"), ("finer", "i2")])
"""Entries are `count` from `first` on, with room for 1 << `room` (none when `room` is 0). `finer` says that there are
or were cells of the next level in this one, and is set in all that hold a cell; `through` counts while many are
loaded."""

VOLUME = np.dtype(
    [
        ("number", "i8"),
        ("start_ms", "i8"),
        ("end_ms", "i8"),
        ("lower_m", "f8"),
        ("upper_m", "f8"),
        ("x", "f8"),
        ("y", "f8"),
        ("z", "f8"),
        ("radius_m", "f8"),
        ("reach_m", "f4"),
        ("longest_m", "f4"),
        ("south", "u4"),
        ("west", "u4"),
        ("north", "u4"),
        ("east", "u4"),
        ("standing", "i4"),
        ("package", "i4"),
        ("first", "i4"),
        ("count", "i4"),
        ("stamp", "i4"),
        ("level", "i2"),
        ("form", "i2"),
        ("sibling", "i4"),
    ]
)
"""A volume: window, band, a ball around its core (centre and `reach_m`, Cartesian metres), box, and where its vertices
are. `radius_m` is the outline's own, `stamp` the last search that looked at it, `sibling` 1 more than the slot of the
notice's next volume."""


class Store(NamedTuple):
    """The arrays that every kernel works on."""

    cells: Records
    """A power of two of `CELL`."""
    entries: Ints
    """(e, 2) the words of each entry: heights and times, then places."""
    owners: Records
    """(e,) the slot of the volume that each entry belongs to."""
    heads: Ints
    """See `ENTRIES_USED` and the names after it."""
    volumes: Records
    """`VOLUME` by slot."""
    corners: Floats
    """Vertices in Earth-centred Cartesian metres."""
    marks: Marks
    """Where chains of vertices begin."""
    bounds: Ints
    """For each class the first and the last cell of time ever used (last < first: none) and the coarsest level; at the
    end the number of the last search."""
    usual: Floats
    """For each class the level at which volumes came to lie of late."""


POINT, OPEN, RING, MANY = range(4)
"""Forms: one vertex, one line, one ring, anything else."""

ENTRIES_USED, CELLS_USED, FREE_RUNS = range(3)
"""In `heads`: how many rows of `entries` and of `cells` were ever used, and for each room the first free run of
entries."""
ROOMS = 31

DEPTH_MAX = 512
"""More cells than a descent can have waiting."""
TOUCHED_MAX = 32
"""More cells than a volume touches at its level: two parts at the antimeridian, two by two by two cells, two slabs."""
CELLS_MORE = TOUCHED_MAX * (len(SHIFTS) + 3)
"""More cells than one volume can add."""


_MOST_ROWS = 2**31 - 1
"""Rows are named by 32 bits."""


def grown(array: Records, least: int) -> Records:
    """A larger copy, a quarter as large again and at least `least` rows long."""
    length = max(least, len(array) + len(array) // 4)
    if length > _MOST_ROWS:
        raise MemoryError(f"the search has room for {_MOST_ROWS} rows of a kind, and needs {length}")
    larger = np.zeros((length, *array.shape[1:]), dtype=array.dtype)
    larger[: len(array)] = array
    return larger
