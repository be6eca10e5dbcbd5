"""Where the time and chance come in. No other module reads a clock."""

from __future__ import annotations

import secrets
import time

_TOKEN_BYTES = 24


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z, rounded down."""
        return time.time_ns() // 1_000_000

    def elapsed_ms(self) -> int:
        """Milliseconds of the machine's monotonic clock, which stands still while the machine sleeps."""
        return time.monotonic_ns() // 1_000_000


class ManualClock:
    """A clock that stands until it is moved: for drills, which live at the time of their scenario."""

    def __init__(self, at_ms: int) -> None:
        """Start at `at_ms`."""
        # one value, so that whoever looks from another thread never sees half of a move
        self._at = (at_ms, 0)

    def now_ms(self) -> int:
        """Where it was last moved to."""
        return self._at[0]

    def elapsed_ms(self) -> int:
        """How far it was moved on; a jump does not count."""
        return self._at[1]

    def move_to(self, at_ms: int) -> None:
        """Stand at `at_ms`, which may also lie earlier: clocks of machines do jump back."""
        was_ms, elapsed_ms = self._at
        self._at = (at_ms, elapsed_ms + max(0, at_ms - was_ms))

    def advance(self, by_ms: int) -> None:
        """Move on by `by_ms`."""
        was_ms, elapsed_ms = self._at
        self._at = (was_ms + by_ms, elapsed_ms + by_ms)

    def jump(self, by_ms: int) -> None:
        """Show another time although none has passed: somebody has set it, or a sleeping machine has woken."""
        was_ms, elapsed_ms = self._at
        self._at = (was_ms + by_ms, elapsed_ms)


class SystemEntropy:
    """The machine's chance."""

    def token(self) -> str:
        """A fresh unguessable text of 192 bits, safe in a URL."""
        return secrets.token_urlsafe(_TOKEN_BYTES)


def pause(seconds: float) -> None:
    """Wait before something is tried again."""
    time.sleep(seconds)
