"""The compiled search's own memory: what it takes it gives back, and nothing makes it look longer than it must."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest

from openline.core.notice import Kind
from openline.core.place import Outline, Point
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, Window
from openline.engine.columns import columns_of
from openline.engine.compiled import admission, bulk, cells, linking, query
from openline.engine.compiled.cells import next_hour
from openline.engine.compiled.layout import CELLS_USED, CROWDED, SHIFTS, TIME_SHIFTS
from openline.engine.compiled.search import CompiledSearch
from openline.engine.compiled.touching import class_of
from openline.engine.compiled.warming import warm
from openline.engine.compiling import HAS_COMPILER
from openline.engine.finder import Engine
from openline.engine.judgement import Judgements, Row
from openline.engine.search import Entry
from openline.engine.words import Item, JudgedVolume, Minima, Standing
from openline.geo.band import Band
from openline.geo.bounds import bounding_box
from tests.oracle.outlines import line
from tests.oracle.rules import Fixed

pytestmark = pytest.mark.skipif(not HAS_COMPILER, reason="there is no compiler here")

FAR_OFF_MS = 2_000 * 365 * DAY_MS
STANDING = Standing(party="north", kind=Kind.AIR_ACTIVITY)
MINIMA = Minima(lateral_m=100.0, vertical_m=0.0, time_ms=0)


def volume(outline: Outline, *, start: int = 0, end: int = HOUR_MS) -> JudgedVolume:
    return JudgedVolume(
        outline=outline,
        box=bounding_box(outline),
        band=Band(lower_m=0, upper_m=1_000),
        window=Window(start_ms=start, end_ms=end),
    )


def row_of(judgements: Judgements) -> Row:
    judgements.hold(STANDING)
    return judgements.row(Fixed(MINIMA), STANDING)


def dots(count: int, *, spread_deg: float = 1.0, many: int = 1) -> list[Entry]:
    """Circles side by side along a parallel."""
    places = [line((10.0, 20.0 + spread_deg * k / count / many), radius_m=50.0) for k in range(count * many)]
    volumes = [volume(place) for place in places]
    return [Entry(k, 0, 0, tuple(volumes[k * many : (k + 1) * many])) for k in range(count)]


def test_asking_takes_no_memory_for_good() -> None:
    search, row = CompiledSearch(), row_of(Judgements())
    search.put(dots(10))
    several = Entry(-1, 0, 0, tuple(volume(line((10.0, 20.0), (10.0, 21.0 + k)), end=DAY_MS) for k in range(3)))
    assert len(search.near_unknown(several, row)) > 10
    before = search.nbytes
    for _ in range(2_000):
        search.near_unknown(several, row)
    assert search.nbytes == before


@pytest.mark.parametrize("many", [1, 3])
def test_what_comes_and_goes_takes_no_memory_for_good(many: int) -> None:
    search = CompiledSearch()
    before = 0
    for turn in range(60):
        search.put([entry._replace(number=turn * 1_000 + entry.number) for entry in dots(100, many=many)])
        for number in range(100):
            search.take(turn * 1_000 + number)
        before = before or search.nbytes
    assert search.nbytes == before


def test_what_was_loaded_together_is_found_as_if_one_by_one() -> None:
    """Enough to grow the table of cells several times while they are counted."""
    entries, row = dots(20_000, spread_deg=30.0), row_of(Judgements())
    together, alone = CompiledSearch(), CompiledSearch()
    together.load(columns_of(entries))
    for entry in entries:
        alone.put([entry])
    for search in (together, alone):
        cells = search.store.cells
        assert cells["through"].min() == cells["through"].max() == 0
        assert int((cells["key"] != 0).sum()) == search.store.heads[CELLS_USED]
    crowds = together.store.cells["count"]
    assert crowds.max() <= CROWDED + 1
    for number in range(0, 20_000, 997):
        assert together.near(number, row) == alone.near(number, row)
        assert len(together.near(number, row)) >= 1


def test_one_question_for_many_is_many_questions() -> None:
    search, row = CompiledSearch(), row_of(Judgements())
    slots = search.load(columns_of(dots(3_000)))
    counts, found = search.query_many(slots, row)
    ends = np.cumsum(counts).tolist()
    for slot, begin, end in zip(slots.tolist()[:200], [0, *ends], ends, strict=False):
        assert sorted(found[begin:end].tolist()) == sorted(search.query(slot, row).tolist())


def test_many_answers_find_room() -> None:
    """More than the search first has room for, of which each must be told."""
    engine = Engine(CompiledSearch())
    same = volume(line((10.0, 20.0), radius_m=50.0))
    for k in range(5_000):
        engine.insert(Item(notice_id=f"n{k}", standing=STANDING, volumes=(same,)))
    assert len(engine.find_in_force("n0", Fixed(MINIMA))) == 4_999
    assert [len(found) for found in engine.find_many(["n1", "n2"], Fixed(MINIMA))] == [4_999, 4_999]


def test_a_notice_for_a_far_off_day_makes_no_question_long() -> None:
    """Between today and then there are millions of cells of time; a question steps over all that are not in use."""
    search, row = CompiledSearch(), row_of(Judgements())
    near, far = volume(line((10.0, 20.0))), volume(line((10.0, 20.0)), start=FAR_OFF_MS, end=FAR_OFF_MS + HOUR_MS)
    search.put([Entry(1, 0, 0, (near,)), Entry(2, 0, 0, (far,))])
    time_class = class_of(HOUR_MS)
    hour, last_hour, steps, read = 0, FAR_OFF_MS >> TIME_SHIFTS[time_class], 0, 0
    while hour <= last_hour:
        following = next_hour(search.store.cells, time_class, hour)
        read += following == hour
        hour, steps = max(following, hour + 1), steps + 1
    assert steps < 2_000 < last_hour
    assert read == 2
    endless = Entry(3, 0, 0, (volume(line((10.0, 20.0)), end=FOREVER_MS),))
    assert [touch.number for touch in search.near_unknown(endless, row)] == [1, 2]


def test_what_many_took_is_used_again_by_many() -> None:
    search, before = CompiledSearch(), 0
    for turn in range(5):
        columns = columns_of([entry._replace(number=turn * 1_000 + entry.number) for entry in dots(600)])
        search.load(columns)
        for number in range(600):
            search.take(turn * 1_000 + number)
        before = before or search.nbytes
    assert search.nbytes == before


def test_no_kernel_is_compiled_while_somebody_waits() -> None:
    """After the warming every kernel that Python calls has its one signature, and keeps it."""
    deque(warm(), maxlen=0)
    kernels: list[Any] = [admission.admit, admission.admit_one, bulk.begin_counting, bulk.count_through, bulk.fill]
    kernels += [bulk.forget_counts, cells.rehash, linking.link_few, linking.unlink, query.search, query.search_many]
    before = [len(kernel.signatures) for kernel in kernels]
    engine = Engine(CompiledSearch())
    whole = Outline(line=(Point(lat_deg=1, lng_deg=2), Point(lat_deg=2, lng_deg=3)), radius_m=5)
    engine.load([Item(notice_id=f"m{k}", standing=STANDING, volumes=(volume(whole),) * (k % 3)) for k in range(700)])
    engine.insert(Item(notice_id="one", standing=STANDING, volumes=(volume(whole),)))
    assert len(engine.find_in_force("one", Fixed(MINIMA))) == len(engine.find_many(["one"], Fixed(MINIMA))[0])
    engine.find(Item(notice_id="two", standing=STANDING, volumes=(volume(whole),)), Fixed(MINIMA))
    engine.remove("one")
    assert [len(kernel.signatures) for kernel in kernels] == before
    assert set(before) == {1}


def test_a_question_widens_nothing() -> None:
    search, row = CompiledSearch(), row_of(Judgements())
    search.put(dots(3))
    before = search.store.bounds[:-1].copy()
    search.near_unknown(Entry(-1, 0, 0, (volume(line((10.0, 20.0)), start=FAR_OFF_MS, end=FAR_OFF_MS + 1),)), row)
    assert (search.store.bounds[:-1] == before).all()


def test_levels_begin_with_the_whole_globe_and_get_finer() -> None:
    assert SHIFTS[0] == 32
    assert (np.diff(SHIFTS) < 0).all()
    assert (np.diff(TIME_SHIFTS) > 0).all()
