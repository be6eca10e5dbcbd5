"""Rules for tests: one answer for every pair, or for every pair of strangers."""

from __future__ import annotations

from openline.engine.words import Minima, Standing

NOTHING = Minima(lateral_m=0.0, vertical_m=0.0, time_ms=0)


class Fixed:
    """The same minima for every pair, or None."""

    def __init__(self, minima: Minima | None, *, reach: Minima | None = None) -> None:
        self._minima = minima
        self.reach = reach or minima or NOTHING
        self.edition = ("fixed", minima, self.reach)

    def minima(self, _first: Standing, _second: Standing) -> Minima | None:
        return self._minima


class NotOwn(Fixed):
    """The same minima for every pair of different parties."""

    def __init__(self, minima: Minima) -> None:
        super().__init__(minima)
        self.edition = ("not own", minima, self.reach)

    def minima(self, first: Standing, second: Standing) -> Minima | None:
        return None if first.party == second.party else self._minima


class Asked(Fixed):
    """Keeps what it was asked."""

    def __init__(self, minima: Minima) -> None:
        super().__init__(minima)
        self.asked: list[tuple[Standing, Standing]] = []

    def minima(self, first: Standing, second: Standing) -> Minima | None:
        self.asked.append((first, second))
        return super().minima(first, second)
