"""The search: cells that the question touches, entries that it touches in them, and the shapes of what is left.

Three passes, so that the reads from memory of each wait for one another as little as possible: entries of cells give
slots, slots give volumes that are judged and near in time and height, and those are compared in metres.
"""

from __future__ import annotations

import math

import numpy as np

from openline.engine.columns import Floats, Ints
from openline.engine.compiled.cells import cell_key, clipped_ms, find_cell
from openline.engine.compiled.entries import height_step, in_cell, slot_in
from openline.engine.compiled.layout import (
    DEPTH_MAX,
    EAST,
    END,
    LOWER,
    NORTH,
    NORTH_POLE,
    PLACE_UNITS,
    ROUND,
    SHIFTS,
    SOUTH,
    START,
    TIME_SHIFTS,
    UPPER,
    WEST,
    Records,
    Store,
)
from openline.engine.compiled.narrow import CLEAR, NEAR, compare
from openline.engine.compiling import kernel
from openline.geo.cells import EQUATOR_M_PER_DEG, LAT_M_PER_DEG

_SLACK_M = 1.0
"""Added to every search, more than rounding can take away; it also joins boxes that touch at the antimeridian."""
_POLAR_DEG = 89.99
NO_ROOM = -1
_SERIALS = 2**31 - 1


@kernel
def widened(volume: Records, margin_m: float, spans: Ints) -> int:
    """Write into `spans` the one or two (south, west, north, east) that hold all within `margin_m`; how many.

    See `openline.geo.cells.spans` for why no point is missed.
    """
    margin_deg = margin_m / LAT_M_PER_DEG
    margin = np.int64(margin_deg * PLACE_UNITS) + 1
    south = max(np.int64(volume.south) - margin, 0)
    north = min(np.int64(volume.north) + margin, NORTH_POLE)
    polar_deg = max(abs(south / PLACE_UNITS - 90.0), abs(north / PLACE_UNITS - 90.0))
    spans[0, 0], spans[0, 1], spans[0, 2], spans[0, 3] = south, 0, north, ROUND
    if polar_deg >= _POLAR_DEG:
        return 1
    margin = np.int64(margin_m / (EQUATOR_M_PER_DEG * math.cos(math.radians(polar_deg))) * PLACE_UNITS) + 1
    west, east = np.int64(volume.west), np.int64(volume.east)
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
    store: Store, span: Ints, first_ms: int, last_ms: int, time_class: int, stack: Ints, visits: Ints, known: int
) -> int:
    """Append to `visits` (place, row, column, hour, level) of every cell of a class with entries that the question touches.

    Returns how many there are now; NO_ROOM when they do not fit.
    """
    cells = store.cells
    time_shift = TIME_SHIFTS[time_class]
    for hour in range(first_ms >> time_shift, (last_ms >> time_shift) + 1):
        stack[0, 0], stack[0, 1], stack[0, 2] = 0, 0, 0
        waiting = 1
        while waiting > 0:
            waiting -= 1
            level, row, column = stack[waiting, 0], stack[waiting, 1], stack[waiting, 2]
            place = find_cell(cells, cell_key(time_class, level, hour, row, column))
            if place < 0:
                continue
            if cells[place].count > 0:
                if known == len(visits):
                    return NO_ROOM
                visits[known, 0], visits[known, 1], visits[known, 2] = place, row, column
                visits[known, 3], visits[known, 4] = hour, level
                known += 1
            if cells[place].finer:
                finer = SHIFTS[level + 1]
                step = SHIFTS[level] - finer
                last_row = min(span[2] >> finer, ((row + 1) << step) - 1)
                last_column = min(span[3] >> finer, ((column + 1) << step) - 1)
                for child_row in range(max(span[0] >> finer, row << step), last_row + 1):
                    for child_column in range(max(span[1] >> finer, column << step), last_column + 1):
                        stack[waiting, 0], stack[waiting, 1], stack[waiting, 2] = level + 1, child_row, child_column
                        waiting += 1
    return known


@kernel
def _entries_of(
    store: Store,
    visit: Ints,
    span: Ints,
    first_ms: int,
    last_ms: int,
    time_shift: int,
    lower: int,
    upper: int,
    slots: Ints,
    found: int,
) -> int:
    """Append the slots of a cell's entries that the question touches; NO_ROOM when they do not fit."""
    entries, cell = store.entries, store.cells[visit[0]]
    if found + cell.count > len(slots):
        return NO_ROOM
    shift = SHIFTS[visit[4]]
    south, north = in_cell(span[0], visit[1], shift), in_cell(span[2], visit[1], shift)
    west, east = in_cell(span[1], visit[2], shift), in_cell(span[3], visit[2], shift)
    start, end = in_cell(first_ms, visit[3], time_shift), in_cell(last_ms, visit[3], time_shift)
    for row in range(cell.first, cell.first + cell.count):
        if (
            entries[row, LOWER] <= upper
            and entries[row, UPPER] >= lower
            and entries[row, START] <= end
            and entries[row, END] >= start
            and entries[row, SOUTH] <= north
            and entries[row, NORTH] >= south
            and entries[row, WEST] <= east
            and entries[row, EAST] >= west
        ):
            slots[found] = slot_in(entries, row)
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
    separation_ms = np.int64(table[b.standing, 2])
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
def search(store: Store, table: Floats, work: Ints, slots: Ints, one: int) -> int:
    """Which volumes in force are nearer to volume `one` than the rules allow.

    `table` has the minima for each standing, and in its last row the largest of each. `slots` takes the answers: those
    that are certain from the front, those in doubt from the back.

    Returns certain << 32 | doubtful, or NO_ROOM when `slots` is too short.
    """
    volumes, bounds = store.volumes, store.bounds
    spans, stack, visits = work[:2], work[2:DEPTH_MAX], work[DEPTH_MAX:]
    volume, reach = volumes[one], table[len(table) - 1]
    lower, upper = height_step(volume.lower_m - reach[1]), height_step(volume.upper_m + reach[1])
    start_ms = clipped_ms(volume.start_ms - np.int64(reach[2]))
    end_ms = clipped_ms(volume.end_ms + np.int64(reach[2]))
    parts = widened(volume, reach[0] + _SLACK_M, spans)
    found = 0
    for time_class in range(len(TIME_SHIFTS)):
        shift = TIME_SHIFTS[time_class]
        first_ms = max(start_ms, bounds[time_class, 0] << shift)
        last_ms = min(end_ms, ((bounds[time_class, 1] + 1) << shift) - 1)
        for part in range(parts if first_ms <= last_ms else 0):
            span = spans[part]
            count = _cells_of(store, span, first_ms, last_ms, time_class, stack, visits, 0)
            if count == NO_ROOM:
                return NO_ROOM
            for k in range(count):
                found = _entries_of(store, visits[k], span, first_ms, last_ms, shift, lower, upper, slots, found)
                if found == NO_ROOM:
                    return NO_ROOM
    return _compared(store, table, slots, one, found, np.int32(_next_serial(volumes, bounds)))


@kernel
def _compared(store: Store, table: Floats, slots: Ints, one: int, found: int, serial: int) -> int:
    volumes = store.volumes
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
        verdict = compare(store, one, other, table[volumes[other].standing, 0])
        if verdict == NEAR:
            slots[certain] = other
            certain += 1
        elif verdict != CLEAR:
            doubtful += 1
            if len(slots) - doubtful < left:
                return NO_ROOM
            slots[len(slots) - doubtful] = other
    return certain << 32 | doubtful


@kernel
def search_many(
    store: Store,
    table: Floats,
    work: Ints,
    slots: Ints,
    ones: Ints,
    counts: Ints,
    answers: Ints,
) -> tuple[int, int]:
    """`search` for each of `ones` under one row of rules.

    Writes what is certain into `answers`, one after the other, with (certain, doubtful) in `counts`; a doubtful one comes
    after the certain ones of its question as -1 - slot. Returns how many questions were answered and how many answers
    written; fewer than asked when there was no room.
    """
    written = 0
    for k in range(len(ones)):
        both = search(store, table, work, slots, ones[k])
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
