"""Time as integer milliseconds since 1970-01-01T00:00:00Z (UTC, no leap seconds), and half-open windows.

Integers, because an entry of the ledger must never depend on how a machine rounds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from msgspec import Struct

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

FOREVER_MS = 253_402_300_800_000
"""10000-01-01T00:00:00Z: the end of a window that has none."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Window(Struct, frozen=True, gc=False, kw_only=True):
    """The instants from `start_ms` up to, and not including, `end_ms`."""

    start_ms: int
    end_ms: int = FOREVER_MS

    @property
    def is_open_ended(self) -> bool:
        """True when no end was told."""
        return self.end_ms >= FOREVER_MS

    def overlaps(self, other: Window, *, separation_ms: int = 0) -> bool:
        """True when some instants of both lie nearer than `separation_ms`; with 0, when they share one."""
        return self.start_ms < other.end_ms + separation_ms and other.start_ms < self.end_ms + separation_ms

    def rounded_outward(self, step_ms: int) -> Window:
        """The smallest window on multiples of `step_ms` that covers this one; never empty, even when this one is."""
        start = self.start_ms // step_ms * step_ms
        end = self.end_ms if self.is_open_ended else -(-self.end_ms // step_ms) * step_ms
        return Window(start_ms=start, end_ms=max(end, start + step_ms))


def span(windows: list[Window]) -> Window:
    """The smallest window that covers all of `windows` (at least one)."""
    if len(windows) == 1:
        return windows[0]
    return Window(start_ms=min(w.start_ms for w in windows), end_ms=max(w.end_ms for w in windows))


def to_ms(moment: datetime) -> int:
    """Milliseconds of an aware `datetime`, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=4096)
def to_text(instant_ms: int) -> str:
    """RFC 3339 in UTC, `2017-02-09T05:15:00Z`; milliseconds only when there are some. No end is `unbounded`."""
    if instant_ms >= FOREVER_MS:
        return "unbounded"
    moment = _EPOCH + timedelta(milliseconds=instant_ms)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = instant_ms % SECOND_MS
    return f"{text}.{fraction:03d}Z" if fraction else f"{text}Z"
