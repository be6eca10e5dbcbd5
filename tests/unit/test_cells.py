"""Cells and spans, chiefly where maps end: poles and antimeridian."""

from __future__ import annotations

import pytest
from pyproj import Geod

from openline.geo.bounds import Box
from openline.geo.cells import WHOLE_EARTH, Grid, Span, spans

GEOD = Geod(ellps="WGS84")


def holds(span: Span, lat_deg: float, lng_deg: float) -> bool:
    return span.south <= lat_deg <= span.north and span.west <= lng_deg <= span.east


@pytest.mark.parametrize(
    "box",
    [
        Box(36.0, 36.1, 37.0, 37.2),
        Box(-0.1, 0.1, 179.95, -179.95),
        Box(89.0, 89.5, -20.0, 10.0),
        Box(-89.99, -89.9, 0.0, 1.0),
        Box(70.0, 70.1, -180.0, -179.9),
        Box(-10.0, 10.0, -175.0, 175.0),
    ],
)
@pytest.mark.parametrize("margin_m", [1.0, 1_000.0, 50_000.0, 700_000.0, 9_000_000.0])
def test_no_place_within_the_margin_is_left_out(box: Box, margin_m: float) -> None:
    found = spans(box, margin_m=margin_m)
    for lat_deg in (box.lat_min_deg, box.lat_max_deg):
        for lng_deg in (box.lng_min_deg, box.lng_max_deg):
            for azimuth_deg in range(-180, 181, 15):
                lng, lat, _ = GEOD.fwd(lng_deg, lat_deg, azimuth_deg, margin_m)
                assert any(holds(span, lat, lng) for span in found)


def test_a_box_across_the_antimeridian_is_two_spans() -> None:
    assert spans(Box(0.0, 1.0, 179.0, -179.0)) == [Span(0.0, 179.0, 1.0, 180.0), Span(0.0, -180.0, 1.0, -179.0)]


def test_a_cell_holds_its_own_span_and_neighbours_differ() -> None:
    grid = Grid(0.5)
    assert len(grid.cells(Span(0.1, 37.1, 0.2, 37.2))) == 1
    assert not set(grid.cells(Span(0.1, 37.1, 0.2, 37.2))) & set(grid.cells(Span(0.1, 39.1, 0.2, 39.2)))


@pytest.mark.parametrize("step_deg", [0.0625, 0.5, 4.5, 180.0])
def test_spans_that_touch_share_a_cell(step_deg: float) -> None:
    grid = Grid(step_deg)
    for lat, lng in [(36.0, 37.0), (0.0, 0.0), (89.95, 12.0), (-90.0, 5.0), (90.0, -180.0), (45.0, 180.0)]:
        here = Span(lat, lng, lat, lng)
        for other in (Span(max(-90.0, lat - 0.3), lng, min(90.0, lat + 0.3), lng), here):
            assert set(grid.cells(here)) & set(grid.cells(other))


def test_what_fits_touches_few_cells_also_beside_a_pole() -> None:
    grid = Grid(0.5)
    assert grid.fits(Span(36.0, 37.0, 36.4, 37.6))
    assert not grid.fits(Span(36.0, 37.0, 36.6, 37.1))
    ring = Span(89.95, -180.0, 90.0, 180.0)
    assert grid.fits(ring)
    assert len(grid.cells(ring)) <= 8


@pytest.mark.parametrize("span", [Span(30.0, 20.0, 40.0, 45.0), Span(89.0, -180.0, 90.0, 180.0), WHOLE_EARTH])
def test_the_count_is_near_the_truth(span: Span) -> None:
    for grid in (Grid(0.5), Grid(4.5)):
        assert len(grid.cells(span)) / 2 <= grid.count(span) <= 4 * len(grid.cells(span))
