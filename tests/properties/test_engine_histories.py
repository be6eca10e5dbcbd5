"""The compiled search, the plain one and brute force, over nasty histories of insert, remove and ask."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from openline.core.time import Window, span
from openline.engine.compiled.search import CompiledSearch
from openline.engine.compiling import HAS_COMPILER
from openline.engine.finder import Engine
from openline.engine.words import Encounter, Item, Minima
from tests.oracle.conflicts import Expected, compared
from tests.oracle.histories import Draw
from tests.oracle.rules import Fixed, NotOwn
from tests.samples import counts

pytestmark = pytest.mark.skipif(not HAS_COMPILER, reason="there is no compiler here, so there is one search only")

HISTORIES = counts(1_000, 100_000)
SHARES = 20


def judged(one: Item, other: Item) -> bool:
    is_joint = bool(one.package) and one.package == other.package
    return one.standing.party != other.standing.party and one.notice_id != other.notice_id and not is_joint


class History:
    """Engines that are told the same, and a plain list."""

    def __init__(self, seed: int) -> None:
        self.draw = Draw(seed)
        self.random = self.draw.random
        self.rules = NotOwn(self.draw.minima)
        self.engines = [Engine(), Engine(CompiledSearch())]
        self.in_force: list[Item] = []
        self.expected = cache(self._expected)
        self.asked = self.found = 0

    def run(self) -> None:
        for number in range(self.random.randint(2, 6)):
            self.insert(self.draw.item(number))
            if self.random.random() < 0.3:
                self.remove(self.random.choice(self.in_force))
            if self.in_force and self.random.random() < 0.7:
                self.ask(self.random.choice(self.in_force))
        self.ask(self.draw.item(99))

    def insert(self, item: Item) -> None:
        for engine in self.engines:
            engine.insert(item)
        self.in_force.append(item)

    def remove(self, item: Item) -> None:
        for engine in self.engines:
            engine.remove(item.notice_id)
        self.in_force.remove(item)

    def ask(self, item: Item) -> None:
        plain, compiled = (engine.find(item, self.rules) for engine in self.engines)
        assert compiled == plain
        if item in self.in_force:
            assert self.engines[1].find_in_force(item.notice_id, self.rules) == plain
        by_id = {encounter.first: encounter for encounter in plain}
        for other in self.in_force:
            self._check(by_id.pop(other.notice_id, None), other, item)
        assert not by_id
        self.asked += 1
        self.found += len(plain)

    def _check(self, encounter: Encounter | None, other: Item, asked: Item) -> None:
        if not judged(other, asked):
            assert encounter is None
            return
        expected = self.expected(other, asked)
        assert encounter is not None or not expected.certain, "missed"
        assert encounter is None or expected.possible, "beyond the band"
        if encounter is not None and expected.certain == expected.possible:
            assert encounter.first_window == span([first for first, _ in expected.certain])
            assert encounter.second_window == span([second for _, second in expected.certain])

    def _expected(self, other: Item, asked: Item) -> Expected:
        return compared(other, asked, self.draw.minima)


@pytest.mark.parametrize("share", range(SHARES))
def test_all_three_agree_on_every_answer(share: int) -> None:
    found = 0
    for seed in range(share * HISTORIES // SHARES, (share + 1) * HISTORIES // SHARES):
        history = History(seed)
        try:
            history.run()
        except AssertionError as error:
            error.add_note(f"history {seed}")
            raise
        found += history.found
    assert found > HISTORIES // SHARES // 10


@pytest.mark.parametrize("seed", range(counts(20, 200)))
def test_the_order_of_insertion_changes_no_answer(seed: int) -> None:
    draw = Draw(10_000_000 + seed)
    items = [draw.item(number) for number in range(40)]
    answers: list[dict[str, set[tuple[str, Window, Window]]]] = []
    for _ in range(3):
        engine = Engine(CompiledSearch())
        draw.random.shuffle(items)
        engine.load(items)
        found = {item.notice_id: engine.find_in_force(item.notice_id, NotOwn(draw.minima)) for item in items}
        answers.append({asked: {(e.first, e.first_window, e.second_window) for e in es} for asked, es in found.items()})
    assert answers[0] == answers[1] == answers[2]


def test_thousands_in_one_cell() -> None:
    """More than a cell, a run of entries and a search take at first; loaded at once and one by one, and taken out."""
    draw = Draw(7)
    draw.size_m, draw.minima = 100.0, Minima(lateral_m=0.0, vertical_m=0.0, time_ms=0)
    items = [draw.item(number) for number in range(counts(1_500, 5_000))]
    at_once, one_by_one, plain = Engine(CompiledSearch()), Engine(CompiledSearch()), Engine()
    at_once.load(items)
    plain.load(items)
    for item in items:
        one_by_one.insert(item)
    random = Random(1)
    found = 0
    for _ in range(3):
        for item in random.sample(items, k=5):
            expected = plain.find(item, Fixed(draw.minima))
            found += len(expected)
            assert at_once.find(item, Fixed(draw.minima)) == one_by_one.find(item, Fixed(draw.minima)) == expected
        for item in random.sample(items, k=len(items) // 2):
            for engine in (at_once, one_by_one, plain):
                engine.remove(item.notice_id)
            items.remove(item)
    assert found > len(items)
