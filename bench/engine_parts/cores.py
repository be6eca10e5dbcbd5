"""Very many shapely geometries at once: the cores of volumes, without their radii, in any coordinates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely

from bench.engine_parts.boxes import Floats
from openline.engine.columns import LINE, Columns

Cores = npt.NDArray[np.object_]
"""Points, lines and polygons of shapely."""


def cores(columns: Columns, x: Floats, y: Floats) -> Cores:
    """The core of each volume, with `x` and `y` for its vertices."""
    owner = np.repeat(np.arange(len(columns)), columns.vertices)
    where = np.column_stack((x, y))
    first = np.cumsum(columns.vertices) - columns.vertices
    is_point = columns.vertices == 1
    is_line = columns.mark[first] == LINE
    made = np.empty(len(columns), dtype=np.object_)
    made[is_point] = shapely.points(where[first[is_point]])
    for chosen, make in ((is_line & ~is_point, shapely.linestrings), (~is_line, shapely.linearrings)):
        if chosen.any():
            kept = chosen[owner]
            made[chosen] = make(where[kept], indices=(np.cumsum(chosen) - 1)[owner[kept]])
    made[~is_line] = shapely.polygons(made[~is_line])
    return made
