"""What a party tells. A notice is never edited: it is superseded or withdrawn."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openline.core.time import Window
from openline.core.volume import Volume4D


class Kind(StrEnum):
    """The kinds of notice."""

    AIR_ACTIVITY = "air_activity"
    GROUND_PRESENCE = "ground_presence"
    HUMANITARIAN_SITE = "humanitarian_site"
    ZONE = "zone"
    WITHDRAWAL = "withdrawal"


class ZoneRule(StrEnum):
    """What a zone asks of the others."""

    NO_AIR_ACTIVITY = "no_air_activity"
    NO_GROUND_PRESENCE = "no_ground_presence"


class SeenCheckpoint(Struct, frozen=True, gc=False, kw_only=True):
    """The last head of the ledger that the teller had seen: lets a split view be proven."""

    size: int
    root: bytes


class Attachment(Struct, frozen=True, gc=False, kw_only=True):
    """Names bytes that travel beside a notice and can be erased: the place of names, phones, plates and crews."""

    digest: str
    """SHA-256 (hex) of 32 random bytes and the attachment's own: without them nothing can be guessed from it."""
    media_type: str
    description: str
    """What it is, without what is personal in it: it stays when the attachment is erased."""


class Notice(Struct, frozen=True, kw_only=True):
    """What every notice carries."""

    id: str
    kind: Kind
    party: str
    sequence: int
    previous: str
    """SHA-256 (hex) of the payload of the party's previous notice, empty for its first."""
    agreement_id: str
    agreement_version: int
    issued_ms: int
    checkpoint: SeenCheckpoint | None = None
    attachments: tuple[Attachment, ...] = ()
    supersedes: str = ""
    volumes: tuple[Volume4D, ...] = ()
    window: Window
    """The span of all volumes."""
    is_offset_assumed: bool = False
    """True when a time came without an offset and became an interval."""


class AirActivity(Notice, frozen=True, kw_only=True):
    """A planned flight: where and when, optionally where it may do harm. Never why, and never at what."""

    hazard_volumes: tuple[Volume4D, ...] = ()
    is_emergency: bool = False


class GroundPresence(Notice, frozen=True, kw_only=True):
    """People who are there: a building, a post, a column on a road."""

    protection_class: str
    is_mobile: bool = False
    is_private: bool = False
    refresh_due_ms: int | None = None


class HumanitarianSite(Notice, frozen=True, kw_only=True):
    """A hospital, a school, a warehouse, a water plant: protected whether told or not."""

    protection_class: str
    name: str
    category: str
    is_private: bool = False
    refresh_due_ms: int | None = None


class Zone(Notice, frozen=True, kw_only=True):
    """An area with rules that all parties of the agreement know."""

    name: str
    rules: tuple[ZoneRule, ...]
    guarantors: tuple[str, ...] = ()


class Withdrawal(Notice, frozen=True, kw_only=True):
    """Takes back an earlier notice of the same party."""

    withdraws: str
    reason: str = ""


class Acknowledgement(Struct, frozen=True, kw_only=True):
    """A person on watch has read an alert. It is neither consent nor permission."""

    id: str
    party: str
    role: str
    alert: str
    precedence: int
    issued_ms: int
