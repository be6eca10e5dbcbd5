"""Volumes taken in: from columns to records and to vertices in Cartesian metres."""

from __future__ import annotations

import math

from openline.engine.columns import GOES_ON, LINE, Floats, Ints, Marks
from openline.engine.compiled.chords import following
from openline.engine.compiled.layout import (
    MANY,
    NORTH_POLE,
    OPEN,
    PLACE_UNITS,
    POINT,
    RING,
    ROUND,
    Records,
    Store,
    signed,
)
from openline.engine.compiled.linking import link
from openline.engine.compiling import kernel
from openline.geo.ellipsoid import ECCENTRICITY_SQUARED, RADIUS_MIN_M, SEMI_MAJOR_M

FIGURES = 7
"""Of a volume, before those of its vertices."""
_ROUNDING_M = 0.01
_ARC_KNOWN_M2 = 4e12
"""The square of the longest chord (2,000 km) that is asked how far its arc rises; near the antipodes it cannot say."""
_ANYWHERE_M = 2e7
"""No edge leaves its chord by more."""


@kernel
def place_corner(store: Store, places: Floats, row: int, lat_deg: float, lng_deg: float, mark: int) -> None:
    """Write a vertex in degrees and in Earth-centred Cartesian metres (`openline.geo.ellipsoid.ecef`)."""
    lat, lng = math.radians(lat_deg), math.radians(lng_deg)
    sin_lat = math.sin(lat)
    normal_m = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat)
    ground_m = normal_m * math.cos(lat)
    store.corners[row, 0] = ground_m * math.cos(lng)
    store.corners[row, 1] = ground_m * math.sin(lng)
    store.corners[row, 2] = normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat
    store.marks[row] = mark
    places[row, 0] = lat_deg
    places[row, 1] = lng_deg


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
def _write(
    store: Store,
    slot: int,
    names: tuple[int, int, int],
    window: tuple[int, int],
    size: tuple[float, float, float],
    box: tuple[float, float, float, float],
    first: int,
    count: int,
) -> None:
    """Write down a volume whose vertices are in place."""
    volume = store.volumes[slot]
    volume.number, volume.standing, volume.package = names
    volume.start_ms, volume.end_ms = window
    volume.lower_m, volume.upper_m, volume.radius_m = size
    volume.south = _units(box[0] + 90.0, 0, NORTH_POLE)
    volume.west = _units(box[1] + 180.0, 0, ROUND)
    volume.north = _units(box[2] + 90.0 + 1.0 / PLACE_UNITS, 0, NORTH_POLE)
    volume.east = _units(box[3] + 180.0 + 1.0 / PLACE_UNITS, 0, ROUND)
    if box[1] > box[3] and volume.west <= volume.east:
        # nearly all the way round: rounding outward has closed what was open
        volume.west, volume.east = 0, ROUND
    volume.first, volume.count = first, count
    volume.stamp, volume.sibling = 0, 0
    enclose(volume, store.corners, store.marks)


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
    cells: Records,
    entries: Ints,
    owners: Records,
    heads: Ints,
    volumes: Records,
    corners: Floats,
    marks: Marks,
    bounds: Ints,
    usual: Floats,
    places: Floats,
    slots: Ints,
    firsts: Ints,
) -> None:
    """Write down the volumes of columns (see `openline.engine.columns`), not yet in any cell.

    Volume i goes to `slots[i]`, its vertices to `firsts[i]` and on.
    """
    store = Store(cells, entries, owners, heads, volumes, corners, marks, bounds, usual)
    begin = 0
    for i in range(len(slots)):
        for k in range(vertices[i]):
            place_corner(store, places, firsts[i] + k, lat_deg[begin + k], lng_deg[begin + k], mark[begin + k])
        begin += vertices[i]
        _write(
            store,
            slots[i],
            (number[i], standing[i], package[i]),
            (start_ms[i], end_ms[i]),
            (lower_m[i], upper_m[i], radius_m[i]),
            (box_deg[i, 0], box_deg[i, 1], box_deg[i, 2], box_deg[i, 3]),
            firsts[i],
            vertices[i],
        )
        if i > 0 and number[i] == number[i - 1]:
            store.volumes[slots[i - 1]].sibling = slots[i] + 1


@kernel
def admit_one(
    cells: Records,
    entries: Ints,
    owners: Records,
    heads: Ints,
    volumes: Records,
    corners: Floats,
    marks: Marks,
    bounds: Ints,
    usual: Floats,
    places: Floats,
    figures: Floats,
    names: tuple[int, int, int],
    window: tuple[int, int],
    slot: int,
    first: int,
    touched: Ints,
) -> bool:
    """Write down one volume and put it into its cells; False when those have no room: then do it again.

    `figures` are lower, upper and radius, south, west, north and east, and for each vertex latitude, longitude and
    mark: in one array, because a whole number among plain arguments would have the kernel compiled anew. The arrays of
    `Store` come one by one, see `query.search`.
    """
    store = Store(cells, entries, owners, heads, volumes, corners, marks, bounds, usual)
    points = figures[FIGURES:]
    count = len(points) // 3
    for k in range(count):
        place_corner(store, places, first + k, points[3 * k], points[3 * k + 1], int(points[3 * k + 2]))
    size = (figures[0], figures[1], figures[2])
    box = (figures[3], figures[4], figures[5], figures[6])
    _write(store, slot, names, window, size, box, first, count)
    return link(store, slot, touched)


@kernel
def _units(degrees: float, least: int, most: int) -> int:
    return min(max(signed(math.floor(degrees * PLACE_UNITS)), least), most)
