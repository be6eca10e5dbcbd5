"""The WGS84 ellipsoid in Cartesian coordinates, and how chords through it compare with geodesics on it.

Geodesics are solved by GeographicLib's algorithms through PROJ (Karney 2013, doi:10.1007/s00190-012-0578-z; within
15 nm). Everything else here is a bound that follows from the two extreme radii of curvature of the surface.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from pyproj import Geod

Floats = npt.NDArray[np.float64]
"""An array of metres, degrees or plain numbers."""

SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1.0 / 298.257_223_563
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
ECCENTRICITY_SQUARED = FLATTENING * (2.0 - FLATTENING)

RADIUS_MIN_M = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED)
"""Smallest radius of curvature of any normal section, metres: along the meridian at the equator."""
RADIUS_MAX_M = SEMI_MAJOR_M / (1.0 - FLATTENING)
"""Largest radius of curvature of any normal section, metres: at the poles."""

GEOD = Geod(ellps="WGS84")


def ecef(lat_deg: Floats, lng_deg: Floats) -> Floats:
    """Earth-centred Cartesian coordinates of points of the ellipsoid, metres, one row each."""
    lat, lng = np.radians(lat_deg), np.radians(lng_deg)
    sin_lat, cos_lat = np.sin(lat), np.cos(lat)
    normal_m = SEMI_MAJOR_M / np.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat)
    xyz = np.empty((len(lat), 3))
    xyz[:, 0] = normal_m * cos_lat * np.cos(lng)
    xyz[:, 1] = normal_m * cos_lat * np.sin(lng)
    xyz[:, 2] = normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat
    return xyz


def ecef_one(lat_deg: float, lng_deg: float) -> tuple[float, float, float]:
    """As `ecef`, for one point and without an array."""
    lat, lng = math.radians(lat_deg), math.radians(lng_deg)
    sin_lat = math.sin(lat)
    normal_m = SEMI_MAJOR_M / math.sqrt(1.0 - ECCENTRICITY_SQUARED * sin_lat * sin_lat)
    ground_m = normal_m * math.cos(lat)
    return ground_m * math.cos(lng), ground_m * math.sin(lng), normal_m * (1.0 - ECCENTRICITY_SQUARED) * sin_lat


def least_geodesic_m(chord_m: float) -> float:
    """The least geodesic distance, metres, that two points `chord_m` apart in a straight line can have.

    Every principal curvature is at least 1 / RADIUS_MAX_M, so the ellipsoid contains, with any two of its points, the
    spindle between them whose meridians are arcs of that radius (Blaschke's rolling theorem). A path on the surface
    runs outside the spindle; projecting it onto that convex body shortens it, and no path on the spindle from pole to
    pole is shorter than a meridian.
    """
    return 2.0 * RADIUS_MAX_M * math.asin(min(1.0, chord_m / (2.0 * RADIUS_MAX_M)))


def most_geodesic_m(chord_m: float) -> float:
    """The greatest geodesic distance, metres, of two points `chord_m` apart; for chords up to 12,000 km.

    The curvature of a geodesic is that of its normal section, at most 1 / RADIUS_MIN_M, and of all arcs with so much
    curvature the circle's has the shortest chord (Schur's comparison theorem).
    """
    return 2.0 * RADIUS_MIN_M * math.asin(min(1.0, chord_m / (2.0 * RADIUS_MIN_M)))


def greatest_chord_m(geodesic_m: float) -> float:
    """The longest chord, metres, under a geodesic of `geodesic_m`: the inverse of `least_geodesic_m`."""
    return 2.0 * RADIUS_MAX_M * math.sin(min(math.pi / 2.0, geodesic_m / (2.0 * RADIUS_MAX_M)))


def least_chord_m(geodesic_m: float) -> float:
    """The shortest chord, metres, under a geodesic of `geodesic_m`: the inverse of `most_geodesic_m`."""
    return 2.0 * RADIUS_MIN_M * math.sin(min(math.pi / 2.0, geodesic_m / (2.0 * RADIUS_MIN_M)))
