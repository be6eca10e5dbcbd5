"""Mean sea level as a height above the WGS84 ellipsoid: the EGM96 geoid, from a grid shipped with the package.

Source: Lemoine et al., NASA/TP-1998-206861, 1998; the 15-minute grid of NGA (`data/ORIGIN.md`). Interpolation is
bilinear.
"""

from __future__ import annotations

import zlib
from functools import cache, lru_cache
from importlib import resources
from math import ceil, floor

import numpy as np

from openline.geo.bounds import Box, split

GEOID_BAND_M = 5.0
"""How far the true mean sea level may lie from `undulation_m`, metres, outward on either side.

- Interpolation: 1.4 m. A bilinear patch strays from a smooth surface by at most an eighth of its second difference
  along each axis; the grid's largest are 5.98 m (south-north) and 5.13 m (west-east), so (5.98 + 5.13) / 8.
- Rounding to centimetres: 0.005 m.
- The model itself: NASA/TP-1998-206861 states 0.5 to 1 m (one sigma) over the globe; three sigma is 3 m.

4.4 m in all, stated as 5 m.
"""

_STEPS_PER_DEG = 4
_ROWS = 721
_COLUMNS = 1441
"""One more than the file holds: 180 E repeats 180 W, so that no lookup has to wrap."""


def undulation_m(*, lat_deg: float, lng_deg: float) -> float:
    """Height of mean sea level above the WGS84 ellipsoid, metres, within `GEOID_BAND_M` of the truth.

    Latitude -90 to 90, longitude -180 to 180. Add it to a height above mean sea level to get a height above the
    ellipsoid.
    """
    cells, _ = _grid()
    y = (lat_deg + 90.0) * _STEPS_PER_DEG
    x = (lng_deg + 180.0) * _STEPS_PER_DEG
    row, column = min(int(y), _ROWS - 2), min(int(x), _COLUMNS - 2)
    v, u = y - row, x - column
    first = row * _COLUMNS + column
    second = first + _COLUMNS
    south = cells[first] * (1.0 - u) + cells[first + 1] * u
    north = cells[second] * (1.0 - u) + cells[second + 1] * u
    return (south * (1.0 - v) + north * v) / 100.0


def undulation_range_m(box: Box) -> tuple[float, float]:
    """Lowest and highest mean sea level within `box`, metres above the ellipsoid, widened outward by `GEOID_BAND_M`.

    A bilinear patch lies between its corners, so the corners of every patch that the box touches bound it.
    """
    first, *others = split(box)
    lowest, highest = _corners_range_cm(first)
    for part in others:
        low, high = _corners_range_cm(part)
        lowest, highest = min(lowest, low), max(highest, high)
    return lowest / 100.0 - GEOID_BAND_M, highest / 100.0 + GEOID_BAND_M


def _corners_range_cm(part: Box) -> tuple[int, int]:
    bottom = max(floor((part.lat_min_deg + 90.0) * _STEPS_PER_DEG), 0)
    top = min(ceil((part.lat_max_deg + 90.0) * _STEPS_PER_DEG), _ROWS - 1)
    left = max(floor((part.lng_min_deg + 180.0) * _STEPS_PER_DEG), 0)
    right = min(ceil((part.lng_max_deg + 180.0) * _STEPS_PER_DEG), _COLUMNS - 1)
    return _nodes_range_cm(bottom, top, left, right)


@lru_cache(maxsize=16_384)
def _nodes_range_cm(bottom: int, top: int, left: int, right: int) -> tuple[int, int]:
    _, matrix = _grid()
    nodes = matrix[bottom : top + 1, left : right + 1]
    return int(nodes.min()), int(nodes.max())


@cache
def _grid() -> tuple[memoryview[int], np.ndarray[tuple[int, int], np.dtype[np.int16]]]:
    """The grid in centimetres, once as flat integers and once as a matrix over the same memory (2 MB)."""
    packed = resources.files("openline.geo").joinpath("data", "egm96_15.i2.z").read_bytes()
    differences = np.frombuffer(zlib.decompress(packed), "<i2").reshape(_ROWS, _COLUMNS - 1)
    matrix = np.empty((_ROWS, _COLUMNS), np.int16)
    matrix[:, :-1] = differences.cumsum(axis=0, dtype=np.int16).cumsum(axis=1, dtype=np.int16)
    matrix[:, -1] = matrix[:, 0]
    matrix.setflags(write=False)
    return matrix.data.cast("B").cast("h"), matrix
