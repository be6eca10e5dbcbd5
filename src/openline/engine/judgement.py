"""What the rules say of every pair of standings, asked once and kept while the rules stay the same."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

from openline.engine.words import Minima, Rules, Standing

NOT_JUDGED = -1.0
"""Stands as lateral separation where a pair is not judged."""


class Row:
    """The minima between one standing and every other, by their numbers."""

    def __init__(self, reach: Minima) -> None:
        """Nothing asked yet."""
        self.reach = reach
        self.minima: list[Minima | None] = []
        self.table: npt.NDArray[np.float64] = _figures([reach])
        """The same in figures: lateral metres (`NOT_JUDGED` where it is not), vertical metres, milliseconds; the reach
        stands last."""


class Judgements:
    """Numbers for the standings of what is in force, and the rows of one edition of the rules."""

    def __init__(self) -> None:
        """No standing yet."""
        self._numbers: dict[Standing, int] = {}
        self._standings: list[Standing] = []
        self._uses: list[int] = []
        self._free: list[int] = []
        self._edition: Hashable = None
        self._rows: dict[Standing, Row] = {}

    def hold(self, standing: Standing) -> int:
        """The number of a standing, counted as in use once more."""
        number = self._numbers.get(standing)
        if number is None:
            number = self._new(standing)
        self._uses[number] += 1
        return number

    def release(self, number: int) -> None:
        """One use less; a number that nothing uses goes to the next new standing."""
        self._uses[number] -= 1
        if not self._uses[number]:
            del self._numbers[self._standings[number]]
            self._free.append(number)

    def row(self, rules: Rules, asked: Standing) -> Row:
        """The minima between every standing in use and `asked`.

        Raises:
            ValueError: when the rules answer more than their reach, because then something could be missed.
        """
        edition = rules.edition
        if edition != self._edition:
            self._edition = edition
            self._rows.clear()
        row = self._rows.get(asked)
        if row is None:
            row = self._rows[asked] = Row(rules.reach)
        if len(row.minima) < len(self._standings):
            self._fill(row, rules, asked)
        return row

    def _new(self, standing: Standing) -> int:
        if self._free:
            # what was answered for the number's last holder is not to be read again
            self._rows.clear()
            number = self._free.pop()
            self._standings[number] = standing
        else:
            number = len(self._standings)
            self._standings.append(standing)
            self._uses.append(0)
        self._numbers[standing] = number
        return number

    def _fill(self, row: Row, rules: Rules, asked: Standing) -> None:
        minima = list(row.minima)
        for standing in self._standings[len(minima) :]:
            answer = rules.minima(standing, asked)
            if answer is not None and answer.exceeds(row.reach):
                raise ValueError(f"the minima of {standing} and {asked} exceed the reach of the search")
            minima.append(answer)
        row.minima = minima
        row.table = _figures([*minima, row.reach])


def _figures(minima: list[Minima | None]) -> npt.NDArray[np.float64]:
    rows = [(NOT_JUDGED, 0.0, 0.0) if m is None else (m.lateral_m, m.vertical_m, float(m.time_ms)) for m in minima]
    return np.array(rows, dtype=np.float64)
