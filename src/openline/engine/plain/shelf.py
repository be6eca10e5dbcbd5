"""Volumes of about one size and one length of time, on a grid; within each cell in order of their start.

Volumes that last alike lie together so that the order of starts bounds the order of ends: a day full of short flights
over one city is searched by bisection, whatever open-ended zone lies above it.
"""

from __future__ import annotations

from bisect import bisect_left, insort

from openline.engine.search import Entry
from openline.engine.words import JudgedVolume
from openline.geo.cells import Grid, Span

Row = tuple[int, int, int, float, float, float, float, float, float, Entry, JudgedVolume]
"""Start, slot, end; south, west, north, east; lower, upper; whose it is. The slot is unique to the volume, so sorting
never looks further."""

Question = tuple[int, int, float, float, float, float, float, float]
"""Start, end; south, west, north, east; lower, upper: each already widened by the reach. The window is open at both
ends."""

_BISECT_FROM = 16
"""A shorter cell is read through sooner than bisected."""


class Shelf:
    """The volumes of one size and one length; a volume lies in every cell that it touches."""

    def __init__(self, grid: Grid, longest_ms: int | None) -> None:
        """`longest_ms` is the longest window that will lie here, or None when there is no bound."""
        self.grid = grid
        self.longest_ms = longest_ms
        self.cells: dict[int, list[Row]] = {}
        """The cells in use and their rows, by the time they start. Changed by the shelf alone."""

    def __bool__(self) -> bool:
        return bool(self.cells)

    def put(self, row: Row) -> None:
        """Add a volume's row to every cell it touches."""
        cells = self.cells
        for name in self.grid.cells(Span(*row[3:7])):
            rows = cells.get(name)
            if rows is None:
                cells[name] = [row]
            else:
                insort(rows, row)

    def take(self, row: Row) -> None:
        """Remove a row that was put; KeyError when it was not."""
        for name in self.grid.cells(Span(*row[3:7])):
            rows = self.cells[name]
            place = bisect_left(rows, row[:2])
            if place == len(rows) or rows[place][:2] != row[:2]:
                raise KeyError(row[1])
            del rows[place]
            if not rows:
                del self.cells[name]

    def search(self, names: list[int] | None, question: Question, found: dict[int, Row]) -> None:
        """Add to `found`, by slot, the rows in the cells `names` (None: in all) that the question touches."""
        cells = self.cells
        start_ms, end_ms, south, west, north, east, lower_m, upper_m = question
        for rows in cells.values() if names is None else [cells[name] for name in names if name in cells]:
            for row in rows if len(rows) < _BISECT_FROM else self._within(rows, start_ms, end_ms):
                if (
                    row[2] > start_ms
                    and row[0] < end_ms
                    and row[3] <= north
                    and row[5] >= south
                    and row[4] <= east
                    and row[6] >= west
                    and row[7] <= upper_m
                    and row[8] >= lower_m
                ):
                    found[row[1]] = row

    def __len__(self) -> int:
        """How many cells are in use."""
        return len(self.cells)

    def _within(self, rows: list[Row], start_ms: int, end_ms: int) -> list[Row]:
        first = 0 if self.longest_ms is None else bisect_left(rows, (start_ms - self.longest_ms,))
        return rows[first : bisect_left(rows, (end_ms,), first)]
