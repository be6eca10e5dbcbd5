"""One open alert: its clock, its place on the ladder, and the conflicts that it stands for."""

from __future__ import annotations

from msgspec import Struct

from openline.core.event import Reason
from openline.core.ladder import TIER_ROLES, TOP_TIER, Role, Timers
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS, Window

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
    """An alert to raise: tokens, words and the window that its severity is taken from."""

    alert: str
    reference: str
    agreement: str
    party: str
    reason: Reason
    notice: str
    zone: str
    window_start_ms: int
    window_end_ms: int
    is_window_told: bool = True
    """False when the receiver is to learn no window: its severity is then that of the moment of telling."""

    @property
    def window(self) -> Window:
        """The window."""
        return Window(start_ms=self.window_start_ms, end_ms=self.window_end_ms)

    def severity_at(self, at_ms: int, timers: Timers) -> Precedence:
        """The precedence that it has when it is told at `at_ms`."""
        return severity_of(self.reason, timers, at_ms=at_ms, window_start_ms=self.window_start_ms)


class OpenAlert(Struct, kw_only=True):
    """The state of an alert that has not ended. Owned by the desk; changed by events only."""

    alert: str
    party: str
    agreement: str
    reason: Reason
    notice: str
    zone: str
    parts: dict[str, Window]
    """The conflicts that it stands for, by reference, each with its window; more than one when FLASHes repeat."""
    window_start_ms: int
    window_end_ms: int
    """The span of all parts."""
    part_end_ms: int
    """When the first of its parts ends."""
    precedence: Precedence
    answer_due_ms: int
    tier: int
    ladder: Ladder
    fold: str = ""
    """Repeated FLASHes with the same token are one alert; empty for one that takes none."""
    is_window_told: bool = True
    is_acknowledged: bool = False

    @property
    def reference(self) -> str:
        """That of the first conflict that it stands for."""
        return next(iter(self.parts))

    @property
    def count(self) -> int:
        """How many conflicts it stands for."""
        return len(self.parts)

    @property
    def is_fixed(self) -> bool:
        """True when its severity does not follow the window."""
        return self.reason in _FIXED or not self.is_window_told

    def severity_at(self, at_ms: int) -> Precedence:
        """The precedence that it has by now."""
        if not self.is_window_told:
            return self.precedence
        return severity_of(self.reason, self.ladder.timers, at_ms=at_ms, window_start_ms=self.window_start_ms)

    def next_due_ms(self) -> int:
        """When something next happens to it by itself: an answer overdue, a rise, its end."""
        due = self.part_end_ms
        if self.answer_due_ms and not self.is_acknowledged:
            due = min(due, self.answer_due_ms)
        if not self.is_fixed:
            rise = self.ladder.timers.next_rise_ms(self.precedence, window_start_ms=self.window_start_ms)
            due = due if rise is None else min(due, rise)
        return due

    def put_part(self, reference: str, window: Window) -> None:
        """Stand for one conflict more, or for one whose window is another now."""
        is_known = reference in self.parts
        self.parts[reference] = window
        if is_known:
            self._span()
            return
        self.window_start_ms = min(self.window_start_ms, window.start_ms)
        self.window_end_ms = max(self.window_end_ms, window.end_ms)
        self.part_end_ms = min(self.part_end_ms, window.end_ms)

    def drop_parts(self, references: tuple[str, ...]) -> None:
        """Stand for these no more; at least one other is left."""
        for reference in references:
            del self.parts[reference]
        self._span()

    def _span(self) -> None:
        windows = self.parts.values()
        self.window_start_ms = min(w.start_ms for w in windows)
        self.window_end_ms = max(w.end_ms for w in windows)
        self.part_end_ms = min(w.end_ms for w in windows)

    @property
    def is_at_top(self) -> bool:
        """True when no tier is left to climb to."""
        return self.tier >= TOP_TIER

    @property
    def never_ends(self) -> bool:
        """True when its window has no end."""
        return self.window_end_ms >= FOREVER_MS
