"""The search: cells that the question touches, entries that it touches in them, and the shapes of what is left.

Three passes, so that the reads from memory of each wait for one another as little as possible: entries of cells give
slots, slots give volumes that are judged and near in time and height, and those are compared in metres.
"""

from __future__ import annotations

import math

import numpy as np

from openline.engine.columns import Floats, Ints, Marks
from openline.engine.compiled.cells import cell_key, clipped_ms, find_cell, home_of, layer_of, next_hour, slab_number
from openline.engine.compiled.entries import height_step, in_cell, word_of
from openline.engine.compiled.layout import (
    DEPTH_MAX,
    LANE_MAX,
    NORTH_POLE,
    PLACE_UNITS,
    ROUND,
    SHIFTS,
    SLAB_LEVEL,
    SLABS,
    TIME_SHIFTS,
    TOPS,
    Records,
    Store,
    signed,
)
from openline.engine.compiled.narrow import APART, NEAR, compare
from openline.engine.compiling import kernel
from openline.geo.cells import EQUATOR_M_PER_DEG, LAT_M_PER_DEG

_SLACK_M = 1.0
"""Added to every search, sideways, up and down: more than rounding can take away. It also joins boxes that touch at the
antimeridian."""
_POLAR_DEG = 89.99
NO_ROOM = -1
_WIDE = 64
"""A question that touches more cells of the coarsest level in use starts from the whole globe."""
_LONG = 64
"""A question that lasts more cells of time looks first which of them are in use."""
_SERIALS = 2**31 - 1


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
def _cells_of(
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
def _entries_of(
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


@kernel
def _judged(volumes: Records, one: int, other: int, table: Floats) -> bool:
    """True when the pair is judged, and near in time and height; the first passes of the comparison."""
    a, b = volumes[one], volumes[other]
    if b.number == a.number or (a.package != 0 and a.package == b.package):
        return False
    lateral_m = table[b.standing, 0]
    if lateral_m < 0.0:
        return False
    separation_ms = signed(table[b.standing, 2])
    if not (b.start_ms < a.end_ms + separation_ms and a.start_ms < b.end_ms + separation_ms):
        return False
    return max(0.0, b.lower_m - a.upper_m, a.lower_m - b.upper_m) <= table[b.standing, 1]


@kernel
def _next_serial(volumes: Records, bounds: Ints) -> int:
    serial = bounds[len(TIME_SHIFTS), 0] + 1
    if serial == _SERIALS:
        for slot in range(len(volumes)):
            volumes[slot].stamp = 0
        serial = 1
    bounds[len(TIME_SHIFTS), 0] = serial
    return serial


@kernel
def search(
    cells: Records,
    entries: Ints,
    owners: Records,
    heads: Ints,
    volumes: Records,
    corners: Floats,
    marks: Marks,
    bounds: Ints,
    usual: Floats,
    table: Floats,
    work: Ints,
    slots: Ints,
    one: int,
) -> int:
    """Which volumes in force are nearer to volume `one` than the rules allow.

    `table` has the minima for each standing, and in its last row the largest of each. `slots` takes the answers: those
    that are certain from the front, those in doubt from the back.

    Returns certain << 32 | doubtful, or NO_ROOM when `slots` is too short. The arrays of `Store` come one by one,
    because handing over a named tuple takes as long as half a search.
    """
    store = Store(cells, entries, owners, heads, volumes, corners, marks, bounds, usual)
    return _searched(store, table, work, slots, one)


@kernel
def _searched(store: Store, table: Floats, work: Ints, slots: Ints, one: int) -> int:
    volumes, bounds = store.volumes, store.bounds
    spans, stack, visits = work[:2], work[2:DEPTH_MAX], work[DEPTH_MAX:]
    volume, reach = volumes[one], table[len(table) - 1]
    lower_m, upper_m = volume.lower_m - reach[1] - _SLACK_M, volume.upper_m + reach[1] + _SLACK_M
    heights = TOPS | word_of(height_step(upper_m), LANE_MAX - height_step(lower_m), 0, 0)
    start_ms = clipped_ms(volume.start_ms - signed(reach[2]))
    end_ms = clipped_ms(volume.end_ms + signed(reach[2]))
    parts = widened(volume, reach[0] + _SLACK_M, spans)
    first_layer = layer_of(lower_m)
    layers = (first_layer, min(layer_of(upper_m), first_layer + SLABS - 1))
    found = 0
    for time_class in range(len(TIME_SHIFTS)):
        shift = TIME_SHIFTS[time_class]
        first_ms = max(start_ms, bounds[time_class, 0] << shift)
        last_ms = min(end_ms, ((bounds[time_class, 1] + 1) << shift) - 1)
        for part in range(parts if first_ms <= last_ms else 0):
            span = spans[part]
            count = _cells_of(store, span, layers, first_ms, last_ms, time_class, stack, visits, 0)
            if count == NO_ROOM:
                return NO_ROOM
            for k in range(count):
                cell = store.cells[visits[k, 0]]
                entries = store.entries[cell.first : cell.first + cell.count]
                owners = store.owners[cell.first :]
                found = _entries_of(entries, owners, visits[k], span, first_ms, last_ms, shift, heights, slots, found)
                if found == NO_ROOM:
                    return NO_ROOM
    return _compared(store, table, slots, one, found, np.int32(_next_serial(volumes, bounds)))


@kernel
def _compared(store: Store, table: Floats, slots: Ints, one: int, found: int, serial: np.int32) -> int:
    volumes, corners, marks = store.volumes, store.corners, store.marks
    left = 0
    for k in range(found):
        other = slots[k]
        # a volume that lies in several cells is looked at once
        if volumes[other].stamp == serial:
            continue
        volumes[other].stamp = serial
        if _judged(volumes, one, other, table):
            slots[left] = other
            left += 1
    certain, doubtful = 0, 0
    for k in range(left):
        other = slots[k]
        verdict = compare(volumes, corners, marks, one, other, table[volumes[other].standing, 0])
        if verdict == NEAR:
            slots[certain] = other
            certain += 1
        elif verdict != APART:
            doubtful += 1
            if len(slots) - doubtful < left:
                return NO_ROOM
            slots[len(slots) - doubtful] = other
    return certain << 32 | doubtful


@kernel
def search_many(
    cells: Records,
    entries: Ints,
    owners: Records,
    heads: Ints,
    volumes: Records,
    corners: Floats,
    marks: Marks,
    bounds: Ints,
    usual: Floats,
    table: Floats,
    work: Ints,
    slots: Ints,
    ones: Ints,
    counts: Ints,
    answers: Ints,
) -> tuple[int, int]:
    """`search` for each of `ones` under one row of rules.

    Writes what is certain into `answers`, one after the other, with (certain, doubtful) in `counts`; a doubtful one
    comes after the certain ones of its question as -1 - slot. Returns how many questions were answered and how many
    answers written; fewer than asked when there was no room.
    """
    store = Store(cells, entries, owners, heads, volumes, corners, marks, bounds, usual)
    written = 0
    for k in range(len(ones)):
        both = _searched(store, table, work, slots, ones[k])
        if both == NO_ROOM:
            return k, written
        certain, doubtful = both >> 32, both & 0xFFFF_FFFF
        if written + certain + doubtful > len(answers):
            return k, written
        for m in range(certain):
            answers[written + m] = slots[m]
        for m in range(doubtful):
            answers[written + certain + m] = -1 - slots[len(slots) - 1 - m]
        counts[k, 0], counts[k, 1] = certain, doubtful
        written += certain + doubtful
    return len(ones), written
