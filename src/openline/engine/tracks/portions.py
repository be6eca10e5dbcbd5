"""Neighbours in sorted cells, for the plain searches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from openline.engine.tracks.reports import Ints

Indexes = npt.NDArray[np.intp]

_AT_ONCE = 500_000
"""Pairs compared at once, so that they fit in little memory."""


def ranks(numbers: Ints) -> Ints:
    """The same order from 0 up: neighbours stay neighbours, and others none."""
    distinct, places = np.unique(numbers, return_inverse=True)
    steps = np.minimum(np.diff(distinct, prepend=distinct[:1]), 2)
    ranks: Ints = np.cumsum(steps)[places]
    return ranks


def runs(low: Indexes, high: Indexes) -> Iterator[tuple[Indexes, Indexes]]:
    """Every place k with each number from low[k] up to, not including, high[k]: in portions."""
    portions = np.cumsum(high - low) // _AT_ONCE
    for portion in range(int(portions[-1]) + 1 if len(portions) else 0):
        places = np.flatnonzero(portions == portion)
        which, numbers = expanded(low[places], high[places])
        yield places[which], numbers


def expanded(low: Indexes, high: Indexes) -> tuple[Indexes, Indexes]:
    """Every place k with each number from low[k] up to, not including, high[k]."""
    counts = high - low
    begins = np.repeat(low - (np.cumsum(counts) - counts), counts)
    return np.repeat(np.arange(len(low)), counts), begins + np.arange(len(begins))
