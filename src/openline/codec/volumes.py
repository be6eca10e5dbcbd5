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
_DATUMS = {str(datum.value): datum for datum in Datum}


def read_volume(wire: WireVolume, *, offsets: Offsets, reaches: Altitude | None) -> tuple[Volume4D, bool]:
    """The volume, and whether an offset had to be assumed.

    `reaches` is the upper altitude of what stands on the ground and says none; its end may be left out too. An activity
    has none: it says both altitudes and both times.

    Raises:
        Invalid: with the path of the field, as seen from the volume.
    """
    outline = read_outline(wire)
    lower = read_altitude(wire.altitude_lower, GROUND_LOWER if reaches else None, path="altitude_lower")
    upper = read_altitude(wire.altitude_upper, reaches, path="altitude_upper")
    _check_order(lower, upper)
    start = read_time(wire.time_start, offsets=offsets, path="time_start")
    if wire.time_end is None:
        if reaches is None:
            raise Invalid("TIME_INVALID", "an activity needs an end", path="time_end", remedy="Say when it ends.")
        window = Window(start_ms=start.earliest_ms)
        return Volume4D(outline=outline, lower=lower, upper=upper, window=window), start.is_assumed
    end = read_time(wire.time_end, offsets=offsets, path="time_end")
    if end.earliest_ms <= start.earliest_ms and end.latest_ms <= start.latest_ms:
        raise Invalid(
            "TIME_INVALID",
            f"the window ends ({wire.time_end}) before it starts ({wire.time_start})",
            path="time_end",
            remedy="Give an end after the start.",
        )
    window = Window(start_ms=start.earliest_ms, end_ms=min(end.latest_ms, FOREVER_MS))
    return Volume4D(outline=outline, lower=lower, upper=upper, window=window), start.is_assumed or end.is_assumed


def placed(error: Invalid, place: str) -> Invalid:
    """The same refusal, its path seen from the whole document: put together only for what is refused."""
    error.path = f"{place}.{error.path}".removesuffix(".")
    return error


def read_outline(wire: WireVolume) -> Outline:
    """The outline, with the uncertainty added to its radius.

    Raises:
        Invalid: GEOMETRY_INVALID or LIMIT_EXCEEDED, with the path of the field as seen from the volume.
    """
    given = [name for name in _OUTLINES if getattr(wire, name) is not None]
    if len(given) != 1:
        raise Invalid(
            "GEOMETRY_INVALID",
            f"a volume has exactly one outline, this one has {len(given)}",
            remedy=f"Give one of {', '.join(_OUTLINES)}.",
        )
    blur_m = _length(wire.uncertainty, path="uncertainty") if wire.uncertainty else 0.0
    if wire.outline_circle is not None:
        radius_m = _length(wire.outline_circle.radius, path="outline_circle.radius")
        return Outline(line=_points([wire.outline_circle.center]), radius_m=radius_m + blur_m)
    if wire.outline_corridor is not None:
        half_m = _length(wire.outline_corridor.half_width, path="outline_corridor.half_width")
        _check_count(len(wire.outline_corridor.vertices), "outline_corridor")
        return Outline(line=_points(wire.outline_corridor.vertices), radius_m=half_m + blur_m)
    polygons = wire.outline_multipolygon if wire.outline_polygon is None else [wire.outline_polygon]
    assert polygons is not None  # noqa: S101 - one outline is given
    _check_count(sum([len(p.vertices) + sum(map(len, p.holes)) for p in polygons]), given[0])
    return Outline(polygons=tuple(map(_polygon, polygons)), radius_m=blur_m)


def _points(wires: list[WirePoint]) -> tuple[Point, ...]:
    return tuple([Point(lat_deg=wire.lat, lng_deg=wire.lng) for wire in wires])


def _polygon(wire: WirePolygon) -> Polygon:
    return Polygon(exterior=_points(wire.vertices), holes=tuple(map(_points, wire.holes)))


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
    datum = _DATUMS[wire.reference]
    if (wire.reference == "FL") != (wire.units == "FL"):
        raise Invalid(
            "ALTITUDE_INVALID",
            f"{wire.reference} does not go with units {wire.units}",
            path=f"{path}.units",
            remedy="A flight level has units FL, every other reference M or FT.",
        )
    if wire.value != 0.0 and wire.reference in {"SFC", "UNL"}:
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


def _check_order(lower: Altitude, upper: Altitude) -> None:
    if lower.datum is Datum.UNLIMITED:
        raise Invalid("ALTITUDE_INVALID", "a lower altitude cannot be unlimited", path="altitude_lower")
    upside_down = lower.datum is upper.datum and upper.value_m < lower.value_m
    if upside_down:
        raise Invalid(
            "ALTITUDE_INVALID",
            "the upper altitude is below the lower one",
            path="altitude_upper",
            remedy="Exchange them.",
        )
