"""The distance of outlines against the oracle, everywhere on the globe."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from openline.core.place import Outline, Point, Polygon
from openline.geo.separation import lateral_band_m, lateral_gap_m
from openline.geo.shape import prepare
from tests.oracle.lateral import corners, is_inside, lateral_distance_m
from tests.oracle.outlines import centres, neighbours, point, single

GEOD = Geod(ellps="WGS84")
ANYTHING_M = 1e9
ORACLE_M = 0.002


def gap(one: Outline, other: Outline, at_most_m: float = ANYTHING_M) -> float:
    return lateral_gap_m(prepare(one), prepare(other), at_most_m=at_most_m)


@given(neighbours())
def test_never_above_the_truth_and_below_it_by_no_more_than_the_band(pair: tuple[Outline, Outline]) -> None:
    one, other = pair
    true_m = lateral_distance_m(one, other)
    understated_m = true_m - gap(one, other)
    assert -ORACLE_M <= understated_m <= lateral_band_m(true_m + one.radius_m + other.radius_m) + ORACLE_M


@given(neighbours())
def test_does_not_depend_on_who_is_first(pair: tuple[Outline, Outline]) -> None:
    one, other = pair
    assert gap(one, other) == gap(other, one)


@given(neighbours())
def test_no_gap_where_a_vertex_of_one_lies_within_the_other(pair: tuple[Outline, Outline]) -> None:
    one, other = pair
    if any(is_inside(corner, one) for corner in corners(other)):
        assert gap(one, other) == 0.0


@given(single())
def test_no_gap_to_itself(outline: Outline) -> None:
    assert gap(outline, outline) == 0.0


@given(neighbours(), st.sampled_from([0.0, 100.0, 10_000.0]))
def test_a_limit_changes_only_what_lies_beyond_it(pair: tuple[Outline, Outline], limit_m: float) -> None:
    one, other = pair
    free_m, limited_m = gap(one, other), gap(one, other, limit_m)
    if limited_m <= limit_m:
        assert limited_m == free_m
    else:
        assert free_m > limit_m - lateral_band_m(free_m + one.radius_m + other.radius_m)
        assert limited_m <= free_m + lateral_band_m(free_m + one.radius_m + other.radius_m)


@given(neighbours(), st.floats(1.0, 50_000.0))
def test_a_radius_comes_off_the_gap(pair: tuple[Outline, Outline], radius_m: float) -> None:
    one, other = pair
    wider = Outline(polygons=one.polygons, line=one.line, radius_m=one.radius_m + radius_m)
    assert abs(gap(wider, other) - max(0.0, gap(one, other) - radius_m)) < 0.1 + lateral_band_m(gap(one, other))


@given(neighbours(), st.floats(-360.0, 360.0))
def test_turning_the_globe_changes_nothing(pair: tuple[Outline, Outline], turn_deg: float) -> None:
    one, other = pair
    true_m = gap(one, other)
    band_m = lateral_band_m(true_m + one.radius_m + other.radius_m)
    assert abs(gap(turned(one, turn_deg), turned(other, turn_deg)) - true_m) <= band_m


@given(centres(), centres())
def test_of_two_points_it_is_the_geodesic(one: Point, other: Point) -> None:
    _, _, true_m = GEOD.inv(one.lng_deg, one.lat_deg, other.lng_deg, other.lat_deg, return_back_azimuth=False)
    assert 0.0 <= true_m - gap(Outline(line=(one,)), Outline(line=(other,))) <= 0.011


def turned(outline: Outline, turn_deg: float) -> Outline:
    """The same outline with another meridian of origin; its numbers round anew by some nanometres."""

    def move(chain: tuple[Point, ...]) -> tuple[Point, ...]:
        return tuple(point(p.lat_deg, (p.lng_deg + turn_deg + 180.0) % 360.0 - 180.0) for p in chain)

    polygons = tuple(
        Polygon(exterior=move(p.exterior), holes=tuple(move(hole) for hole in p.holes)) for p in outline.polygons
    )
    return Outline(polygons=polygons, line=move(outline.line), radius_m=outline.radius_m)
