"""The engine as the node asks it: notices with ids and standings, rules, encounters. A million of them are heavy."""

from __future__ import annotations

import statistics
import time

import numpy as np

from bench.engine_parts.clock import spent, timed, undisturbed
from bench.engine_parts.outlines import begins_of, item_of
from bench.engine_parts.workloads import MINIMA, Spread, draw
from openline.engine.compiled.search import CompiledSearch
from openline.engine.finder import Engine
from openline.engine.words import Item, Minima, Standing

_BLOCKS = 10


class _Same:
    """The same minima for every pair."""

    edition = "bench"
    reach = MINIMA

    def minima(self, _first: Standing, _second: Standing, /) -> Minima | None:
        return MINIMA


def telling_figures(spread: Spread, in_force: int, count: int, overhead: int) -> dict[str, float]:
    """`find_in_force` one by one, `find_many`, `find` of what is not in force, `insert`, with `in_force` in force."""
    engine, rules = Engine(CompiledSearch()), _Same()
    items = _items(spread, in_force, seed=1)
    fresh = _items(spread, count, seed=2, first_number=in_force)
    begin = time.perf_counter()
    with undisturbed():
        engine.load(items)
    load_s = time.perf_counter() - begin
    chosen = [items[index].notice_id for index in np.random.default_rng(3).permutation(in_force)[: 2 * count].tolist()]
    del items
    warm, asked = chosen[:count], chosen[count:]
    for notice_id in warm:
        engine.find_in_force(notice_id, rules)
    size = count // _BLOCKS
    with undisturbed():
        cuts = [slice(begin, begin + size) for begin in range(0, size * _BLOCKS, size)]
        found = [timed(engine.find_in_force, [(name, rules) for name in asked[cut]], overhead) for cut in cuts]
        new = [timed(engine.find, [(item, rules) for item in fresh[cut]], overhead) for cut in cuts]
        told = [timed(engine.insert, [(item,) for item in fresh[cut]], overhead) for cut in cuts]
        rates: list[float] = []
        for cut in cuts:
            since = time.perf_counter()
            engine.find_many(warm[cut], rules)
            rates.append(size / (time.perf_counter() - since))
    return {
        "find_p50_us": spent(found).p50,
        "find_p99_us": spent(found).p99,
        "find_new_p50_us": spent(new).p50,
        "find_new_p99_us": spent(new).p99,
        "tell_p50_us": spent(told).p50,
        "tell_p99_us": spent(told).p99,
        "find_many_million_per_s": statistics.median(rates) / 1e6,
        "load_items_s": load_s,
    }


def _items(spread: Spread, count: int, *, seed: int, first_number: int = 0) -> list[Item]:
    columns = draw(spread, count, seed=seed, first_number=first_number)
    begins = begins_of(columns)
    return [item_of(columns, index, begins[index]) for index in range(count)]
