"""The engine: which notices in force are nearer to a notice than an agreement allows.

A conflict is never missed: the index answers with everything whose widened box touches, and `lateral_gap_m` never
exceeds the true distance. Nothing here depends on the time of day, on chance or on anything outside, so the same
notices in the same order give the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from openline.core.time import FOREVER_MS, Window, span
from openline.engine.index import Index
from openline.engine.shapes import Shapes
from openline.engine.words import Encounter, Item, JudgedVolume, Minima, RulesFor
from openline.geo.band import vertical_gap_m
from openline.geo.separation import lateral_gap_m
from openline.geo.shape import Shape, prepare

_WindowsOfPair = tuple[Window, Window, Window]


class Engine:
    """The notices in force, and the search among them."""

    def __init__(self) -> None:
        self._index = Index()
        self._shapes = Shapes()
        self._items: dict[str, tuple[int, Item]] = {}
        self._next_slot = 0
        self._ends: list[tuple[int, int, str]] = []

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, notice_id: object) -> bool:
        return notice_id in self._items

    def get(self, notice_id: str) -> Item:
        """The notice in force of this id; KeyError when there is none."""
        return self._items[notice_id][1]

    def load(self, items: Iterable[Item]) -> None:
        """Insert many, in order."""
        for item in items:
            self.insert(item)

    def insert(self, item: Item) -> None:
        """Put a notice in force; ValueError when one with its id already is."""
        if item.notice_id in self._items:
            raise ValueError(f"notice {item.notice_id} is already in force")
        first_slot = self._next_slot
        self._items[item.notice_id] = (first_slot, item)
        # a notice without volumes takes a slot too, which keeps the order of insertion
        self._next_slot += max(1, len(item.volumes))
        for slot, volume in enumerate(item.volumes, first_slot):
            self._index.put(slot, item, volume)
        last_ms = max((volume.window.end_ms for volume in item.volumes), default=FOREVER_MS)
        if last_ms < FOREVER_MS:
            heappush(self._ends, (last_ms, first_slot, item.notice_id))

    def remove(self, notice_id: str) -> None:
        """Take a notice out of force; KeyError when it is not in force."""
        first_slot, item = self._items.pop(notice_id)
        for slot, volume in enumerate(item.volumes, first_slot):
            self._index.take(slot, item, volume)
            self._shapes.forget(slot)

    def expire(self, before_ms: int) -> list[str]:
        """Remove the notices all of whose windows ended by `before_ms`; their ids, in order of their ends.

        Whoever calls subtracts the largest separation in time first: an ended window can still be too near to a later
        one.
        """
        expired: list[str] = []
        while self._ends and self._ends[0][0] <= before_ms:
            _, first_slot, notice_id = heappop(self._ends)
            held = self._items.get(notice_id)
            # a removed notice leaves its end behind, also when its id came back
            if held is not None and held[0] == first_slot:
                self.remove(notice_id)
                expired.append(notice_id)
        return expired

    def find(self, item: Item, rules: RulesFor, reach: Minima) -> list[Encounter]:
        """The notices in force that conflict with `item`, in the order of their insertion.

        `item` itself need not be in force and is never found. `reach` is the largest minima that `rules` may answer;
        ValueError when an answer exceeds it, because then something could have been missed.
        """
        pairs = _Pairs(item, rules, reach)
        windows: dict[str, list[_WindowsOfPair]] = {}
        for volume in item.volumes:
            shape: Shape | None = None
            for slot, row in sorted(self._index.near(volume, reach).items()):
                other, other_volume = row[9], row[10]
                minima = pairs.minima(other)
                if minima is None or not _near_in_time_and_height(other_volume, volume, minima):
                    continue
                shape = shape or prepare(volume.outline)
                other_shape = self._shapes.of(slot, other_volume.outline)
                if lateral_gap_m(other_shape, shape, at_most_m=minima.lateral_m) <= minima.lateral_m:
                    windows.setdefault(other.notice_id, []).append(_windows(other_volume, volume))
        in_order = sorted(windows, key=lambda notice_id: self._items[notice_id][0])
        return [_encounter(notice_id, item.notice_id, windows[notice_id]) for notice_id in in_order]

    def find_many(self, items: Iterable[Item], rules: RulesFor, reach: Minima) -> list[list[Encounter]]:
        """`find` for each of the items, in their order."""
        return [self.find(item, rules, reach) for item in items]


class _Pairs:
    """The minima between one item and others; the rules are asked once for each pair."""

    def __init__(self, item: Item, rules: RulesFor, reach: Minima) -> None:
        self._item, self._rules, self._reach = item, rules, reach
        self._known: dict[str, Minima | None] = {}

    def minima(self, other: Item) -> Minima | None:
        """None when the pair is not judged, or is one notice; ValueError beyond the reach."""
        if other.notice_id in self._known:
            return self._known[other.notice_id]
        minima = None if other.notice_id == self._item.notice_id else self._rules(other, self._item)
        if minima is not None and minima.exceeds(self._reach):
            raise ValueError(f"minima of {other.notice_id} and {self._item.notice_id} exceed the reach of the search")
        self._known[other.notice_id] = minima
        return minima


def _near_in_time_and_height(first: JudgedVolume, second: JudgedVolume, minima: Minima) -> bool:
    return (
        first.window.overlaps(second.window, separation_ms=minima.time_ms)
        and vertical_gap_m(first.band, second.band) <= minima.vertical_m
    )


def _windows(first: JudgedVolume, second: JudgedVolume) -> _WindowsOfPair:
    one, other = first.window, second.window
    latest_start, earliest_end = max(one.start_ms, other.start_ms), min(one.end_ms, other.end_ms)
    common = Window(start_ms=min(latest_start, earliest_end), end_ms=max(latest_start, earliest_end))
    return one, other, common


def _encounter(first: str, second: str, windows: list[_WindowsOfPair]) -> Encounter:
    of_first, of_second, common = zip(*windows, strict=True)
    return Encounter(
        first=first,
        second=second,
        first_window=span(list(of_first)),
        second_window=span(list(of_second)),
        common_window=span(list(common)),
    )
