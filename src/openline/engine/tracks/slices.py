"""The look-ahead cut into slices, and the state of all tracks in the middle of each.

A state is an array of shape (n, 13), one row for each track: 0-2 foot point, Cartesian metres; 3-5 its velocity; 6
height; 7 vertical rate; 8-9 lateral uncertainty and its growth; 10-11 vertical uncertainty and its growth; 12 how far
the track goes in half of the slice. Metres and metres per second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np

from openline.engine.compiling import kernel
from openline.engine.tracks.motion import lines_of, move
from openline.engine.tracks.reports import Floats, Ints, Tracks

SLICE_S = 100.0
"""Longest slice for pairs, seconds: with shorter ones more is sorted, with longer ones more is compared and the error
bound grows."""
_ROWS_PER_DEG, _LAYERS_PER_M, _LAYERS = 3.0, 1.0 / 1_500.0, 64.0
_TURN_DEG = 360.0
LONGEST_LOOK_AHEAD_S = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice of the look-ahead."""

    middle_s: float
    """Seconds after the instant that is looked ahead from."""
    half_s: float
    state: Floats
    """(n, 13), until the next slice is asked for."""
    whose: Ints
    """(n,) of each row the index of its track."""
    reach_m: Floats
    """(n,) how far from its place in the middle each may be, at most, in this slice: what it goes and is unsure of."""
    rise_m: Floats
    """(n,) the same of its height."""


def slices(
    tracks: Tracks, *, now_ms: int, look_ahead_s: float, longest_s: float, are_sorted: bool, compiled: bool
) -> Iterator[Slice]:
    """Equal slices of at most `longest_s`, in order; `are_sorted` brings neighbours together, for speed alone.

    Raises:
        ValueError: when the look-ahead is not from 0 to LONGEST_LOOK_AHEAD_S.
    """
    if not 0.0 <= look_ahead_s <= LONGEST_LOOK_AHEAD_S:
        raise ValueError(f"the look-ahead is not from 0 to {LONGEST_LOOK_AHEAD_S:g} s")
    count = max(1, ceil(look_ahead_s / longest_s))
    half_s = 0.5 * look_ahead_s / count
    lines = lines_of(tracks)
    whose = _neighbours_together(tracks) if are_sorted else np.arange(len(tracks))
    lines = lines[whose] if are_sorted else lines
    motion = _columns(
        (tracks.ground_speed_mps, tracks.height_m, tracks.vertical_rate_mps, tracks.age_s(now_ms)),
        whose if are_sorted else None,
    )
    doubt = _columns(
        (tracks.lateral_m, tracks.lateral_growth_mps, tracks.vertical_m, tracks.vertical_growth_mps),
        whose if are_sorted else None,
    )
    state = np.empty((len(tracks), 13))
    for number in range(count):
        middle_s = (2 * number + 1) * half_s
        since_s = motion[3] + middle_s if number == 0 else 2.0 * half_s
        move(lines, motion[0] * since_s, compiled=compiled)
        (_fill if compiled else _fill_plain)(state, lines, (middle_s, half_s), motion, doubt)
        old_s = np.abs(motion[3]) + (middle_s + half_s)
        reach_m = motion[0] * half_s + (doubt[0] + doubt[1] * old_s)
        rise_m = np.abs(motion[2]) * half_s + (doubt[2] + doubt[3] * old_s)
        yield Slice(middle_s, half_s, state, whose, reach_m, rise_m)


_Four = tuple[Floats, Floats, Floats, Floats]


def _columns(columns: _Four, order: Ints | None) -> _Four:
    """The columns in order, writable and contiguous: for other arrays kernels would be compiled anew."""
    one, two, three, four = (
        np.require(column, requirements=("C", "A", "W")) if order is None else column[order] for column in columns
    )
    return one, two, three, four


def _fill_plain(state: Floats, lines: Floats, slice_s: tuple[float, float], motion: _Four, doubt: _Four) -> None:
    middle_s, half_s = slice_s
    speed, height, rate, age_s = motion
    lateral, lateral_growth, vertical, vertical_growth = doubt
    old_s = np.abs(age_s) + middle_s
    state[:, 0:3] = lines[:, 0:3]
    state[:, 3:6] = lines[:, 3:6] * speed[:, None]
    state[:, 6] = height + rate * (age_s + middle_s)
    state[:, 7] = rate
    state[:, 8] = lateral + lateral_growth * old_s
    state[:, 9] = lateral_growth
    state[:, 10] = vertical + vertical_growth * old_s
    state[:, 11] = vertical_growth
    state[:, 12] = speed * half_s


@kernel
def _fill(state: Floats, lines: Floats, slice_s: tuple[float, float], motion: _Four, doubt: _Four) -> None:
    """As `_fill_plain`, row by row."""
    for i in range(len(state)):
        row, line, speed, rate, age_s = state[i], lines[i], motion[0][i], motion[2][i], motion[3][i]
        old_s = abs(age_s) + slice_s[0]
        row[0], row[1], row[2] = line[0], line[1], line[2]
        row[3], row[4], row[5] = line[3] * speed, line[4] * speed, line[5] * speed
        row[6], row[7] = motion[1][i] + rate * (age_s + slice_s[0]), rate
        row[8], row[9] = doubt[0][i] + doubt[1][i] * old_s, doubt[1][i]
        row[10], row[11] = doubt[2][i] + doubt[3][i] * old_s, doubt[3][i]
        row[12] = speed * slice_s[1]


def _neighbours_together(tracks: Tracks) -> Ints:
    """An order along strips of latitude and height: neighbours lie near in memory. Nothing but speed hangs on it."""
    strip = np.floor(tracks.lat_deg * _ROWS_PER_DEG) * _LAYERS + np.floor(tracks.height_m * _LAYERS_PER_M)
    order: Ints = np.argsort(strip * _TURN_DEG + tracks.lng_deg, kind="stable")
    return order
