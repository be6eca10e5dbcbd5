"""Outlines everywhere on the globe, for properties: poles, antimeridian, holes, corridors, circles."""

from __future__ import annotations

from hypothesis import strategies as st
from pyproj import Geod

from openline.core.place import Outline, Point, Polygon

GEOD = Geod(ellps="WGS84")


def point(lat_deg: float, lng_deg: float) -> Point:
    return Point(lat_deg=lat_deg, lng_deg=lng_deg)


def away(start: Point, azimuth_deg: float, distance_m: float) -> Point:
    """The point that a geodesic reaches."""
    lng, lat, _ = GEOD.fwd(start.lng_deg, start.lat_deg, azimuth_deg, distance_m, return_back_azimuth=False)
    return point(float(lat), min(180.0, max(-180.0, float(lng))))


def polygon(*vertices: tuple[float, float]) -> Outline:
    """One polygon, from latitudes and longitudes."""
    return Outline(polygons=(Polygon(exterior=tuple(point(*vertex) for vertex in vertices)),))


def line(*vertices: tuple[float, float], radius_m: float = 0.0) -> Outline:
    """A corridor, or with one vertex a circle."""
    return Outline(line=tuple(point(*vertex) for vertex in vertices), radius_m=radius_m)


def star(centre: Point, reaches_m: list[float], first_deg: float = 0.0) -> tuple[Point, ...]:
    """A ring around a centre, a vertex for each reach."""
    step = 360.0 / len(reaches_m)
    return tuple(away(centre, first_deg + step * index, reach) for index, reach in enumerate(reaches_m))


def regular(centre: Point, reach_m: float, count: int = 6) -> Outline:
    """A polygon with equal reaches."""
    return Outline(polygons=(Polygon(exterior=star(centre, [reach_m] * count)),))


def centres() -> st.SearchStrategy[Point]:
    """Points of the globe; poles, the equator and the antimeridian more often than chance has it."""
    lat = st.sampled_from([90.0, -90.0, 89.99, -89.5, 0.0]) | st.floats(-90.0, 90.0)
    lng = st.sampled_from([180.0, -180.0, 179.99, -179.9, 0.0]) | st.floats(-180.0, 180.0)
    return st.builds(point, lat, lng)


SIZES_M = st.sampled_from([50.0, 2_000.0, 30_000.0, 250_000.0, 750_000.0])
AZIMUTHS = st.integers(0, 359).map(float)


@st.composite
def polygons(draw: st.DrawFn, centre: Point, size_m: float) -> Polygon:
    """A star around the centre, with or without a hole of the same form."""
    shares = draw(st.lists(st.floats(0.4, 1.0), min_size=4, max_size=7))
    first_deg = draw(AZIMUTHS)
    hole = draw(st.sampled_from([0.0, 0.0, 0.5]))
    holes = (star(centre, [share * size_m * hole for share in shares], first_deg),) if hole else ()
    return Polygon(exterior=star(centre, [share * size_m for share in shares], first_deg), holes=holes)


@st.composite
def outlines(draw: st.DrawFn, centre: Point, size_m: float) -> Outline:
    """A circle, a corridor, a polygon or two, somewhere within 3.5 sizes of the centre."""
    kind = draw(st.sampled_from(["circle", "corridor", "polygon", "polygon", "two polygons"]))
    radius_m = draw(st.sampled_from([0.0, 0.0, 0.1])) * size_m
    if kind == "circle":
        return Outline(line=(centre,), radius_m=radius_m)
    if kind == "corridor":
        steps = draw(st.lists(AZIMUTHS, min_size=1, max_size=4))
        turns = [(azimuth, size_m * (0.2 + 0.2 * index)) for index, azimuth in enumerate(steps)]
        return Outline(line=(centre, *(away(centre, *turn) for turn in turns)), radius_m=radius_m)
    first = draw(polygons(centre, size_m))
    if kind == "polygon":
        return Outline(polygons=(first,), radius_m=radius_m)
    beside = away(centre, draw(AZIMUTHS), 2.5 * size_m)
    return Outline(polygons=(first, draw(polygons(beside, size_m))), radius_m=radius_m)


@st.composite
def neighbours(draw: st.DrawFn) -> tuple[Outline, Outline]:
    """Two outlines of like or very different size: one in the other, overlapping, touching, or some way apart."""
    centre, size_m = draw(centres()), draw(SIZES_M)
    beside = away(centre, draw(AZIMUTHS), size_m * draw(st.sampled_from([0.0, 0.1, 0.3, 1.0, 2.0, 2.5, 4.0])))
    other_m = size_m * draw(st.sampled_from([1.0, 0.2, 0.03]))
    return draw(outlines(centre, size_m)), draw(outlines(beside, other_m))


@st.composite
def single(draw: st.DrawFn) -> Outline:
    """One outline anywhere."""
    return draw(outlines(draw(centres()), draw(SIZES_M)))
