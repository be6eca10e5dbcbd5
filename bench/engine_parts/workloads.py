"""What is searched: volumes drawn by the hundred thousand, as columns.

Half are circles, half star-shaped polygons of 4 to 12 vertices (or all are corridors). Sizes are drawn evenly on a
logarithmic scale, and so are the lengths of windows. Times are whole seconds and heights whole metres, so that every
peer can hold them exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from bench.engine_parts.boxes import Floats, Ints, boxes
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from openline.engine.columns import EXTERIOR, GOES_ON, LINE, Columns
from openline.engine.words import Minima

MINIMA = Minima(lateral_m=1_000.0, vertical_m=150.0, time_ms=300 * SECOND_MS)
"""The buffers of all workloads."""
BEGIN_MS = 1_800_000_000_000
_EARTH_M = 6_371_000.0


@dataclass(frozen=True, slots=True)
class Spread:
    """How volumes are spread over place, time and height."""

    lat_deg: tuple[float, float]
    lng_deg: tuple[float, float]
    length_ms: int = 7 * DAY_MS
    """Windows begin within so long."""
    across_m: tuple[float, float] = (500.0, 50_000.0)
    """From end to end."""
    floor_m: tuple[int, int] = (0, 15_000)
    thick_m: tuple[int, int] = (150, 3_000)
    lasting_ms: tuple[int, int] = (10 * MINUTE_MS, 6 * HOUR_MS)
    """Drawn as sizes are."""
    layer_m: int = 0
    """When given, floors are multiples of it, and a volume fills its layer but for the thickness it lacks."""
    legs: tuple[int, int] | None = None
    """When given, all are corridors of so many legs, at least and at most, each `across_m` long."""
    half_width_m: tuple[float, float] = (1_000.0, 5_000.0)
    """Of corridors."""


REGION = Spread(lat_deg=(32.0, 42.0), lng_deg=(26.0, 45.0))
"""The sparse region of the published figures: about one conflict a question among a million."""
CITY = Spread(
    lat_deg=(36.90, 37.10), lng_deg=(35.88, 36.12), across_m=(500.0, 10_000.0), thick_m=(100, 250), layer_m=300
)
"""A hot spot: all centres within 22 km, in 50 layers of altitude."""
CORRIDORS = replace(REGION, across_m=(20_000.0, 200_000.0), legs=(1, 5), thick_m=(300, 1_000))
"""Long corridors over the region: up to 1,000 km, 2 to 10 km wide."""
WORLD = Spread(lat_deg=(-90.0, 90.0), lng_deg=(-180.0, 180.0), lasting_ms=(HOUR_MS, 3 * DAY_MS))
"""The whole globe, with its poles and its antimeridian."""
GIANTS = replace(WORLD, across_m=(1_000_000.0, 1_990_000.0), lasting_ms=(DAY_MS, 7 * DAY_MS))
"""As large as a flight information region; one in a thousand of the world's volumes."""


def denser(times: int) -> Spread:
    """The region made smaller, so that a number of volumes `times` smaller lies as densely in place and time.

    A third of the reduction, on a logarithmic scale, is taken from the time, the rest from the area.
    """
    shorter = times ** (1.0 / 3.0)
    side = (times / shorter) ** 0.5
    (south, north), (west, east) = REGION.lat_deg, REGION.lng_deg
    return replace(
        REGION,
        lat_deg=(37.0 - (north - south) / (2 * side), 37.0 + (north - south) / (2 * side)),
        lng_deg=(35.5 - (east - west) / (2 * side), 35.5 + (east - west) / (2 * side)),
        length_ms=round(REGION.length_ms / shorter),
    )


def draw(
    spread: Spread, count: int, *, seed: int, first_number: int = 0, centres: tuple[Floats, Floats] | None = None
) -> Columns:
    """`count` volumes, each a notice of its own; around `centres` (radians) in place of where they would lie."""
    chance = np.random.default_rng(seed)
    south, north = (math.sin(math.radians(lat_deg)) for lat_deg in spread.lat_deg)
    lat = np.arcsin(chance.uniform(south, north, count))
    lng = np.radians(chance.uniform(*spread.lng_deg, count))
    if centres is not None:
        lat, lng = centres
    start_s = chance.integers(0, spread.length_ms // SECOND_MS, count)
    lasting_s = _evenly(chance, spread.lasting_ms, count).astype(np.int64) // SECOND_MS
    floor_m = chance.integers(*spread.floor_m, count)
    if spread.layer_m:
        floor_m -= floor_m % spread.layer_m
    thick_m = chance.integers(spread.thick_m[0], spread.thick_m[1] + 1, count)
    size_m = _evenly(chance, spread.across_m, count)
    if spread.legs is None:
        vertices, lat_deg, lng_deg, mark, radius_m = _rounds(chance, lat, lng, size_m / 2.0)
    else:
        vertices, lat_deg, lng_deg, mark = _paths(chance, lat, lng, size_m, spread.legs)
        radius_m = chance.uniform(*spread.half_width_m, count)
    return Columns(
        number=np.arange(first_number, first_number + count, dtype=np.int64),
        standing=np.zeros(count, dtype=np.int64),
        package=np.zeros(count, dtype=np.int64),
        start_ms=BEGIN_MS + start_s * SECOND_MS,
        end_ms=BEGIN_MS + (start_s + lasting_s) * SECOND_MS,
        lower_m=floor_m.astype(np.float64),
        upper_m=(floor_m + thick_m).astype(np.float64),
        box_deg=boxes(vertices, lat_deg, lng_deg, radius_m),
        radius_m=radius_m,
        vertices=vertices,
        lat_deg=lat_deg,
        lng_deg=lng_deg,
        mark=mark,
    )


def draw_world(count: int, *, seed: int, first_number: int = 0) -> Columns:
    """The world: one volume in a thousand is a giant."""
    giants = count // 1_000
    small = draw(WORLD, count - giants, seed=seed, first_number=first_number)
    return joined(small, draw(GIANTS, giants, seed=seed + 1, first_number=first_number + count - giants))


def joined(one: Columns, other: Columns) -> Columns:
    """Both, one after the other."""
    names = [field.name for field in fields(Columns)]
    return Columns(**{name: np.concatenate((getattr(one, name), getattr(other, name))) for name in names})


def part(columns: Columns, begin: int, end: int) -> Columns:
    """The volumes from `begin` up to `end`, in arrays of their own."""
    first = int(columns.vertices[:begin].sum())
    last = first + int(columns.vertices[begin:end].sum())
    places = {"lat_deg", "lng_deg", "mark"}
    names = [field.name for field in fields(Columns)]
    cuts = {name: slice(first, last) if name in places else slice(begin, end) for name in names}
    return Columns(**{name: getattr(columns, name)[cuts[name]].copy() for name in names})


_Chains = tuple[Ints, Floats, Floats, "np.ndarray[tuple[int], np.dtype[np.int8]]"]


def _rounds(chance: np.random.Generator, lat: Floats, lng: Floats, radius_m: Floats) -> tuple[*_Chains, Floats]:
    """Circles and star-shaped polygons in turn, by chance; those whose corners lie evenly around their centre."""
    count = len(lat)
    is_circle = chance.random(count) < 0.5
    vertices = np.where(is_circle, 1, chance.integers(4, 13, count))
    owner = np.repeat(np.arange(count), vertices)
    corner = np.arange(len(owner)) - np.repeat(np.cumsum(vertices) - vertices, vertices)
    azimuth = chance.uniform(0.0, 2.0 * np.pi, count)[owner] - 2.0 * np.pi * corner / vertices[owner]
    reach = np.where(is_circle[owner], 0.0, radius_m[owner] * chance.uniform(0.5, 1.0, len(owner)))
    there = _away(lat[owner], lng[owner], azimuth, reach / _EARTH_M)
    mark = np.where(corner > 0, GOES_ON, np.where(is_circle[owner], LINE, EXTERIOR)).astype(np.int8)
    return vertices, *_degrees(*there), mark, np.where(is_circle, radius_m, 0.0)


def _paths(chance: np.random.Generator, lat: Floats, lng: Floats, leg_m: Floats, legs: tuple[int, int]) -> _Chains:
    """Lines whose legs turn by at most 40 degrees."""
    count, most = len(lat), legs[1]
    vertices = chance.integers(legs[0], most + 1, count) + 1
    lats, lngs = np.empty((count, most + 1)), np.empty((count, most + 1))
    lats[:, 0], lngs[:, 0] = lat, lng
    azimuth = chance.uniform(0.0, 2.0 * np.pi, count)
    for leg in range(most):
        arc = leg_m * chance.uniform(0.5, 1.0, count) / _EARTH_M
        lats[:, leg + 1], lngs[:, leg + 1] = _away(lats[:, leg], lngs[:, leg], azimuth, arc)
        azimuth += np.radians(chance.uniform(-40.0, 40.0, count))
    is_used = np.arange(most + 1) < vertices[:, None]
    mark = np.full(lats.shape, GOES_ON, dtype=np.int8)
    mark[:, 0] = LINE
    return vertices, *_degrees(lats[is_used], lngs[is_used]), mark[is_used]


def _evenly(chance: np.random.Generator, between: tuple[float, float], count: int) -> Floats:
    """Evenly on a logarithmic scale."""
    return np.exp(chance.uniform(math.log(between[0]), math.log(between[1]), count))


def _away(lat: Floats, lng: Floats, azimuth: Floats, arc: Floats) -> tuple[Floats, Floats]:
    """Where a great circle of the sphere leads; radians. A workload needs no ellipsoid."""
    sin_lat, cos_lat, sin_arc, cos_arc = np.sin(lat), np.cos(lat), np.sin(arc), np.cos(arc)
    sine = sin_lat * cos_arc + cos_lat * sin_arc * np.cos(azimuth)
    turn = np.arctan2(np.sin(azimuth) * sin_arc * cos_lat, cos_arc - sin_lat * sine)
    there: Floats = np.arcsin(np.clip(sine, -1.0, 1.0))
    return there, lng + turn


def _degrees(lat: Floats, lng: Floats) -> tuple[Floats, Floats]:
    """Degrees, to 1e-7 as notices are told; longitudes from -180 up to 180."""
    lng_deg: Floats = (np.degrees(lng) + 180.0) % 360.0 - 180.0
    return np.degrees(lat).round(7), lng_deg.round(7)
