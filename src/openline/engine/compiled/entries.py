"""The entries of a cell: side by side, in a run that doubles when it is full. Freed runs are used again."""

from __future__ import annotations

from openline.engine.columns import Ints
from openline.engine.compiled.layout import (
    ENTRIES_USED,
    FREE_RUNS,
    HEIGHT_LEAST_M,
    HEIGHT_STEP_M,
    LANE_BITS,
    LANE_MAX,
    LEAST_ROOM,
    ROUND,
    Store,
    signed,
)
from openline.engine.compiling import kernel

_GLOBE_SHIFT = 32
"""Of cells that are the whole globe."""


@kernel
def in_cell(value: int, cell: int, shift: int) -> int:
    """A place or a time in 32,768ths of a cell; what lies outside counts as its edge."""
    step = (value - (cell << shift)) >> (shift - LANE_BITS)
    return min(max(step, 0), LANE_MAX)


@kernel
def height_step(height_m: float) -> int:
    """A height in steps, rounded down."""
    return int(min(max((height_m - HEIGHT_LEAST_M) / HEIGHT_STEP_M, 0.0), float(LANE_MAX)))


@kernel
def word_of(first: int, second: int, third: int, fourth: int) -> int:
    """Four lanes in a word."""
    return (((fourth << 16 | third) << 16) | second) << 16 | first


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
    entry, volume = cell.first + cell.count, store.volumes[slot]
    cell.count += 1
    west, east = signed(volume.west), signed(volume.east)
    if west > east:
        # of a volume across the antimeridian a cell holds one part, unless it is the whole globe
        if shift >= _GLOBE_SHIFT:
            west, east = 0, ROUND
        elif touched[1] << shift <= east:
            west = 0
        else:
            east = ROUND
    store.entries[entry, 0] = word_of(
        height_step(volume.lower_m),
        LANE_MAX - height_step(volume.upper_m),
        in_cell(max(volume.start_ms, 0), touched[2], time_shift),
        LANE_MAX - in_cell(max(volume.end_ms, 0), touched[2], time_shift),
    )
    store.entries[entry, 1] = word_of(
        in_cell(signed(volume.south), touched[0], shift),
        LANE_MAX - in_cell(signed(volume.north), touched[0], shift),
        in_cell(west, touched[1], shift),
        LANE_MAX - in_cell(east, touched[1], shift),
    )
    store.owners[entry] = slot


@kernel
def drop_entry(store: Store, place: int, slot: int) -> None:
    """Take a volume's entry out of a cell; the last one moves into its place."""
    cell = store.cells[place]
    for entry in range(cell.first, cell.first + cell.count):
        if store.owners[entry] == slot:
            cell.count -= 1
            _copy(store, cell.first + cell.count, entry)
            if cell.count == 0:
                _free(store, cell.first, cell.room)
                cell.room = 0
            return


@kernel
def _make_room(store: Store, place: int) -> None:
    """Move the entries of a cell to a run twice as long, or give it its first."""
    cell = store.cells[place]
    room = max(cell.room + 1, LEAST_ROOM)
    first = store.heads[FREE_RUNS + room]
    if first >= 0:
        store.heads[FREE_RUNS + room] = store.entries[first, 0]
    else:
        first = store.heads[ENTRIES_USED]
        store.heads[ENTRIES_USED] += 1 << room
    for k in range(cell.count):
        _copy(store, cell.first + k, first + k)
    if cell.room > 0:
        _free(store, cell.first, cell.room)
    cell.first, cell.room = first, room


@kernel
def _free(store: Store, first: int, room: int) -> None:
    """Keep a run for the next cell that needs one of its length; it says which is free after it."""
    store.entries[first, 0] = store.heads[FREE_RUNS + room]
    store.heads[FREE_RUNS + room] = first


@kernel
def _copy(store: Store, entry: int, to_entry: int) -> None:
    store.entries[to_entry, 0] = store.entries[entry, 0]
    store.entries[to_entry, 1] = store.entries[entry, 1]
    store.owners[to_entry] = store.owners[entry]
