"""Found pairs put together: every slice or piece tells of a pair anew."""

from __future__ import annotations

import numpy as np

from openline.engine.tracks.reports import Floats, Ints

_USUAL_SHARE = 0.995
_WIDE_FACTOR = 2.0


def usual(reach: Floats) -> float:
    """The greatest reach to make cells for.

    It is the greatest of all, unless a few, one in two hundred, reach more than twice as far as the rest: those are
    compared with all instead, so that a few fast or uncertain ones do not make the cells large for everyone.
    """
    finite = reach[np.isfinite(reach)]
    if not len(finite):
        return 0.0
    most = float(finite.max())
    if most <= _WIDE_FACTOR * float(finite.mean()):
        return most
    place = int(_USUAL_SHARE * (len(finite) - 1))
    return min(most, _WIDE_FACTOR * float(np.partition(finite, place)[place]))


def buckets_for(count: int) -> int:
    """How many buckets to sort so many into: a power of two, four to eight times as many."""
    return 1 << (4 * count).bit_length()


def together(pairs: Ints) -> tuple[Ints, Ints]:
    """An order that brings the rows of `pairs`, (n, 2), together and keeps it among equals; and where each pair begins.

    Ascending in the first column, then in the second.
    """
    names = pairs[:, 0] * (pairs[:, 1].max(initial=0) + 1) + pairs[:, 1]
    order: Ints = np.argsort(names, kind="stable")
    names = names[order]
    differs = np.ones(len(names), np.bool_)
    differs[1:] = names[1:] != names[:-1]
    return order, np.flatnonzero(differs)


def first_least(values: Floats, begins: Ints) -> Ints:
    """Of each group of values the place of the least, the first of equals; the groups begin at `begins`."""
    if not len(begins):
        return begins
    least = np.repeat(np.minimum.reduceat(values, begins), np.diff(begins, append=len(values)))
    places = np.where(values == least, np.arange(len(values)), len(values))
    first: Ints = np.minimum.reduceat(places, begins)
    return first
