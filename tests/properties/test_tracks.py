"""Live tracks against a brute-force oracle that steps along GeographicLib's geodesics, everywhere on the globe."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openline.core.place import Outline, Point
from openline.engine.tracks.crossings import Crossings, find_crossings
from openline.engine.tracks.motion import advanced
from openline.engine.tracks.outlines import prepare_outlines
from openline.engine.tracks.pairs import Approaches, find_pairs
from openline.engine.tracks.reports import Tracks
from tests.oracle.outlines import AZIMUTHS, away, centres, outlines
from tests.oracle.tracks import GEOD, Floats, Path, conflicts, gap_to_outline_m, path, watch
from tests.samples import counts
from tests.tracks import columns_of_outlines, table

NOW_MS = 1_700_000_000_000
NM_M, FT_M = 1852.0, 0.3048
KEPT_M = 0.002
"""The oracle calls a height undercut from here on: level traffic exactly at the minimum is not."""

SEPARATIONS = st.sampled_from([(5.0 * NM_M, 1000.0 * FT_M), (0.5 * NM_M, 500.0 * FT_M), (50.0, 30.0), (0.0, 100.0)])
LOOK_AHEADS_S = st.sampled_from([0.0, 1.0, 60.0, 300.0, 900.0])


@st.composite
def crowds(draw: st.DrawFn) -> Tracks:
    """A few tracks around one place: fast, slow and hovering, level and not, fresh and stale, sure and unsure."""
    centre, size_m = draw(centres()), draw(st.sampled_from([500.0, 10_000.0, 60_000.0]))
    base_m = draw(st.sampled_from([0.0, 3_000.0, 11_000.0]))
    rows: list[dict[str, float]] = []
    for _ in range(draw(st.integers(2, 6))):
        place = away(centre, draw(AZIMUTHS), size_m * draw(st.floats(0.0, 1.0)))
        sure = draw(st.booleans())
        rows.append(
            {
                "lat_deg": place.lat_deg,
                "lng_deg": place.lng_deg,
                "height_m": base_m + draw(st.sampled_from([0.0, 50.0, 300.0, 1_000.0]) | st.floats(0.0, 1_500.0)),
                "ground_speed_mps": draw(st.sampled_from([0.0, 20.0, 250.0, 250.0]) | st.floats(0.0, 350.0)),
                "true_track_deg": draw(AZIMUTHS | st.floats(0.0, 360.0)),
                "vertical_rate_mps": draw(st.sampled_from([0.0, 0.0, 10.0, -25.0]) | st.floats(-30.0, 30.0)),
                "at_ms": NOW_MS - draw(st.sampled_from([0, 0, 1_000, 60_000, 900_000, -2_000])),
                "lateral_m": 0.0 if sure else draw(st.floats(0.0, 500.0)),
                "vertical_m": 0.0 if sure else draw(st.floats(0.0, 100.0)),
                "lateral_growth_mps": 0.0 if sure else draw(st.sampled_from([0.0, 1.0, 30.0, 400.0])),
                "vertical_growth_mps": 0.0 if sure else draw(st.sampled_from([0.0, 0.3, 5.0])),
            }
        )
    return table(rows)


def band_m(apart_m: float) -> float:
    """How far beyond the separation a pair may be and still be found: see `approach`, and the chord's s^3 / 24 R^2."""
    return 0.35 + 1.1 * apart_m**3 / (24.0 * 6.371e6**2)


def same(one: Approaches | Crossings, other: Approaches | Crossings) -> bool:
    """Equal to the last bit."""
    return all(
        bool(np.array_equal(getattr(one, field.name), getattr(other, field.name))) for field in fields(type(one))
    )


@settings(max_examples=counts(40, 3_000), deadline=None)
@given(tracks=crowds(), separation=SEPARATIONS, look_ahead_s=LOOK_AHEADS_S)
def test_pairs_equal_the_oracle(tracks: Tracks, separation: tuple[float, float], look_ahead_s: float) -> None:
    asked: dict[str, Any] = {"now_ms": NOW_MS, "lateral_m": separation[0], "vertical_m": separation[1]}
    found = find_pairs(tracks, look_ahead_s=look_ahead_s, **asked)
    pairs = list(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    after_s = np.linspace(0.0, look_ahead_s, int(look_ahead_s) + 1)
    missed = set(conflicts(tracks, after_s=after_s, kept_m=KEPT_M, **asked)) - set(pairs)
    assert not missed
    for row, (first, second) in enumerate(pairs):
        _is_borne_out(tracks, found, row, (first, second), after_s, asked)


def _is_borne_out(
    tracks: Tracks,
    found: Approaches,
    row: int,
    pair: tuple[int, int],
    after_s: Floats,
    asked: dict[str, Any],
) -> None:
    """What is said of a found pair is so: at the closest approach, at the first breach, and at no other second."""
    closest_s, breach_s = float(found.closest_s[row]), float(found.breach_s[row])
    assert -1e-9 <= breach_s <= closest_s <= float(after_s[-1]) + 1e-9
    then = watch(tracks, *pair, after_s=np.array([closest_s, breach_s]), **asked)
    for at in (0, 1):
        assert then.lateral_over_m[at] <= band_m(float(then.lateral_m[at]))
        assert then.vertical_over_m[at] <= 1e-3
    assert abs(found.miss_m[row] - then.lateral_m[0]) <= band_m(float(then.lateral_m[0]))
    assert abs(found.vertical_gap_m[row] - then.vertical_m[0]) <= 1e-3
    always = watch(tracks, *pair, after_s=after_s, **asked)
    undercut = (always.lateral_over_m < 0.0) & (always.vertical_over_m < -KEPT_M)
    assert not undercut[after_s < breach_s - 1e-6].any()
    nearest = float(always.lateral_m[undercut].min(initial=np.inf))
    assert nearest >= found.miss_m[row] - band_m(float(found.miss_m[row]))


@settings(max_examples=counts(40, 3_000), deadline=None)
@given(tracks=crowds(), separation=SEPARATIONS, look_ahead_s=LOOK_AHEADS_S, seed=st.integers(0, 2**32 - 1))
def test_neither_path_nor_order_changes_the_pairs(
    tracks: Tracks, separation: tuple[float, float], look_ahead_s: float, seed: int
) -> None:
    asked: dict[str, Any] = {
        "now_ms": NOW_MS,
        "look_ahead_s": look_ahead_s,
        "lateral_m": separation[0],
        "vertical_m": separation[1],
    }
    found = find_pairs(tracks, compiled=True, **asked)
    assert same(found, find_pairs(tracks, compiled=False, **asked))
    order = np.random.default_rng(seed).permutation(len(tracks))
    turned = find_pairs(tracks.take(order), **asked)
    back = [tuple(sorted((int(order[i]), int(order[j])))) for i, j in zip(turned.first, turned.second, strict=True)]
    for name in ("closest_s", "miss_m", "vertical_gap_m", "breach_s"):
        before = dict(
            zip(zip(found.first.tolist(), found.second.tolist(), strict=True), getattr(found, name), strict=True)
        )
        assert dict(zip(back, getattr(turned, name), strict=True)) == before


@settings(max_examples=counts(40, 2_000), deadline=None)
@given(tracks=crowds(), later_s=st.sampled_from([0.0, 30.0, 600.0]))
def test_advanced_tracks_lie_on_their_geodesics(tracks: Tracks, later_s: float) -> None:
    at_ms = NOW_MS + int(1000 * later_s)
    moved = advanced(tracks, at_ms=at_ms)
    plain = advanced(tracks, at_ms=at_ms, compiled=False)
    assert all(bool(np.array_equal(getattr(moved, f.name), getattr(plain, f.name))) for f in fields(Tracks))
    for number in range(len(tracks)):
        true = path(tracks, number, at_ms, np.zeros(1))
        here = (moved.lng_deg[number], moved.lat_deg[number])
        off_m = GEOD.inv(*here, true.lng_deg[0], true.lat_deg[0], return_back_azimuth=False)[2]
        assert off_m < 2e-3
        assert moved.height_m[number] == pytest.approx(true.height_m[0], abs=1e-6)
        assert moved.lateral_m[number] == pytest.approx(true.lateral_m[0], abs=1e-6)
        assert moved.vertical_m[number] == pytest.approx(true.vertical_m[0], abs=1e-6)
        # the course is right when a minute more along it leads where a minute more from the start does
        ahead = GEOD.fwd(*here, moved.true_track_deg[number], 60.0 * tracks.ground_speed_mps[number])
        further = path(tracks, number, at_ms, np.full(1, 60.0))
        off_m = GEOD.inv(ahead[0], ahead[1], further.lng_deg[0], further.lat_deg[0], return_back_azimuth=False)[2]
        assert off_m < 1e-2


@dataclass(frozen=True)
class Volume:
    """One volume, and how far its outline goes."""

    outline: Outline
    reach_m: float
    band_m: tuple[float, float]
    window_ms: tuple[int, int]


@st.composite
def volumes_near(draw: st.DrawFn, tracks: Tracks) -> Volume:
    """A volume about where and as high as the first track is."""
    start = Point(lat_deg=float(tracks.lat_deg[0]), lng_deg=float(tracks.lng_deg[0]))
    middle = away(start, draw(AZIMUTHS), draw(st.floats(0.0, 60_000.0)))
    size_m = draw(st.sampled_from([50.0, 2_000.0, 30_000.0, 250_000.0]))
    lower_m = float(tracks.height_m[0]) + draw(st.sampled_from([-1e9, 0.0, 100.0, -2_000.0]))
    begins_ms = NOW_MS + draw(st.sampled_from([-3_600_000, 0, 100_000]))
    return Volume(
        outline=draw(outlines(middle, size_m)),
        # `outlines` puts a second polygon beside the first, up to 3.5 sizes from the middle
        reach_m=4.0 * size_m,
        band_m=(lower_m, lower_m + draw(st.sampled_from([0.0, 500.0, 2e9]))),
        window_ms=(begins_ms, begins_ms + draw(st.sampled_from([50_000, 10_000_000]))),
    )


@st.composite
def meetings(draw: st.DrawFn) -> tuple[Tracks, list[Volume]]:
    """A few tracks around a few volumes."""
    tracks = draw(crowds())
    return tracks, draw(st.lists(volumes_near(tracks), min_size=1, max_size=3))


def crossing_band_m(volume: Volume, within_m: float, most_m: float) -> float:
    """By how much, at most, a track found stays beyond the separation: the bound that `crossing` states.

    `most_m` is what the separation grows to by the end of the slice, which bounds the angle.
    """
    piece_m, slice_m = 350.0 * 30.0, 350.0 * 150.0
    angle = (volume.reach_m + most_m + 2.0 * piece_m) / 6_335_439.0
    slack_m = angle * (0.00125 * (50_000.0**2 + 4.0 * piece_m**2) + 1.3 * piece_m**2) / 6_335_439.0 + 1e-16 * slice_m**3
    return 1.02 * angle**2 * (1.0 + angle**2) * (within_m + volume.outline.radius_m) + 2.0 * slack_m + 0.02


@settings(max_examples=counts(30, 1_500), deadline=None)
@given(scene=meetings(), separation=SEPARATIONS, look_ahead_s=st.sampled_from([0.0, 60.0, 300.0]))
def test_crossings_equal_the_oracle(
    scene: tuple[Tracks, list[Volume]], separation: tuple[float, float], look_ahead_s: float
) -> None:
    tracks, volumes = scene
    prepared = prepare_outlines(
        columns_of_outlines(
            [volume.outline for volume in volumes],
            [volume.band_m for volume in volumes],
            [volume.window_ms for volume in volumes],
        )
    )
    asked: dict[str, Any] = {
        "now_ms": NOW_MS,
        "look_ahead_s": look_ahead_s,
        "lateral_m": separation[0],
        "vertical_m": separation[1],
    }
    found = find_crossings(tracks, prepared, compiled=True, **asked)
    assert same(found, find_crossings(tracks, prepared, compiled=False, **asked))
    pairs = list(zip(found.track.tolist(), found.volume.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    after_s = np.linspace(0.0, look_ahead_s, 7)
    for i in range(len(tracks)):
        for v, volume in enumerate(volumes):
            flown = path(tracks, i, NOW_MS, after_s)
            is_on = _undercut(flown, after_s, volume, separation[1], KEPT_M)
            if (i, v) not in pairs:
                for at in np.flatnonzero(is_on):
                    assert gap_to_outline_m(flown, int(at), volume.outline) >= separation[0] + flown.lateral_m[at]
                continue
            row = pairs.index((i, v))
            first_s = found.first_s[row : row + 1]
            assert first_s[0] + 1e-9 >= 0.0
            assert first_s[0] <= look_ahead_s + 1e-9
            then = path(tracks, i, NOW_MS, first_s)
            within_m, most_m = separation[0] + float(then.lateral_m[0]), separation[0] + float(flown.lateral_m[-1])
            assert gap_to_outline_m(then, 0, volume.outline) <= within_m + crossing_band_m(volume, within_m, most_m)
            assert _undercut(then, first_s, volume, separation[1] + 0.002, -KEPT_M).all()
            before = after_s < first_s[0] - 1e-6
            for at in np.flatnonzero(is_on & before):
                assert gap_to_outline_m(flown, int(at), volume.outline) >= separation[0] + flown.lateral_m[at]
            for at in np.flatnonzero(is_on & ~before):
                gap_m = gap_to_outline_m(flown, int(at), volume.outline)
                within_m = separation[0] + float(flown.lateral_m[at])
                if gap_m < within_m:
                    assert found.lateral_m[row] <= gap_m + crossing_band_m(volume, gap_m + within_m, most_m)


def _undercut(flown: Path, after_s: Floats, volume: Volume, vertical_m: float, kept_m: float) -> npt.NDArray[np.bool_]:
    """When height and window are undercut, heights by more than `kept_m`."""
    over_m = np.maximum(volume.band_m[0] - flown.height_m, flown.height_m - volume.band_m[1])
    at_ms = NOW_MS + 1000.0 * after_s
    slack_ms = 0.01 if kept_m < 0.0 else 0.0
    is_on = (at_ms >= volume.window_ms[0] - slack_ms) & (at_ms <= volume.window_ms[1] + slack_ms)
    undercut: npt.NDArray[np.bool_] = is_on & (over_m < vertical_m + flown.vertical_m - kept_m)
    return undercut
