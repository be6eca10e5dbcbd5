"""Every kernel called once, so that none is compiled while somebody waits for an answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from openline.core.notice import Kind
from openline.core.place import Outline, Point, Polygon
from openline.core.time import HOUR_MS, Window
from openline.engine.columns import columns_of
from openline.engine.compiled.cells import rehash
from openline.engine.compiled.memory import MANY_AT_ONCE
from openline.engine.compiled.search import CompiledSearch
from openline.engine.judgement import Judgements
from openline.engine.search import Entry
from openline.engine.words import JudgedVolume, Minima, Standing
from openline.geo.band import Band
from openline.geo.bounds import bounding_box

STEPS = 3


class _OneRule:
    edition = None
    reach = Minima(lateral_m=100.0, vertical_m=0.0, time_ms=0)

    def minima(self, _first: Standing, _second: Standing) -> Minima:
        return self.reach


def warm() -> Iterator[int]:
    """Call every kernel on a few volumes; yields how many of the `STEPS` are done. Some ten seconds the first time."""
    outline = Outline(polygons=(Polygon(exterior=tuple(_point(*at) for at in ((0.0, 0.0), (0.0, 0.1), (0.1, 0.1)))),))
    volume = JudgedVolume(
        outline=outline,
        box=bounding_box(outline),
        band=Band(lower_m=0.0, upper_m=100.0),
        window=Window(start_ms=0, end_ms=HOUR_MS),
    )
    judgements = Judgements()
    standing = Standing(party="", kind=Kind.AIR_ACTIVITY)
    standing_number = judgements.hold(standing)
    row = judgements.row(_OneRule(), standing)
    search = CompiledSearch()
    search.put([Entry(0, standing_number, 0, (volume,))])
    yield 1
    search.put([Entry(number, standing_number, 0, (volume,)) for number in range(1, MANY_AT_ONCE + 1)])
    search.load(columns_of([Entry(-2, standing_number, 0, (volume,))]))
    rehash(search.store, np.zeros_like(search.store.cells))
    yield 2
    search.near(0, row)
    placed = search.place(columns_of([Entry(-1, standing_number, 0, (volume,))]))
    search.query_many(np.concatenate((placed, placed)), row)
    search.take(0)
    yield STEPS


def _point(lat_deg: float, lng_deg: float) -> Point:
    return Point(lat_deg=lat_deg, lng_deg=lng_deg)
