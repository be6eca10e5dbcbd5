"""The search in plain Python: hashed shelves for the broad phase, `lateral_gap_m` for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from openline.engine.judgement import Row
from openline.engine.plain.index import Index
from openline.engine.search import Entry, Touch
from openline.engine.shapes import Shapes
from openline.engine.words import JudgedVolume, Minima
from openline.geo.band import vertical_gap_m
from openline.geo.separation import lateral_gap_m
from openline.geo.shape import Shape, prepare


class PlainSearch:
    """Volumes in force under slots, numbers of their own."""

    def __init__(self) -> None:
        """Nothing in force."""
        self._index = Index()
        self._shapes = Shapes()
        self._entries: dict[int, tuple[int, Entry]] = {}
        self._next_slot = 0

    def put(self, entries: Sequence[Entry]) -> None:
        """Add notices; no number is in use."""
        for entry in entries:
            self._entries[entry.number] = (self._next_slot, entry)
            for volume in entry.volumes:
                self._index.put(self._next_slot, entry, volume)
                self._next_slot += 1

    def take(self, number: int) -> None:
        """Remove a notice; KeyError when it is not there."""
        first_slot, entry = self._entries.pop(number)
        for slot, volume in enumerate(entry.volumes, first_slot):
            self._index.take(slot, entry, volume)
            self._shapes.forget(slot)

    def near(self, number: int, row: Row) -> list[Touch]:
        """Every touch of a notice that was put, with others."""
        return self.near_unknown(self._entries[number][1], row)

    def near_many(self, numbers: Sequence[int], rows: Sequence[Row]) -> list[list[Touch]]:
        """`near` for each."""
        return [self.near(number, row) for number, row in zip(numbers, rows, strict=True)]

    def near_unknown(self, entry: Entry, row: Row) -> list[Touch]:
        """Every touch of a notice that need not be in force; what has its number is not found."""
        touches: list[Touch] = []
        for volume in entry.volumes:
            shape: Shape | None = None
            for slot, found in sorted(self._index.near(volume, row.reach).items()):
                other, other_volume = found[9], found[10]
                minima = None if _are_one(entry, other) else row.minima[other.standing]
                if minima is None or not _near_in_time_and_height(other_volume, volume, minima):
                    continue
                shape = shape or prepare(volume.outline)
                other_shape = self._shapes.of(slot, other_volume.outline)
                if lateral_gap_m(other_shape, shape, at_most_m=minima.lateral_m) <= minima.lateral_m:
                    touches.append(Touch(other.number, other_volume.window, volume.window))
        return touches


def _are_one(one: Entry, other: Entry) -> bool:
    """True for a notice and itself, and for partners in a package."""
    return one.number == other.number or (one.package != 0 and one.package == other.package)


def _near_in_time_and_height(first: JudgedVolume, second: JudgedVolume, minima: Minima) -> bool:
    return (
        first.window.overlaps(second.window, separation_ms=minima.time_ms)
        and vertical_gap_m(first.band, second.band) <= minima.vertical_m
    )
