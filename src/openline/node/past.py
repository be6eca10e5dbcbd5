"""The ledger's own course: how large it was when, whether its clock jumped back, and other histories that showed up."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from msgspec import Struct, field

from openline.core.event import ClockJumped, Event, ForkSeen
from openline.core.time import MINUTE_MS


class Past(Struct):
    """Part of the state: one sample for each minute in which something was recorded."""

    last_ms: int = 0
    """When the last entry was recorded; times of recording never run backwards."""
    behind_ms: int = 0
    """When everyone was last told that the clock had jumped back; 0 when it has not, or has jumped ahead since."""
    forks: set[tuple[int, str]] = field(default_factory=set)
    """Sizes and roots that everyone was warned of: signed by this node, and none of this ledger."""
    times: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def take(self, at_ms: int, index: int) -> None:
        """Entry `index` is recorded at `at_ms`."""
        self.last_ms = max(at_ms, self.last_ms)
        if not self.times or at_ms >= self.times[-1] + MINUTE_MS:
            self.times.append(at_ms)
            self.sizes.append(index + 1)

    def apply(self, event: Event, index: int) -> None:
        """Take what the line did, as entry `index`."""
        self.take(event.at_ms, index)
        if isinstance(event, ForkSeen):
            self.forks.add((event.size, event.root))
        elif isinstance(event, ClockJumped):
            self.behind_ms = event.at_ms if event.clock_ms < event.expected_ms else 0

    def size_at(self, at_ms: int) -> int:
        """Entries that were there at `at_ms` for certain: those of the minute before it may be left out."""
        at = bisect_right(self.times, at_ms)
        return self.sizes[at - 1] if at else 0
