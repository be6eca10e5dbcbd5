"""Altitudes with their datum, and the four-dimensional volume of ASTM F3548-21 (outline, altitudes, window)."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openline.core.place import Outline
from openline.core.time import Window

FOOT_M = 0.3048
"""The international foot (1959), exactly."""


class Datum(StrEnum):
    """What an altitude is measured from."""

    WGS84 = "W84"
    """Height above the WGS84 ellipsoid."""
    MSL = "MSL"
    """Height above mean sea level (the EGM96 geoid)."""
    FLIGHT_LEVEL = "FL"
    """Pressure altitude in the ICAO standard atmosphere (1013.25 hPa)."""
    AGL = "AGL"
    """Height above the ground below."""
    SURFACE = "SFC"
    """The ground or the water itself; the value is 0."""
    UNLIMITED = "UNL"
    """No upper limit; the value is 0."""


class Altitude(Struct, frozen=True, gc=False, kw_only=True):
    """A height in metres and the datum it is measured from; a flight level is its pressure altitude in metres."""

    value_m: float
    datum: Datum


class VerticalRanges(Struct, frozen=True, gc=False, kw_only=True):
    """What the agreement says of its area, so that any altitude becomes a band that covers the truth."""

    terrain_min_m: float = -430.0
    """Lowest ground of the area, metres above mean sea level. Default: the shore of the Dead Sea."""
    terrain_max_m: float = 8849.0
    """Highest ground of the area, metres above mean sea level. Default: Mount Everest (2020 survey)."""
    qnh_min_hpa: float = 960.0
    """Lowest sea-level pressure that the agreement reckons with, hectopascals."""
    qnh_max_hpa: float = 1060.0
    """Highest sea-level pressure that the agreement reckons with, hectopascals."""
    isa_deviation_min_c: float = -40.0
    """Coldest departure from the standard atmosphere, kelvin."""
    isa_deviation_max_c: float = 40.0
    """Warmest departure from the standard atmosphere, kelvin."""


class Volume4D(Struct, frozen=True, kw_only=True):
    """An outline between two altitudes during a half-open window."""

    outline: Outline
    lower: Altitude
    upper: Altitude
    window: Window
