"""Whether a notice lies outside the area of its agreement: flagged, and judged all the same."""

from __future__ import annotations

from functools import lru_cache

from openline.core.agreement import Agreement
from openline.core.notice import Notice
from openline.core.place import Outline, Point
from openline.geo.bounds import bounding_box
from openline.geo.separation import lateral_gap_m
from openline.geo.shape import Shape, prepare


def is_outside_area(notice: Notice, agreement: Agreement) -> bool:
    """True when some volume of the notice has no point within the agreement's area."""
    area = agreement.area
    if area is None:
        return False
    return any(_is_apart(volume.outline, area) for volume in notice.volumes)


def _is_apart(outline: Outline, area: Outline) -> bool:
    first = outline.line[0] if outline.line else outline.polygons[0].exterior[0]
    if _is_surely_within(first, area):
        return False
    return lateral_gap_m(prepare(outline), _prepared(area), at_most_m=0.0) > 0.0


def _is_surely_within(point: Point, area: Outline) -> bool:
    """A quick yes: inside the ring drawn with straight edges on the map and half a degree from its box's edge."""
    if len(area.polygons) != 1 or area.polygons[0].holes:
        return False
    box = _boxed(area)
    inset_deg = 0.5
    if not (
        box.lat_min_deg + inset_deg < point.lat_deg < box.lat_max_deg - inset_deg
        and box.lng_min_deg + inset_deg < point.lng_deg < box.lng_max_deg - inset_deg
    ):
        return False
    ring = area.polygons[0].exterior
    inside = False
    for one, other in zip(ring, (*ring[1:], ring[0]), strict=True):
        if (one.lat_deg > point.lat_deg) != (other.lat_deg > point.lat_deg):
            share = (point.lat_deg - one.lat_deg) / (other.lat_deg - one.lat_deg)
            inside ^= point.lng_deg < one.lng_deg + share * (other.lng_deg - one.lng_deg)
    return inside


_boxed = lru_cache(maxsize=256)(bounding_box)


@lru_cache(maxsize=256)
def _prepared(area: Outline) -> Shape:
    return prepare(area)
