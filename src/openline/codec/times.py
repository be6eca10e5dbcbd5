"""Times on the wire: RFC 3339 text, with an offset or without one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from msgspec import Struct

from openline.core.errors import Invalid
from openline.core.limits import EARLIEST_MS, LATEST_MS
from openline.core.time import to_ms, to_text

_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?\Z", re.ASCII)
_HAS_OFFSET = re.compile(r"(Z|[+-]\d\d:\d\d)\Z", re.ASCII)


class Offsets(Struct, frozen=True, gc=False):
    """The smallest and the largest UTC offset that a time without one may have, milliseconds east."""

    min_ms: int
    max_ms: int


class Reading(Struct, frozen=True, gc=False):
    """The earliest and the latest instant that a written time may mean; equal when it has an offset."""

    earliest_ms: int
    latest_ms: int

    @property
    def is_assumed(self) -> bool:
        """True when no offset was written."""
        return self.earliest_ms != self.latest_ms


_NO_OFFSETS = Offsets(0, 0)


def read_time(text: str, *, offsets: Offsets, path: str) -> Reading:
    """Read a written time.

    A local time L at an offset o is the instant L - o, so the largest offset gives the earliest instant.

    Raises:
        Invalid: TIME_INVALID when it is no time, or outside the years that we accept.
    """
    if not _SHAPE.match(text):
        raise _no_time(text, path)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _no_time(text, path) from None
    if moment.tzinfo is None:
        local_ms = to_ms(moment.replace(tzinfo=UTC))
        earliest_ms, latest_ms = local_ms - offsets.max_ms, local_ms - offsets.min_ms
    else:
        earliest_ms = latest_ms = to_ms(moment)
    if earliest_ms < EARLIEST_MS or latest_ms > LATEST_MS:
        raise Invalid(
            "TIME_INVALID",
            f"{text} lies outside {to_text(EARLIEST_MS)} to {to_text(LATEST_MS)}",
            path=path,
            remedy="Leave the end out for a window that has none.",
        )
    return Reading(earliest_ms, latest_ms)


def read_instant(text: str, *, path: str) -> int:
    """Read a time that must have an offset, as milliseconds.

    Raises:
        Invalid: TIME_INVALID.
    """
    # most end in Z, and whatever else is wrong with them is said below
    if not text.endswith("Z") and _SHAPE.match(text) and not _HAS_OFFSET.search(text):
        raise Invalid("TIME_INVALID", f"{text} has no offset", path=path, remedy="End it with Z or with +03:00.")
    return read_time(text, offsets=_NO_OFFSETS, path=path).earliest_ms


def _no_time(text: str, path: str) -> Invalid:
    shown = text[:40]
    return Invalid(
        "TIME_INVALID", f"{shown!r} is not a time", path=path, remedy="Write it like 2017-02-09T05:15:00Z or +03:00."
    )
