"""The compiled search, behind the same words as the plain one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from openline.core.time import Window
from openline.engine.columns import Columns, Ints, columns_of, points_of
from openline.engine.compiled.admission import FIGURES, admit, admit_one
from openline.engine.compiled.bulk import begin_counting, count_through, fill, forget_counts
from openline.engine.compiled.layout import DEPTH_MAX, SHIFTS, TOUCHED_MAX, Store
from openline.engine.compiled.linking import link_few, unlink
from openline.engine.compiled.memory import MANY_AT_ONCE, Memory
from openline.engine.compiled.query import search, search_many
from openline.engine.compiled.visiting import NO_ROOM
from openline.engine.judgement import Row
from openline.engine.search import Entry, Touch
from openline.engine.shapes import Shapes
from openline.engine.words import JudgedVolume
from openline.geo.separation import lateral_gap_m

_LOW_WORD = 0xFFFF_FFFF


class CompiledSearch:
    """Volumes in force under slots, rows of its arrays."""

    def __init__(self) -> None:
        """Nothing in force."""
        self._memory = Memory()
        self._first_slots: dict[int, int] = {}
        self._shapes = Shapes()
        self._touched: Ints = np.zeros((2 * TOUCHED_MAX, 5), dtype=np.int64)
        self._work: Ints = np.zeros((2 * DEPTH_MAX, 5), dtype=np.int64)
        self._found: Ints = np.zeros(4_096, dtype=np.int64)

    @property
    def store(self) -> Store:
        """The arrays, for whoever measures or tests the kernels."""
        return self._memory.store

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays."""
        return self._memory.nbytes

    def put(self, entries: Sequence[Entry]) -> None:
        """Add notices; no number is in use."""
        if len(entries) < MANY_AT_ONCE:
            for entry in entries:
                self._put_one(entry)
            return
        self._first_slots.update((entry.number, -1) for entry in entries if not entry.volumes)
        self.load(columns_of(entries))

    def load(self, columns: Columns) -> Ints:
        """Add volumes, whose numbers are not in use; the slot of each."""
        slots = self.place(columns)
        if len(slots) < MANY_AT_ONCE:
            self._link_few(slots)
        else:
            self._link_many(slots)
        if len(slots) == 1:
            self._first_slots[int(columns.number[0])] = int(slots[0])
            return slots
        begins = np.flatnonzero(np.diff(columns.number, prepend=-1))
        self._first_slots.update(zip(columns.number[begins].tolist(), slots[begins].tolist(), strict=True))
        return slots

    def place(self, columns: Columns) -> Ints:
        """Keep volumes to ask with: they are never found. The slot of each; `forget` frees them."""
        memory = self._memory
        slots, firsts = memory.allot(columns.vertices)
        admit(
            columns.number,
            columns.standing,
            columns.package,
            columns.start_ms,
            columns.end_ms,
            columns.lower_m,
            columns.upper_m,
            columns.box_deg,
            columns.radius_m,
            columns.vertices,
            columns.lat_deg,
            columns.lng_deg,
            columns.mark,
            *memory.store,
            memory.places,
            slots,
            firsts,
        )
        return slots

    def forget(self, slots: Ints) -> None:
        """Free the slots of volumes that were placed."""
        for slot in slots.tolist():
            volume = self._memory.store.volumes[slot]
            self._memory.free(slot, int(volume["first"]), int(volume["count"]))
            self._shapes.forget(slot)

    def take(self, number: int) -> None:
        """Remove a notice; KeyError when it is not there."""
        slot = self._first_slots.pop(number)
        while slot >= 0:
            first, count, following = unlink(*self._memory.store, slot, self._touched)
            self._memory.free(slot, first, count)
            self._shapes.forget(slot)
            slot = following

    def near(self, number: int, row: Row) -> list[Touch]:
        """Every touch of a notice that was put, with others."""
        touches: list[Touch] = []
        for slot in self._slots_of(number):
            touches += self._touches(slot, self.query(slot, row).tolist())
        return touches

    def near_many(self, numbers: Sequence[int], rows: Sequence[Row]) -> list[list[Touch]]:
        """`near` for each; those that follow each other under one row are searched together."""
        found: list[list[Touch]] = []
        begin = 0
        for row, group in groupby(rows):
            end = begin + len(list(group))
            found += self._near_alike(numbers[begin:end], row)
            begin = end
        return found

    def _near_alike(self, numbers: Sequence[int], row: Row) -> list[list[Touch]]:
        slots = [list(self._slots_of(number)) for number in numbers]
        counts, others = self.query_many(np.array([slot for own in slots for slot in own], dtype=np.int64), row)
        ends = np.cumsum(counts).tolist()
        begins = [0, *ends][: len(ends)]
        spans = iter(zip(begins, ends, strict=True))
        return [
            [touch for slot in own for touch in self._touches(slot, others[slice(*next(spans))].tolist())]
            for own in slots
        ]

    def near_unknown(self, entry: Entry, row: Row) -> list[Touch]:
        """Every touch of a notice that need not be in force; what has its number is not found."""
        slots = self.place(columns_of([entry]))
        try:
            touches: list[Touch] = []
            for slot in slots.tolist():
                touches += self._touches(slot, self.query(slot, row).tolist())
            return touches
        finally:
            self.forget(slots)

    def query(self, slot: int, row: Row) -> Ints:
        """The slots of all volumes in force that conflict with the one in `slot`, in no order."""
        while True:
            both = search(*self._memory.store, row.table, self._work, self._found, slot)
            if both != NO_ROOM:
                break
            self._enlarge()
        certain, doubtful = both >> 32, both & _LOW_WORD
        if doubtful:
            for other in self._found[len(self._found) - doubtful :].tolist():
                if self._conflicts(slot, other, row):
                    self._found[certain] = other
                    certain += 1
        return self._found[:certain].copy()

    def query_many(self, slots: Ints, row: Row) -> tuple[Ints, Ints]:
        """`query` for each, under one row of rules: how many each found (n,), and all of them one after the other."""
        counts = np.zeros((len(slots), 2), dtype=np.int64)
        answers = np.zeros(max(1_024, 4 * len(slots)), dtype=np.int64)
        done = written = 0
        while True:
            more, added = search_many(
                *self._memory.store, row.table, self._work, self._found, slots[done:], counts[done:], answers[written:]
            )
            done, written = done + more, written + added
            if done == len(slots):
                break
            # either the answers had no room left, or one search needed more to work in
            answers = np.concatenate((answers, np.zeros_like(answers)))
            self._enlarge()
        return self._settled(slots, row, counts, answers[:written])

    def _enlarge(self) -> None:
        """More room for a search to work in."""
        self._found = np.zeros(2 * len(self._found), dtype=np.int64)
        self._work = np.zeros((2 * len(self._work), 5), dtype=np.int64)

    def _settled(self, slots: Ints, row: Row, counts: Ints, answers: Ints) -> tuple[Ints, Ints]:
        """The answers with each doubtful one, -1 - slot, decided."""
        doubts = np.flatnonzero(answers < 0)
        if not len(doubts):
            return counts[:, 0].copy(), answers
        owners = np.repeat(np.arange(len(slots)), counts.sum(axis=1))
        keep = np.ones(len(answers), dtype=bool)
        for where in doubts.tolist():
            owner, other = int(owners[where]), -1 - int(answers[where])
            answers[where] = other
            keep[where] = self._conflicts(int(slots[owner]), other, row)
        return np.bincount(owners[keep], minlength=len(slots)), answers[keep]

    def _conflicts(self, slot: int, other: int, row: Row) -> bool:
        """By the distance that counts."""
        limit_m = float(row.table[self._memory.store.volumes[other]["standing"], 0])
        one, two = (self._shapes.of(s, self._memory.outline(s)) for s in (slot, other))
        return lateral_gap_m(two, one, at_most_m=limit_m) <= limit_m

    def _slots_of(self, number: int) -> Iterator[int]:
        slot = self._first_slots[number]
        while slot >= 0:
            yield slot
            slot = int(self._memory.store.volumes[slot]["sibling"]) - 1

    def _touches(self, slot: int, others: list[int]) -> list[Touch]:
        if not others:
            return []
        volumes = self._memory.store.volumes
        own = _window(volumes[slot])
        return [Touch(int(volumes[other]["number"]), _window(volumes[other]), own) for other in sorted(others)]

    def _put_one(self, entry: Entry) -> None:
        first_slot = -1
        for volume in reversed(entry.volumes):
            slot = self._put_volume(entry, volume)
            if first_slot >= 0:
                self._memory.store.volumes[slot]["sibling"] = first_slot + 1
            first_slot = slot
        self._first_slots[entry.number] = first_slot

    def _put_volume(self, entry: Entry, volume: JudgedVolume) -> int:
        memory, box, band, outline = self._memory, volume.box, volume.band, volume.outline
        figures = [band.lower_m, band.upper_m, outline.radius_m]
        figures += (box.lat_min_deg, box.lng_min_deg, box.lat_max_deg, box.lng_max_deg)
        figures += points_of(outline)
        slot, first = memory.allot_one((len(figures) - FIGURES) // 3)
        arguments = (
            np.array(figures, dtype=np.float64),
            (entry.number, entry.standing, entry.package),
            (volume.window.start_ms, volume.window.end_ms),
            slot,
            first,
            self._touched,
        )
        while not admit_one(*memory.store, memory.places, *arguments):
            memory.make_room()
        return slot

    def _link_few(self, slots: Ints) -> None:
        done = 0
        while (done := link_few(*self._memory.store, slots, done, self._touched)) < len(slots):
            self._memory.make_room()

    def _link_many(self, slots: Ints) -> None:
        memory, levels = self._memory, np.zeros_like(slots)
        begin_counting(memory.store, slots, levels)
        for level in range(len(SHIFTS)):
            if level not in levels:
                continue
            for step in (count_through, fill):
                done = 0
                while (done := step(memory.store, slots, levels, level, done, self._touched)) < len(slots):
                    memory.make_room()
        forget_counts(memory.store.cells)


def _window(volume: np.void) -> Window:
    return Window(start_ms=int(volume["start_ms"]), end_ms=int(volume["end_ms"]))
