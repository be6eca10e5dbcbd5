"""Pressure altitudes as heights above mean sea level, over every weather that an agreement reckons with.

Source: ISO 2533:1975 and ICAO Doc 7488 (the standard atmosphere: layers, constants, geopotential against geometric
height). The altitude of a pressure level in a warmer or colder atmosphere follows from the hydrostatic equation dH =
-(R T / g) dp / p: a step of pressure is thicker in proportion to its temperature, dH = (1 + dT / T_isa) dHp.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, floor, log

from openline.core.volume import VerticalRanges

SEA_LEVEL_PRESSURE_HPA = 1013.25
SEA_LEVEL_TEMPERATURE_K = 288.15
GRAVITY_M_S2 = 9.80665
GAS_CONSTANT_J_KG_K = 287.05287
EARTH_RADIUS_M = 6_356_766.0
"""The radius with which the standard turns geopotential into geometric height, metres."""

_LAYERS = (
    (-100_000.0, 288.15 + 650.0, -0.0065),
    (11_000.0, 216.65, 0.0),
    (20_000.0, 216.65, 0.0010),
    (32_000.0, 228.65, 0.0028),
    (47_000.0, 270.65, 0.0),
    (51_000.0, 270.65, -0.0028),
    (71_000.0, 214.65, -0.0020),
    (80_000.0, 196.65, 0.0),
)
"""Base (geopotential metres), temperature there (kelvin) and gradient (kelvin per metre) of each layer.

The lowest layer is carried on below the sea, and 80 km is held above the last: further than anything is told.
"""

_GRAVITY_LEAST = 0.996
_GRAVITY_MOST = 1.004
"""Standard gravity over the true one at sea level: 9.80665 / 9.83218 at the poles is 0.9974, 9.80665 / 9.78033 at the
equator is 1.0027 (WGS84, NIMA TR8350.2), and no local anomaly exceeds 0.1 %."""


def altitude_range_m(pressure_altitude_m: float, ranges: VerticalRanges) -> tuple[float, float]:
    """Lowest and highest height above mean sea level, whole metres outward, at which the pressure altitude may be met.

    Covers every sea-level pressure and every departure from the standard temperature within `ranges`, the latter at
    each level on its own, with the pressure reckoned at mean sea level or at the lowest ground when that lies below it;
    and gravity anywhere on Earth.
    """
    return _altitude_range_m(
        pressure_altitude_m,
        ranges.qnh_min_hpa,
        ranges.qnh_max_hpa,
        ranges.isa_deviation_min_c,
        ranges.isa_deviation_max_c,
        min(ranges.terrain_min_m, 0.0),
    )


def pressure_altitude_m(pressure_hpa: float) -> float:
    """Pressure altitude of a pressure, metres; below 11 km.

    ISO 2533: H = (T0 / L) (1 - (p / p0)^(R L / g)).
    """
    gradient = 0.0065
    exponent = GAS_CONSTANT_J_KG_K * gradient / GRAVITY_M_S2
    ratio: float = (pressure_hpa / SEA_LEVEL_PRESSURE_HPA) ** exponent
    return SEA_LEVEL_TEMPERATURE_K / gradient * (1.0 - ratio)


def thermal_expansion_m_per_k(start_m: float, end_m: float) -> float:
    """Metres by which the air between two pressure altitudes grows for each kelvin above the standard.

    The integral of dHp / T_isa from the one to the other; negative when the second is the lower one.
    """
    if end_m < start_m:
        return -thermal_expansion_m_per_k(end_m, start_m)
    total = 0.0
    for index, (base, temperature, gradient) in enumerate(_LAYERS):
        top = _LAYERS[index + 1][0] if index + 1 < len(_LAYERS) else float("inf")
        low, high = max(start_m, base), min(end_m, top)
        if low >= high:
            continue
        if gradient:
            total += log((temperature + gradient * (high - base)) / (temperature + gradient * (low - base))) / gradient
        else:
            total += (high - low) / temperature
    return total


@lru_cache(maxsize=4096)
def _altitude_range_m(
    level_m: float, qnh_min_hpa: float, qnh_max_hpa: float, coldest_c: float, warmest_c: float, ground_m: float
) -> tuple[float, float]:
    # the altitude is monotonic in each of the three, so its extremes lie on the corners
    corners = [
        _geopotential_m(level_m, pressure_altitude_m(qnh_hpa), deviation_c, reference_m)
        for qnh_hpa in (qnh_min_hpa, qnh_max_hpa)
        for deviation_c in (coldest_c, warmest_c)
        for reference_m in (0.0, ground_m)
    ]
    lowest, highest = min(corners), max(corners)
    low = _geometric_m(lowest, _GRAVITY_LEAST if lowest > 0 else _GRAVITY_MOST)
    high = _geometric_m(highest, _GRAVITY_MOST if highest > 0 else _GRAVITY_LEAST)
    # whole metres, so that the last bit of a logarithm never decides
    return float(floor(low)), float(ceil(high))


def _geopotential_m(level_m: float, sea_level_m: float, deviation_c: float, reference_m: float) -> float:
    start_m = sea_level_m + reference_m
    return level_m - sea_level_m + deviation_c * thermal_expansion_m_per_k(start_m, level_m)


def _geometric_m(geopotential_m: float, gravity_ratio: float) -> float:
    scaled = geopotential_m * gravity_ratio
    return EARTH_RADIUS_M * scaled / (EARTH_RADIUS_M - scaled)
