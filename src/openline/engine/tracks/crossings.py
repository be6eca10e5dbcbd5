"""Which tracks enter, or come too near to, which volumes within a look-ahead."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from openline.engine.compiling import HAS_COMPILER
from openline.engine.tracks import crossing, crossing_plain
from openline.engine.tracks.grouping import buckets_for, first_least, together, usual
from openline.engine.tracks.outlines import Outlines
from openline.engine.tracks.reports import WIDEST_M, Floats, Ints, Tracks
from openline.engine.tracks.slices import Slice, slices

SLICE_S = 300.0
"""Longest slice, seconds: it is searched once and then judged in pieces of crossing.PIECE_S."""

_LEAST_CELL_M = 10.0
_Grid = tuple[Ints, Ints, Ints, Ints, float, int]


@dataclass(frozen=True, slots=True, eq=False)
class Crossings:
    """What was found, in ascending order of `track`, then `volume`; one array of shape (found,) for each thing."""

    track: Ints
    """Index of the track."""
    volume: Ints
    """Index of the volume."""
    first_s: Floats
    """When it is first within both separations and the window, seconds after the instant asked about."""
    lateral_m: Floats
    """The least lateral distance from the predicted places to the volume, radius taken off, while height and window
    agree; 0 when the track enters it, or is nearer than the bound can tell."""

    def __len__(self) -> int:
        return len(self.track)


def find_crossings(
    tracks: Tracks,
    outlines: Outlines,
    *,
    now_ms: int,
    look_ahead_s: float,
    lateral_m: float,
    vertical_m: float,
    compiled: bool = HAS_COMPILER,
) -> Crossings:
    """Every track and volume that are nearer than both separations at one instant of the volume's window.

    From now until the look-ahead, each track keeping course (along a geodesic), speed and vertical rate; its
    uncertainty, grown until the instant in question, is added to both separations. No track is missed whose predicted
    geodesic comes within the separation of the outline; one that stays farther by less than the bound of `crossing`
    (0.5 m for an airliner, 5 NM and a volume of 30 km across) may be found too. Volumes larger than
    outlines.FARTHEST_M, and separations that reach so far, count as touched by all that is within their ball. Both
    paths give the same, to the last bit.

    `now_ms` is in milliseconds since 1970 UTC.

    Raises:
        ValueError: when a separation is negative or beyond WIDEST_M, or the look-ahead is not from 0 to one day.
    """
    if not (0.0 <= lateral_m <= WIDEST_M and 0.0 <= vertical_m <= WIDEST_M):
        raise ValueError(f"a separation is not from 0 to {WIDEST_M:g} m")
    pairs, values = [np.empty((0, 2), np.int64)], [np.empty((0, 2))]
    for piece in slices(
        tracks, now_ms=now_ms, look_ahead_s=look_ahead_s, longest_s=SLICE_S, are_sorted=False, compiled=compiled
    ):
        middle_ms = now_ms + 1000.0 * piece.middle_s
        start_s, end_s = (outlines.start_ms - middle_ms) / 1000.0, (outlines.end_ms - middle_ms) / 1000.0
        limits = np.stack((outlines.lower_m, outlines.upper_m, start_s, end_s), axis=1)
        volumes = (outlines.frames, outlines.edges, limits, outlines.first_edge)
        grid = _grid(piece, volumes[0], limits, lateral_m)
        minimum = (
            float(lateral_m),
            float(vertical_m),
            piece.half_s,
            max(1, ceil(2.0 * piece.half_s / crossing.PIECE_S)),
        )
        if compiled:
            found, figures = _crossings_compiled(piece.state, grid, volumes, minimum)
        else:
            found, figures = crossing_plain.crossings(piece.state, grid, volumes, minimum)
        found[:, 0] = piece.whose[found[:, 0]]
        figures[:, 0] += piece.middle_s
        pairs.append(found)
        values.append(figures)
    return _merged(np.concatenate(pairs), np.concatenate(values))


def _grid(piece: Slice, frames: Floats, limits: Floats, lateral_m: float) -> _Grid:
    """The tracks to sort and the other tracks, the volumes to look for and the others, side of a cell, buckets."""
    reach, ball = piece.reach_m, frames[:, 13]
    is_on = (limits[:, 2] <= piece.half_s) & (limits[:, 3] >= -piece.half_s)
    most_m, largest_m = usual(reach), usual(ball[is_on])
    is_wide, is_large = reach > most_m, ball > largest_m
    sorted_, wide = np.flatnonzero(~is_wide), np.flatnonzero(is_wide)
    small, large = np.flatnonzero(is_on & ~is_large), np.flatnonzero(is_on & is_large)
    cell_m = max(_LEAST_CELL_M, lateral_m + most_m + largest_m + crossing.PREFILTER_M)
    return sorted_, wide, small, large, cell_m, buckets_for(len(sorted_) // 8)


def _crossings_compiled(
    state: Floats,
    grid: _Grid,
    volumes: tuple[Floats, Floats, Floats, Ints],
    minimum: tuple[float, float, float, int],
) -> tuple[Ints, Floats]:
    room = max(1024, 2 * len(state))
    while True:
        pairs, values = np.empty((room, 2), np.int64), np.empty((room, 2))
        found = crossing.crossings(state, grid, volumes, minimum, pairs, values)
        if found <= room:
            return pairs[:found], values[:found]
        room = found


def _merged(pairs: Ints, values: Floats) -> Crossings:
    """One line for each pair, whose lines come in order of time."""
    order, begins = together(pairs)
    pairs, values = pairs[order], values[order]
    return Crossings(
        track=pairs[begins, 0],
        volume=pairs[begins, 1],
        first_s=values[begins, 0],
        lateral_m=values[first_least(values[:, 1], begins), 1],
    )
