"""Outlines that no comparison could be made with are refused, with the field and what to do about it.

Accuracy: edges are judged as drawn in the central projection of `face` (and up to 60 km long as straight lines there),
so a crossing or a contact shallower than 0.25 m may pass. It does no harm: distances never depend on it.
"""

from __future__ import annotations

from itertools import combinations

from openline.core.errors import Invalid
from openline.core.limits import RADIUS_MAX_M
from openline.core.place import Outline, Point, Polygon
from openline.geo.ellipsoid import GEOD
from openline.geo.face import WIDEST_DEG, NoHemisphereError
from openline.geo.rings import DrawnRings, is_plainly_simple

LONGEST_EDGE_M = 19_900_000.0
"""Beyond this, more than one shortest path may join the ends of an edge."""
LEAST_AREA_M2 = 0.01
"""A ring that holds less than this has no interior to speak of."""


class GeometryError(Invalid, ValueError):
    """An outline that is refused, GEOMETRY_INVALID: `reason` says why, `path` where, `remedy` what to do."""

    def __init__(self, reason: str, path: str, remedy: str) -> None:
        super().__init__("GEOMETRY_INVALID", reason, path=path, remedy=remedy)


def check_outline(outline: Outline, *, path: str, largest_radius_m: float = RADIUS_MAX_M) -> None:
    """Raise GeometryError, with a path that begins with `path`, unless the outline can be compared."""
    radius_m = outline.radius_m
    if not 0.0 <= radius_m <= largest_radius_m:
        raise GeometryError(
            f"The radius is {radius_m} m.", f"{path}.radius_m", f"Give metres from 0 to {largest_radius_m:.0f}."
        )
    if bool(outline.polygons) == bool(outline.line):
        found = "both polygons and a line" if outline.line else "neither polygons nor a line"
        raise GeometryError(f"The outline has {found}.", path, "Give exactly one of the two.")
    if outline.line:
        _check_points(outline.line, f"{path}.line", is_ring=False)
    for index, polygon in enumerate(outline.polygons):
        _check_polygon(polygon, path if len(outline.polygons) == 1 else f"{path}.polygons[{index}]")


def _check_polygon(polygon: Polygon, path: str) -> None:
    _check_points(polygon.exterior, f"{path}.vertices", is_ring=True)
    for number, hole in enumerate(polygon.holes):
        _check_points(hole, f"{path}.holes[{number}].vertices", is_ring=True)
    if not polygon.holes and is_plainly_simple(polygon.exterior, LEAST_AREA_M2):
        return
    try:
        rings = DrawnRings(polygon)
    except NoHemisphereError:
        raise GeometryError(
            "The ring does not fit in a hemisphere, so it does not say which side it bounds.",
            f"{path}.vertices",
            f"Keep all vertices within {WIDEST_DEG:.0f} degrees of some point, or divide the area into polygons.",
        ) from None
    _check_ring(rings, 0, f"{path}.vertices")
    for number in range(len(polygon.holes)):
        place = f"{path}.holes[{number}].vertices"
        if rings.is_out_of_sight(number + 1):
            raise _outside(place)
        _check_ring(rings, number + 1, place)
        if not rings.covers(0, number + 1):
            if not rings.overlap(0, number + 1) or rings.covers(number + 1, 0):
                raise _outside(place)
            mine, theirs = rings.crossing(number + 1, 0) or (0, 0)
            raise GeometryError(
                f"Edge {mine} of the hole crosses edge {theirs} of the exterior.", place, "Keep holes inside."
            )
    for one, other in combinations(range(len(polygon.holes)), 2):
        if rings.overlap(one + 1, other + 1):
            raise GeometryError(
                f"The hole overlaps hole {one}.", f"{path}.holes[{other}].vertices", "Join the two into one hole."
            )


def _outside(path: str) -> GeometryError:
    return GeometryError("The hole lies outside its exterior.", path, "Leave it out, or move it inside.")


def _check_ring(rings: DrawnRings, ring: int, path: str) -> None:
    """A ring that crosses or touches itself, or holds nothing."""
    if rings.area_m2(ring) < LEAST_AREA_M2:
        raise GeometryError("The ring has no area.", path, "Give a line with a radius for a path.")
    edges = rings.spike(ring)
    if edges or not rings.is_simple(ring):
        edges = edges or rings.crossing(ring, ring)
        which = "Two edges" if edges is None else f"Edges {edges[0]} and {edges[1]}"
        raise GeometryError(
            f"{which} of the ring cross or touch (edge k runs from vertex k to the next).",
            path,
            "Put the vertices in order along the boundary, or divide the area into polygons.",
        )


def _check_points(points: tuple[Point, ...], path: str, *, is_ring: bool) -> None:
    """Ranges, repetitions, number and the length of edges."""
    for index, point in enumerate(points):
        if -90.0 <= point.lat_deg <= 90.0 and -180.0 <= point.lng_deg <= 180.0:
            continue
        if not -90.0 <= point.lat_deg <= 90.0:
            place = f"{path}[{index}].lat_deg"
            raise GeometryError(f"The latitude is {point.lat_deg}.", place, "Give degrees from -90 to 90.")
        place = f"{path}[{index}].lng_deg"
        raise GeometryError(f"The longitude is {point.lng_deg}.", place, "Give degrees from -180 to 180.")
    if is_ring and len(points) > 1 and _are_same(points[0], points[-1]):
        place = f"{path}[{len(points) - 1}]"
        raise GeometryError("The last vertex is the first again.", place, "Do not repeat the first vertex.")
    if is_ring and len(points) < 3:
        raise GeometryError(f"The ring has {len(points)} vertices.", path, "Give at least 3.")
    before = points[-1]
    for index, point in enumerate(points):
        if index > 0 and before.lat_deg == point.lat_deg and _are_same(before, point):
            raise GeometryError("The vertex is the one before it again.", f"{path}[{index}]", "Leave it out.")
        if (index > 0 or is_ring) and _may_be_long(before, point):
            _check_edge(before, point, f"{path}[{(index or len(points)) - 1}]")
        before = point


def _are_same(one: Point, other: Point) -> bool:
    """True for one place, whatever longitude a pole is given and on whichever side of the antimeridian."""
    if one.lat_deg != other.lat_deg:
        return False
    return abs(one.lat_deg) == 90.0 or (one.lng_deg - other.lng_deg) % 360.0 == 0.0


def _may_be_long(one: Point, other: Point) -> bool:
    """False for ends less than a quarter of the globe apart in both coordinates: they are spared the exact distance."""
    return abs(one.lng_deg - other.lng_deg) >= 90.0 or abs(one.lat_deg - other.lat_deg) >= 90.0


def _check_edge(one: Point, other: Point, path: str) -> None:
    """An edge to the far side of the globe."""
    _, _, length_m = GEOD.inv(one.lng_deg, one.lat_deg, other.lng_deg, other.lat_deg, return_back_azimuth=False)
    if length_m > LONGEST_EDGE_M:
        reason = f"The edge that begins here is {length_m / 1000.0:.0f} km long: more than one path may be shortest."
        raise GeometryError(reason, path, "Put a vertex between.")
