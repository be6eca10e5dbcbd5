"""The exact step of the peers that hold planar shapes: distances in one projection, and bounds on what they are worth.

A conformal projection of the region stretches a path by a factor between two that are known, and bends a geodesic by
little. So a planar distance bounds the true one from both sides. Most candidates are decided by that; the few between
are settled by `lateral_gap_m`, so that every peer answers exactly. It is the fastest sound way that was found for them:
all shapes are projected and made beforehand, and circles are points with a radius.
"""

from __future__ import annotations

import numpy as np
import pyproj
import shapely

from bench.engine_parts.boxes import Ints
from bench.engine_parts.cores import Cores, cores
from bench.engine_parts.outlines import begins_of, outline_of
from bench.engine_parts.workloads import MINIMA
from openline.engine.columns import LINE, Columns
from openline.geo.ellipsoid import RADIUS_MIN_M
from openline.geo.separation import LATERAL_BAND_M, lateral_gap_m
from openline.geo.shape import prepare

_PROJECTION = "+proj=lcc +lat_1=33.5 +lat_2=40.5 +lat_0=37 +lon_0=35.5 +ellps=WGS84"
_PLANE = pyproj.Proj(_PROJECTION)
_LATS_DEG = np.linspace(31.0, 43.0, 241)
_FACTORS = np.asarray(_PLANE.get_factors(np.full_like(_LATS_DEG, 35.5), _LATS_DEG).meridional_scale)
_LEAST, _MOST = float(_FACTORS.min()), float(_FACTORS.max())
_CURVATURE = np.radians(6.0) / RADIUS_MIN_M
"""A geodesic bends in this plane by at most so much, 1/m: the rate at which the scale changes, 6 degrees off."""


class Plane:
    """The cores of volumes in the plane, and of the volumes that will be asked about."""

    def __init__(self, volumes: Columns, asked: Columns) -> None:
        """Project all that there is."""
        self.volumes, self.asked = volumes, asked
        self.shapes, self.asked_shapes = shapes(volumes), shapes(asked)
        shapely.prepare(self.asked_shapes)
        self._begins, self._asked_begins = begins_of(volumes), begins_of(asked)
        # By how far an edge can lie from the path that it stands for: the sagitta of the longest edge.
        self._bend_m = 2.0 * max(longest_m(volumes), longest_m(asked)) ** 2 * _CURVATURE / 8.0
        self._reach_m = volumes.radius_m + MINIMA.lateral_m
        self._asked_radius_m = asked.radius_m.tolist()
        self.settled = 0
        """How many pairs the plane could not decide."""

    def near(self, question: int, candidates: Ints) -> Ints:
        """Those of `candidates` within the lateral minimum of the volume that is asked about."""
        if not len(candidates):
            return candidates
        apart_m = shapely.distance(self.asked_shapes[question], self.shapes[candidates])
        allowed_m = self._reach_m[candidates] + self._asked_radius_m[question]
        is_near = apart_m + self._bend_m <= allowed_m * _LEAST
        is_doubtful = (apart_m - self._bend_m <= (allowed_m + LATERAL_BAND_M) * _MOST) & ~is_near
        if is_doubtful.any():
            for place in np.flatnonzero(is_doubtful).tolist():
                is_near[place] = self._is_near(question, int(candidates[place]))
        near: Ints = candidates[is_near]
        return near

    def _is_near(self, question: int, candidate: int) -> bool:
        self.settled += 1
        one = prepare(outline_of(self.asked, question, self._asked_begins[question]))
        other = prepare(outline_of(self.volumes, candidate, self._begins[candidate]))
        return lateral_gap_m(other, one, at_most_m=MINIMA.lateral_m) <= MINIMA.lateral_m


def shapes(columns: Columns) -> Cores:
    """The cores of volumes in the plane."""
    return cores(columns, *_PLANE(columns.lng_deg, columns.lat_deg))


def longest_m(columns: Columns) -> float:
    """The longest edge, on a sphere and a little more; the edge that closes a ring counted."""
    lat, lng = np.radians(columns.lat_deg), np.radians(columns.lng_deg)
    before = np.arange(len(lat)) - 1
    first = np.cumsum(columns.vertices) - columns.vertices
    before[first] = np.where(columns.mark[first] == LINE, first, first + columns.vertices - 1)
    half = np.sin((lat - lat[before]) / 2) ** 2
    half += np.cos(lat) * np.cos(lat[before]) * np.sin((lng - lng[before]) / 2) ** 2
    return float(2.02 * 6_371_000.0 * np.arcsin(np.sqrt(half.max())))
