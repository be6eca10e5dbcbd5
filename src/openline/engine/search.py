"""What the engine needs of a search: two ways to fill it, one in plain Python and one compiled, with equal answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from openline.core.time import Window
from openline.engine.judgement import Row
from openline.engine.words import JudgedVolume


class Touch(NamedTuple):
    """Two volumes nearer than their minima allow."""

    number: int
    """Of the notice in force."""
    theirs: Window
    """The window of its volume."""
    own: Window
    """The window of the volume that was asked about."""


class Entry(NamedTuple):
    """A notice as a search holds it: numbers for its id, its standing and its package."""

    number: int
    standing: int
    package: int
    """0 when it belongs to none."""
    volumes: Sequence[JudgedVolume]


class Search(Protocol):
    """Volumes in force, found by nearness in place, height and time. Every answer is exact to the stated band."""

    def put(self, entries: Sequence[Entry]) -> None:
        """Add notices; no number is in use."""
        ...

    def take(self, number: int) -> None:
        """Remove a notice; KeyError when it is not there."""
        ...

    def near(self, number: int, row: Row) -> list[Touch]:
        """Every touch of a notice that was put, with others."""
        ...

    def near_many(self, numbers: Sequence[int], rows: Sequence[Row]) -> list[list[Touch]]:
        """`near` for each."""
        ...

    def near_unknown(self, entry: Entry, row: Row) -> list[Touch]:
        """Every touch of a notice that need not be in force; what has its number is not found."""
        ...
