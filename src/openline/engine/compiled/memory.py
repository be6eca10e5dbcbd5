"""Slots for volumes, runs for their vertices, and tables that grow."""

from __future__ import annotations

import numpy as np

from openline.core.place import Outline
from openline.engine.columns import Floats, Ints, outline_of
from openline.engine.compiled.cells import rehash
from openline.engine.compiled.layout import (
    CELL,
    CELLS_USED,
    FREE_RUNS,
    ROOMS,
    SHIFTS,
    TIME_SHIFTS,
    VOLUME,
    Store,
    grown,
)
from openline.engine.compiled.linking import has_room

_FEW = 1_024
MANY_AT_ONCE = 256
"""So many volumes are taken in together, fewer one by one."""


class Memory:
    """The arrays of a search, and which of their rows are free."""

    def __init__(self) -> None:
        """Room for a thousand volumes."""
        self.places: Floats = np.zeros((_FEW, 2))
        """Vertices in degrees, latitude and longitude; beside `store.corners`."""
        self.store = Store(
            cells=np.zeros(1 << 13, dtype=CELL),
            entries=np.zeros((_FEW, 2), dtype=np.int64),
            owners=np.zeros(_FEW, dtype=np.int32),
            heads=np.array([0] * FREE_RUNS + [-1] * ROOMS, dtype=np.int64),
            volumes=np.zeros(_FEW, dtype=VOLUME),
            corners=np.zeros((_FEW, 3)),
            marks=np.zeros(_FEW, dtype=np.int8),
            bounds=np.array([*[(2**40, -1, len(SHIFTS) - 1)] * len(TIME_SHIFTS), (0, 0, 0)], dtype=np.int64),
            usual=np.zeros(len(TIME_SHIFTS)),
        )
        self._slots_used = 0
        self._free_slots: list[int] = []
        self._vertices_used = 0
        self._free_runs: dict[int, list[int]] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self.places.nbytes + sum(array.nbytes for array in self.store)

    def allot(self, vertices: Ints) -> tuple[Ints, Ints]:
        """A slot, and the first of a run of vertices, for each volume with so many vertices.

        What was freed is used first; otherwise many lie side by side.
        """
        if len(vertices) < MANY_AT_ONCE or self._free_slots:
            pairs = [self.allot_one(count) for count in vertices.tolist()]
            both = np.array(pairs, dtype=np.int64).reshape(-1, 2).T.copy()
            return both[0], both[1]
        count, corners = len(vertices), int(vertices.sum())
        self._reserve(self._slots_used + count, self._vertices_used + corners)
        slots = np.arange(self._slots_used, self._slots_used + count)
        firsts = self._vertices_used + np.cumsum(vertices) - vertices
        self._slots_used += count
        self._vertices_used += corners
        return slots, firsts

    def allot_one(self, vertices: int) -> tuple[int, int]:
        """As `allot`, for one volume; what was freed is used first."""
        return self._slot(), self._run(vertices)

    def free(self, slot: int, first: int, count: int) -> None:
        """Give back a slot and its `count` vertices from `first` on."""
        self._free_slots.append(slot)
        self._free_runs.setdefault(count, []).append(first)

    def outline(self, slot: int) -> Outline:
        """The outline of a volume, as it was told."""
        volume = self.store.volumes[slot]
        first, end = int(volume["first"]), int(volume["first"]) + int(volume["count"])
        return outline_of(self.places[first:end], self.store.marks[first:end], float(volume["radius_m"]))

    def make_room(self) -> None:
        """Grow the cells or the entries, whichever is short."""
        if has_room(self.store):
            entries = grown(self.store.entries, 0)
            self.store = self.store._replace(entries=entries, owners=grown(self.store.owners, len(entries)))
            return
        larger = np.zeros(2 * len(self.store.cells), dtype=CELL)
        self.store.heads[CELLS_USED] = rehash(self.store, larger)
        self.store = self.store._replace(cells=larger)

    def _slot(self) -> int:
        if self._free_slots:
            return self._free_slots.pop()
        self._reserve(self._slots_used + 1, 0)
        self._slots_used += 1
        return self._slots_used - 1

    def _run(self, length: int) -> int:
        runs = self._free_runs.get(length)
        if runs:
            return runs.pop()
        self._reserve(0, self._vertices_used + length)
        self._vertices_used += length
        return self._vertices_used - length

    def _reserve(self, slots: int, vertices: int) -> None:
        if slots > len(self.store.volumes):
            self.store = self.store._replace(volumes=grown(self.store.volumes, slots))
        if vertices > len(self.places):
            self.places = grown(self.places, vertices)
            length = len(self.places)
            corners, marks = grown(self.store.corners, length), grown(self.store.marks, length)
            self.store = self.store._replace(corners=corners[:length], marks=marks[:length])
