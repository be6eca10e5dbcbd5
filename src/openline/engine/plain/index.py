"""Where the volumes in force lie: shelves of four sizes by four lengths of time.

Every volume is found by any question whose widened box, window and band touch its own; that something is found does not
mean that it is near.
"""

from __future__ import annotations

from openline.core.time import DAY_MS, HOUR_MS
from openline.engine.plain.shelf import Row, Shelf
from openline.engine.search import Entry
from openline.engine.words import JudgedVolume, Minima
from openline.geo.cells import Grid, spans

_STEPS_DEG = (0.0625, 0.5, 4.5, 180.0)
"""Sides of the cells: a site, a sector, a region, and one cell for whatever is larger."""
_GRIDS = tuple(Grid(step_deg) for step_deg in _STEPS_DEG)
_LENGTHS_MS = (HOUR_MS, 8 * HOUR_MS, 3 * DAY_MS, None)
"""Longest windows: a sortie, a watch, an operation, and no bound."""
_SLACK_M = 1.0
"""Added to every search, sideways, up and down: more than rounding can take away. It also joins boxes that touch at the
antimeridian."""


class Index:
    """The volumes in force, each under a slot, a number of its own."""

    def __init__(self) -> None:
        self._levels = [(grid, [Shelf(grid, longest) for longest in _LENGTHS_MS]) for grid in _GRIDS]

    def __bool__(self) -> bool:
        return any(shelf for _, shelves in self._levels for shelf in shelves)

    def put(self, slot: int, entry: Entry, volume: JudgedVolume) -> None:
        """Add a volume under a slot that no other volume has."""
        for row, shelf in self._places(slot, entry, volume):
            shelf.put(row)

    def take(self, slot: int, entry: Entry, volume: JudgedVolume) -> None:
        """Remove a volume that was put; KeyError when it was not."""
        for row, shelf in self._places(slot, entry, volume):
            shelf.take(row)

    def near(self, volume: JudgedVolume, reach: Minima) -> dict[int, Row]:
        """The rows, by slot, of all volumes that could be within `reach` of `volume`."""
        found: dict[int, Row] = {}
        window, band = volume.window, volume.band
        start_ms, end_ms = window.start_ms - reach.time_ms, window.end_ms + reach.time_ms
        lower_m = band.lower_m - reach.vertical_m - _SLACK_M
        upper_m = band.upper_m + reach.vertical_m + _SLACK_M
        for span in spans(volume.box, margin_m=reach.lateral_m + _SLACK_M):
            question = (start_ms, end_ms, *span, lower_m, upper_m)
            for grid, shelves in self._levels:
                in_use = [shelf for shelf in shelves if shelf.cells]
                if not in_use:
                    continue
                # a wide question reads the cells that exist rather than name all that could
                names = grid.cells_up_to(span, 4 * max([len(shelf.cells) for shelf in in_use]))
                for shelf in in_use:
                    shelf.search(names, question, found)
        return found

    def _places(self, slot: int, entry: Entry, volume: JudgedVolume) -> list[tuple[Row, Shelf]]:
        start_ms, end_ms = volume.window.start_ms, volume.window.end_ms
        band = volume.band
        length = _length_class(end_ms - start_ms)
        places = []
        for span in spans(volume.box):
            shelves = next((shelves for grid, shelves in self._levels if grid.fits(span)), self._levels[-1][1])
            row = (start_ms, slot, end_ms, *span, band.lower_m, band.upper_m, entry, volume)
            places.append((row, shelves[length]))
        return places


def _length_class(length_ms: int) -> int:
    for index, longest_ms in enumerate(_LENGTHS_MS):
        if longest_ms is None or length_ms <= longest_ms:
            return index
    raise AssertionError("the last length has no bound")
