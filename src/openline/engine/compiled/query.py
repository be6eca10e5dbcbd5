"""The search: cells that the question touches, entries that it touches in them, and the shapes of what is left.

Three passes, so that the reads from memory of each wait for one another as little as possible: entries of cells give
slots, slots give volumes that are judged and near in time and height, and those are compared in metres.
"""

from __future__ import annotations

import numpy as np

from openline.engine.columns import Floats, Ints, Marks
from openline.engine.compiled.entries import height_step, word_of
from openline.engine.compiled.layout import DEPTH_MAX, LANE_MAX, SLABS, TIME_SHIFTS, TOPS, Records, Store, signed
from openline.engine.compiled.narrow import APART, NEAR, compare
from openline.engine.compiled.touching import clipped_ms, layer_of
from openline.engine.compiled.visiting import NO_ROOM, cells_of, entries_of, widened
from openline.engine.compiling import kernel

_SLACK_M = 1.0
"""Added to every search, sideways, up and down: more than rounding can take away. It also joins boxes that touch at the
antimeridian."""
_SERIALS = 2**31 - 1


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
            count = cells_of(store, span, layers, first_ms, last_ms, time_class, stack, visits, 0)
            if count == NO_ROOM:
                return NO_ROOM
            for k in range(count):
                cell = store.cells[visits[k, 0]]
                entries = store.entries[cell.first : cell.first + cell.count]
                owners = store.owners[cell.first :]
                found = entries_of(entries, owners, visits[k], span, first_ms, last_ms, shift, heights, slots, found)
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
