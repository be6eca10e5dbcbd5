"""Putting volumes into the cells that they touch, and taking them out again."""

from __future__ import annotations

from openline.engine.columns import Floats, Ints, Marks
from openline.engine.compiled.cells import make_cell
from openline.engine.compiled.entries import drop_entry, have_room, put_entry
from openline.engine.compiled.layout import CELLS_MORE, CELLS_USED, CROWDED, SHIFTS, TIME_SHIFTS, Records, Store
from openline.engine.compiled.touching import class_of_slot, clipped_ms, fits, touch
from openline.engine.compiling import kernel

_SHARE = 1.0 / 64.0
"""How much the level of one volume moves the usual one."""


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
