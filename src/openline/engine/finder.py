"""The engine: which notices in force are nearer to a notice than an agreement allows.

A conflict is never missed: a search answers with everything whose widened box touches, and `lateral_gap_m` never
exceeds the true distance. Nothing here depends on the time of day, on chance or on anything outside, so the same
notices in the same order give the same answer, whichever search is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from openline.core.time import FOREVER_MS, Window, span
from openline.engine.judgement import Judgements
from openline.engine.plain.search import PlainSearch
from openline.engine.search import Entry, Search, Touch
from openline.engine.words import Encounter, Item, Rules, Standing


class _InForce(NamedTuple):
    number: int
    standing: Standing
    standing_number: int


class Engine:
    """The notices in force, and the search among them."""

    def __init__(self, search: Search | None = None) -> None:
        """Nothing in force; without `search`, the plain one."""
        self._search = PlainSearch() if search is None else search
        self._judgements = Judgements()
        self._in_force: dict[str, _InForce] = {}
        self._ids: dict[int, str] = {}
        self._packages: dict[str, int] = {}
        self._next_number = 0
        self._ends: list[tuple[int, int]] = []
        self._waiting: dict[int, Entry] = {}
        """Inserted and not yet in the search: many at once are put in together, when somebody asks."""

    def __len__(self) -> int:
        return len(self._in_force)

    def __contains__(self, notice_id: object) -> bool:
        return notice_id in self._in_force

    def load(self, items: Iterable[Item]) -> None:
        """Insert many, in order; ValueError, and nothing changed, when an id is in force or comes twice."""
        items = list(items)
        ids = {item.notice_id for item in items}
        if len(ids) < len(items) or any(notice_id in self._in_force for notice_id in ids):
            raise ValueError("of the notices to load, one is already in force or comes twice")
        for item in items:
            self._enter(item)

    def insert(self, item: Item) -> None:
        """Put a notice in force; ValueError when one with its id already is."""
        if item.notice_id in self._in_force:
            raise ValueError(f"notice {item.notice_id} is already in force")
        self._enter(item)

    def remove(self, notice_id: str) -> None:
        """Take a notice out of force; KeyError when it is not in force."""
        held = self._in_force.pop(notice_id)
        del self._ids[held.number]
        if self._waiting.pop(held.number, None) is None:
            self._search.take(held.number)
        self._judgements.release(held.standing_number)

    def expire(self, before_ms: int) -> list[str]:
        """Remove the notices all of whose windows ended by `before_ms`; their ids, in order of their ends.

        Whoever calls subtracts the largest separation in time first: an ended window can still be too near to a later
        one.
        """
        expired: list[str] = []
        while self._ends and self._ends[0][0] <= before_ms:
            _, number = heappop(self._ends)
            # a removed notice leaves its end behind
            notice_id = self._ids.get(number)
            if notice_id is not None:
                self.remove(notice_id)
                expired.append(notice_id)
        return expired

    def find(self, item: Item, rules: Rules) -> list[Encounter]:
        """The notices in force that conflict with `item`, in the order of their insertion.

        `item` itself need not be in force and is never found.

        Raises:
            ValueError: when the rules answer more than their reach, because then something could have been missed.
        """
        held = self._in_force.get(item.notice_id)
        number = -1 if held is None else held.number
        self._put_waiting()
        entry = Entry(number, -1, self._package(item.package), item.volumes)
        row = self._judgements.row(rules, item.standing)
        return self._encounters(item.notice_id, self._search.near_unknown(entry, row))

    def find_in_force(self, notice_id: str, rules: Rules) -> list[Encounter]:
        """`find` for a notice that is in force; KeyError when it is not."""
        held = self._in_force[notice_id]
        self._put_waiting()
        row = self._judgements.row(rules, held.standing)
        return self._encounters(notice_id, self._search.near(held.number, row))

    def find_many(self, notice_ids: Iterable[str], rules: Rules) -> list[list[Encounter]]:
        """`find_in_force` for each, in their order."""
        asked = [(notice_id, self._in_force[notice_id]) for notice_id in notice_ids]
        self._put_waiting()
        rows = [self._judgements.row(rules, held.standing) for _, held in asked]
        touches = self._search.near_many([held.number for _, held in asked], rows)
        return [self._encounters(notice_id, found) for (notice_id, _), found in zip(asked, touches, strict=True)]

    def _enter(self, item: Item) -> None:
        number = self._next_number
        self._next_number += 1
        standing_number = self._judgements.hold(item.standing)
        self._in_force[item.notice_id] = _InForce(number, item.standing, standing_number)
        self._ids[number] = item.notice_id
        last_ms = max([volume.window.end_ms for volume in item.volumes], default=FOREVER_MS)
        if last_ms < FOREVER_MS:
            heappush(self._ends, (last_ms, number))
        self._waiting[number] = Entry(number, standing_number, self._package(item.package), item.volumes)

    def _put_waiting(self) -> None:
        if self._waiting:
            # what cannot be put stays waiting, so that no answer is given without it
            self._search.put(list(self._waiting.values()))
            self._waiting.clear()

    def _package(self, name: str) -> int:
        return self._packages.setdefault(name, len(self._packages) + 1) if name else 0

    def _encounters(self, asked: str, touches: list[Touch]) -> list[Encounter]:
        if not touches:
            return []
        by_number: dict[int, list[Touch]] = {}
        for touch in touches:
            by_number.setdefault(touch.number, []).append(touch)
        return [_encounter(self._ids[number], asked, by_number[number]) for number in sorted(by_number)]


def _encounter(first: str, second: str, touches: list[Touch]) -> Encounter:
    return Encounter(
        first=first,
        second=second,
        first_window=span([touch.theirs for touch in touches]),
        second_window=span([touch.own for touch in touches]),
        common_window=span([_common(touch) for touch in touches]),
    )


def _common(touch: Touch) -> Window:
    latest_start = max(touch.theirs.start_ms, touch.own.start_ms)
    earliest_end = min(touch.theirs.end_ms, touch.own.end_ms)
    return Window(start_ms=min(latest_start, earliest_end), end_ms=max(latest_start, earliest_end))
