"""The entries of a cell: side by side, in a run that doubles when it is full. Freed runs are used again."""

from __future__ import annotations

import numpy as np

from openline.engine.columns import Ints
from openline.engine.compiled.layout import (
    EAST,
    END,
    ENTRIES_USED,
    ENTRY,
    FREE_RUNS,
    HEIGHT_LEAST_M,
    HEIGHT_STEP_M,
    LEAST_ROOM,
    LOWER,
    NORTH,
    ROUND,
    SLOT,
    SOUTH,
    START,
    UPPER,
    WEST,
    Records,
    Store,
)
from openline.engine.compiling import kernel

_LAST_STEP = 65_535


@kernel
def in_cell(value: int, cell: int, shift: int) -> int:
    """A place or a time in 65,536ths of a cell; what lies outside counts as its edge."""
    step = (value - (cell << shift)) >> (shift - 16)
    return min(max(step, 0), _LAST_STEP)


@kernel
def height_step(height_m: float) -> int:
    """A height in steps, rounded down."""
    return int(min(max((height_m - HEIGHT_LEAST_M) / HEIGHT_STEP_M, 0.0), float(_LAST_STEP)))


@kernel
def slot_in(entries: Records, row: int) -> int:
    """The volume that an entry belongs to."""
    return np.int64(entries[row, SLOT]) | np.int64(entries[row, SLOT + 1]) << 16


@kernel
def have_room(store: Store, touched: Ints, count: int) -> bool:
    """True when every one of the cells can take one more entry, also those that are not made yet."""
    wanted = 0
    for k in range(count):
        if touched[k, 3] < 0:
            wanted += 1 << LEAST_ROOM
            continue
        cell = store.cells[touched[k, 3]]
        if cell.room == 0 or cell.count == 1 << cell.room:
            wanted += 1 << max(cell.room + 1, LEAST_ROOM)
    return store.heads[ENTRIES_USED] + wanted <= len(store.entries)


@kernel
def put_entry(store: Store, slot: int, touched: Ints, shift: int, time_shift: int) -> None:
    """Write a volume's entry into a cell: `touched` is its row, column, hour and place."""
    cell = store.cells[touched[3]]
    if cell.room == 0 or cell.count == 1 << cell.room:
        _make_room(store, touched[3])
    entries, row, volume = store.entries, cell.first + cell.count, store.volumes[slot]
    cell.count += 1
    west, east = np.int64(volume.west), np.int64(volume.east)
    if west > east:
        # of a volume across the antimeridian a cell holds one part, unless it is the whole globe
        if shift >= 32:
            west, east = 0, ROUND
        elif touched[1] << shift <= east:
            west = 0
        else:
            east = ROUND
    entries[row, LOWER] = height_step(volume.lower_m)
    entries[row, UPPER] = height_step(volume.upper_m)
    entries[row, START] = in_cell(max(volume.start_ms, 0), touched[2], time_shift)
    entries[row, END] = in_cell(max(volume.end_ms, 0), touched[2], time_shift)
    entries[row, SOUTH] = in_cell(np.int64(volume.south), touched[0], shift)
    entries[row, NORTH] = in_cell(np.int64(volume.north), touched[0], shift)
    entries[row, WEST] = in_cell(west, touched[1], shift)
    entries[row, EAST] = in_cell(east, touched[1], shift)
    entries[row, SLOT] = slot & 0xFFFF
    entries[row, SLOT + 1] = slot >> 16


@kernel
def drop_entry(store: Store, place: int, slot: int) -> None:
    """Take a volume's entry out of a cell; the last one moves into its row."""
    cell, entries = store.cells[place], store.entries
    for row in range(cell.first, cell.first + cell.count):
        if slot_in(entries, row) == slot:
            cell.count -= 1
            _copy(entries, cell.first + cell.count, row)
            if cell.count == 0:
                _free(store, cell.first, cell.room)
                cell.room = 0
            return


@kernel
def _make_room(store: Store, place: int) -> None:
    """Move the entries of a cell to a run twice as long, or give it its first."""
    cell, entries = store.cells[place], store.entries
    room = max(cell.room + 1, LEAST_ROOM)
    first = store.heads[FREE_RUNS + room]
    if first >= 0:
        store.heads[FREE_RUNS + room] = (np.int64(entries[first, 0]) | np.int64(entries[first, 1]) << 16) - 1
    else:
        first = store.heads[ENTRIES_USED]
        store.heads[ENTRIES_USED] += 1 << room
    for k in range(cell.count):
        _copy(entries, cell.first + k, first + k)
    if cell.room > 0:
        _free(store, cell.first, cell.room)
    cell.first, cell.room = first, room


@kernel
def _free(store: Store, first: int, room: int) -> None:
    """Keep a run for the next cell that needs one of its length; its first row says which is free after it."""
    following = store.heads[FREE_RUNS + room] + 1
    store.entries[first, 0] = following & 0xFFFF
    store.entries[first, 1] = following >> 16
    store.heads[FREE_RUNS + room] = first


@kernel
def _copy(entries: Records, row: int, to_row: int) -> None:
    for k in range(ENTRY):
        entries[to_row, k] = entries[row, k]
