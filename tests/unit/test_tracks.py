"""Live tracks: encounters whose outcome anyone can tell, everywhere on the globe, on both paths."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypedDict

import numpy as np
import pytest
from pyproj import Geod

from openline.core.place import Outline, Point
from openline.core.time import FOREVER_MS
from openline.engine.compiling import HAS_COMPILER
from openline.engine.tracks.crossings import Crossings, find_crossings
from openline.engine.tracks.motion import advanced
from openline.engine.tracks.outlines import prepare_outlines
from openline.engine.tracks.pairs import Approaches, find_pairs
from openline.engine.tracks.reports import FASTEST_MPS, Floats, Tracks
from openline.engine.tracks.warming import warm
from tests.oracle.outlines import away, line, polygon, regular
from tests.tracks import columns_of_outlines, table, track


class Way(TypedDict):
    """Which path to take."""

    compiled: bool


NOW_MS = 1_700_000_000_000
LATERAL_M, VERTICAL_M = 9_260.0, 304.8
GEOD = Geod(ellps="WGS84")

BOTH = pytest.mark.parametrize("way", [{"compiled": True}, {"compiled": False}], ids=["compiled", "plain"])
PLACES = pytest.mark.parametrize(
    ("lat_deg", "lng_deg"),
    [
        (0.0, 0.0),
        (47.0, 8.0),
        (0.0, 180.0),
        (-63.0, -179.99),
        (89.9, 20.0),
        (90.0, 0.0),
        (-90.0, 77.0),
        (-89.99, -180.0),
    ],
)


def pairs_of(tracks: Tracks, *, compiled: bool, **asked: float) -> Approaches:
    wanted = {"look_ahead_s": 300.0, "lateral_m": LATERAL_M, "vertical_m": VERTICAL_M, **asked}
    return find_pairs(tracks, now_ms=NOW_MS, compiled=compiled, **wanted)


def opposite(lat_deg: float, lng_deg: float, apart_m: float, speed_mps: float) -> list[dict[str, float]]:
    """Two tracks that fly at each other along one geodesic, from either side of a place."""
    middle = Point(lat_deg=lat_deg, lng_deg=lng_deg)
    rows = []
    for azimuth in (70.0, 250.0):
        start = away(middle, azimuth, apart_m / 2.0)
        course, _, _ = GEOD.inv(start.lng_deg, start.lat_deg, lng_deg, lat_deg)
        rows.append(
            track(
                start.lat_deg, start.lng_deg, NOW_MS, ground_speed_mps=speed_mps, true_track_deg=float(course) % 360.0
            )
        )
    return rows


@BOTH
@PLACES
def test_head_on(lat_deg: float, lng_deg: float, way: Way) -> None:
    found = pairs_of(table(opposite(lat_deg, lng_deg, 100_000.0, 250.0)), **way)
    assert found.first.tolist() == [0]
    assert found.second.tolist() == [1]
    assert found.closest_s[0] == pytest.approx(200.0, abs=0.01)
    assert found.miss_m[0] == pytest.approx(0.0, abs=0.2)
    assert found.breach_s[0] == pytest.approx((100_000.0 - LATERAL_M) / 500.0, abs=0.01)
    assert found.vertical_gap_m[0] == 0.0


@BOTH
def test_the_closest_approach_may_be_slices_after_the_breach(way: Way) -> None:
    found = pairs_of(table(opposite(47.0, 8.0, 20_000.0, 60.0)), **way)
    assert found.breach_s.tolist() == pytest.approx([(20_000.0 - LATERAL_M) / 120.0], abs=0.01)
    assert found.closest_s.tolist() == pytest.approx([20_000.0 / 120.0], abs=0.01)


@BOTH
@PLACES
def test_head_on_beyond_the_look_ahead(lat_deg: float, lng_deg: float, way: Way) -> None:
    rows = opposite(lat_deg, lng_deg, 100_000.0, 250.0)
    assert len(pairs_of(table(rows), **way, look_ahead_s=181.0)) == 0
    assert len(pairs_of(table(rows), **way, look_ahead_s=182.0)) == 1


@BOTH
@PLACES
def test_side_by_side_at_one_speed(lat_deg: float, lng_deg: float, way: Way) -> None:
    start = Point(lat_deg=lat_deg, lng_deg=lng_deg)
    for beside_m, is_found in ((9_000.0, True), (9_500.0, False)):
        other = away(start, 0.0, beside_m)
        course = GEOD.inv(other.lng_deg, other.lat_deg, lng_deg, lat_deg)[0] + 90.0
        rows = [
            track(lat_deg, lng_deg, NOW_MS, ground_speed_mps=10.0, true_track_deg=270.0),
            track(other.lat_deg, other.lng_deg, NOW_MS, ground_speed_mps=10.0, true_track_deg=float(course) % 360.0),
        ]
        found = pairs_of(table(rows), **way)
        assert len(found) == is_found
        if is_found:
            assert found.breach_s[0] == 0.0
            assert found.miss_m[0] == pytest.approx(beside_m, abs=1.0)


@BOTH
def test_in_trail_at_one_speed(way: Way) -> None:
    rows = [track(0.0, lng, NOW_MS, ground_speed_mps=200.0, true_track_deg=90.0) for lng in (179.95, -179.99, -179.9)]
    found = pairs_of(table(rows), **way)
    assert list(zip(found.first, found.second, strict=True)) == [(0, 1)]
    assert found.miss_m[0] == pytest.approx(0.06 * 111_319.49, abs=0.5)


@BOTH
@PLACES
def test_hovering(lat_deg: float, lng_deg: float, way: Way) -> None:
    start = Point(lat_deg=lat_deg, lng_deg=lng_deg)
    other = away(start, 33.0, 40.0)
    rows = [track(lat_deg, lng_deg, NOW_MS), track(other.lat_deg, other.lng_deg, NOW_MS)]
    found = pairs_of(table(rows), **way, lateral_m=50.0, vertical_m=30.0)
    assert found.miss_m.tolist() == pytest.approx([40.0], abs=0.01)
    assert found.breach_s.tolist() == [0.0]
    assert len(pairs_of(table(rows), **way, lateral_m=39.5, vertical_m=30.0)) == 0


@BOTH
def test_stacked_at_the_minimum_is_no_conflict(way: Way) -> None:
    rows = [track(10.0, 20.0, NOW_MS, height_m=feet * 0.3048) for feet in (10_000.0, 11_000.0, 12_000.0, 12_990.0)]
    found = pairs_of(table(rows), **way)
    assert list(zip(found.first, found.second, strict=True)) == [(2, 3)]


@BOTH
def test_both_minima_at_one_instant(way: Way) -> None:
    """Near at first with heights apart, at one height later when far: never both."""
    rows = [
        track(0.0, 0.0, NOW_MS, ground_speed_mps=250.0, true_track_deg=90.0, height_m=3_000.0),
        track(0.0, 0.0, NOW_MS, ground_speed_mps=250.0, true_track_deg=270.0, height_m=1_000.0, vertical_rate_mps=10.0),
    ]
    assert len(pairs_of(table(rows), **way)) == 0
    rows[1]["vertical_rate_mps"] = 100.0
    found = pairs_of(table(rows), **way)
    assert found.breach_s[0] == pytest.approx((2_000.0 - VERTICAL_M) / 100.0, abs=0.01)
    assert found.miss_m[0] == pytest.approx(500.0 * found.breach_s[0], abs=0.2)


@BOTH
def test_age_widens(way: Way) -> None:
    """10.5 km apart: a fresh report is far enough away, one 10 minutes old that grows by 1 m/s is not, 450 s later."""
    other = away(Point(lat_deg=5.0, lng_deg=0.0), 120.0, 10_500.0)
    for at_ms, growth, breach_s in ((NOW_MS, 1.0, None), (NOW_MS - 600_000, 1.0, 640.0), (NOW_MS - 600_000, 3.0, 0.0)):
        rows = [track(5.0, 0.0, NOW_MS), track(other.lat_deg, other.lng_deg, at_ms, lateral_growth_mps=growth)]
        found = pairs_of(table(rows), **way, look_ahead_s=900.0)
        assert found.breach_s.tolist() == ([] if breach_s is None else [pytest.approx(breach_s, abs=0.2)])


@BOTH
def test_a_report_from_the_future_is_no_surer(way: Way) -> None:
    rows = [
        track(5.0, 0.0, at_ms, lateral_m=10.0, lateral_growth_mps=2.0) for at_ms in (NOW_MS - 5_000, NOW_MS + 5_000)
    ]
    assert advanced(table(rows), at_ms=NOW_MS, **way).lateral_m.tolist() == [20.0, 20.0]


@BOTH
def test_a_few_that_reach_far_are_not_lost(way: Way) -> None:
    """Among very many still ones, two fast and one very unsure: compared with all, not sorted into cells."""
    rng = np.random.default_rng(7)
    rows = [track(40.0 + x, 20.0 + y, NOW_MS) for x, y in rng.uniform(0.0, 4.0, (600, 2))]
    rows[17] |= {"ground_speed_mps": 2_000.0, "true_track_deg": 45.0}
    rows[400] |= {"lateral_m": 100_000.0}
    tracks = table(rows)
    found = pairs_of(tracks, **way, lateral_m=100.0)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    same = np.ones(len(tracks))
    lng, lat = tracks.lng_deg[400] * same, tracks.lat_deg[400] * same
    _, _, apart = GEOD.inv(lng, lat, tracks.lng_deg, tracks.lat_deg)
    near = {(min(400, i), max(400, i)) for i in np.flatnonzero(apart < 100_100.0).tolist() if i not in (17, 400)}
    assert near
    assert near == {pair for pair in pairs if 400 in pair and 17 not in pair}


def crowd(lat_deg: float, lng_deg: float, count: int) -> Tracks:
    """Many tracks within 150 km of a place, in all directions, at many heights."""
    rng = np.random.default_rng(11)
    same = np.ones(count)
    reach_m = 150_000.0 * np.sqrt(rng.random(count))
    lng, lat, _ = GEOD.fwd(lng_deg * same, lat_deg * same, rng.uniform(0.0, 360.0, count), reach_m)
    return Tracks(
        lat_deg=lat,
        lng_deg=np.clip(lng, -180.0, 180.0),
        height_m=rng.uniform(0.0, 9_000.0, count),
        ground_speed_mps=rng.uniform(0.0, 250.0, count),
        true_track_deg=rng.uniform(0.0, 360.0, count),
        vertical_rate_mps=rng.uniform(-10.0, 10.0, count),
        at_ms=np.full(count, NOW_MS, np.int64),
        lateral_m=np.zeros(count),
        vertical_m=np.zeros(count),
        lateral_growth_mps=np.zeros(count),
        vertical_growth_mps=np.zeros(count),
    )


def far_and_high(tracks: Tracks, after_s: float) -> tuple[Floats, Floats, Floats]:
    """Longitudes, latitudes and heights some seconds later."""
    way_m = tracks.ground_speed_mps * after_s
    lng, lat, _ = GEOD.fwd(tracks.lng_deg, tracks.lat_deg, tracks.true_track_deg, way_m)
    return lng, lat, tracks.height_m + tracks.vertical_rate_mps * after_s


@BOTH
@PLACES
def test_a_crowd_is_compared_pair_by_pair(lat_deg: float, lng_deg: float, way: Way) -> None:
    """Whoever is sorted into which cell: nobody is forgotten."""
    tracks = crowd(lat_deg, lng_deg, 800)
    found = pairs_of(tracks, **way)
    pairs = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    one, other = np.triu_indices(len(tracks), 1)
    for after_s in (0.0, 140.0, 300.0):
        lng, lat, height_m = far_and_high(tracks, after_s)
        level = np.abs(height_m[one] - height_m[other]) < VERTICAL_M - 0.002
        i, j = one[level], other[level]
        _, _, apart = GEOD.inv(lng[i], lat[i], lng[j], lat[j])
        near = apart < LATERAL_M
        assert near.sum() > 30
        assert set(zip(i[near].tolist(), j[near].tolist(), strict=True)) <= pairs


@BOTH
@PLACES
def test_a_crowd_is_compared_with_every_volume(lat_deg: float, lng_deg: float, way: Way) -> None:
    tracks, places = crowd(lat_deg, lng_deg, 400), crowd(lat_deg, lng_deg, 60)
    circles = [line((lat, lng), radius_m=4_000.0) for lat, lng in zip(places.lat_deg, places.lng_deg, strict=True)]
    prepared = prepare_outlines(columns_of_outlines(circles, [(0.0, 2_000.0)] * 60, [(NOW_MS - 1, FOREVER_MS)] * 60))
    asked = {"look_ahead_s": 300.0, "lateral_m": LATERAL_M, "vertical_m": VERTICAL_M}
    found = find_crossings(tracks, prepared, now_ms=NOW_MS, **asked, **way)
    pairs = set(zip(found.track.tolist(), found.volume.tolist(), strict=True))
    track_, volume = (index.ravel() for index in np.indices((400, 60)))
    for after_s in (0.0, 140.0, 300.0):
        lng, lat, height_m = far_and_high(tracks, after_s)
        _, _, apart = GEOD.inv(lng[track_], lat[track_], places.lng_deg[volume], places.lat_deg[volume])
        low = (height_m > -VERTICAL_M + 0.002) & (height_m < 2_000.0 + VERTICAL_M - 0.002)
        near = (apart < LATERAL_M + 4_000.0) & low[track_]
        assert near.sum() > 10
        assert set(zip(track_[near].tolist(), volume[near].tolist(), strict=True)) <= pairs


@BOTH
@PLACES
def test_enters_a_volume(lat_deg: float, lng_deg: float, way: Way) -> None:
    """Straight at a circle and at a hexagon of 10 km, from 60 km away; and past them."""
    middle = Point(lat_deg=lat_deg, lng_deg=lng_deg)
    start = away(middle, 200.0, 60_000.0)
    course = float(GEOD.inv(start.lng_deg, start.lat_deg, lng_deg, lat_deg)[0])
    rows = [
        track(start.lat_deg, start.lng_deg, NOW_MS, ground_speed_mps=250.0, true_track_deg=(course + turn) % 360.0)
        for turn in (0.0, 40.0)
    ]
    found = crossings_of(rows, [line((lat_deg, lng_deg), radius_m=10_000.0), regular(middle, 10_000.0)], **way)
    assert found.track.tolist() == [0, 0]
    assert found.volume.tolist() == [0, 1]
    assert found.first_s[0] == pytest.approx((50_000.0 - LATERAL_M) / 250.0, abs=0.01)
    assert found.lateral_m.tolist() == [0.0, 0.0]


def crossings_of(
    rows: list[dict[str, float]],
    outlines: list[Outline],
    *,
    compiled: bool,
    band_m: tuple[float, float] = (0.0, 2_000.0),
    window_ms: tuple[int, int] = (NOW_MS - 1, FOREVER_MS),
) -> Crossings:
    prepared = prepare_outlines(columns_of_outlines(outlines, [band_m] * len(outlines), [window_ms] * len(outlines)))
    asked = {"look_ahead_s": 300.0, "lateral_m": LATERAL_M, "vertical_m": VERTICAL_M}
    return find_crossings(table(rows), prepared, now_ms=NOW_MS, compiled=compiled, **asked)


@BOTH
def test_height_and_window_must_agree_with_the_place(way: Way) -> None:
    circle = line((50.0, 10.0), radius_m=1_000.0)
    inside = [track(50.0, 10.0, NOW_MS, height_m=5_000.0, vertical_rate_mps=-10.0)]
    assert crossings_of(inside, [circle], **way).first_s.tolist() == pytest.approx([269.52], abs=0.01)
    assert len(crossings_of(inside, [circle], **way, window_ms=(NOW_MS, NOW_MS + 269_000))) == 0
    assert len(crossings_of(inside, [circle], **way, window_ms=(NOW_MS + 301_000, FOREVER_MS))) == 0
    assert len(crossings_of(inside, [circle], **way, band_m=(7_000.0, 8_000.0))) == 0


@BOTH
def test_overlapping_polygons_and_holes(way: Way) -> None:
    square = ((50.0, 10.0), (50.0, 11.0), (51.0, 11.0), (51.0, 10.0))
    once = polygon(*square)
    twice = Outline(polygons=once.polygons * 2)
    hole = regular(Point(lat_deg=50.5, lng_deg=10.5), 30_000.0).polygons[0].exterior
    holed = Outline(polygons=(type(once.polygons[0])(exterior=once.polygons[0].exterior, holes=(hole,)),))
    found = crossings_of([track(50.5, 10.5, NOW_MS)], [once, twice, holed], **way)
    assert found.volume.tolist() == [0, 1]
    assert found.lateral_m.tolist() == [0.0, 0.0]


@BOTH
def test_a_volume_too_large_to_draw_holds_all_in_its_ball(way: Way) -> None:
    huge = regular(Point(lat_deg=0.0, lng_deg=0.0), 3_000_000.0)
    rows = [track(lat, 0.0, NOW_MS) for lat in (0.0, 20.0, 60.0)]
    found = crossings_of(rows, [huge], **way)
    assert found.track.tolist() == [0, 1]
    assert found.lateral_m.tolist() == [0.0, 0.0]


@BOTH
def test_nothing_gives_nothing(way: Way) -> None:
    nobody = table([])
    assert len(pairs_of(nobody, **way)) == 0
    assert len(advanced(nobody, at_ms=NOW_MS, **way)) == 0
    assert len(crossings_of([], [line((1.0, 1.0))], **way)) == 0
    assert len(crossings_of([track(1.0, 1.0, NOW_MS)], [], **way)) == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lat_deg", 90.1),
        ("lng_deg", 181.0),
        ("ground_speed_mps", -1.0),
        ("ground_speed_mps", FASTEST_MPS + 1.0),
        ("height_m", float("nan")),
        ("lateral_m", float("inf")),
        ("vertical_growth_mps", -0.1),
    ],
)
def test_impossible_values_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=name):
        table([track(0.0, 0.0, NOW_MS) | {name: value}])


def test_columns_of_other_lengths_or_types_are_refused() -> None:
    columns = {field.name: getattr(table([track(0.0, 0.0, NOW_MS)]), field.name) for field in fields(Tracks)}
    for name, column in (("height_m", np.zeros(2)), ("at_ms", np.zeros(1)), ("lng_deg", np.zeros(1, np.float32))):
        with pytest.raises(ValueError, match=name):
            Tracks(**{**columns, name: column})


@pytest.mark.parametrize("asked", [{"look_ahead_s": -1.0}, {"lateral_m": -1.0}, {"vertical_m": float("nan")}])
def test_impossible_questions_are_refused(asked: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not from 0"):
        pairs_of(table([track(0.0, 0.0, NOW_MS)]), compiled=False, **asked)


@pytest.mark.skipif(not HAS_COMPILER, reason="no compiler")
def test_nothing_compiles_after_warming() -> None:
    """Views, read-only columns and whole numbers too are served by what was compiled."""
    from openline.engine.tracks import approach, crossing, motion, slices  # noqa: PLC0415 -- looked into

    warm()
    kernels: list[Any] = [approach.meetings, crossing.crossings, motion._move, slices._fill]  # noqa: SLF001 -- counted
    before = [len(kernel.signatures) for kernel in kernels]
    tracks = table([track(0.0, 0.01 * number, NOW_MS) for number in range(9)]).take(slice(0, 9, 2))
    tracks.ground_speed_mps.flags.writeable = False
    assert len(find_pairs(tracks, now_ms=NOW_MS, look_ahead_s=60, lateral_m=5_000, vertical_m=300)) == 7
    advanced(tracks, at_ms=NOW_MS + 1)
    prepared = prepare_outlines(columns_of_outlines([line((0.0, 0.0))], [(0.0, 2_000.0)], [(0, FOREVER_MS)]))
    found = find_crossings(tracks, prepared, now_ms=NOW_MS, look_ahead_s=60, lateral_m=5_000, vertical_m=300)
    assert found.track.tolist() == [0, 1, 2]
    assert [len(kernel.signatures) for kernel in kernels] == before
