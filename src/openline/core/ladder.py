"""Who is asked, in which order, and how long each may take to answer."""

from __future__ import annotations

from msgspec import Struct

from openline.core.precedence import Precedence
from openline.core.time import HOUR_MS, MINUTE_MS

TOP_TIER = 4
TIER_ROLES: tuple[str, ...] = ("duty_officer", "watch_supervisor", "cell_chief", "general_staff", "political")
"""The role that each tier adds, when a party names no others (domain practice: duty desk up to political level)."""


class Timers(Struct, frozen=True, gc=False, kw_only=True):
    """How long a person on watch may take to acknowledge, by precedence, and when severity rises."""

    flash_ms: int = 2 * MINUTE_MS
    immediate_ms: int = 10 * MINUTE_MS
    priority_ms: int = 60 * MINUTE_MS
    routine_ms: int = 6 * HOUR_MS
    priority_before_ms: int = 24 * HOUR_MS
    """PRIORITY from this long before the window; earlier is ROUTINE."""
    immediate_before_ms: int = 2 * HOUR_MS
    """IMMEDIATE from this long before the window."""
    flash_before_ms: int = 15 * MINUTE_MS
    """FLASH from this long before the window until it ends."""

    def answer_within_ms(self, precedence: Precedence) -> int:
        """Time allowed for an acknowledgement at `precedence`."""
        return (self.routine_ms, self.priority_ms, self.immediate_ms, self.flash_ms)[precedence]

    def precedence_at(self, at_ms: int, *, window_start_ms: int) -> Precedence:
        """The severity at `at_ms` of something that begins at `window_start_ms`."""
        lead_ms = window_start_ms - at_ms
        if lead_ms <= self.flash_before_ms:
            return Precedence.FLASH
        if lead_ms <= self.immediate_before_ms:
            return Precedence.IMMEDIATE
        return Precedence.PRIORITY if lead_ms <= self.priority_before_ms else Precedence.ROUTINE

    def next_rise_ms(self, precedence: Precedence, *, window_start_ms: int) -> int | None:
        """When an alert at `precedence` becomes graver, or None at FLASH."""
        if precedence is Precedence.FLASH:
            return None
        before = (self.priority_before_ms, self.immediate_before_ms, self.flash_before_ms)[precedence]
        return window_start_ms - before


class Role(Struct, frozen=True, gc=False, kw_only=True):
    """A desk of a party: messages go to a role, never to a name."""

    name: str
    tier: int
