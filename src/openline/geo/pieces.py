"""Geodesic edges cut into pieces, each with its chord in Cartesian space: no poles, no antimeridian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openline.core.place import Point
from openline.geo.ellipsoid import GEOD, RADIUS_MIN_M, Floats, ecef

Indexes = npt.NDArray[np.intp]

LONGEST_PIECE_M = 500_000.0
"""Edges are cut to this length at once, so that the bounds of `pairs` hold with a wide margin."""


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Pieces of geodesics: piece i runs from `offset_m[i]` to `offset_m[i] + length_m[i]` along its edge."""

    lat_deg: Floats
    """Latitude of the start of the edge that the piece belongs to."""
    lng_deg: Floats
    """Longitude of that start."""
    azimuth_deg: Floats
    """Azimuth of the edge at that start."""
    offset_m: Floats
    length_m: Floats
    start: Floats
    """Cartesian start of each piece, metres, one row each."""
    chord: Floats
    """End less start."""

    def __len__(self) -> int:
        return len(self.length_m)

    def take(self, which: Indexes | slice) -> Pieces:
        """Only the pieces `which`, in that order."""
        return Pieces(
            self.lat_deg[which],
            self.lng_deg[which],
            self.azimuth_deg[which],
            self.offset_m[which],
            self.length_m[which],
            self.start[which],
            self.chord[which],
        )

    def cut(self, longest_m: float) -> tuple[Pieces, Indexes]:
        """The same geodesics in equal pieces of at most `longest_m`; and of each, the index of what it was cut from."""
        counts = np.maximum(np.ceil(self.length_m / longest_m), 1.0).astype(np.intp)
        parents = np.repeat(np.arange(len(self)), counts)
        if len(parents) == len(self):
            return self, parents
        part = np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts)
        lat, lng, azimuth = self.lat_deg[parents], self.lng_deg[parents], self.azimuth_deg[parents]
        length = self.length_m[parents] / counts[parents]
        offset = self.offset_m[parents] + part * length
        start = _along(lat, lng, azimuth, offset)
        # The ends of an edge stay what they are, to the last bit, so that edges that share a vertex still do.
        start[part == 0] = self.start
        end = start[np.minimum(np.arange(len(parents)) + 1, len(parents) - 1)]
        last = part + 1 == counts[parents]
        end[last] = self.start[parents[last]] + self.chord[parents[last]]
        return Pieces(lat, lng, azimuth, offset, length, start, end - start), parents

    def sagitta_m(self) -> Floats:
        """How far, at most, each geodesic piece lies from its chord at the same fraction, metres.

        The error of linear interpolation of a curve whose second derivative is at most 1 / RADIUS_MIN_M.
        """
        return self.length_m * self.length_m * (1.0 / (8.0 * RADIUS_MIN_M))


def _along(lat_deg: Floats, lng_deg: Floats, azimuth_deg: Floats, distance_m: Floats) -> Floats:
    lng, lat, _ = GEOD.fwd(lng_deg, lat_deg, azimuth_deg, distance_m, return_back_azimuth=False)
    return ecef(lat, lng)


def edges_of(chains: Sequence[tuple[tuple[Point, ...], bool]]) -> Pieces:
    """One piece per edge of the `chains` of points, in their order; the flag closes a chain into a ring.

    A chain of one point gives one piece of length 0.
    """
    ends: list[tuple[Point, Point]] = []
    for points, is_closed in chains:
        following = points[1:] + points[:1] if is_closed or len(points) == 1 else points[1:]
        ends.extend(zip(points, following, strict=False))
    table = np.array([(a.lat_deg, a.lng_deg, b.lat_deg, b.lng_deg) for a, b in ends]).T.copy()
    azimuth, _, length = GEOD.inv(table[1], table[0], table[3], table[2], return_back_azimuth=False)
    start = ecef(table[0], table[1])
    chord = ecef(table[2], table[3]) - start
    return Pieces(table[0], table[1], azimuth, np.zeros(len(ends)), length, start, chord)
