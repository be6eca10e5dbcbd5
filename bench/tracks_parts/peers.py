"""What others would use for the same question: scipy's k-d tree with numpy, and BlueSky's state-based detection."""

from __future__ import annotations

import contextlib
import importlib
import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from bench.tracks_parts.scene import NOW_MS
from openline.engine.tracks.motion import advanced
from openline.engine.tracks.reports import Tracks

Floats = npt.NDArray[np.float64]

_RADIUS_M = 6_371_000.0


class Tuning(NamedTuple):
    """How much thought goes into the peer's search."""

    slices: int
    heights_first: bool
    """Pairs too far apart in height are dropped before the rest is reckoned."""


WRITTEN_DOWN = Tuning(1, heights_first=False)
"""As one writes it down."""
SLICED_LIKE_OURS = Tuning(5, heights_first=True)
"""With the ideas of our search, the best that we got out of it."""


def scipy_pairs(tracks: Tracks, look_ahead_s: float, lateral_m: float, vertical_m: float, tuning: Tuning) -> int:
    """How many pairs undercut both: neighbours from a tree in the middle of each slice, then numpy.

    Straight lines on a sphere: with one slice the tree is asked for all that could meet in the
    whole look-ahead.
    """
    slices = tuning.slices
    tree_of = importlib.import_module("scipy.spatial").cKDTree
    lat, lng, course = (np.radians(column) for column in (tracks.lat_deg, tracks.lng_deg, tracks.true_track_deg))
    place = _RADIUS_M * np.stack((np.cos(lat) * np.cos(lng), np.cos(lat) * np.sin(lng), np.sin(lat)), axis=1)
    east = np.stack((-np.sin(lng), np.cos(lng), np.zeros_like(lng)), axis=1)
    north = np.stack((-np.sin(lat) * np.cos(lng), -np.sin(lat) * np.sin(lng), np.cos(lat)), axis=1)
    heading = east * np.sin(course)[:, None] + north * np.cos(course)[:, None]
    going = heading * tracks.ground_speed_mps[:, None]
    half_s = look_ahead_s / slices / 2.0
    reach_m = lateral_m + 2.0 * float(tracks.ground_speed_mps.max(initial=0.0)) * half_s
    found: list[npt.NDArray[np.int64]] = []
    for number in range(slices):
        middle_s = (2 * number + 1) * half_s
        here = place + going * middle_s
        pairs = tree_of(here).query_pairs(reach_m, output_type="ndarray")
        i, j = pairs[:, 0], pairs[:, 1]
        rise = tracks.vertical_rate_mps[j] - tracks.vertical_rate_mps[i]
        gap = tracks.height_m[j] - tracks.height_m[i] + rise * middle_s
        if tuning.heights_first:
            near = np.abs(gap) <= vertical_m + np.abs(rise) * half_s
            i, j, rise, gap = i[near], j[near], rise[near], gap[near]
        met = _meets(here[j] - here[i], going[j] - going[i], gap, rise, lateral_m, vertical_m, half_s)
        found.append(i[met].astype(np.int64) * len(tracks) + j[met])
    return len(np.unique(np.concatenate(found)))


def _meets(
    apart: Floats, going: Floats, gap: Floats, rise: Floats, lateral_m: float, vertical_m: float, half_s: float
) -> npt.NDArray[np.bool_]:
    square = np.maximum(np.einsum("ij,ij->i", going, going), 1e-9)
    along = np.einsum("ij,ij->i", apart, going)
    inside = along * along - square * (np.einsum("ij,ij->i", apart, apart) - lateral_m * lateral_m)
    root = np.sqrt(np.maximum(inside, 0.0))
    rise = np.where(np.abs(rise) < 1e-9, 1e-9, rise)
    one, other = (-vertical_m - gap) / rise, (vertical_m - gap) / rise
    begin = np.maximum(np.maximum((-along - root) / square, np.minimum(one, other)), -half_s)
    end = np.minimum(np.minimum((-along + root) / square, np.maximum(one, other)), half_s)
    met: npt.NDArray[np.bool_] = (inside >= 0.0) & (begin <= end)
    return met


def bluesky_detect() -> Callable[..., Any] | None:
    """BlueSky's compiled detection where it is installed (PyPI: bluesky-simulator, MIT), else None."""
    try:
        # it greets on import
        with contextlib.redirect_stdout(io.StringIO()):
            detect: Callable[..., Any] = importlib.import_module("bluesky.traffic.asas.cstatebased").detect
    except ImportError:
        return None
    return detect


def bluesky_pairs(
    detect: Callable[..., Any], tracks: Tracks, look_ahead_s: float, lateral_m: float, vertical_m: float
) -> int:
    """How many pairs BlueSky finds; it tells each twice."""
    now = advanced(tracks, at_ms=NOW_MS)
    count = len(now)
    all_ = SimpleNamespace(
        ntraf=count,
        id=[str(number) for number in range(count)],
        lat=now.lat_deg,
        lon=now.lng_deg,
        trk=now.true_track_deg,
        gs=now.ground_speed_mps,
        alt=now.height_m,
        vs=now.vertical_rate_mps,
    )
    every = np.ones(count)
    found = detect(all_, all_, every * lateral_m, every * vertical_m, every * look_ahead_s)
    return len(found[0]) // 2
