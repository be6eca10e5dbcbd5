"""The compiled comparison of shapes against the distance that counts, with limits drawn as near to it as can be.

`lateral_gap_m` is held to GeographicLib by `test_geo_lateral`. Here every "certainly" of the compiled comparison is
held to `lateral_gap_m`, for edges up to 300 km and beyond, and to brute force over geodesics directly.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.core.place import Outline, Point, Polygon
from openline.core.time import HOUR_MS, Window
from openline.engine.columns import columns_of, outline_of
from openline.engine.compiled.narrow import APART, DOUBTFUL, NEAR, compare
from openline.engine.compiled.search import CompiledSearch
from openline.engine.compiling import HAS_COMPILER
from openline.engine.search import Entry
from openline.engine.words import JudgedVolume
from openline.geo.band import Band
from openline.geo.bounds import bounding_box
from openline.geo.separation import lateral_gap_m
from openline.geo.shape import prepare
from tests.oracle.lateral import lateral_distance_m
from tests.oracle.outlines import AZIMUTHS, away, centres, neighbours, star

pytestmark = pytest.mark.skipif(not HAS_COMPILER, reason="there is no compiler here")

ANYTHING_M = 1e9
AROUND_M = st.sampled_from([0.0, 1e-4, 0.001, 0.02, 0.08, 0.15, 0.3, 1.0, 5.0, 50.0, 2_000.0])
SIGNS = st.sampled_from([-1.0, 1.0])


def volume(outline: Outline) -> JudgedVolume:
    return JudgedVolume(
        outline=outline,
        box=bounding_box(outline),
        band=Band(lower_m=0.0, upper_m=1.0),
        window=Window(start_ms=0, end_ms=HOUR_MS),
    )


class Pair:
    """Two outlines as the compiled search holds them."""

    def __init__(self, one: Outline, other: Outline) -> None:
        self.search = CompiledSearch()
        self.slots = self.search.place(columns_of([Entry(k, 0, 0, (volume(o),)) for k, o in enumerate((one, other))]))
        self.gap_m = lateral_gap_m(prepare(one), prepare(other), at_most_m=ANYTHING_M)

    def verdict(self, limit_m: float) -> int:
        store = self.search.store
        one, other = self.slots.tolist()
        verdict = compare(store.volumes, store.corners, store.marks, one, other, limit_m)
        assert verdict == compare(store.volumes, store.corners, store.marks, other, one, limit_m)
        return verdict

    def check(self, limit_m: float) -> int:
        verdict = self.verdict(limit_m)
        if verdict != DOUBTFUL:
            assert (verdict == NEAR) == (self.gap_m <= limit_m)
        return verdict


@st.composite
def long_edged(draw: st.DrawFn) -> tuple[Outline, Outline]:
    """Shapes of few and long edges that run side by side, cross, or hold each other."""
    centre = draw(centres())
    size_m = draw(st.sampled_from([20_000.0, 90_000.0, 140_000.0, 300_000.0]))
    shapes = []
    for _ in range(2):
        middle = away(centre, draw(AZIMUTHS), size_m * draw(st.sampled_from([0.0, 0.02, 0.3, 0.9])))
        first_deg = draw(st.floats(0.0, 360.0))
        if draw(st.booleans()):
            ends = tuple(
                away(middle, first_deg + turn, size_m * 0.6) for turn in (0.0, 180.0 + draw(st.floats(-20, 20)))
            )
            shapes.append(Outline(line=ends, radius_m=draw(st.sampled_from([0.0, 1_000.0]))))
        else:
            ring = star(middle, [size_m * draw(st.sampled_from([0.1, 0.5, 0.6])) for _ in range(3)], first_deg)
            shapes.append(Outline(polygons=(Polygon(exterior=ring),)))
    return shapes[0], shapes[1]


@given(long_edged() | neighbours(), AROUND_M, SIGNS)
def test_what_is_certain_is_what_counts(pair: tuple[Outline, Outline], around_m: float, sign: float) -> None:
    compared = Pair(*pair)
    compared.check(max(0.0, compared.gap_m + sign * around_m))
    compared.check(0.0)


@given(long_edged() | neighbours(), st.sampled_from([0.0, 0.05, 1.0, 300.0]), SIGNS)
def test_what_is_certain_is_so_by_geographiclib(pair: tuple[Outline, Outline], around_m: float, sign: float) -> None:
    one, other = pair
    true_m = lateral_distance_m(one, other)
    limit_m = max(0.0, true_m + sign * around_m)
    verdict = Pair(one, other).verdict(limit_m)
    if verdict == NEAR:
        assert true_m <= limit_m + 0.002
    elif verdict == APART:
        assert true_m > limit_m - 0.002


@given(st.sampled_from([100.0, 5_000.0, 40_000.0]), centres(), AZIMUTHS, st.floats(0.0, 3.0), SIGNS)
def test_doubt_is_rare(size_m: float, centre: Point, azimuth_deg: float, share: float, sign: float) -> None:
    """Beyond two metres of the limit, shapes as large as those of drills and sectors are decided without help."""
    rings = [star(at, [size_m] * 5) for at in (centre, away(centre, azimuth_deg, share * size_m))]
    compared = Pair(*(Outline(polygons=(Polygon(exterior=ring),)) for ring in rings))
    limit_m = compared.gap_m + sign * 2.0
    if limit_m > 1.0:
        assert compared.check(limit_m) != DOUBTFUL


@given(neighbours())
def test_outlines_come_back_as_they_were(pair: tuple[Outline, Outline]) -> None:
    columns = columns_of([Entry(k, 0, 0, (volume(outline),)) for k, outline in enumerate(pair)])
    ends = np.cumsum(columns.vertices)
    for k, outline in enumerate(pair):
        span = slice(int(ends[k] - columns.vertices[k]), int(ends[k]))
        places = np.stack((columns.lat_deg[span], columns.lng_deg[span]), axis=1)
        assert outline_of(places, columns.mark[span], outline.radius_m) == outline
