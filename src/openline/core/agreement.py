"""What parties agreed: the terms that every check and timer is taken from."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openline.core.ladder import Role, Timers
from openline.core.notice import Kind
from openline.core.place import Outline
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, Window
from openline.core.volume import Altitude, VerticalRanges

WITNESS_DEADLINE_MS = MINUTE_MS
"""How long an entry may stay without what its receipt promises, where the agreement says nothing else."""
STALE_VIEW_MS = 15 * MINUTE_MS
"""How old the view of the ledger may be on which a notice is told, where the agreement says nothing else."""


class LegalStatus(StrEnum):
    """Whether the text binds. Separate from whether the channel works."""

    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    ENDED = "ended"


class ChannelStatus(StrEnum):
    """Whether the line works. A suspended agreement may keep its line open, and did in 2017."""

    OPEN = "open"
    DEGRADED = "degraded"
    CLOSED = "closed"


class Capacity(StrEnum):
    """In which capacity somebody signed."""

    PARTY = "party"
    GUARANTOR = "guarantor"
    HUMANITARIAN = "humanitarian"
    MONITOR = "monitor"


class Signatory(Struct, frozen=True, kw_only=True):
    """A party to the agreement, with its desks by tier."""

    code: str
    name: str
    capacity: Capacity = Capacity.PARTY
    roles: tuple[Role, ...] = ()


class Scope(Struct, frozen=True, gc=False, kw_only=True):
    """Which pairs are judged. Humanitarian objects always are."""

    air_air: bool = True
    air_ground: bool = True
    ground_ground: bool = True


class LeadTimes(Struct, frozen=True, gc=False, kw_only=True):
    """How long before an activity it is to be told."""

    normal_ms: int = 2 * HOUR_MS
    emergency_ms: int = 30 * MINUTE_MS
    minimum_useful_ms: int = 10 * MINUTE_MS
    """Below this nobody can act on it in the ordinary way: the notice is LATE and raises a FLASH by itself."""


class WitnessKey(Struct, frozen=True, kw_only=True):
    """A witness whose cosignature counts for a party."""

    party: str
    key: str
    """Verifier key string, C2SP signed-note: `name+hash+key`."""


class PrivateRule(Struct, frozen=True, gc=False, kw_only=True):
    """How coarsely private presence is judged."""

    grid_m: float = 10_000.0
    offset_m: float = 10_000.0


class ExclusiveChannel(Struct, frozen=True, kw_only=True):
    """Kinds of notice that a party tells over one channel alone: what is not on it was not told, by agreement."""

    id: str
    sender: str
    receivers: tuple[str, ...]
    """The parties that may recognise and count its entries."""
    kinds: frozenset[Kind]
    """The kinds that go over it; empty for all of them."""

    def carries(self, kind: Kind) -> bool:
        """True when notices of this kind go over it."""
        return not self.kinds or kind in self.kinds


class Agreement(Struct, frozen=True, kw_only=True):
    """One version of an agreement: immutable, signed by all its parties."""

    id: str
    version: int
    title: str
    signatories: tuple[Signatory, ...]
    window: Window
    legal_status: LegalStatus = LegalStatus.IN_FORCE
    channel_status: ChannelStatus = ChannelStatus.OPEN
    area: Outline | None = None
    floor: Altitude | None = None
    ceiling: Altitude | None = None
    ranges: VerticalRanges = VerticalRanges()
    scope: Scope = Scope()
    lateral_m: float = 0.0
    vertical_m: float = 0.0
    separation_ms: int = 0
    protection_radii_m: dict[str, float]
    lead_times: LeadTimes = LeadTimes()
    presence_refresh_ms: int = DAY_MS
    timers: Timers = Timers()
    private: PrivateRule = PrivateRule()
    exclusive_channels: tuple[ExclusiveChannel, ...] = ()
    offset_min_ms: int = -12 * HOUR_MS
    """Smallest UTC offset in use in the area: a time told without one is an interval over all of them."""
    offset_max_ms: int = 14 * HOUR_MS
    witnesses: tuple[WitnessKey, ...] = ()
    witness_quorum: int = 0
    """Of how many parties a witness must have cosigned before an entry counts as witnessed; 0 for no policy."""
    witness_deadline_ms: int = WITNESS_DEADLINE_MS
    """What a receipt promises: an entry is witnessed, or published where nobody witnesses, within this time."""
    stale_view_ms: int = STALE_VIEW_MS
    """A notice that saw nothing of what was recorded so long before its issue is flagged STALE_VIEW."""

    @property
    def parties(self) -> tuple[str, ...]:
        """Codes of everybody who signed."""
        return tuple(s.code for s in self.signatories)

    def signatory(self, party: str) -> Signatory | None:
        """The entry of `party`, or None."""
        return next((s for s in self.signatories if s.code == party), None)

    def channel_of(self, party: str, kind: Kind) -> ExclusiveChannel | None:
        """The exclusive channel that a party's notices of this kind go over, or None. There is at most one."""
        return next((c for c in self.exclusive_channels if c.sender == party and c.carries(kind)), None)

    def is_in_force_at(self, at_ms: int) -> bool:
        """True while notices are judged under it. Suspension of the text does not stop the warning."""
        return self.legal_status is not LegalStatus.ENDED and self.window.start_ms <= at_ms < self.window.end_ms

    @property
    def has_end(self) -> bool:
        """True when it names the day it expires."""
        return self.window.end_ms < FOREVER_MS
