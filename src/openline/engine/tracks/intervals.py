"""Intervals of time in which a distance is no more than a separation: for numbers and for arrays alike.

`choose` stands for numpy.where, which is slow on numbers in compiled code.
"""

from __future__ import annotations

import numpy as np

from openline.engine.tracks.sharing import Value, shared

EVER_S = 1e30
"""Longer than any look-ahead, seconds."""
TINY = 1e-9
"""Stands for a coefficient nearer to 0, where it would divide: micrometres within a slice."""

_LEAST = 1e-30


@shared
def choose(condition: Value, one: Value, other: Value) -> Value:
    """`one` where the condition holds (is 1, or true), `other` where not; both finite, one of them unchanged."""
    return condition * one + (1 - condition) * other


@shared
def within(square: Value, half_linear: Value, constant: Value) -> tuple[Value, Value]:
    """From when until when square t^2 + 2 half_linear t + constant <= 0; the end before the begin when never.

    For the square of a distance less that of a separation, see the module: when `square` is negative, the separation
    grows faster than the distance, and the later branch is meant.
    """
    a = choose(np.abs(square) < TINY, TINY, square)
    b, c = half_linear, constant
    discriminant = b * b - a * c
    # the sum that does not cancel
    sum_ = -(b + np.copysign(np.sqrt(np.maximum(discriminant, 0.0)), b))
    one, other = sum_ / a, c / choose(np.abs(sum_) < _LEAST, _LEAST, sum_)
    sooner, later = np.minimum(one, other), np.maximum(one, other)
    opens = a > 0.0
    never = opens * (discriminant < 0.0)
    return choose(opens, sooner, later) + never * EVER_S, choose(opens, later, EVER_S) - never * EVER_S


@shared
def below(slope: Value, limit: Value, begin: Value, end: Value) -> tuple[Value, Value]:
    """The part of an interval in which slope t <= limit."""
    m = choose(np.abs(slope) < TINY, TINY, slope)
    edge = limit / m
    rises = m > 0.0
    return choose(rises, begin, np.maximum(begin, edge)), choose(rises, np.minimum(end, edge), end)
