"""The traps of boxes."""

from __future__ import annotations

import pytest

from openline.core.place import Outline
from openline.geo.bounds import Box, bounding_box, split
from tests.oracle.outlines import line, point, polygon, regular


def test_an_edge_bulges_towards_the_pole() -> None:
    box = bounding_box(polygon((60.0, 0.0), (60.0, 60.0), (50.0, 30.0)))
    # tan(highest) = tan(60) / cos(30) on the sphere: 63.43 degrees.
    assert 63.4 < box.lat_max_deg < 63.6
    assert box.lat_min_deg == pytest.approx(50.0, abs=1e-6)


def test_south_of_the_equator_it_bulges_south() -> None:
    assert -63.6 < bounding_box(polygon((-60.0, 0.0), (-60.0, 60.0), (-50.0, 30.0))).lat_min_deg < -63.4


def test_a_box_crosses_the_antimeridian_the_short_way() -> None:
    box = bounding_box(polygon((10.0, 179.0), (10.0, -179.0), (12.0, 180.0)))
    assert (round(box.lng_min_deg), round(box.lng_max_deg)) == (179, -179)
    east, west = split(box)
    assert (east.lng_max_deg, west.lng_min_deg) == (180.0, -180.0)


def test_a_circle_at_the_antimeridian_crosses_it() -> None:
    box = bounding_box(line((0.0, 180.0), radius_m=111_000.0))
    assert box.lng_min_deg > 178.9
    assert box.lng_max_deg < -178.9


def test_a_circle_over_a_pole_has_all_longitudes() -> None:
    box = bounding_box(line((89.9, 10.0), radius_m=20_000.0))
    assert (box.lat_max_deg, box.lng_min_deg, box.lng_max_deg) == (90.0, -180.0, 180.0)


def test_the_margin_alone_can_reach_a_pole() -> None:
    assert bounding_box(line((-89.9, 10.0)), 20_000.0).lat_min_deg == -90.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_ring_round_a_pole_holds_it(sign: float) -> None:
    box = bounding_box(regular(point(sign * 90.0, 0.0), 500_000.0))
    assert sign * (box.lat_max_deg if sign > 0 else box.lat_min_deg) == 90.0
    assert abs(box.lat_min_deg if sign > 0 else box.lat_max_deg) > 85.0


def test_a_vertex_on_a_pole_has_any_longitude_and_hides_no_later_vertex() -> None:
    box = bounding_box(polygon((90.0, 0.0), (70.0, 100.0), (60.0, 120.0)))
    assert (box.lat_max_deg, box.lng_min_deg, box.lng_max_deg) == (90.0, -180.0, 180.0)
    assert box.lat_min_deg < 60.0001


def test_an_edge_over_the_pole_reaches_it() -> None:
    assert bounding_box(line((80.0, 0.0), (80.0, 180.0))).lat_max_deg == 90.0


def test_polygons_on_both_sides_of_the_antimeridian_share_a_narrow_box() -> None:
    both = Outline(
        polygons=regular(point(0.0, 179.0), 10_000.0).polygons + regular(point(0.0, -179.0), 10_000.0).polygons
    )
    box = bounding_box(both)
    assert box.lng_min_deg > 178.0
    assert box.lng_max_deg < -178.0


def test_polygons_all_around_the_globe_have_all_longitudes() -> None:
    around = tuple(
        polygon for lng in range(-180, 180, 60) for polygon in regular(point(0.0, lng), 4_000_000.0).polygons
    )
    box = bounding_box(Outline(polygons=around))
    assert (box.lng_min_deg, box.lng_max_deg) == (-180.0, 180.0)


def test_a_plain_box_is_its_only_part() -> None:
    box = Box(1.0, 2.0, 3.0, 4.0)
    assert split(box) == (box,)


def test_nothing_has_no_box() -> None:
    with pytest.raises(ValueError, match="no box"):
        bounding_box(Outline())
