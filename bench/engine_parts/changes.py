"""What is done to our search beside asking: notices put in force and taken out, one by one, and questions in bulk."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

from bench.engine_parts.clock import Times, spent, timed, undisturbed
from bench.engine_parts.ours import Ours
from bench.engine_parts.outlines import entry_of
from bench.engine_parts.workloads import Spread, draw, part

_BLOCKS = 10


def change_figures(ours: Ours, spread: Spread, in_force: int, count: int, overhead: int) -> dict[str, float]:
    """Insert and remove `count` notices each, in turn, so that the number in force stays the same.

    `put` is an insertion from the words of the house (`Entry`) in place of columns.
    """
    fresh = draw(spread, 2 * count, seed=77, first_number=10 * in_force)
    rows = [part(fresh, index, index + 1) for index in range(count)]
    entries = [entry_of(fresh, index) for index in range(count, 2 * count)]
    leaving = np.random.default_rng(78).permutation(in_force)[: 2 * count].tolist()
    search = ours.search
    inserts: list[Times] = []
    removals: list[Times] = []
    puts: list[Times] = []
    # The arrays grow now and then; the first insertion may be the one that pays for it.
    search.load(part(draw(spread, 1, seed=79, first_number=20 * in_force), 0, 1))
    size = count // _BLOCKS
    with undisturbed():
        for begin in range(0, size * _BLOCKS, size):
            out = [(number,) for number in leaving[2 * begin : 2 * (begin + size)]]
            inserts.append(timed(search.load, [(row,) for row in rows[begin : begin + size]], overhead))
            removals.append(timed(search.take, out[:size], overhead))
            puts.append(timed(search.put, [((entry,),) for entry in entries[begin : begin + size]], overhead))
            removals.append(timed(search.take, out[size:], overhead))
    figures: dict[str, float] = {}
    for name, blocks in (("insert", inserts), ("remove", removals), ("put", puts)):
        figures[f"{name}_p50_us"] = spent(blocks).p50
        figures[f"{name}_p99_us"] = spent(blocks).p99
        figures[f"{name}_worst_us"] = float(max(block.max() for block in blocks)) / 1e3
    return figures


def batch_figures(ours: Ours, repetitions: int = 5) -> dict[str, float]:
    """Millions of questions a second when they are asked at once, by the clock and by the core; medians."""
    by_wall: list[float] = []
    by_core: list[float] = []
    with undisturbed():
        for _ in range(repetitions):
            begin, begin_cpu = time.perf_counter(), time.process_time()
            ours.search.query_many(ours.slots, ours.row)
            by_core.append(len(ours.slots) / 1e6 / (time.process_time() - begin_cpu))
            by_wall.append(len(ours.slots) / 1e6 / (time.perf_counter() - begin))
    return {
        "batch_million_per_s": statistics.median(by_wall),
        "batch_million_per_cpu_s": statistics.median(by_core),
    }


def memory_figures(ours: Ours, in_force: int) -> dict[str, Any]:
    """Bytes a volume with its shape: of the arrays, and by how much the whole process grew."""
    return {
        "bytes_per_volume": round(ours.array_bytes / in_force),
        "resident_bytes_per_volume": round(ours.resident_bytes / in_force),
    }
