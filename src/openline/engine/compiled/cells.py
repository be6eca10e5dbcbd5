"""Hashed cells: their names, finding one, making one with all that holds it, and moving them to a larger table.

Open addressing with linear probing (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm L); a cell stays
until the table is rehashed, also when it is empty.
"""

from __future__ import annotations

import numpy as np

from openline.engine.columns import Ints
from openline.engine.compiled.layout import CELLS_USED, SHIFTS, SLAB_LEVEL, Records, Store, signed
from openline.engine.compiling import kernel

_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
_SPREAD = np.uint64(32)
_WATCH, _SPELL, _AGE = 13, 14, 15
"""In the place of a level: cells that only say that of 16, of 256, and of 65,536 cells of time some are in use."""
_WATCH_BITS, _SPELL_BITS, _AGE_BITS = 4, 8, 16


@kernel
def cell_key(time_class: int, level: int, hour: int, row: int, column: int, slab: int) -> int:
    """The name of a cell; never 0. Times need 21 bits, rows 15, columns 16, slabs and levels 4, classes 3."""
    return (((((hour << 15 | row) << 16 | column) << 4 | slab) << 4 | level) << 3 | time_class) + 1


@kernel
def home_of(key: int, mask: int) -> int:
    """Where a cell lies in the table if nothing else was there first."""
    return signed((np.uint64(key) * _MULTIPLIER) >> _SPREAD) & mask


@kernel
def find_cell(cells: Records, key: int) -> int:
    """Where a cell lies in the table, or -1 - (where it would)."""
    mask = len(cells) - 1
    place = home_of(key, mask)
    while True:
        held = cells[place].key
        if held == key:
            return place
        if held == 0:
            return -1 - place
        place = (place + 1) & mask


@kernel
def _make(cells: Records, key: int) -> int:
    """Make a cell unless it is there; how many were made."""
    place = find_cell(cells, key)
    if place >= 0:
        return 0
    cell = cells[-1 - place]
    cell.key = key
    cell.first, cell.count, cell.through, cell.room, cell.finer = 0, 0, 0, 0, 0
    return 1


@kernel
def _hold(cells: Records, time_class: int, level: int, hour: int, row: int, column: int, slab: int) -> int:
    """Make all that holds a cell, unless it is there: the cells above it, and three that stand for many cells of time.

    How many were made.
    """
    made = 0
    for above in range(level - 1, -1, -1):
        step = SHIFTS[above] - SHIFTS[level]
        key = cell_key(time_class, above, hour, row >> step, column >> step, slab if above >= SLAB_LEVEL else 0)
        made += _make(cells, key)
        cell = cells[find_cell(cells, key)]
        if cell.finer:
            return made
        cell.finer = 1
    made += _make(cells, cell_key(time_class, _WATCH, hour >> _WATCH_BITS, 0, 0, 0))
    made += _make(cells, cell_key(time_class, _SPELL, hour >> _SPELL_BITS, 0, 0, 0))
    return made + _make(cells, cell_key(time_class, _AGE, hour >> _AGE_BITS, 0, 0, 0))


@kernel
def make_cell(store: Store, time_class: int, level: int, touched: Ints) -> int:
    """Make a cell, and all that holds it; where it lies."""
    row, column, hour, slab = touched[0], touched[1], touched[2], touched[4]
    key = cell_key(time_class, level, hour, row, column, slab)
    made = _make(store.cells, key) + _hold(store.cells, time_class, level, hour, row, column, slab)
    store.heads[CELLS_USED] += made
    return find_cell(store.cells, key)


@kernel
def next_hour(cells: Records, time_class: int, hour: int) -> int:
    """`hour` when that cell of time is in use; if not, one up to which none is."""
    if find_cell(cells, cell_key(time_class, _AGE, hour >> _AGE_BITS, 0, 0, 0)) < 0:
        return ((hour >> _AGE_BITS) + 1) << _AGE_BITS
    if find_cell(cells, cell_key(time_class, _SPELL, hour >> _SPELL_BITS, 0, 0, 0)) < 0:
        return ((hour >> _SPELL_BITS) + 1) << _SPELL_BITS
    if find_cell(cells, cell_key(time_class, _WATCH, hour >> _WATCH_BITS, 0, 0, 0)) < 0:
        return ((hour >> _WATCH_BITS) + 1) << _WATCH_BITS
    # whatever is in use lies in a cell of the whole globe
    return hour if find_cell(cells, cell_key(time_class, 0, hour, 0, 0, 0)) >= 0 else hour + 1


@kernel
def rehash(store: Store, larger: Records) -> int:
    """Copy every cell that has entries or is counted, and all that holds it, into an empty table; how many."""
    kept = 0
    for place in range(len(store.cells)):
        cell = store.cells[place]
        if cell.key == 0 or (cell.count == 0 and cell.through == 0):
            continue
        name = cell.key - 1
        time_class, level = name & 7, name >> 3 & 15
        slab, column, row, hour = name >> 7 & 15, name >> 11 & 0xFFFF, name >> 27 & 0x7FFF, name >> 42
        kept += _make(larger, cell.key) + _hold(larger, time_class, level, hour, row, column, slab)
        copy = larger[find_cell(larger, cell.key)]
        copy.first, copy.count, copy.through, copy.room = cell.first, cell.count, cell.through, cell.room
    return kept
