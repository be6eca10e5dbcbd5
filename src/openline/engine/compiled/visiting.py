"""The broad phase: the cells that a question touches, and of their entries those that it touches."""

from __future__ import annotations

import math

from openline.engine.columns import Ints
from openline.engine.compiled.cells import cell_key, find_cell, home_of, next_hour
from openline.engine.compiled.entries import in_cell, word_of
from openline.engine.compiled.layout import (
    LANE_MAX,
    NORTH_POLE,
    PLACE_UNITS,
    ROUND,
    SHIFTS,
    SLAB_LEVEL,
    TIME_SHIFTS,
    TOPS,
    Records,
    Store,
    signed,
)
from openline.engine.compiled.touching import slab_number
from openline.engine.compiling import kernel
from openline.geo.cells import EQUATOR_M_PER_DEG, LAT_M_PER_DEG

NO_ROOM = -1
"""What did not fit into the arrays that it was to be written to."""
_POLAR_DEG = 89.99
_WIDE = 64
"""A question that touches more cells of the coarsest level in use starts from the whole globe."""
_LONG = 64
"""A question that lasts more cells of time looks first which of them are in use."""


@kernel
def widened(volume: Records, margin_m: float, spans: Ints) -> int:
    """Write into `spans` the one or two (south, west, north, east) that hold all within `margin_m`; how many.

    See `openline.geo.cells.spans` for why no point is missed.
    """
    margin_deg = margin_m / LAT_M_PER_DEG
    margin = signed(margin_deg * PLACE_UNITS) + 1
    south = max(signed(volume.south) - margin, 0)
    north = min(signed(volume.north) + margin, NORTH_POLE)
    polar_deg = max(abs(south / PLACE_UNITS - 90.0), abs(north / PLACE_UNITS - 90.0))
    spans[0, 0], spans[0, 1], spans[0, 2], spans[0, 3] = south, 0, north, ROUND
    if polar_deg >= _POLAR_DEG:
        return 1
    margin = signed(margin_m / (EQUATOR_M_PER_DEG * math.cos(math.radians(polar_deg))) * PLACE_UNITS) + 1
    west, east = signed(volume.west), signed(volume.east)
    if west > east:
        east += ROUND
    west -= margin
    east += margin
    if east - west >= ROUND:
        return 1
    if west < 0:
        west += ROUND
        east += ROUND
    spans[0, 1] = west
    if east <= ROUND:
        spans[0, 3] = east
        return 1
    spans[1, 0], spans[1, 1], spans[1, 2], spans[1, 3] = south, 0, north, east - ROUND
    return 2


@kernel
def cells_of(
    store: Store,
    span: Ints,
    layers: tuple[int, int],
    first_ms: int,
    last_ms: int,
    time_class: int,
    stack: Ints,
    visits: Ints,
    known: int,
) -> int:
    """Append to `visits` every cell of a class that has entries and that the question touches.

    Of each its (place, row, column, hour, level). Returns how many there are now; NO_ROOM when they do not fit.
    """
    cells = store.cells
    mask = len(cells) - 1
    time_shift = TIME_SHIFTS[time_class]
    top = min(store.bounds[time_class, 2], SLAB_LEVEL - 1)
    shift = SHIFTS[top]
    if ((span[2] >> shift) - (span[0] >> shift) + 1) * ((span[3] >> shift) - (span[1] >> shift) + 1) > _WIDE:
        top, shift = 0, SHIFTS[0]
    read_ahead = 0
    hour, last_hour = (first_ms >> time_shift) - 1, last_ms >> time_shift
    is_long = last_hour - hour > _LONG
    while hour < last_hour:
        hour += 1
        if is_long:
            following = next_hour(cells, time_class, hour)
            if following > hour:
                hour = following - 1
                continue
        waiting = 0
        for row in range(span[0] >> shift, (span[2] >> shift) + 1):
            for column in range(span[1] >> shift, (span[3] >> shift) + 1):
                stack[waiting, 0], stack[waiting, 1], stack[waiting, 2], stack[waiting, 3] = top, row, column, 0
                read_ahead += cells[home_of(cell_key(time_class, top, hour, row, column, 0), mask)].count
                waiting += 1
        while waiting > 0:
            waiting -= 1
            level, row, column, slab = stack[waiting, 0], stack[waiting, 1], stack[waiting, 2], stack[waiting, 3]
            place = find_cell(cells, cell_key(time_class, level, hour, row, column, slab))
            if place < 0:
                continue
            if cells[place].count > 0:
                if known + 1 == len(visits):
                    return NO_ROOM
                visits[known, 0], visits[known, 1], visits[known, 2] = place, row, column
                visits[known, 3], visits[known, 4] = hour, level
                known += 1
                read_ahead += store.entries[cells[place].first, 0]
            if cells[place].finer:
                finer = SHIFTS[level + 1]
                step = SHIFTS[level] - finer
                last_row = min(span[2] >> finer, ((row + 1) << step) - 1)
                last_column = min(span[3] >> finer, ((column + 1) << step) - 1)
                # where slabs begin, those that the question reaches, and the cell of all heights
                is_first = level + 1 == SLAB_LEVEL
                first_layer, last_layer = (layers[0] - 1, layers[1]) if is_first else (0, 0)
                for child_row in range(max(span[0] >> finer, row << step), last_row + 1):
                    for child_column in range(max(span[1] >> finer, column << step), last_column + 1):
                        for layer in range(first_layer, last_layer + 1):
                            if is_first:
                                slab = slab_number(layer) if layer >= layers[0] else 0
                            stack[waiting, 0], stack[waiting, 1] = level + 1, child_row
                            stack[waiting, 2], stack[waiting, 3] = child_column, slab
                            key = cell_key(time_class, level + 1, hour, child_row, child_column, slab)
                            read_ahead += cells[home_of(key, mask)].count
                            waiting += 1
    # what was read ahead must be used, or it would not be read
    visits[known, 0] = read_ahead
    return known


@kernel
def entries_of(
    entries: Ints,
    owners: Records,
    visit: Ints,
    span: Ints,
    first_ms: int,
    last_ms: int,
    time_shift: int,
    heights: int,
    slots: Ints,
    found: int,
) -> int:
    """Append the slots of a cell's entries that the question touches; NO_ROOM when they do not fit.

    `heights` is the question's word with its heights only. See `layout` for the comparison.
    """
    if found + len(entries) > len(slots):
        return NO_ROOM
    shift = SHIFTS[visit[4]]
    when = heights | word_of(
        0, 0, in_cell(last_ms, visit[3], time_shift), LANE_MAX - in_cell(first_ms, visit[3], time_shift)
    )
    where = TOPS | word_of(
        in_cell(span[2], visit[1], shift),
        LANE_MAX - in_cell(span[0], visit[1], shift),
        in_cell(span[3], visit[2], shift),
        LANE_MAX - in_cell(span[1], visit[2], shift),
    )
    for entry in range(len(entries)):
        if (when - entries[entry, 0]) & (where - entries[entry, 1]) & TOPS == TOPS:
            slots[found] = owners[entry]
            found += 1
    return found
