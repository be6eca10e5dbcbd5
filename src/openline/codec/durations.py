"""Durations as people write them: `90s`, `15min`, `2h`, `10d`."""

from __future__ import annotations

import re

from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

_SHAPE = re.compile(r"(?P<count>\d{1,9})\s?(?P<unit>s|min|h|d)\Z", re.ASCII)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<h>\d\d):(?P<min>\d\d)\Z", re.ASCII)
_MOST_MS = 3_660 * DAY_MS
"""Ten years: with anything longer a due time could lie where no calendar reaches."""
_UNITS = {"s": SECOND_MS, "min": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}


def read_duration(text: str) -> int:
    """A duration in milliseconds.

    Raises:
        ValueError: when it is not written like `15min`.
    """
    found = _SHAPE.match(text)
    if not found:
        message = f"{text!r} is not a duration; write it like 90s, 15min, 2h or 10d"
        raise ValueError(message)
    span_ms = int(found["count"]) * _UNITS[found["unit"]]
    if span_ms > _MOST_MS:
        message = f"{text!r} is too long; at most {write_duration(_MOST_MS)}"
        raise ValueError(message)
    return span_ms


def write_duration(span_ms: int) -> str:
    """The largest unit that says it without a remainder."""
    for unit in ("d", "h", "min"):
        if span_ms and span_ms % _UNITS[unit] == 0:
            return f"{span_ms // _UNITS[unit]} {unit}"
    return f"{span_ms / SECOND_MS:g} s"


def read_utc_offset(text: str) -> int:
    """An offset such as `+03:00`, in milliseconds east of UTC.

    Raises:
        ValueError: when it is not an offset.
    """
    found = _OFFSET.match(text)
    if not found:
        message = f"{text!r} is not a UTC offset; write it like +03:00"
        raise ValueError(message)
    size_ms = int(found["h"]) * HOUR_MS + int(found["min"]) * MINUTE_MS
    return size_ms if found["sign"] == "+" else -size_ms
