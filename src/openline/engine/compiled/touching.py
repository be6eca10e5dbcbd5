"""Which cells a volume touches: its class by how long it lasts, the levels that it fits, its slabs of height."""

from __future__ import annotations

from openline.engine.columns import Ints
from openline.engine.compiled.cells import cell_key, find_cell
from openline.engine.compiled.layout import (
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

_LAYERS = 1_000_000.0
"""More layers than any height has."""


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
