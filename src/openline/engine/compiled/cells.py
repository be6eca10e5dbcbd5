"""Hashed cells: finding one, putting volumes into those that they touch, taking them out again.

Open addressing with linear probing (Knuth, The Art of Computer Programming, vol. 3, 6.4, algorithm L); a cell stays
until the table is rehashed, also when it is empty.
"""

from __future__ import annotations

import numpy as np

from openline.engine.columns import Floats, Ints, Marks
from openline.engine.compiled.entries import drop_entry, have_room, put_entry
from openline.engine.compiled.layout import (
    CELLS_MORE,
    CELLS_USED,
    CROWDED,
    HEIGHT_LEAST_M,
    LATEST_MS,
    ROUND,
    SHIFTS,
    SLAB_LEVEL,
    SLAB_M,
    SLABS,
    TIME_SHIFTS,
    Records,
    Store,
    signed,
)
from openline.engine.compiling import kernel

_MULTIPLIER = np.uint64(0x9E37_79B9_7F4A_7C15)
_SPREAD = np.uint64(32)
_LAYERS = 1_000_000.0
_SPELL, _AGE = 14, 15
"""In the place of a level: cells that only say that of 256, and of 65,536, cells of time some are in use."""
_SPELL_BITS, _AGE_BITS = 8, 16
_SHARE = 1.0 / 64.0
"""How much the level of one volume moves the usual one."""


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
def class_of(length_ms: int) -> int:
    """The class of volumes that last so long."""
    for time_class in range(len(TIME_SHIFTS) - 1):
        if length_ms <= 1 << TIME_SHIFTS[time_class]:
            return time_class
    return len(TIME_SHIFTS) - 1


@kernel
def clipped_ms(instant_ms: int) -> int:
    """A time that cells know."""
    return min(max(instant_ms, 0), LATEST_MS)


@kernel
def has_room(store: Store) -> bool:
    """True when the table of cells can take one more volume."""
    return store.heads[CELLS_USED] + CELLS_MORE <= len(store.cells) * 6 // 10


@kernel
def link(store: Store, slot: int, touched: Ints) -> bool:
    """Put a volume into its cells; False, and nothing is changed, when there is no room.

    It begins one level above the usual one, so that what comes first does not lie in the coarsest cells for good.
    """
    if not has_room(store):
        return False
    time_class = class_of_slot(store.volumes, slot)
    level = max(int(store.usual[time_class]) - 1, 0)
    while level > 0 and not fits(store.volumes, slot, level):
        level -= 1
    count = touch(store, slot, level, touched)
    while level + 1 < len(SHIFTS) and _is_crowded(store, touched, count) and fits(store.volumes, slot, level + 1):
        level += 1
        count = touch(store, slot, level, touched)
    return settle(store, slot, level, touched, count)


@kernel
def settle(store: Store, slot: int, level: int, touched: Ints, count: int) -> bool:
    """Put a volume into the `count` cells of a level that it touches; False when there is no room for its entries."""
    if not have_room(store, touched, count):
        return False
    time_class = class_of_slot(store.volumes, slot)
    for k in range(count):
        if touched[k, 3] < 0:
            touched[k, 3] = make_cell(store, time_class, level, touched[k])
        put_entry(store, slot, touched[k], SHIFTS[level], TIME_SHIFTS[time_class])
    volume = store.volumes[slot]
    volume.level = level
    shift = TIME_SHIFTS[time_class]
    store.bounds[time_class, 0] = min(store.bounds[time_class, 0], clipped_ms(volume.start_ms) >> shift)
    store.bounds[time_class, 1] = max(store.bounds[time_class, 1], clipped_ms(volume.end_ms) >> shift)
    store.bounds[time_class, 2] = min(store.bounds[time_class, 2], level)
    store.usual[time_class] += (level - store.usual[time_class]) * _SHARE
    return True


@kernel
def link_few(
    cells: Records,
    entries: Ints,
    owners: Records,
    heads: Ints,
    volumes: Records,
    corners: Floats,
    marks: Marks,
    bounds: Ints,
    usual: Floats,
    slots: Ints,
    begin: int,
    touched: Ints,
) -> int:
    """`link` for each slot from index `begin` on; the index at which room ended.

    The arrays of `Store` come one by one, see `query.search`.
    """
    store = Store(cells, entries, owners, heads, volumes, corners, marks, bounds, usual)
    for k in range(begin, len(slots)):
        if not link(store, slots[k], touched):
            return k
    return len(slots)


@kernel
def unlink(
    cells: Records,
    entries: Ints,
    owners: Records,
    heads: Ints,
    volumes: Records,
    corners: Floats,
    marks: Marks,
    bounds: Ints,
    usual: Floats,
    slot: int,
    touched: Ints,
) -> tuple[int, int, int]:
    """Take a volume out of its cells; its first vertex, how many it has, and the slot of the notice's next or -1.

    The arrays of `Store` come one by one, see `query.search`.
    """
    store = Store(cells, entries, owners, heads, volumes, corners, marks, bounds, usual)
    for k in range(touch(store, slot, volumes[slot].level, touched)):
        drop_entry(store, touched[k, 3], slot)
    return volumes[slot].first, volumes[slot].count, volumes[slot].sibling - 1


@kernel
def _is_crowded(store: Store, touched: Ints, count: int) -> bool:
    for k in range(count):
        if touched[k, 3] >= 0 and store.cells[touched[k, 3]].count >= CROWDED:
            return True
    return False


@kernel
def class_of_slot(volumes: Records, slot: int) -> int:
    """The class of a volume."""
    return class_of(volumes[slot].end_ms - volumes[slot].start_ms)


@kernel
def fits(volumes: Records, slot: int, level: int) -> bool:
    """True when the volume is no larger than a cell of this level."""
    side = 1 << SHIFTS[level]
    west, east = signed(volumes[slot].west), signed(volumes[slot].east)
    width = east - west if west <= east else east + ROUND - west
    return signed(volumes[slot].north) - signed(volumes[slot].south) <= side and width <= side


@kernel
def layer_of(height_m: float) -> int:
    """Which layer of slabs a height lies in, from 0."""
    return int(min(max((height_m - HEIGHT_LEAST_M) / SLAB_M, 0.0), _LAYERS))


@kernel
def slab_number(layer: int) -> int:
    """The slab that a layer is in; 0 for no layer."""
    return layer % SLABS + 1 if layer >= 0 else 0


@kernel
def slabs_of(lower_m: float, upper_m: float, level: int) -> tuple[int, int]:
    """The first and the last layer of a volume in cells of a level; -1 twice for the cell of all heights."""
    if level < SLAB_LEVEL or upper_m - lower_m > SLAB_M:
        return -1, -1
    return layer_of(lower_m), layer_of(upper_m)


@kernel
def touch(store: Store, slot: int, level: int, touched: Ints) -> int:
    """Write into `touched` (row, column, hour, place, slab) of every cell of a level that a volume touches; how many.

    The place is negative where there is no such cell yet.
    """
    volumes = store.volumes
    time_class = class_of_slot(volumes, slot)
    shift, time_shift = SHIFTS[level], TIME_SHIFTS[time_class]
    first_hour = clipped_ms(volumes[slot].start_ms) >> time_shift
    last_hour = clipped_ms(max(volumes[slot].end_ms - 1, volumes[slot].start_ms)) >> time_shift
    west, east = signed(volumes[slot].west), signed(volumes[slot].east)
    if level == 0:
        west, east = 0, 0
    parts = 1 if west <= east else 2
    first_slab, last_slab = slabs_of(volumes[slot].lower_m, volumes[slot].upper_m, level)
    count = 0
    for part in range(parts):
        from_column = (west if part == 0 else 0) >> shift
        to_column = (east if part == parts - 1 else ROUND) >> shift
        for row in range(signed(volumes[slot].south) >> shift, (signed(volumes[slot].north) >> shift) + 1):
            for column in range(from_column, to_column + 1):
                for hour in range(first_hour, last_hour + 1):
                    for layer in range(first_slab, last_slab + 1):
                        slab = slab_number(layer)
                        key = cell_key(time_class, level, hour, row, column, slab)
                        touched[count, 0] = row
                        touched[count, 1] = column
                        touched[count, 2] = hour
                        touched[count, 3] = find_cell(store.cells, key)
                        touched[count, 4] = slab
                        count += 1
    return count


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
    """Make all that holds a cell, unless it is there: the cells above it, and two that stand for many cells of time.

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
    """The first cell of time from `hour` on that may be in use, or one before it where that begins a new spell."""
    if find_cell(cells, cell_key(time_class, _AGE, hour >> _AGE_BITS, 0, 0, 0)) < 0:
        return ((hour >> _AGE_BITS) + 1) << _AGE_BITS
    if find_cell(cells, cell_key(time_class, _SPELL, hour >> _SPELL_BITS, 0, 0, 0)) < 0:
        return ((hour >> _SPELL_BITS) + 1) << _SPELL_BITS
    return hour


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
