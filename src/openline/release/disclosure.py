"""The table of what a party learns, as a pure function. By default, and never more.

| conflict              | teller of the activity               | teller of the other side                           |
|-----------------------|--------------------------------------|----------------------------------------------------|
| activity - protected  | its notice; its own window           | its presence; the activity's window, to 30 min     |
| activity - activity   | its notice; common window, to 15 min | the same                                           |
| protected - protected | its notice; its own window           | the same                                           |
| zone rule, activity   | its notice, the zone; its own window | zone's teller: its zone, the window, to 30 min     |
| zone rule, presence   | its notice, the zone; its own window | zone's teller: its zone; no window                 |
| zone rule             |                                      | guarantors: that a rule is touched; no window      |
| late notice           | its notice; its own window           | that one was late; no window                       |

Windows are rounded outward. A disclosure never names the other party, its notice, which volume it was, or the minute.
Where no window is told, the line itself still knows one, rounded: how grave it is at this moment, and when it is over.
"""

from __future__ import annotations

from msgspec import Struct

from openline.core.event import Reason
from openline.core.notice import Kind
from openline.core.time import MINUTE_MS, Window

ACTIVITY_WINDOW_STEP_MS = 30 * MINUTE_MS
"""An activity's window is rounded outward to this for whoever protects something."""
COMMON_WINDOW_STEP_MS = 15 * MINUTE_MS
"""The common window of two activities is rounded outward to this."""


class Side(Struct, frozen=True, kw_only=True):
    """One notice of a conflict: whose, which, and when. No place comes into this room."""

    party: str
    notice: str
    kind: Kind
    whole: Window
    """The window of the whole notice, which its teller knows."""
    touched: Window
    """The span of those of its volumes that are in conflict."""
    guarantors: tuple[str, ...] = ()
    """Of a zone."""


class Disclosure(Struct, frozen=True, kw_only=True):
    """What one party is told."""

    party: str
    reason: Reason
    notice: str
    window: Window
    """What the line reckons with."""
    zone: str = ""
    is_window_told: bool = True


def disclose(first: Side, second: Side, common: Window) -> tuple[Disclosure, ...]:
    """What the tellers of both notices, and a zone's guarantors, are told of their conflict."""
    if second.kind is Kind.ZONE:
        return _zone(zone=second, other=first)
    if first.kind is Kind.ZONE:
        return _zone(zone=first, other=second)
    return _half(first, second, common), _half(second, first, common)


def disclose_late(side: Side, others: tuple[str, ...]) -> tuple[Disclosure, ...]:
    """What the teller of a notice told too late, and the other parties of its agreement, are told."""
    own = Disclosure(party=side.party, reason=Reason.TOLD_TOO_LATE, notice=side.notice, window=side.whole)
    window = rounded(side.whole)
    return own, *(
        Disclosure(party=p, reason=Reason.NOTICE_TOO_LATE, notice="", window=window, is_window_told=False)
        for p in others
    )


def rounded(window: Window) -> Window:
    """The window as the line reckons with it for whoever is not to learn the minute."""
    return window.rounded_outward(ACTIVITY_WINDOW_STEP_MS)


def _half(own: Side, other: Side, common: Window) -> Disclosure:
    own_is_air, other_is_air = own.kind is Kind.AIR_ACTIVITY, other.kind is Kind.AIR_ACTIVITY
    if own_is_air and other_is_air:
        window = common.rounded_outward(COMMON_WINDOW_STEP_MS)
        return Disclosure(party=own.party, reason=Reason.ACTIVITIES_TOO_NEAR, notice=own.notice, window=window)
    if other_is_air:
        window = rounded(other.touched)
        return Disclosure(party=own.party, reason=Reason.ACTIVITY_NEARBY, notice=own.notice, window=window)
    reason = Reason.PROTECTED_NEARBY if own_is_air else Reason.PRESENCES_TOO_NEAR
    return Disclosure(party=own.party, reason=reason, notice=own.notice, window=own.whole)


def _zone(*, zone: Side, other: Side) -> tuple[Disclosure, ...]:
    window = rounded(other.touched)
    told = (zone.party, *(g for g in zone.guarantors if g not in {zone.party, other.party}))
    return (
        Disclosure(
            party=other.party, reason=Reason.ZONE_RULE, notice=other.notice, window=other.whole, zone=zone.notice
        ),
        *(
            Disclosure(
                party=party,
                reason=Reason.ZONE_RULE_TOUCHED,
                notice=zone.notice if party == zone.party else "",
                window=window,
                zone=zone.notice,
                is_window_told=party == zone.party and other.kind is Kind.AIR_ACTIVITY,
            )
            for party in told
        ),
    )
