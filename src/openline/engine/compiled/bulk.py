"""Very many volumes put into cells at once: level by level, with every cell counted before any is filled.

A volume that goes in alone takes the first cells that are not crowded. Of many that go in together, the first would
take the coarse cells for good; counting first sends them all as deep as they will be needed.
"""

from __future__ import annotations

import numpy as np

from openline.engine.columns import Ints
from openline.engine.compiled.cells import make_cell
from openline.engine.compiled.layout import CROWDED, SHIFTS, TIME_SHIFTS, Records, Store, signed
from openline.engine.compiled.linking import has_room, settle
from openline.engine.compiled.touching import class_of_slot, clipped_ms, fits, touch
from openline.engine.compiling import kernel

_SURELY = 4 * CROWDED
"""With so many volumes a cell on average, a level is passed over without counting."""


@kernel
def forget_counts(cells: Records) -> None:
    """Set every counter to 0."""
    for place in range(len(cells)):
        cells[place].through = 0


@kernel
def begin_counting(store: Store, slots: Ints, levels: Ints) -> None:
    """Find for each volume the level from which on it is counted."""
    extents = np.empty((len(TIME_SHIFTS), 6), dtype=np.int64)
    counts = np.zeros(len(TIME_SHIFTS), dtype=np.int64)
    for slot in slots:
        volume = store.volumes[slot]
        time_class = class_of_slot(store.volumes, slot)
        _stretch(extents[time_class], volume, counts[time_class] == 0)
        counts[time_class] += 1
    for k in range(len(slots)):
        time_class = class_of_slot(store.volumes, slots[k])
        level = 0
        while (
            level + 1 < len(SHIFTS)
            and counts[time_class] > _SURELY * _cells_in(extents[time_class], level, TIME_SHIFTS[time_class])
            and fits(store.volumes, slots[k], level + 1)
        ):
            level += 1
        levels[k] = level


@kernel
def _stretch(extent: Ints, volume: Records, is_first: bool) -> None:
    """Let an extent (south, west, north, east, start, end) hold a volume."""
    start_ms, end_ms = clipped_ms(volume.start_ms), clipped_ms(volume.end_ms)
    if is_first:
        extent[0], extent[1], extent[2], extent[3] = volume.south, volume.west, volume.north, volume.east
        extent[4], extent[5] = start_ms, end_ms
    extent[0] = min(extent[0], signed(volume.south))
    extent[1] = min(extent[1], signed(volume.west))
    extent[2] = max(extent[2], signed(volume.north))
    extent[3] = max(extent[3], signed(volume.east))
    extent[4] = min(extent[4], start_ms)
    extent[5] = max(extent[5], end_ms)


@kernel
def _cells_in(extent: Ints, level: int, time_shift: int) -> int:
    shift = SHIFTS[level]
    rows = (extent[2] >> shift) - (extent[0] >> shift) + 1
    columns = (extent[3] >> shift) - (extent[1] >> shift) + 1
    return rows * columns * ((extent[5] >> time_shift) - (extent[4] >> time_shift) + 1)


@kernel
def count_through(store: Store, slots: Ints, levels: Ints, level: int, begin: int, touched: Ints) -> int:
    """Count the volumes of a level in the cells they touch, from index `begin` on; the index at which room ended."""
    for k in range(begin, len(slots)):
        if levels[k] != level:
            continue
        if not has_room(store):
            return k
        time_class = class_of_slot(store.volumes, slots[k])
        for m in range(touch(store, slots[k], level, touched)):
            if touched[m, 3] < 0:
                touched[m, 3] = make_cell(store, time_class, level, touched[m])
            store.cells[touched[m, 3]].through += 1
    return len(slots)


@kernel
def fill(store: Store, slots: Ints, levels: Ints, level: int, begin: int, touched: Ints) -> int:
    """Put the volumes of a level into their cells, or send them to the next; the index at which room ended.

    What is in its cells has level -1.
    """
    for k in range(begin, len(slots)):
        if levels[k] != level:
            continue
        count = touch(store, slots[k], level, touched)
        crowded = False
        for m in range(count):
            cell = store.cells[touched[m, 3]]
            crowded = crowded or cell.through + cell.count > CROWDED
        if crowded and level + 1 < len(SHIFTS) and fits(store.volumes, slots[k], level + 1):
            levels[k] = level + 1
            continue
        if not settle(store, slots[k], level, touched, count):
            return k
        for m in range(count):
            store.cells[touched[m, 3]].through -= 1
        levels[k] = -1
    return len(slots)
