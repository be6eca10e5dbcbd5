"""Volumes taken in: from columns to records and to vertices in Cartesian metres."""

from __future__ import annotations

import math

from openline.engine.columns import GOES_ON, LINE, Floats, Ints, Marks
from openline.engine.compiled.cells import class_of, clipped_ms
from openline.engine.compiled.chords import following
from openline.engine.compiled.layout import (
    MANY,
    NORTH_POLE,
    OPEN,
    PLACE_UNITS,
    POINT,
    RING,
    ROUND,
    TIME_SHIFTS,
    Records,
    Store,
    signed,
)
from openline.engine.compiling import kernel
from openline.geo.ellipsoid import ECCENTRICITY_SQUARED, RADIUS_MIN_M, SEMI_MAJOR_M

_ROUNDING_M = 0.01
_ARC_KNOWN_M2 = 4e12
"""The square of the longest chord (2,000 km) that is asked how far its arc rises; near the antipodes it cannot say."""
_ANYWHERE_M = 2e7
"""No edge leaves its chord by more."""


@kernel
def place_corners(
    lat_deg: Floats, lng_deg: Floats, begin: int, count: int, places: Floats, corners: Floats, first: int
) -> None:
    """Write vertices in degrees and in Earth-centred Cartesian metres (`openline.geo.ellipsoid.ecef`)."""
    for k in range(count):
        lat, lng = math.radians(lat_deg[begin + k]), math.radians(lng_deg[begin + k])
        sin_lat = math.sin(lat)
        normal_m = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat)
        ground_m = normal_m * math.cos(lat)
        corners[first + k, 0] = ground_m * math.cos(lng)
        corners[first + k, 1] = ground_m * math.sin(lng)
        corners[first + k, 2] = normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat
        places[first + k, 0] = lat_deg[begin + k]
        places[first + k, 1] = lng_deg[begin + k]


@kernel
def enclose(volume: Records, corners: Floats, marks: Marks) -> None:
    """Give a volume its form, the ball around its core, and the length of its longest edge."""
    first, count = volume.first, volume.count
    x, y, z = 0.0, 0.0, 0.0
    chains = 0
    for k in range(first, first + count):
        x += corners[k, 0]
        y += corners[k, 1]
        z += corners[k, 2]
        chains += marks[k] != GOES_ON
    x, y, z = x / count, y / count, z / count
    if count == 1:
        x, y, z = corners[first, 0], corners[first, 1], corners[first, 2]
    reach_2, longest_2 = 0.0, 0.0
    start = first
    for k in range(first, first + count):
        if marks[k] != GOES_ON:
            start = k
        dx, dy, dz = corners[k, 0] - x, corners[k, 1] - y, corners[k, 2] - z
        reach_2 = max(reach_2, dx * dx + dy * dy + dz * dz)
        m = following(marks, k, first + count, start)
        if m >= 0:
            dx, dy, dz = corners[k, 0] - corners[m, 0], corners[k, 1] - corners[m, 1], corners[k, 2] - corners[m, 2]
            longest_2 = max(longest_2, dx * dx + dy * dy + dz * dz)
    volume.x, volume.y, volume.z = x, y, z
    # single precision rounds by 1e-7
    volume.longest_m = math.sqrt(longest_2) * 1.000001
    # every edge leaves its chord by no more than this
    sagitta = 1.02 * longest_2 / (8.0 * RADIUS_MIN_M) if longest_2 < _ARC_KNOWN_M2 else _ANYWHERE_M
    volume.reach_m = (math.sqrt(reach_2) + sagitta) * 1.000001 + (_ROUNDING_M if count > 1 else 0.0)
    if chains > 1:
        volume.form = MANY
    elif count == 1:
        volume.form = POINT
    else:
        volume.form = OPEN if marks[first] == LINE else RING


@kernel
def admit(
    number: Ints,
    standing: Ints,
    package: Ints,
    start_ms: Ints,
    end_ms: Ints,
    lower_m: Floats,
    upper_m: Floats,
    box_deg: Floats,
    radius_m: Floats,
    vertices: Ints,
    lat_deg: Floats,
    lng_deg: Floats,
    mark: Marks,
    store: Store,
    places: Floats,
    slots: Ints,
    firsts: Ints,
    linked: bool,
) -> None:
    """Write down the volumes of columns (see `openline.engine.columns`); `linked` when they are to be found.

    Volume i goes to `slots[i]`, its vertices to `firsts[i]` and on.
    """
    begin = 0
    for i in range(len(slots)):
        place_corners(lat_deg, lng_deg, begin, vertices[i], places, store.corners, firsts[i])
        for k in range(vertices[i]):
            store.marks[firsts[i] + k] = mark[begin + k]
        begin += vertices[i]
        volume = store.volumes[slots[i]]
        volume.number, volume.standing, volume.package = number[i], standing[i], package[i]
        volume.start_ms, volume.end_ms = start_ms[i], end_ms[i]
        volume.lower_m, volume.upper_m, volume.radius_m = lower_m[i], upper_m[i], radius_m[i]
        volume.south = _units(box_deg[i, 0] + 90.0, 0, NORTH_POLE)
        volume.west = _units(box_deg[i, 1] + 180.0, 0, ROUND)
        volume.north = _units(box_deg[i, 2] + 90.0 + 1.0 / PLACE_UNITS, 0, NORTH_POLE)
        volume.east = _units(box_deg[i, 3] + 180.0 + 1.0 / PLACE_UNITS, 0, ROUND)
        volume.first, volume.count = firsts[i], vertices[i]
        volume.stamp, volume.sibling = 0, 0
        if i > 0 and number[i] == number[i - 1]:
            store.volumes[slots[i - 1]].sibling = slots[i] + 1
        enclose(volume, store.corners, store.marks)
        if linked:
            _note_times(store.bounds, volume)


@kernel
def _units(degrees: float, least: int, most: int) -> int:
    return min(max(signed(math.floor(degrees * PLACE_UNITS)), least), most)


@kernel
def _note_times(bounds: Ints, volume: Records) -> None:
    time_class = class_of(volume.end_ms - volume.start_ms)
    shift = TIME_SHIFTS[time_class]
    bounds[time_class, 0] = min(bounds[time_class, 0], clipped_ms(volume.start_ms) >> shift)
    bounds[time_class, 1] = max(bounds[time_class, 1], clipped_ms(volume.end_ms) >> shift)
