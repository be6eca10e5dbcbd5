"""What is refused, where it says the fault is, and what is not refused."""

from __future__ import annotations

import math

import pytest

from openline.core.place import Outline, Point, Polygon
from openline.geo.validity import GeometryError, check_outline
from tests.oracle.outlines import away, line, point, polygon, regular, star

SQUARE = ((36.0, 40.0), (36.0, 40.1), (36.1, 40.1), (36.1, 40.0))


def holed(*holes: tuple[Point, ...]) -> Outline:
    return Outline(polygons=(Polygon(exterior=star(point(36.0, 40.0), [50_000.0] * 6), holes=holes),))


def small(azimuth_deg: float, distance_m: float, reach_m: float = 5_000.0) -> tuple[Point, ...]:
    return star(away(point(36.0, 40.0), azimuth_deg, distance_m), [reach_m] * 5)


REFUSED = {
    "two vertices": (polygon(*SQUARE[:2]), ".vertices", "2 vertices"),
    "no vertices": (Outline(polygons=(Polygon(exterior=()),)), ".vertices", "0 vertices"),
    "first vertex repeated": (polygon(*SQUARE, SQUARE[0]), ".vertices[4]", "first again"),
    "a vertex twice": (polygon(*SQUARE[:2], *SQUARE[1:]), ".vertices[2]", "one before it"),
    "a vertex twice on both sides of the antimeridian": (
        polygon((0.0, 180.0), (0.0, -180.0), (1.0, 179.0)),
        ".vertices[1]",
        "one before it",
    ),
    "a pole twice": (polygon((90.0, 10.0), (90.0, 20.0), (89.0, 0.0)), ".vertices[1]", "one before it"),
    "a point twice in a line": (line((1.0, 1.0), (1.0, 1.0)), ".line[1]", "one before it"),
    "no area": (polygon((10.0, 20.0), (11.0, 20.0), (12.0, 20.0)), ".vertices", "no area"),
    "no area, large": (polygon((10.0, 20.0), (30.0, 20.0), (50.0, 20.0)), ".vertices", "no area"),
    "a bow": (polygon(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]), ".vertices", "Edges 0 and 2"),
    "a bow across a pole": (polygon((85.0, 0.0), (85.0, 180.0), (85.0, 90.0), (85.0, -90.0)), ".vertices", "Edges"),
    "a bow across the antimeridian": (
        polygon((0.0, 179.0), (5.0, -179.0), (0.0, -179.0), (5.0, 179.0)),
        ".vertices",
        "Edges 0 and 2",
    ),
    "a large bow": (polygon((0.0, 0.0), (20.0, 20.0), (0.0, 20.0), (30.0, 0.0)), ".vertices", "Edges 0 and 2"),
    "a spike": (polygon(*SQUARE[:3], (36.15, 40.1), (36.05, 40.1), SQUARE[3]), ".vertices", "Edges 2 and 3"),
    "a vertex passed twice": (
        polygon((0.0, 0.0), (1.0, 1.0), (0.0, 2.0), (2.0, 2.0), (1.0, 1.0), (2.0, 0.0)),
        ".vertices",
        "Edges",
    ),
    "latitude": (polygon((91.0, 0.0), *SQUARE), ".vertices[0].lat_deg", "91.0"),
    "longitude": (polygon(SQUARE[0], (36.0, 180.5), SQUARE[2]), ".vertices[1].lng_deg", "180.5"),
    "not a number": (polygon(*SQUARE[:3], (math.nan, 0.0)), ".vertices[3].lat_deg", "nan"),
    "infinite": (line((0.0, math.inf)), ".line[0].lng_deg", "inf"),
    "radius negative": (line((0.0, 0.0), radius_m=-1.0), ".radius_m", "-1.0"),
    "radius not a number": (line((0.0, 0.0), radius_m=math.nan), ".radius_m", "nan"),
    "radius infinite": (line((0.0, 0.0), radius_m=math.inf), ".radius_m", "inf"),
    "radius too large": (line((0.0, 0.0), radius_m=1_000_001.0), ".radius_m", "1000001"),
    "neither": (Outline(), "", "neither"),
    "both": (Outline(line=(point(0.0, 0.0),), polygons=polygon(*SQUARE).polygons), "", "both"),
    "round the globe": (
        polygon((1.0, 0.0), (-1.0, 60.0), (1.0, 120.0), (-1.0, 180.0), (1.0, -120.0), (-1.0, -60.0)),
        ".vertices",
        "hemisphere",
    ),
    "an edge to the other side": (line((10.0, 20.0), (-10.0, -160.1)), ".line[0]", "more than one path"),
    "the closing edge to the other side": (
        polygon((10.0, 20.0), (0.0, 100.0), (-10.0, -160.1)),
        ".vertices[2]",
        "more than one path",
    ),
    "a hole outside": (holed(small(0.0, 200_000.0)), ".holes[0].vertices", "outside"),
    "a hole on the other side of the globe": (
        holed(star(point(-36.0, -140.0), [10.0] * 4)),
        ".holes[0].vertices",
        "outside",
    ),
    "a hole across the exterior": (holed(small(90.0, 43_000.0)), ".holes[0].vertices", "crosses edge"),
    "a hole around the exterior": (holed(star(point(36.0, 40.0), [90_000.0] * 6)), ".holes[0].vertices", "outside"),
    "holes that overlap": (holed(small(0.0, 9_000.0), small(0.0, 12_000.0)), ".holes[1].vertices", "overlaps hole 0"),
    "a hole in a hole": (holed(small(0.0, 0.0), small(0.0, 0.0, 50.0)), ".holes[1].vertices", "overlaps hole 0"),
    "a hole that is a bow": (
        holed(tuple(small(0.0, 0.0)[index] for index in (0, 2, 1, 3, 4))),
        ".holes[0].vertices",
        "cross or touch",
    ),
    "a hole with two vertices": (holed(small(0.0, 0.0)[:2]), ".holes[0].vertices", "2 vertices"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(name: str) -> None:
    outline, place, reason = REFUSED[name]
    with pytest.raises(GeometryError) as caught:
        check_outline(outline, path="volumes[0].outline")
    error = caught.value
    assert error.path == f"volumes[0].outline{place}"
    assert reason in error.reason
    assert error.code == "GEOMETRY_INVALID"
    assert error.remedy
    assert isinstance(error, ValueError)


ACCEPTED = {
    "a square": polygon(*SQUARE),
    "the same turned round": polygon(*SQUARE[::-1]),
    "a point": line((0.0, 0.0)),
    "a corridor that crosses itself": line(SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], radius_m=10.0),
    "around a pole": regular(point(90.0, 0.0), 1_000_000.0),
    "a vertex on a pole": polygon((90.0, 77.0), (80.0, 0.0), (80.0, 60.0)),
    "across the antimeridian": polygon((0.0, 179.0), (0.0, -179.0), (3.0, -180.0)),
    "a few metres": regular(point(-33.0, 151.0), 5.0),
    "nearly a hemisphere": regular(point(20.0, 30.0), 9_300_000.0, 12),
    "a concave coast of many vertices": Outline(
        polygons=(Polygon(exterior=star(point(60.0, 20.0), [100_000.0, 40_000.0] * 100)),)
    ),
    "two holes": holed(small(0.0, 15_000.0), small(180.0, 15_000.0)),
    "polygons that overlap": Outline(polygons=polygon(*SQUARE).polygons * 2),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepts(name: str) -> None:
    check_outline(ACCEPTED[name], path="outline")


def test_says_which_polygon_of_several() -> None:
    several = Outline(polygons=(*polygon(*SQUARE).polygons, *polygon(*SQUARE[:2]).polygons))
    with pytest.raises(GeometryError) as caught:
        check_outline(several, path="outline")
    assert caught.value.path == "outline.polygons[1].vertices"


def test_the_limit_of_the_radius_can_be_set() -> None:
    with pytest.raises(GeometryError, match="0 to 10"):
        check_outline(line((0.0, 0.0), radius_m=11.0), path="outline", largest_radius_m=10.0)


@pytest.mark.parametrize("edge_m", [1_000.0, 300_000.0])
def test_edges_are_judged_as_geodesics(edge_m: float) -> None:
    # The last vertex lies just inside of the geodesic between the first two, then just outside: only then they cross.
    west, east = point(60.0, 20.0), away(point(60.0, 20.0), 80.0, edge_m)
    middle = away(west, 80.0, edge_m / 2.0)
    south = away(middle, 170.0, edge_m)
    for sideways, is_refused in ((171.0, False), (-9.0, True)):
        notch = away(middle, sideways, edge_m / 1_000.0)
        ring = Polygon(exterior=(west, east, south, notch))
        if is_refused:
            with pytest.raises(GeometryError):
                check_outline(Outline(polygons=(ring,)), path="outline")
        else:
            check_outline(Outline(polygons=(ring,)), path="outline")
