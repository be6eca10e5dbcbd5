"""Outlines of volumes, prepared for tracks to be compared with: each drawn in a plane in which geodesics are straight.

The plane touches the ellipsoid at the middle C of the outline, n its normal there. A point p of the surface is drawn
where the ray from the centre of curvature C - R n through p meets the plane, R the Gaussian radius of curvature at C:

    X = R (p - C).e / (R + (p - C).n),   e one of two directions in the plane

On a sphere this is the gnomonic projection, in which geodesics are straight and distances only grow: at the angle t
from C by a factor of at most 1 / cos(t)^2. On WGS84, for what lies within FARTHEST_M of C, as measured against
GeographicLib with a margin (tests/unit/test_track_outlines.py):

- distances grow by a factor from 1 to 1 + GROWTH tan(t)^2, t = distance from C / RADIUS_MIN_M;
- a geodesic of length s leaves the straight line between its ends by at most BEND t s^2 / RADIUS_MIN_M, because the
  normal of the surface is nearly in one plane with C - R n. Edges longer than EDGE_M are cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openline.engine.columns import EXTERIOR, GOES_ON, LINE, Columns
from openline.engine.tracks.reports import Floats, Ints
from openline.geo.ellipsoid import GEOD, RADIUS_MIN_M, SEMI_MAJOR_M, SEMI_MINOR_M, ecef

FARTHEST_M = 2_500_000.0
"""An outline that reaches farther than this from its middle is not drawn: all within its ball is taken to touch it."""
GROWTH = 1.02
BEND = 0.00125
EDGE_M = 50_000.0
"""Longer edges are cut: at 100 km from the middle they leave their geodesic by at most 0.01 m."""


_LARGEST_BALL_M = 4_000_000.0
"""A larger ball around the edges might not hold what is between them: then it is taken to be everywhere."""


_LEAST_MEAN = 0.5
"""Of unit vectors whose mean is shorter nobody can say what they lie around."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlines:
    """`n` volumes and their `e` edges, drawn. Nothing of it changes, so it is prepared once and compared often."""

    frames: Floats
    """(n, 15): 0-2 the middle C, Cartesian metres; 3-5 and 6-8 two directions in the plane; 9-11 its normal; 12 R; 13
    the radius of a ball around C that holds the whole volume; 14 the radius around the edges."""
    first_edge: Ints
    """(n + 1,) the edges of volume v are first_edge[v] up to first_edge[v + 1]."""
    edges: Floats
    """(e, 8): 0-1 start and 2-3 end in the plane, metres; 4-5 direction, a unit vector; 6 length; 7 is 0 for a part of
    a line, 2 for the first side of a polygon, 1 for its other sides and those of its holes."""
    lower_m: Floats
    """(n,) above the WGS84 ellipsoid."""
    upper_m: Floats
    """(n,)"""
    start_ms: Ints
    """(n,)"""
    end_ms: Ints
    """(n,)"""

    def __len__(self) -> int:
        return len(self.frames)


def prepare_outlines(columns: Columns) -> Outlines:
    """Draw every volume. Polygons have passed `geo.validity`: rings are simple and hold their smaller side."""
    volume, start, end, kind = _edges(columns)
    first_edge = np.searchsorted(volume, np.arange(len(columns) + 1))
    frames = np.empty((len(columns), 15))
    if len(columns):
        _place_frames(frames, start, end, first_edge, columns.radius_m)
    edges = np.empty((len(volume), 8))
    edges[:, 0:2] = _drawn(frames[volume], start)
    edges[:, 2:4] = _drawn(frames[volume], end)
    along = edges[:, 2:4] - edges[:, 0:2]
    edges[:, 6] = np.sqrt(along[:, 0] * along[:, 0] + along[:, 1] * along[:, 1])
    # what has no length has no direction either, and any will do
    edges[:, 4:6] = np.where(edges[:, 6:7] > 0.0, along / np.maximum(edges[:, 6:7], 1e-30), (1.0, 0.0))
    edges[:, 7] = kind
    return Outlines(
        frames=frames,
        first_edge=first_edge,
        edges=edges,
        lower_m=columns.lower_m,
        upper_m=columns.upper_m,
        start_ms=columns.start_ms,
        end_ms=columns.end_ms,
    )


def _edges(columns: Columns) -> tuple[Ints, Floats, Floats, Floats]:
    """Of each edge, long ones cut, its volume, Cartesian start and end, and kind, as in `edges`.

    A line's last vertex is an edge without length, so that every vertex begins an edge.
    """
    count = len(columns.mark)
    starts_chain = columns.mark != GOES_ON
    heads = np.flatnonzero(starts_chain)
    chain = np.cumsum(starts_chain) - 1
    is_line = (columns.mark[heads] == LINE)[chain]
    follower = np.arange(1, count + 1)
    tails = np.append(heads, count)[1:] - 1
    follower[tails] = np.where(is_line[tails], tails, heads)
    volume = np.repeat(np.arange(len(columns)), columns.vertices)
    corners = ecef(columns.lat_deg, columns.lng_deg)
    start, end = corners, corners[follower]
    kind = np.where(is_line, 0.0, np.where(columns.mark == EXTERIOR, 2.0, 1.0))
    long = np.flatnonzero(np.linalg.norm(end - start, axis=1) > EDGE_M * 0.999)
    if not len(long):
        return volume, start, end, kind
    after = follower[long]
    lat, lng = columns.lat_deg, columns.lng_deg
    azimuth, _, length = GEOD.inv(lng[long], lat[long], lng[after], lat[after], return_back_azimuth=False)
    parts = np.ones(count, np.int64)
    parts[long] = np.ceil(length / EDGE_M).astype(np.int64)
    parent = np.repeat(np.arange(count), parts)
    number = np.arange(len(parent)) - np.repeat(np.cumsum(parts) - parts, parts)
    cut_start = start[parent]
    inner = np.flatnonzero(number > 0)
    whose = np.searchsorted(long, parent[inner])
    ways = number[inner] * (length / parts[long])[whose]
    at = long[whose]
    between = GEOD.fwd(lng[at], lat[at], azimuth[whose], ways, return_back_azimuth=False)
    cut_start[inner] = ecef(between[1], between[0])
    cut_end = end[parent]
    last = number + 1 == parts[parent]
    cut_end[~last] = cut_start[np.flatnonzero(~last) + 1]
    return volume[parent], cut_start, cut_end, np.where(number > 0, np.minimum(kind[parent], 1.0), kind[parent])


def _place_frames(frames: Floats, start: Floats, end: Floats, first_edge: Ints, radius_m: Floats) -> None:
    """Middles, planes and balls."""
    begins, sizes = first_edge[:-1], np.diff(first_edge)
    scale = np.array([SEMI_MAJOR_M, SEMI_MAJOR_M, SEMI_MINOR_M])
    # the unit sphere of the ellipsoid scaled to it: the mean of points inside, brought to the surface
    mean = np.add.reduceat(start, begins) / sizes[:, None] / scale
    size = np.sqrt(np.einsum("ij,ij->i", mean, mean))
    is_vast = size < _LEAST_MEAN
    mean[is_vast] = start[begins[is_vast]] / scale
    size[is_vast] = 1.0
    middle = mean / size[:, None] * scale
    gradient = middle / (scale * scale)
    steep = np.sqrt(np.einsum("ij,ij->i", gradient, gradient))
    normal = gradient / steep[:, None]
    # any direction across will do; the axis that is farthest from the normal is never along it
    helper = np.zeros_like(normal)
    helper[np.arange(len(normal)), np.argmin(np.abs(normal), axis=1)] = 1.0
    one = np.cross(helper, normal)
    one /= np.sqrt(np.einsum("ij,ij->i", one, one))[:, None]
    frames[:, 0:3], frames[:, 3:6], frames[:, 6:9], frames[:, 9:12] = middle, one, np.cross(normal, one), normal
    frames[:, 12] = SEMI_MAJOR_M * SEMI_MAJOR_M * SEMI_MINOR_M * steep * steep
    from_middle = start - np.repeat(middle, sizes, axis=0)
    along = end - start
    squared = np.einsum("ij,ij->i", along, along)
    # an edge is outside of the ball of its ends by no more than its sagitta
    far = np.sqrt(np.einsum("ij,ij->i", from_middle, from_middle)) + squared * (1.01 / (8.0 * RADIUS_MIN_M))
    ball = np.maximum.reduceat(far, begins) + radius_m
    frames[:, 13] = np.where(is_vast | (ball > _LARGEST_BALL_M), np.inf, ball)
    frames[:, 14] = radius_m


def _drawn(frames: Floats, points: Floats) -> Floats:
    """(e, 2): the points in the planes of their volumes, metres; 0 where they cannot be drawn."""
    apart = points - frames[:, 0:3]
    depth = frames[:, 12] + np.einsum("ij,ij->i", apart, frames[:, 9:12])
    factor = np.where(frames[:, 13] > FARTHEST_M, 0.0, frames[:, 12] / np.where(depth > 0.0, depth, np.inf))
    x = np.einsum("ij,ij->i", apart, frames[:, 3:6]) * factor
    y = np.einsum("ij,ij->i", apart, frames[:, 6:9]) * factor
    return np.stack((x, y), axis=1)
