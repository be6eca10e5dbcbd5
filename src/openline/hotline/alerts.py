"""One open alert: its clock and its place on the ladder."""

from __future__ import annotations

from msgspec import Struct

from openline.core.event import Reason
from openline.core.ladder import TIER_ROLES, TOP_TIER, Role, Timers
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS

_FIXED = {
    Reason.PRESENCE_STALE: Precedence.PRIORITY,
    Reason.TOLD_TOO_LATE: Precedence.FLASH,
    Reason.NOTICE_TOO_LATE: Precedence.FLASH,
}
"""Reasons whose severity does not follow the window: stale is no more stale later, and too late stays too late."""


def severity_of(reason: Reason, timers: Timers, *, at_ms: int, window_start_ms: int) -> Precedence:
    """The precedence that its reason, or else its window, gives an alert."""
    fixed = _FIXED.get(reason)
    return timers.precedence_at(at_ms, window_start_ms=window_start_ms) if fixed is None else fixed


class Ladder(Struct, frozen=True, kw_only=True):
    """The timers and the desks that an agreement gives a party."""

    timers: Timers = Timers()
    roles: tuple[Role, ...] = tuple(Role(name=name, tier=tier) for tier, name in enumerate(TIER_ROLES))

    def asked_at(self, tier: int) -> tuple[str, ...]:
        """Every role asked once an alert has reached `tier`: climbing adds, never drops."""
        return tuple(role.name for role in self.roles if role.tier <= tier)


class Request(Struct, frozen=True, kw_only=True):
    """An alert to raise: tokens, words and the window as told."""

    alert: str
    reference: str
    agreement: str
    party: str
    reason: Reason
    notice: str
    zone: str
    window_start_ms: int
    window_end_ms: int


class OpenAlert(Struct, kw_only=True):
    """The state of an alert that has not ended. Owned by the desk; changed by events only."""

    alert: str
    reference: str
    party: str
    agreement: str
    reason: Reason
    notice: str
    zone: str
    window_start_ms: int
    window_end_ms: int
    precedence: Precedence
    answer_due_ms: int
    tier: int
    ladder: Ladder
    is_acknowledged: bool = False

    @property
    def is_fixed(self) -> bool:
        """True when its severity does not follow the window."""
        return self.reason in _FIXED

    def severity_at(self, at_ms: int) -> Precedence:
        """The precedence that it has by now."""
        return severity_of(self.reason, self.ladder.timers, at_ms=at_ms, window_start_ms=self.window_start_ms)

    def next_due_ms(self) -> int:
        """When something next happens to it by itself: an answer overdue, a rise, its end."""
        due = self.window_end_ms
        if self.answer_due_ms and not self.is_acknowledged:
            due = min(due, self.answer_due_ms)
        if not self.is_fixed:
            rise = self.ladder.timers.next_rise_ms(self.precedence, window_start_ms=self.window_start_ms)
            due = due if rise is None else min(due, rise)
        return due

    @property
    def is_at_top(self) -> bool:
        """True when no tier is left to climb to."""
        return self.tier >= TOP_TIER

    @property
    def never_ends(self) -> bool:
        """True when its window has no end."""
        return self.window_end_ms >= FOREVER_MS
