"""Whether a notice lies outside the area of its agreement: flagged, and judged all the same."""

from __future__ import annotations

from functools import lru_cache

from openline.core.agreement import Agreement
from openline.core.notice import Notice
from openline.core.place import Outline, Point
from openline.core.volume import Altitude, Datum, VerticalRanges
from openline.geo.band import altitude_band
from openline.geo.bounds import bounding_box
from openline.geo.separation import lateral_gap_m
from openline.geo.shape import Shape, prepare


def is_outside_area(notice: Notice, agreement: Agreement) -> bool:
    """True when some volume of the notice has no point within the agreement's area."""
    area = agreement.area
    if area is None:
        return False
    return any(_is_apart(volume.outline, area) for volume in notice.volumes)


def is_outside_height(notice: Notice, agreement: Agreement) -> bool:
    """True when some volume of the notice lies surely and wholly above the agreement's ceiling or below its floor."""
    floor, ceiling, ranges = agreement.floor, agreement.ceiling, agreement.ranges
    return any(
        (ceiling is not None and _is_above(volume.lower, ceiling, volume.outline, ranges))
        or (floor is not None and _is_above(floor, volume.upper, volume.outline, ranges))
        for volume in notice.volumes
    )


def _is_above(higher: Altitude, lower: Altitude, outline: Outline, ranges: VerticalRanges) -> bool:
    """True when one altitude is above the other wherever in the outline they are, however their bands lie.

    Of one reference they are compared as told. A place where they meet belongs to both.
    """
    if Datum.UNLIMITED in {higher.datum, lower.datum}:
        return False
    if _measured_from(higher) is _measured_from(lower):
        return higher.value_m > lower.value_m
    box = bounding_box(outline)
    return altitude_band(higher, higher, box, ranges).lower_m > altitude_band(lower, lower, box, ranges).upper_m


def _measured_from(altitude: Altitude) -> Datum:
    """The surface is no height above ground."""
    return Datum.AGL if altitude.datum is Datum.SURFACE else altitude.datum


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
