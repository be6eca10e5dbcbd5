"""Boxes cover what they are drawn around, everywhere on the globe."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from openline.core.place import Outline, Point, Polygon
from openline.geo.bounds import Box, bounding_box, split
from openline.geo.validity import GeometryError, check_outline
from tests.oracle.lateral import GEOD, Walk, edges, is_inside
from tests.oracle.outlines import centres, point, single

AZIMUTHS_DEG = np.arange(0.0, 360.0, 15.0)


def holds(box: Box, lat_deg: float, lng_deg: float) -> bool:
    return any(
        part.lat_min_deg <= lat_deg <= part.lat_max_deg and part.lng_min_deg <= lng_deg <= part.lng_max_deg
        for part in split(box)
    )


@given(single(), st.sampled_from([0.0, 1_000.0, 400_000.0]))
def test_a_box_covers_the_edges_and_all_within_the_margin(outline: Outline, margin_m: float) -> None:
    box = bounding_box(outline, margin_m)
    reach_m = outline.radius_m + margin_m
    for edge in edges(outline):
        for lng, lat in zip(*Walk(edge).at(np.linspace(0.0, 1.0, 9)), strict=True):
            same = np.ones_like(AZIMUTHS_DEG)
            around = GEOD.fwd(lng * same, lat * same, AZIMUTHS_DEG, reach_m * same, return_back_azimuth=False)
            for far_lng, far_lat in zip(around[0], around[1], strict=True):
                assert holds(box, far_lat, far_lng), (box, far_lat, far_lng)


@given(single())
def test_a_box_covers_a_pole_inside(outline: Outline) -> None:
    box = bounding_box(outline)
    for pole_deg in (-90.0, 90.0):
        if is_inside(point(pole_deg, 0.0), outline):
            assert holds(box, pole_deg, 123.0)
            assert box.lng_max_deg - box.lng_min_deg == 360.0


@given(st.lists(centres(), min_size=3, max_size=8, unique=True))
def test_a_box_covers_any_ring_that_passes_the_check(vertices: list[Point]) -> None:
    outline = Outline(polygons=(Polygon(exterior=tuple(vertices)),))
    try:
        check_outline(outline, path="outline")
    except GeometryError:
        return
    box = bounding_box(outline)
    for edge in edges(outline):
        for lng, lat in zip(*Walk(edge).at(np.linspace(0.0, 1.0, 41)), strict=True):
            assert holds(box, float(lat), float(lng)), (box, lat, lng)
    for pole_deg in (-90.0, 90.0):
        assert not is_inside(point(pole_deg, 0.0), outline) or holds(box, pole_deg, 0.0)


@given(single())
def test_parts_have_no_antimeridian_inside(outline: Outline) -> None:
    for part in split(bounding_box(outline)):
        assert -90.0 <= part.lat_min_deg <= part.lat_max_deg <= 90.0
        assert -180.0 <= part.lng_min_deg <= part.lng_max_deg <= 180.0
