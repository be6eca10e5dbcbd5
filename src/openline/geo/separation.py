"""The geodesic distance between two regions of the ellipsoid, bounded from below.

A point within r of a core is reached from it by a path of length r, so the distance of two widened regions is that of
their cores less both radii. Regions either share a point of their boundaries, or one holds the other (a boundary point
of it is inside), or their distance is that of their boundaries. The boundaries are compared by branch and bound: pieces
of edges are compared through their chords (`pairs`), and those that may still be nearest are cut finer.
"""

from __future__ import annotations

import math

import numpy as np

from openline.geo.ellipsoid import (
    GEOD,
    RADIUS_MIN_M,
    Floats,
    greatest_chord_m,
    least_chord_m,
    least_geodesic_m,
    most_geodesic_m,
)
from openline.geo.face import FACE_ERROR_M
from openline.geo.pairs import distance_bounds_m
from openline.geo.pieces import Indexes, Pieces
from openline.geo.shape import Shape

_SEARCH_M = 0.05
"""The search ends when the bounds of the nearest pair are this near to each other."""
_OUTWARD_M = FACE_ERROR_M + 0.003
"""Taken off each distance, for the drawing of faces and for rounding (pairs.chord_distance_m)."""
_ROUNDING_M = 0.002
"""More than all rounding of coordinates, chords and arcs together."""
_FINER = 8.0
"""The longest piece becomes so many times shorter with each round of the search."""
_MANY = 20_000
"""From so many pairs on, runs of _RUN neighbours are compared first."""
_RUN = 16

LATERAL_BAND_M = 0.1
"""`lateral_gap_m` is never above the true gap, and below it by at most this, for gaps with their radii up to 100 km."""


def lateral_band_m(distance_m: float) -> float:
    """By how much, at most, `lateral_gap_m` understates cores `distance_m` apart, metres; up to 12,000 km.

    The search and its outward slack, and the difference of arcs over one chord with the extreme radii of curvature,
    about d^3 / 24 (1 / RADIUS_MIN_M^2 - 1 / RADIUS_MAX_M^2): 0.02 m at 100 km, 2.6 m at 500 km, 21 m at 1,000 km.
    """
    # With the least chord that a geodesic of this length can have, `least_geodesic_m` understates it most.
    from_chord_m = distance_m - least_geodesic_m(least_chord_m(distance_m))
    # An arc grows faster than its chord, by 1 / cos of half its angle; so does what the search left open.
    from_search_m = _SEARCH_M / math.cos(distance_m / (2.0 * RADIUS_MIN_M))
    return from_chord_m + from_search_m + _OUTWARD_M + _ROUNDING_M


def lateral_gap_m(first: Shape, second: Shape, *, at_most_m: float) -> float:
    """A lower bound of the geodesic distance between two regions, metres; 0 when they touch or overlap.

    It understates the truth by at most `lateral_band_m(true gap + both radii)`. Where the gap is beyond `at_most_m`,
    any value above `at_most_m` and not above the truth may be returned. Symmetric and deterministic.
    """
    radii_m = first.radius_m + second.radius_m
    one, other = first.only_point, second.only_point
    if one is not None and other is not None:
        _, _, apart_m = GEOD.inv(one.lng_deg, one.lat_deg, other.lng_deg, other.lat_deg, return_back_azimuth=False)
        return max(0.0, float(apart_m) - _OUTWARD_M - radii_m)
    if second.ball < first.ball:
        first, second = second, first
    x, y, z, reach = first.ball
    u, v, w, span = second.ball
    beyond_m = least_geodesic_m(max(0.0, math.dist((x, y, z), (u, v, w)) - reach - span)) - radii_m - _OUTWARD_M
    if beyond_m > at_most_m:
        return beyond_m
    if first.holds_a_sample_of(second) or second.holds_a_sample_of(first):
        return 0.0
    beyond_m = greatest_chord_m(at_most_m + radii_m + _OUTWARD_M + _ROUNDING_M)
    chord_m = _boundary_gap_m(first.pieces, second.pieces, radii_m, beyond_m)
    return max(0.0, least_geodesic_m(chord_m) - _OUTWARD_M - radii_m)


def _boundary_gap_m(first: Pieces, second: Pieces, touching_m: float, beyond_m: float) -> float:
    """A lower bound of the straight-line distance between two sets of pieces, metres, within _SEARCH_M of the truth.

    Ends early, with 0, when the truth is at most `touching_m` along the geodesic, and with a value above `beyond_m`
    when it is more than that.
    """
    which, other = _candidates(first, second)
    while True:
        lower, upper = distance_bounds_m(first, which, second, other)
        nearest, best = float(lower.min()), float(upper.min())
        if nearest > beyond_m or best - nearest <= _SEARCH_M:
            return max(0.0, nearest)
        if best < touching_m and most_geodesic_m(best) < touching_m:
            return 0.0
        kept = lower <= best
        first, second, which, other = _finer(first, which[kept], second, other[kept])


def _finer(first: Pieces, which: Indexes, second: Pieces, other: Indexes) -> tuple[Pieces, Pieces, Indexes, Indexes]:
    """What the pairs need, cut so that the longest piece becomes _FINER times shorter, and the pairs of the cuts."""
    used, which = np.unique(which, return_inverse=True)
    used_other, other = np.unique(other, return_inverse=True)
    first, second = first.take(used), second.take(used_other)
    longest_m = max(float(first.length_m.max()), float(second.length_m.max())) / _FINER
    first, parents = first.cut(longest_m)
    second, parents_other = second.cut(longest_m)
    return first, second, *_expanded(which, other, parents, parents_other)


def _expanded(which: Indexes, other: Indexes, parents: Indexes, parents_other: Indexes) -> tuple[Indexes, Indexes]:
    """The pairs of children of each pair of parents; `parents` tells of each child its parent, in ascending order."""
    begin, count = _families(which, parents)
    begin_other, count_other = _families(other, parents_other)
    sizes = count * count_other
    pair = np.repeat(np.arange(len(which)), sizes)
    place = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return begin[pair] + place // count_other[pair], begin_other[pair] + place % count_other[pair]


def _families(wanted: Indexes, parents: Indexes) -> tuple[Indexes, Indexes]:
    begin = np.searchsorted(parents, wanted, side="left")
    return begin, np.searchsorted(parents, wanted, side="right") - begin


def _candidates(first: Pieces, second: Pieces) -> tuple[Indexes, Indexes]:
    """Every pair of pieces; of very many, only those in runs of neighbours that can be nearest."""
    if len(first) * len(second) <= _MANY:
        return np.repeat(np.arange(len(first)), len(second)), np.tile(np.arange(len(second)), len(first))
    runs, runs_other = np.arange(len(first)) // _RUN, np.arange(len(second)) // _RUN
    centres, reaches = _balls(first, runs)
    centres_other, reaches_other = _balls(second, runs_other)
    apart = np.zeros((len(centres), len(centres_other)))
    for axis in range(3):
        apart += (centres[:, axis, None] - centres_other[None, :, axis]) ** 2
    np.sqrt(apart, out=apart)
    around = reaches[:, None] + reaches_other[None, :]
    which, other = np.nonzero(apart - around <= float((apart + around).min()))
    return _expanded(which, other, runs, runs_other)


def _balls(pieces: Pieces, runs: Indexes) -> tuple[Floats, Floats]:
    """Of each run a ball that holds its pieces: centres and radii, metres."""
    begins = np.flatnonzero(np.diff(runs, prepend=-1))
    sizes = np.diff(begins, append=len(runs))
    centres = np.add.reduceat(pieces.start, begins) / sizes[:, None]
    to_start = pieces.start - centres[runs]
    to_end = to_start + pieces.chord
    far = np.maximum(np.einsum("ij,ij->i", to_start, to_start), np.einsum("ij,ij->i", to_end, to_end))
    return centres, np.maximum.reduceat(np.sqrt(far) + pieces.sagitta_m(), begins)
