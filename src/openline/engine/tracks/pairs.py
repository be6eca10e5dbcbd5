"""All pairs of tracks whose predicted closest approach undercuts a separation within a look-ahead."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openline.engine.compiling import HAS_COMPILER
from openline.engine.tracks import approach, approach_plain
from openline.engine.tracks.grouping import first_least, together, usual
from openline.engine.tracks.reports import WIDEST_M, Floats, Ints, Tracks
from openline.engine.tracks.slices import SLICE_S, Slice, slices
from openline.engine.tracks.strips import Workroom, bins_of, workroom_for
from openline.geo.ellipsoid import RADIUS_MIN_M

_LEAST_CELL_M = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Approaches:
    """The pairs found, in ascending order of `first`, then `second`; one array of shape (found,) for each thing."""

    first: Ints
    """Index of one track."""
    second: Ints
    """Index of the other, always the greater."""
    closest_s: Floats
    """When they are laterally nearest while both separations are undercut, seconds after the instant asked about."""
    miss_m: Floats
    """Their lateral distance then: geodesic metres between the predicted places, uncertainty not taken off."""
    vertical_gap_m: Floats
    """Their difference in height then, metres."""
    breach_s: Floats
    """When both separations are first undercut, seconds after the instant asked about."""

    def __len__(self) -> int:
        return len(self.first)


def find_pairs(
    tracks: Tracks,
    *,
    now_ms: int,
    look_ahead_s: float,
    lateral_m: float,
    vertical_m: float,
    compiled: bool = HAS_COMPILER,
) -> Approaches:
    """Every pair that is nearer than `lateral_m` and than `vertical_m` at one instant from now to the look-ahead.

    Each track keeps course (along a geodesic), speed and vertical rate. The uncertainties of both, grown until the
    instant in question, are added to both separations. No pair is missed whose predicted geodesic distance and
    difference in height undercut them; a pair whose lateral distance is beyond by less than the bound of `approach`
    (0.25 m for airliners and 5 NM; 250 m at FASTEST_MPS) may be found too. Both paths give the same, to the last bit.

    `now_ms` is in milliseconds since 1970 UTC. The work grows with the pairs found: tracks too old to say anything
    should be left out, since what may be anywhere meets everything.

    Raises:
        ValueError: when a separation is negative or beyond WIDEST_M, or the look-ahead is not from 0 to one day.
    """
    if not (0.0 <= lateral_m <= WIDEST_M and 0.0 <= vertical_m <= WIDEST_M):
        raise ValueError(f"a separation is not from 0 to {WIDEST_M:g} m")
    parts: list[tuple[Ints, Floats]] = []
    room: Workroom | None = None
    for piece in slices(
        tracks, now_ms=now_ms, look_ahead_s=look_ahead_s, longest_s=SLICE_S, are_sorted=True, compiled=compiled
    ):
        minimum = (float(lateral_m), float(vertical_m), piece.half_s)
        sorted_, wide, cell_m, layer_m = _cells(piece, lateral_m, vertical_m)
        if compiled:
            # the part of d(t) along the normal between two tracks: what both go, times half of the angle between them
            bulge_m = cell_m * cell_m / RADIUS_MIN_M
            room = room or workroom_for(len(tracks))
            pairs, values = _meetings_compiled(
                piece.state, (sorted_, wide, *bins_of(cell_m), layer_m, bulge_m), minimum, room
            )
        else:
            pairs, values = approach_plain.meetings(piece.state, (sorted_, wide, cell_m), minimum)
        values[:, :2] += piece.middle_s
        one, other = piece.whose[pairs[:, 0]], piece.whose[pairs[:, 1]]
        parts.append((np.stack((np.minimum(one, other), np.maximum(one, other)), axis=1), values))
    return _merged(np.concatenate([pairs for pairs, _ in parts]), np.concatenate([values for _, values in parts]))


def _cells(piece: Slice, lateral_m: float, vertical_m: float) -> tuple[Ints, Ints, float, float]:
    """The tracks to sort and those to compare with all; how far apart what meets can be, laterally and vertically."""
    farthest, highest = usual(piece.reach_m), usual(piece.rise_m)
    is_wide = (piece.reach_m > farthest) | (piece.rise_m > highest)
    cell_m = max(_LEAST_CELL_M, lateral_m + 2.0 * farthest + 2.0 * approach.PREFILTER_M)
    layer_m = max(_LEAST_CELL_M, vertical_m + 2.0 * highest + 2.0 * approach.PREFILTER_M)
    return np.flatnonzero(~is_wide), np.flatnonzero(is_wide), cell_m, layer_m


def _meetings_compiled(
    state: Floats,
    grid: tuple[Ints, Ints, float, Ints, float, float],
    minimum: tuple[float, float, float],
    room: Workroom,
) -> tuple[Ints, Floats]:
    most = max(1024, 2 * len(state))
    while True:
        pairs, values = np.empty((most, 2), np.int64), np.empty((most, 4))
        found = approach.meetings(state, grid, minimum, room, pairs, values)
        if found <= most:
            return pairs[:found], values[:found]
        most = found


def _merged(pairs: Ints, values: Floats) -> Approaches:
    """One line for each pair, whose lines come in order of time: the first breach, the first nearest approach."""
    order, begins = together(pairs)
    pairs, values = pairs[order], values[order]
    nearest = first_least(values[:, 2], begins)
    return Approaches(
        first=pairs[begins, 0],
        second=pairs[begins, 1],
        closest_s=values[nearest, 1],
        miss_m=values[nearest, 2],
        vertical_gap_m=values[nearest, 3],
        breach_s=values[begins, 0],
    )
