"""Private presence: the judged circle always covers the truth, and tells no more than a cell and a size class."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod

from openline.core.place import Outline, Point
from openline.geo.blur import SMALLEST_CLASS_M, WHOLE_EARTH_M, grid_cell, private_outline, size_class_m
from tests.oracle.lateral import Walk, corners, edges
from tests.oracle.outlines import AZIMUTHS, centres, line, single

GEOD = Geod(ellps="WGS84")
SECRETS = st.binary(min_size=32, max_size=32)
GRIDS_M = st.sampled_from([1_000.0, 10_000.0, 25_000.0, 300_000.0])
OFFSETS_M = st.sampled_from([0.0, 1_000.0, 10_000.0, 25_000.0])


def apart_m(one: Point, other: Point) -> float:
    _, _, distance_m = GEOD.inv(one.lng_deg, one.lat_deg, other.lng_deg, other.lat_deg)
    return float(distance_m)


@given(single(), GRIDS_M, OFFSETS_M, SECRETS)
def test_covers_the_whole_truth(outline: Outline, grid_m: float, offset_m: float, secret: bytes) -> None:
    judged = private_outline(outline, grid_m=grid_m, offset_m=offset_m, secret=secret)
    (centre,) = judged.line
    for corner in corners(outline):
        assert apart_m(centre, corner) + outline.radius_m <= judged.radius_m
    for edge in edges(outline):
        walk = Walk(edge)
        for share in (0.13, 0.5, 0.77):
            lng, lat, _ = GEOD.fwd(edge[0].lng_deg, edge[0].lat_deg, walk.azimuth, walk.length_m * share)
            assert apart_m(centre, Point(lat_deg=lat, lng_deg=lng)) + outline.radius_m <= judged.radius_m


@given(centres(), AZIMUTHS, st.floats(0.0, 8_000.0), st.floats(0.0, 250.0), st.floats(0.0, 250.0), SECRETS)
def test_two_places_of_one_cell_look_the_same(
    place: Point, azimuth_deg: float, moved_m: float, size_m: float, other_size_m: float, secret: bytes
) -> None:
    lng_deg, lat_deg, _ = GEOD.fwd(place.lng_deg, place.lat_deg, azimuth_deg, moved_m)
    other = Point(lat_deg=round(lat_deg, 7), lng_deg=round(lng_deg, 7))
    rounded = Point(lat_deg=round(place.lat_deg, 7), lng_deg=round(place.lng_deg, 7))
    assume(grid_cell(rounded, grid_m=10_000.0) == grid_cell(other, grid_m=10_000.0))
    one, two = (
        private_outline(Outline(line=(where,), radius_m=size), grid_m=10_000.0, offset_m=10_000.0, secret=secret)
        for where, size in ((rounded, size_m), (other, other_size_m))
    )
    assert one == two


@given(centres(), SECRETS, SECRETS)
def test_another_secret_gives_another_circle(place: Point, secret: bytes, other: bytes) -> None:
    assume(secret != other)
    site = Outline(line=(place,), radius_m=100.0)
    one, two = (private_outline(site, grid_m=10_000.0, offset_m=10_000.0, secret=secret) for secret in (secret, other))
    assert one.line != two.line
    assert one.radius_m == two.radius_m


@given(centres(), GRIDS_M)
def test_a_cell_reaches_its_places(place: Point, grid_m: float) -> None:
    cell = grid_cell(place, grid_m=grid_m)
    assert apart_m(place, cell.centre) <= cell.half_diagonal_m + 0.1
    assert cell.half_diagonal_m <= 0.75 * grid_m + 1.0


@given(centres())
def test_neighbouring_names_of_one_place_have_one_cell(place: Point) -> None:
    if abs(place.lng_deg) == 180.0:
        twin = Point(lat_deg=place.lat_deg, lng_deg=-place.lng_deg)
        assert grid_cell(place, grid_m=10_000.0) == grid_cell(twin, grid_m=10_000.0)
    for pole in (90.0, -90.0):
        cells = {
            grid_cell(Point(lat_deg=pole, lng_deg=lng_deg), grid_m=10_000.0).column
            for lng_deg in (place.lng_deg, 0.0, 180.0)
        }
        assert len(cells) == 1


@given(centres(), centres(), GRIDS_M, SECRETS)
def test_the_radius_does_not_tell_where(place: Point, other: Point, grid_m: float, secret: bytes) -> None:
    one, two = (
        private_outline(Outline(line=(where,)), grid_m=grid_m, offset_m=10_000.0, secret=secret)
        for where in (place, other)
    )
    assert one.radius_m == two.radius_m


@given(st.floats(0.0, WHOLE_EARTH_M))
def test_size_classes_are_powers_of_two(extent_m: float) -> None:
    size_m = size_class_m(extent_m)
    assert size_m >= extent_m
    assert size_m == SMALLEST_CLASS_M or size_m < 2 * extent_m


def test_the_circle_is_the_same_on_every_machine() -> None:
    judged = private_outline(line((36.37, 37.516), radius_m=80.0), grid_m=10_000.0, offset_m=10_000.0, secret=b"s" * 32)
    assert judged == line((36.4069103, 37.494374), radius_m=17_751.0)
