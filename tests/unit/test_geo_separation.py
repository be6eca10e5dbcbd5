"""The traps of lateral distance, with answers that follow from the geometry."""

from __future__ import annotations

import math

import pytest

from openline.core.place import Outline, Polygon
from openline.geo import ellipsoid
from openline.geo.separation import LATERAL_BAND_M, lateral_band_m, lateral_gap_m
from openline.geo.shape import prepare
from tests.oracle.lateral import is_inside, lateral_distance_m
from tests.oracle.outlines import GEOD, away, line, point, polygon, regular, star

FAR_M = 1e9


def gap(one: Outline, other: Outline, at_most_m: float = FAR_M) -> float:
    return lateral_gap_m(prepare(one), prepare(other), at_most_m=at_most_m)


def ring_with_hole(lat_deg: float, lng_deg: float) -> Outline:
    centre = point(lat_deg, lng_deg)
    return Outline(polygons=(Polygon(exterior=star(centre, [50_000.0] * 8), holes=(star(centre, [30_000.0] * 8),)),))


PLACES = [(36.37, 37.51), (0.0, 180.0), (89.99, 0.0), (-90.0, 0.0), (-45.0, -180.0)]


def test_circles_are_as_far_apart_as_the_geodesic_says_less_their_radii() -> None:
    # JFK to LHR, 5551.759400 km: the example of GeographicLib's GeodSolve.
    jfk, lhr = line((40.6, -73.8), radius_m=1_000.0), line((51.6, -0.5), radius_m=500.0)
    assert 5_551_759.4 - 1_500.0 - gap(jfk, lhr) == pytest.approx(0.0, abs=0.05)


def test_circles_that_touch_have_no_gap() -> None:
    centre = point(36.0, 40.0)
    other = Outline(line=(away(centre, 77.0, 1_500.0),), radius_m=500.0)
    assert gap(Outline(line=(centre,), radius_m=1_000.0), other) == 0.0


@pytest.mark.parametrize(("lat_deg", "lng_deg"), PLACES)
def test_within_a_hole_the_gap_is_that_to_its_edge(lat_deg: float, lng_deg: float) -> None:
    inside = regular(point(lat_deg, lng_deg), 5_000.0)
    outer = ring_with_hole(lat_deg, lng_deg)
    true_m = lateral_distance_m(inside, outer)
    assert 20_000.0 < true_m < 25_000.0
    assert 0.0 <= true_m - gap(inside, outer) <= LATERAL_BAND_M


@pytest.mark.parametrize(("lat_deg", "lng_deg"), PLACES)
def test_between_hole_and_exterior_there_is_no_gap(lat_deg: float, lng_deg: float) -> None:
    speck = regular(away(point(lat_deg, lng_deg), 10.0, 40_000.0), 10.0)
    assert gap(speck, ring_with_hole(lat_deg, lng_deg)) == 0.0


@pytest.mark.parametrize(("lat_deg", "lng_deg"), PLACES)
def test_a_ring_around_all_of_the_other_has_no_gap(lat_deg: float, lng_deg: float) -> None:
    centre = point(lat_deg, lng_deg)
    assert gap(regular(centre, 1_000_000.0), regular(centre, 100.0), 0.0) == 0.0
    assert gap(line((lat_deg, lng_deg)), regular(centre, 1_000_000.0), 0.0) == 0.0


def test_long_edges_follow_the_geodesic_and_not_the_parallel() -> None:
    # The geodesic between these ends runs some 230 km north of the 37th parallel at its middle.
    edge = line((37.0, 30.0), (37.0, 50.0))
    true_m = lateral_distance_m(edge, line((37.0, 40.0)))
    assert true_m > 45_000.0
    assert 0.0 <= true_m - gap(edge, line((37.0, 40.0))) <= LATERAL_BAND_M


def test_exactly_parallel_chords_overflow_nothing() -> None:
    # Found by a soak: here the determinant of two chords rounds to 0 while its numerators do not.
    square = regular(point(89.99, 0.0), 250_000.0, 4)
    assert gap(square, square) == 0.0


def test_a_corridor_does_not_return_to_its_start() -> None:
    corridor = line((36.0, 40.0), (37.0, 40.0), (37.0, 41.0), (36.0, 41.0))
    assert gap(corridor, line((36.0, 40.5))) > 40_000.0


def test_long_edges_that_cross_have_no_gap() -> None:
    assert gap(line((30.0, 30.0), (45.0, 50.0)), line((45.0, 30.0), (30.0, 50.0))) == 0.0
    assert gap(line((80.0, 0.0), (80.0, 180.0)), line((80.0, 90.0), (80.0, -90.0))) == 0.0


def test_neighbours_that_share_a_long_border_have_no_gap() -> None:
    west = polygon((30.0, 30.0), (40.0, 30.0), (40.0, 35.0), (30.0, 35.0))
    east = polygon((30.0, 35.0), (40.0, 35.0), (40.0, 40.0), (30.0, 40.0))
    assert gap(west, east) == 0.0


def test_a_small_gap_along_a_long_border_is_found() -> None:
    # Meridians: at 40 degrees north 0.0001 degrees of longitude are 8.54 m, and the nearest point is at the north end.
    west = polygon((30.0, 30.0), (40.0, 30.0), (40.0, 35.0), (30.0, 35.0))
    east = polygon((30.0, 35.0001), (40.0, 35.0001), (40.0, 40.0), (30.0, 40.0))
    true_m = lateral_distance_m(west, east)
    assert true_m == pytest.approx(8.54, abs=0.01)
    assert 0.0 <= true_m - gap(west, east) <= LATERAL_BAND_M


def test_many_vertices_do_not_hide_the_nearest() -> None:
    one = regular(point(36.0, 40.0), 20_000.0, 400)
    other = regular(point(36.0, 41.0), 20_000.0, 300)
    true_m = lateral_distance_m(regular(point(36.0, 40.0), 20_000.0, 400), line((36.0, 41.0)))
    assert gap(one, other) == pytest.approx(true_m - 20_000.0, abs=3.0)


def test_beyond_the_limit_the_answer_says_so() -> None:
    one, other = regular(point(36.0, 40.0), 5_000.0), regular(point(36.0, 41.0), 5_000.0)
    assert 1_000.0 < gap(one, other, 1_000.0) <= gap(one, other)


def test_a_face_beyond_the_horizon_holds_nothing() -> None:
    # The point opposite to the middle of a face is drawn at the same place by a careless projection.
    large = regular(point(10.0, 20.0), 5_000_000.0)
    opposite = line((-10.0, -160.0))
    assert gap(large, opposite) > 14_000_000.0


def test_the_smaller_side_is_the_inside_whichever_way_the_vertices_run() -> None:
    ring = [(10.0, 10.0), (10.0, 20.0), (20.0, 20.0), (20.0, 10.0)]
    inside, outside = line((15.0, 15.0)), line((15.0, 25.0))
    for order in (ring, ring[::-1]):
        assert gap(polygon(*order), inside) == 0.0
        assert gap(polygon(*order), outside) > 500_000.0


def test_arcs_lie_between_their_bounds() -> None:
    for lat, azimuth in [(0.0, 0.0), (0.0, 90.0), (45.0, 30.0), (89.0, 0.0)]:
        for true_m in (1_000.0, 100_000.0, 3_000_000.0, 10_000_000.0):
            lng_end, lat_end, _ = GEOD.fwd(0.0, lat, azimuth, true_m, return_back_azimuth=False)
            chord_m = math.dist(ellipsoid.ecef_one(lat, 0.0), ellipsoid.ecef_one(lat_end, lng_end))
            assert ellipsoid.least_geodesic_m(chord_m) <= true_m + 1e-6 <= ellipsoid.most_geodesic_m(chord_m) + 2e-6
            assert ellipsoid.least_chord_m(true_m) - 1e-6 <= chord_m <= ellipsoid.greatest_chord_m(true_m) + 1e-6


def test_the_band_is_what_the_page_says() -> None:
    assert lateral_band_m(0.0) <= LATERAL_BAND_M
    assert lateral_band_m(100_000.0) <= 0.1 + 0.001
    assert lateral_band_m(500_000.0) == pytest.approx(2.7, abs=0.05)


def test_the_oracle_knows_the_answers_that_can_be_worked_out() -> None:
    equator = line((0.0, 10.0), (0.0, 20.0))
    # A meridian meets the equator at right angles: the distance is an arc of the meridian.
    _, _, true_m = GEOD.inv(15.0, 3.0, 15.0, 0.0)
    assert lateral_distance_m(line((3.0, 15.0)), equator) == pytest.approx(true_m, abs=1e-6)
    # Beyond its end the nearest point is the end. Along the equator a geodesic is an arc of the semi-major axis.
    assert lateral_distance_m(line((0.0, 21.0)), equator) == pytest.approx(math.radians(6_378_137.0), abs=1e-6)
    assert lateral_distance_m(line((1.0, 15.0), (-1.0, 15.0)), equator) == pytest.approx(0.0, abs=2e-3)
    assert is_inside(point(90.0, 0.0), regular(point(90.0, 0.0), 1_000.0))
    assert not is_inside(point(-90.0, 0.0), regular(point(90.0, 0.0), 1_000.0))
