"""Live tracks as columns: where each was, how it moved, when that was true, and how sure.

Uncertainty grows with the age of a report, in proportion:

    u(t) = u(report) + growth * |t - report|

It is the position error that a constant error of velocity makes; ADS-B bounds that error by its accuracy category
(RTCA DO-260B, NACv 1 to 4: 10, 3, 1 and 0.3 m/s laterally). Whoever makes the columns chooses a growth that also covers
the turns, climbs and changes of speed to be expected: prediction itself keeps course, speed and vertical rate.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Shorts = npt.NDArray[np.int32]

FASTEST_MPS = 3_000.0
"""Largest ground speed and vertical rate that is accepted; the error bounds are stated up to it."""
WIDEST_M = 1e9
"""Largest height and uncertainty that is accepted, metres, so that no square of it overflows."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """`n` live tracks, one array of shape (n,) for each thing known of them.

    Raises:
        ValueError: when a column is not of shape (n,) with the type stated, or a value is impossible.
    """

    lat_deg: Floats
    """Latitude on WGS84, -90 to 90."""
    lng_deg: Floats
    """Longitude on WGS84, -180 to 180."""
    height_m: Floats
    """Above the WGS84 ellipsoid."""
    ground_speed_mps: Floats
    """Of the foot point on the ellipsoid, metres per second, 0 to FASTEST_MPS."""
    true_track_deg: Floats
    """Direction over ground, degrees from true north towards east. At a pole, as seen along `lng_deg`."""
    vertical_rate_mps: Floats
    """Upwards, metres per second, at most FASTEST_MPS either way."""
    at_ms: Ints
    """When position and motion were true, milliseconds since 1970 UTC."""
    lateral_m: Floats
    """Radius of uncertainty of the place at that time, 0 or more."""
    vertical_m: Floats
    """Half the range of uncertainty of the height at that time, 0 or more."""
    lateral_growth_mps: Floats
    """By how much `lateral_m` grows with each second of age, 0 or more."""
    vertical_growth_mps: Floats
    """By how much `vertical_m` grows with each second of age, 0 or more."""

    def __post_init__(self) -> None:
        """Check every column."""
        for field in fields(self):
            column = getattr(self, field.name)
            wanted = np.int64 if field.name == "at_ms" else np.float64
            if column.dtype != wanted or column.shape != self.lat_deg.shape or column.ndim != 1:
                raise ValueError(f"{field.name} is not an array of {wanted.__name__} as long as lat_deg")
        for name, lowest, highest in _RANGES:
            column = getattr(self, name)
            # written so that NaN, which is in no range, is refused too
            if not bool(((column >= lowest) & (column <= highest)).all()):
                raise ValueError(f"{name} is not everywhere from {lowest:g} to {highest:g}")

    def __len__(self) -> int:
        return len(self.lat_deg)

    def take(self, which: npt.NDArray[np.intp] | slice) -> Tracks:
        """Only the tracks `which`, in that order."""
        return Tracks(*(getattr(self, field.name)[which] for field in fields(self)))

    def age_s(self, at_ms: int) -> Floats:
        """How long before `at_ms` each report was true, seconds; negative where it was after."""
        age: Floats = (at_ms - self.at_ms) / 1000.0
        return age


_RANGES = (
    ("lat_deg", -90.0, 90.0),
    ("lng_deg", -180.0, 180.0),
    ("height_m", -WIDEST_M, WIDEST_M),
    ("ground_speed_mps", 0.0, FASTEST_MPS),
    ("true_track_deg", -720.0, 720.0),
    ("vertical_rate_mps", -FASTEST_MPS, FASTEST_MPS),
    ("lateral_m", 0.0, WIDEST_M),
    ("vertical_m", 0.0, WIDEST_M),
    ("lateral_growth_mps", 0.0, FASTEST_MPS),
    ("vertical_growth_mps", 0.0, FASTEST_MPS),
)
