"""Cells of latitude and longitude, and the spans of coordinates that a box and its surroundings cover.

A grid's rows are equally high; each row is cut into as many columns as fit its longer side, so cells stay about square
up to the poles.
"""

from __future__ import annotations

from math import cos, radians
from typing import NamedTuple

from openline.geo.bounds import Box, split

LAT_M_PER_DEG = 110_574.0
"""No degree of latitude is shorter, metres (WGS84 at the equator: 110,574.3)."""
EQUATOR_M_PER_DEG = 111_319.4
"""A degree of longitude at latitude p is never shorter than this times cos(p), metres (WGS84: the radius of a parallel
is N cos p >= a cos p)."""
_POLAR_DEG = 89.99
_COLUMN_BITS = 20
"""Room for the columns of a row in the name of a cell."""


class Span(NamedTuple):
    """South, west, north and east limits in degrees; never crosses the antimeridian."""

    south: float
    west: float
    north: float
    east: float


WHOLE_EARTH = Span(-90.0, -180.0, 90.0, 180.0)


def spans(box: Box, *, margin_m: float = 0.0) -> list[Span]:
    """One or two spans that hold every point within `margin_m` geodesic metres of `box`.

    No point is missed: a path of that length changes latitude by at most margin / `LAT_M_PER_DEG`, and longitude by at
    most margin over the shortest degree of longitude that it meets.
    """
    parts = split(box)
    if margin_m <= 0.0:
        return [Span(part.lat_min_deg, part.lng_min_deg, part.lat_max_deg, part.lng_max_deg) for part in parts]
    found: list[Span] = []
    for part in parts:
        found += _widened(part, margin_m)
    return found


def _widened(part: Box, margin_m: float) -> list[Span]:
    margin_deg = margin_m / LAT_M_PER_DEG
    south, north = part.lat_min_deg - margin_deg, part.lat_max_deg + margin_deg
    polar_deg = max(-south, north)
    south, north = max(south, -90.0), min(north, 90.0)
    if polar_deg >= _POLAR_DEG:
        return [Span(south, -180.0, north, 180.0)]
    margin_deg = margin_m / (EQUATOR_M_PER_DEG * cos(radians(polar_deg)))
    west, east = part.lng_min_deg - margin_deg, part.lng_max_deg + margin_deg
    if east - west >= 360.0:
        return [Span(south, -180.0, north, 180.0)]
    if west < -180.0:
        return [Span(south, -180.0, north, east), Span(south, west + 360.0, north, 180.0)]
    if east > 180.0:
        return [Span(south, west, north, 180.0), Span(south, -180.0, north, east - 360.0)]
    return [Span(south, west, north, east)]


class Grid:
    """Cells of one size over the whole Earth, each named by an integer."""

    def __init__(self, step_deg: float) -> None:
        """Rows of `step_deg` degrees, which divides 90."""
        self.step_deg = step_deg
        self._rows = round(180.0 / step_deg)
        self._columns: list[int] = []
        for row in range(self._rows):
            widest_deg = min(abs(row * step_deg - 90.0), abs((row + 1) * step_deg - 90.0))
            self._columns.append(max(1, int(360.0 * cos(radians(widest_deg)) / step_deg)))

    def fits(self, span: Span) -> bool:
        """True when the span is no larger than a cell: it touches at most four, or a ring of them beside a pole."""
        if span.north - span.south > self.step_deg:
            return False
        widest_deg = 0.0 if span.south < 0.0 < span.north else min(abs(span.south), abs(span.north))
        return (span.east - span.west) * cos(radians(widest_deg)) <= self.step_deg

    def cells(self, span: Span) -> list[int]:
        """The names of all cells that the span touches."""
        rows = self._rows_of(span)
        if len(rows) == 1:
            return list(self._row_cells(rows[0], span))
        names: list[int] = []
        for row in rows:
            names += self._row_cells(row, span)
        return names

    def cells_up_to(self, span: Span, most: int) -> list[int] | None:
        """The names of all cells that the span touches; None when, by `count`, they are more than `most`."""
        rows = self._rows_of(span)
        middle = self._row_cells(rows[len(rows) // 2], span)
        if len(rows) * len(middle) > most:
            return None
        if len(rows) == 1:
            return list(middle)
        return [name for row in rows for name in self._row_cells(row, span)]

    def count(self, span: Span) -> int:
        """About how many cells the span touches; no fewer than half of the truth."""
        rows = self._rows_of(span)
        middle = rows[len(rows) // 2]
        return len(rows) * len(self._row_cells(middle, span))

    def _rows_of(self, span: Span) -> range:
        last = self._rows - 1
        first_row = min(last, int((span.south + 90.0) / self.step_deg))
        last_row = min(last, int((span.north + 90.0) / self.step_deg))
        return range(first_row, last_row + 1)

    def _row_cells(self, row: int, span: Span) -> range:
        columns = self._columns[row]
        first_column = min(columns - 1, int((span.west + 180.0) / 360.0 * columns))
        last_column = min(columns - 1, int((span.east + 180.0) / 360.0 * columns))
        name = row << _COLUMN_BITS
        return range(name + first_column, name + last_column + 1)
