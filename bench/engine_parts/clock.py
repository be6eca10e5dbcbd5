"""How long calls take, one by one, and how percentiles of them are told.

Every call is timed by itself with `time.perf_counter_ns`; what two readings of
the clock take with nothing between them is subtracted. The garbage collector is off meanwhile. Blocks of calls of
different engines alternate, so that each meets the same noise; each block has its own percentiles, and of those the
median over the blocks is told. That leaves out what happens to a block now and then on a shared machine, and nothing
that happens in most.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from openline.engine.compiling import kernel

Times = npt.NDArray[np.int64]
"""Nanoseconds."""
Chain = npt.NDArray[np.int64]

_LINE = 8
"""Numbers of eight bytes in a line of the cache."""


class Spent(NamedTuple):
    """Microseconds."""

    p50: float
    p99: float
    mean: float
    best_p50: float
    """Of the block that met the least noise."""
    best_p99: float
    calls: int


@contextmanager
def undisturbed() -> Iterator[None]:
    """No garbage collection within."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def overhead_ns() -> int:
    """What timing a call adds to it: two readings of the clock."""
    clock = time.perf_counter_ns
    times = np.empty(20_000, dtype=np.int64)
    for index in range(len(times)):
        begin = clock()
        times[index] = clock() - begin
    return int(np.median(times))


def timed(call: Callable[..., object], arguments: Sequence[tuple[Any, ...]], overhead: int) -> Times:
    """How long each call took."""
    return np.maximum(0, _timed(call, arguments) - overhead)


def spent(blocks: Iterable[Times]) -> Spent:
    """The median over blocks of the percentiles of each."""
    blocks = list(blocks)
    p50s = [float(np.percentile(block, 50)) / 1e3 for block in blocks]
    p99s = [float(np.percentile(block, 99)) / 1e3 for block in blocks]
    return Spent(
        p50=statistics.median(p50s),
        p99=statistics.median(p99s),
        mean=statistics.median(float(np.mean(block)) / 1e3 for block in blocks),
        best_p50=min(p50s),
        best_p99=min(p99s),
        calls=sum(len(block) for block in blocks),
    )


def memory_latency_ns(size_bytes: int = 1 << 28, steps: int = 1_000_000) -> float:
    """What one read takes that depends on the one before, at random among lines of the cache over `size_bytes`."""
    lines = size_bytes // (8 * _LINE)
    order = np.random.default_rng(1).permutation(lines)
    chain = np.zeros(lines * _LINE, dtype=np.int64)
    chain[order * _LINE] = np.roll(order, -1) * _LINE
    where = _follow(chain, 0, 1)
    begin = time.perf_counter_ns()
    _follow(chain, where, steps)
    return (time.perf_counter_ns() - begin) / steps


def _timed(call: Callable[..., object], arguments: Sequence[tuple[Any, ...]]) -> Times:
    clock = time.perf_counter_ns
    times = np.empty(len(arguments), dtype=np.int64)
    for index, given in enumerate(arguments):
        begin = clock()
        call(*given)
        times[index] = clock() - begin
    return times


@kernel
def _follow(chain: Chain, where: int, steps: int) -> int:
    for _ in range(steps):
        where = chain[where]
    return where
