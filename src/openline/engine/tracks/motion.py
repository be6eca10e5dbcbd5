"""Motion along geodesics of the WGS84 ellipsoid, in Cartesian coordinates: no poles, no antimeridian.

A point of the surface x^2 + y^2 + q z^2 = a^2, q = (a / b)^2, that moves with unit speed along a geodesic accelerates
along the normal m = (x, y, q z) alone. Differentiating the equation of the surface twice gives by how much:

    p'' = -m (x'^2 + y'^2 + q z'^2) / |m|^2

One step of the classical Runge-Kutta method of fourth order over s errs by about (s / a)^5 a / 120: 5e-5 m for the
longest step of LONGEST_STEP_M, nothing that shows for a minute of flight.
"""

from __future__ import annotations

import numpy as np

from openline.engine.compiling import HAS_COMPILER, kernel
from openline.engine.tracks.reports import WIDEST_M, Floats, Tracks
from openline.engine.tracks.sharing import Row, Value, shared
from openline.geo.ellipsoid import ECCENTRICITY_SQUARED, SEMI_MAJOR_M

LONGEST_STEP_M = 100_000.0
"""Longer ways are gone in equal steps of at most this."""

_AT_ONCE = 8_192
_Q = 1.0 / (1.0 - ECCENTRICITY_SQUARED)


@shared
def step(x: Value, y: Value, z: Value, u: Value, v: Value, w: Value, s: Value) -> Row:
    """From the place x, y, z and the unit direction u, v, w, both Cartesian, `s` metres on; numbers or arrays."""
    half = 0.5 * s
    k = -(u * u + v * v + _Q * (w * w)) / (x * x + y * y + (_Q * z) * (_Q * z))
    u1, v1, w1 = k * x, k * y, k * _Q * z
    x2, y2, z2 = x + half * u, y + half * v, z + half * w
    p2, q2, r2 = u + half * u1, v + half * v1, w + half * w1
    k = -(p2 * p2 + q2 * q2 + _Q * (r2 * r2)) / (x2 * x2 + y2 * y2 + (_Q * z2) * (_Q * z2))
    u2, v2, w2 = k * x2, k * y2, k * _Q * z2
    x3, y3, z3 = x + half * p2, y + half * q2, z + half * r2
    p3, q3, r3 = u + half * u2, v + half * v2, w + half * w2
    k = -(p3 * p3 + q3 * q3 + _Q * (r3 * r3)) / (x3 * x3 + y3 * y3 + (_Q * z3) * (_Q * z3))
    u3, v3, w3 = k * x3, k * y3, k * _Q * z3
    x4, y4, z4 = x + s * p3, y + s * q3, z + s * r3
    p4, q4, r4 = u + s * u3, v + s * v3, w + s * w3
    k = -(p4 * p4 + q4 * q4 + _Q * (r4 * r4)) / (x4 * x4 + y4 * y4 + (_Q * z4) * (_Q * z4))
    u4, v4, w4 = k * x4, k * y4, k * _Q * z4
    part = s / 6.0
    return (
        x + part * (u + 2.0 * (p2 + p3) + p4),
        y + part * (v + 2.0 * (q2 + q3) + q4),
        z + part * (w + 2.0 * (r2 + r3) + r4),
        u + part * (u1 + 2.0 * (u2 + u3) + u4),
        v + part * (v1 + 2.0 * (v2 + v3) + v4),
        w + part * (w1 + 2.0 * (w2 + w3) + w4),
    )


def lines_of(tracks: Tracks) -> Floats:
    """(n, 6): the foot point of each track at the time of its report, metres, and its direction, a unit vector."""
    lines = np.empty((len(tracks), 6))
    # in portions that stay in the processor's cache
    for begin in range(0, len(tracks), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        _place(lines[part], tracks.lat_deg[part], tracks.lng_deg[part], tracks.true_track_deg[part])
    return lines


def _place(lines: Floats, lat_deg: Floats, lng_deg: Floats, true_track_deg: Floats) -> None:
    lat, lng, course = np.radians(lat_deg), np.radians(lng_deg), np.radians(true_track_deg)
    sin_lat, cos_lat, sin_lng, cos_lng = np.sin(lat), np.cos(lat), np.sin(lng), np.cos(lng)
    east, north = np.sin(course), np.cos(course)
    normal_m = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat)
    lines[:, 0] = normal_m * cos_lat * cos_lng
    lines[:, 1] = normal_m * cos_lat * sin_lng
    lines[:, 2] = normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat
    lines[:, 3] = -east * sin_lng - north * sin_lat * cos_lng
    lines[:, 4] = east * cos_lng - north * sin_lat * sin_lng
    lines[:, 5] = north * cos_lat


def move(lines: Floats, by_m: Floats, *, compiled: bool = HAS_COMPILER) -> None:
    """Take `lines`, (n, 6), on by `by_m` metres, (n,), along their geodesics, in place; negative goes back."""
    (_move if compiled else _move_plain)(lines, by_m)


@kernel
def _move(lines: Floats, by_m: Floats) -> None:
    for i in range(len(lines)):
        x, y, z, u, v, w = lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3], lines[i, 4], lines[i, 5]
        steps = max(1.0, np.ceil(abs(by_m[i]) / LONGEST_STEP_M))
        step_m = by_m[i] / steps
        for _ in range(int(steps)):
            x, y, z, u, v, w = step(x, y, z, u, v, w, step_m)
        lines[i, 0], lines[i, 1], lines[i, 2], lines[i, 3], lines[i, 4], lines[i, 5] = x, y, z, u, v, w


def _move_plain(lines: Floats, by_m: Floats) -> None:
    steps = np.maximum(1.0, np.ceil(np.abs(by_m) / LONGEST_STEP_M))
    step_m = by_m / steps
    going, number = np.arange(len(lines)), 0
    while len(going):
        x, y, z, u, v, w = lines[going].T
        lines[going] = np.stack(step(x, y, z, u, v, w, step_m[going]), axis=1)
        number += 1
        going = going[steps[going] > number]


def advanced(tracks: Tracks, *, at_ms: int, compiled: bool = HAS_COMPILER) -> Tracks:
    """All tracks as they would be at the instant `at_ms`: moved with course, speed and rate kept, less certain by age.

    Place and course follow the geodesic within a millimetre for ways up to 2,000 km. Heights are not stopped by the
    ground. Reports from after `at_ms` go back, and are as uncertain as if they were as much older. Uncertainty and
    height stop at WIDEST_M.
    """
    age_s = tracks.age_s(at_ms)
    lines = lines_of(tracks)
    move(lines, tracks.ground_speed_mps * age_s, compiled=compiled)
    x, y, z, u, v, w = lines.T
    across = np.hypot(x, y)
    lat, lng = np.arctan2(z * _Q, across), np.arctan2(y, x)
    east = v * np.cos(lng) - u * np.sin(lng)
    north = w * np.cos(lat) - (u * np.cos(lng) + v * np.sin(lng)) * np.sin(lat)
    old_s = np.abs(age_s)
    return Tracks(
        lat_deg=np.clip(np.degrees(lat), -90.0, 90.0),
        lng_deg=np.clip(np.degrees(lng), -180.0, 180.0),
        height_m=np.clip(tracks.height_m + tracks.vertical_rate_mps * age_s, -WIDEST_M, WIDEST_M),
        ground_speed_mps=tracks.ground_speed_mps,
        true_track_deg=np.degrees(np.arctan2(east, north)) % 360.0,
        vertical_rate_mps=tracks.vertical_rate_mps,
        at_ms=np.full(len(tracks), at_ms, dtype=np.int64),
        lateral_m=np.minimum(tracks.lateral_m + tracks.lateral_growth_mps * old_s, WIDEST_M),
        vertical_m=np.minimum(tracks.vertical_m + tracks.vertical_growth_mps * old_s, WIDEST_M),
        lateral_growth_mps=tracks.lateral_growth_mps,
        vertical_growth_mps=tracks.vertical_growth_mps,
    )
