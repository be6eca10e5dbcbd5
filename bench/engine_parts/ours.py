"""Our search, filled and asked as it is by whoever holds columns."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import numpy as np

from bench.engine_parts.boxes import Ints
from bench.engine_parts.workloads import MINIMA, REGION, draw, part
from openline.engine.columns import Columns
from openline.engine.compiled.search import CompiledSearch
from openline.engine.compiled.warming import warm
from openline.engine.judgement import Row

_PAGE = 4096


def one_row() -> Row:
    """The rules of a bench: one standing, the same minima for every pair."""
    row = Row(MINIMA)
    row.minima = [MINIMA]
    row.table = np.array([[MINIMA.lateral_m, MINIMA.vertical_m, float(MINIMA.time_ms)]])
    return row


class Ours:
    """A compiled search with volumes in force, and volumes placed to ask with."""

    name = "ours"

    def __init__(self, volumes: Columns, asked: Columns) -> None:
        """Load and place; measures the load."""
        self.search = CompiledSearch()
        self.row = one_row()
        before, begin, begin_cpu = resident_bytes(), time.perf_counter(), time.process_time()
        slots = np.asarray(self.search.load(volumes))
        self.load_s = time.perf_counter() - begin
        self.load_cpu_s = time.process_time() - begin_cpu
        self.resident_bytes = resident_bytes() - before
        self.array_bytes = self.search.nbytes
        self.slots = np.asarray(self.search.place(asked))
        self._rows = np.full(int(max(slots.max(), self.slots.max())) + 1, -1, dtype=np.int64)
        self._rows[slots] = np.arange(len(volumes))

    def query(self, question: int) -> Ints:
        """The rows of the volumes that conflict with one that is asked about, in no order."""
        rows: Ints = self._rows[self.search.query(int(self.slots[question]), self.row)]
        return rows

    def hits(self) -> Ints:
        """How many conflicts each question has."""
        counts, _ = self.search.query_many(self.slots, self.row)
        return counts


def warm_up() -> float:
    """Have every kernel compiled, or read from its cache; the seconds that took."""
    begin = time.perf_counter()
    deque(warm(), maxlen=0)
    volumes = draw(REGION, 512, seed=1)
    ours = Ours(volumes, part(volumes, 0, 8))
    ours.query(0)
    ours.hits()
    for number in range(64):
        ours.search.take(number)
        ours.search.load(part(volumes, number, number + 1))
    return time.perf_counter() - begin


def resident_bytes() -> int:
    """The resident set of this process; 0 where the system does not tell."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * _PAGE if statm.exists() else 0
