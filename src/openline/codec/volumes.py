"""Volumes: wire form to core values, every refusal with the path of its field."""

from __future__ import annotations

import math

from openline.codec.times import Offsets, read_time
from openline.codec.wire import WireAltitude, WireLength, WirePoint, WirePolygon, WireVolume
from openline.core.errors import Invalid
from openline.core.limits import ALTITUDE_MAX_M, ALTITUDE_MIN_M, RADIUS_MAX_M, VERTICES_MAX
from openline.core.place import Outline, Point, Polygon
from openline.core.time import FOREVER_MS, Window
from openline.core.volume import FOOT_M, Altitude, Datum, Volume4D

GROUND_LOWER = Altitude(value_m=0.0, datum=Datum.SURFACE)
GROUND_UPPER = Altitude(value_m=30.0, datum=Datum.AGL)
"""A presence without altitudes reaches from the surface to 30 m above ground: a ten-storey building."""
ZONE_UPPER = Altitude(value_m=0.0, datum=Datum.UNLIMITED)
"""A zone without altitudes has no upper limit: its rules concern whatever flies over it."""

_OUTLINES = ("outline_polygon", "outline_multipolygon", "outline_circle", "outline_corridor")
_UNITS = {"M": 1.0, "FT": FOOT_M, "FL": 100.0 * FOOT_M}


def read_volume(wire: WireVolume, *, offsets: Offsets, reaches: Altitude | None, path: str) -> tuple[Volume4D, bool]:
    """The volume, and whether an offset had to be assumed.

    `reaches` is the upper altitude of what stands on the ground and says none; its end may be left out too. An activity
    has none: it says both altitudes and both times.

    Raises:
        Invalid: with the path of the field.
    """
    outline = read_outline(wire, path=path)
    lower = read_altitude(wire.altitude_lower, GROUND_LOWER if reaches else None, path=f"{path}.altitude_lower")
    upper = read_altitude(wire.altitude_upper, reaches, path=f"{path}.altitude_upper")
    _check_order(lower, upper, path)
    start = read_time(wire.time_start, offsets=offsets, path=f"{path}.time_start")
    if wire.time_end is None:
        if reaches is None:
            raise Invalid(
                "TIME_INVALID", "an activity needs an end", path=f"{path}.time_end", remedy="Say when it ends."
            )
        window = Window(start_ms=start.earliest_ms)
        return Volume4D(outline=outline, lower=lower, upper=upper, window=window), start.is_assumed
    end = read_time(wire.time_end, offsets=offsets, path=f"{path}.time_end")
    if end.earliest_ms <= start.earliest_ms and end.latest_ms <= start.latest_ms:
        raise Invalid(
            "TIME_INVALID",
            f"the window ends ({wire.time_end}) before it starts ({wire.time_start})",
            path=f"{path}.time_end",
            remedy="Give an end after the start.",
        )
    window = Window(start_ms=start.earliest_ms, end_ms=min(end.latest_ms, FOREVER_MS))
    return Volume4D(outline=outline, lower=lower, upper=upper, window=window), start.is_assumed or end.is_assumed


def read_outline(wire: WireVolume, *, path: str) -> Outline:
    """The outline, with the uncertainty added to its radius.

    Raises:
        Invalid: GEOMETRY_INVALID or LIMIT_EXCEEDED.
    """
    given = [name for name in _OUTLINES if getattr(wire, name) is not None]
    if len(given) != 1:
        raise Invalid(
            "GEOMETRY_INVALID",
            f"a volume has exactly one outline, this one has {len(given)}",
            path=path,
            remedy=f"Give one of {', '.join(_OUTLINES)}.",
        )
    blur_m = _length(wire.uncertainty, path=f"{path}.uncertainty") if wire.uncertainty else 0.0
    path = f"{path}.{given[0]}"
    if wire.outline_circle is not None:
        radius_m = _length(wire.outline_circle.radius, path=f"{path}.radius")
        return Outline(line=(_point(wire.outline_circle.center),), radius_m=radius_m + blur_m)
    if wire.outline_corridor is not None:
        half_m = _length(wire.outline_corridor.half_width, path=f"{path}.half_width")
        _check_count(len(wire.outline_corridor.vertices), path)
        return Outline(line=tuple(map(_point, wire.outline_corridor.vertices)), radius_m=half_m + blur_m)
    polygons = wire.outline_multipolygon if wire.outline_polygon is None else [wire.outline_polygon]
    assert polygons is not None  # noqa: S101 - one outline is given
    _check_count(sum(len(p.vertices) + sum(map(len, p.holes)) for p in polygons), path)
    return Outline(polygons=tuple(map(_polygon, polygons)), radius_m=blur_m)


def _point(wire: WirePoint) -> Point:
    return Point(lat_deg=wire.lat, lng_deg=wire.lng)


def _polygon(wire: WirePolygon) -> Polygon:
    return Polygon(
        exterior=tuple(map(_point, wire.vertices)), holes=tuple(tuple(map(_point, hole)) for hole in wire.holes)
    )


def _check_count(vertices: int, path: str) -> None:
    if not vertices:
        raise Invalid("GEOMETRY_INVALID", "the outline has no vertices", path=path, remedy="Give its vertices.")
    if vertices > VERTICES_MAX:
        raise Invalid(
            "LIMIT_EXCEEDED",
            f"the outline has {vertices} vertices",
            path=path,
            remedy=f"Send at most {VERTICES_MAX}, or several volumes.",
        )


def _length(wire: WireLength, *, path: str) -> float:
    if not math.isfinite(wire.value) or wire.value < 0.0:
        raise Invalid("VALUE_INVALID", "a length is zero or more", path=path, remedy="Give metres.")
    if wire.value > RADIUS_MAX_M:
        raise Invalid(
            "LIMIT_EXCEEDED", f"{wire.value:g} m is too large", path=path, remedy=f"At most {RADIUS_MAX_M:g} m."
        )
    return wire.value


def read_altitude(wire: WireAltitude | None, default: Altitude | None, *, path: str) -> Altitude:
    """The altitude in metres with its datum, or the default.

    Raises:
        Invalid: ALTITUDE_INVALID.
    """
    if wire is None:
        if default is None:
            raise Invalid(
                "ALTITUDE_INVALID",
                "an activity needs both altitudes",
                path=path,
                remedy='For the ground say {"reference": "SFC"}, for no limit {"reference": "UNL"}.',
            )
        return default
    datum = Datum(wire.reference)
    if (datum is Datum.FLIGHT_LEVEL) != (wire.units == "FL"):
        raise Invalid(
            "ALTITUDE_INVALID",
            f"{wire.reference} does not go with units {wire.units}",
            path=f"{path}.units",
            remedy="A flight level has units FL, every other reference M or FT.",
        )
    if datum in {Datum.SURFACE, Datum.UNLIMITED} and wire.value != 0.0:
        raise Invalid(
            "ALTITUDE_INVALID", f"{wire.reference} has no value", path=f"{path}.value", remedy="Leave it out."
        )
    value_m = wire.value * _UNITS[wire.units]
    if not ALTITUDE_MIN_M <= value_m <= ALTITUDE_MAX_M:
        raise Invalid(
            "ALTITUDE_INVALID",
            f"{value_m:g} m lies outside {ALTITUDE_MIN_M:g} to {ALTITUDE_MAX_M:g} m",
            path=f"{path}.value",
            remedy="Above that say UNL.",
        )
    return Altitude(value_m=value_m, datum=datum)


def _check_order(lower: Altitude, upper: Altitude, path: str) -> None:
    if lower.datum is Datum.UNLIMITED:
        raise Invalid("ALTITUDE_INVALID", "a lower altitude cannot be unlimited", path=f"{path}.altitude_lower")
    upside_down = lower.datum is upper.datum and upper.value_m < lower.value_m
    if upside_down:
        raise Invalid(
            "ALTITUDE_INVALID",
            "the upper altitude is below the lower one",
            path=f"{path}.altitude_upper",
            remedy="Exchange them.",
        )
