"""The shapes of what parties sign, as JSON. Field names follow ASTM F3548-21 where it has one."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, field

from openline.codec.strict import Wire
from openline.core.limits import ATTACHMENTS_MAX, NAME_MAX_CHARS, SEQUENCE_MAX, TEXT_MAX_CHARS
from openline.core.notice import ZoneRule

Name = Annotated[str, Meta(min_length=1, max_length=NAME_MAX_CHARS, pattern=r"^[^\x00-\x1f\x7f<>]+$(?!\n)")]
Reference = Annotated[str, Meta(max_length=NAME_MAX_CHARS, pattern=r"^[\w.:-]*$(?!\n)")]
Identifier = Annotated[str, Meta(min_length=8, max_length=NAME_MAX_CHARS, pattern=r"^[\w.:-]+$(?!\n)")]
Code = Annotated[str, Meta(min_length=1, max_length=32, pattern=r"^[A-Z0-9][A-Z0-9_-]*$(?!\n)")]
Digest = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
MediaType = Annotated[str, Meta(max_length=NAME_MAX_CHARS, pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$(?!\n)")]
Text = Annotated[str, Meta(max_length=TEXT_MAX_CHARS)]
Sequence = Annotated[int, Meta(ge=1, le=SEQUENCE_MAX)]


class WirePoint(Wire, kw_only=True):
    """WGS84 degrees."""

    lat: float
    lng: float


class WirePolygon(Wire, kw_only=True):
    """A ring of vertices (the first is not repeated) and its holes."""

    vertices: list[WirePoint]
    holes: list[list[WirePoint]] = field(default_factory=list)


class WireLength(Wire, kw_only=True):
    """A length and its units."""

    value: float
    units: Literal["M"]


class WireCircle(Wire, kw_only=True):
    """A centre and a radius."""

    center: WirePoint
    radius: WireLength


class WireCorridor(Wire, kw_only=True):
    """A line of vertices and the half of its width."""

    vertices: list[WirePoint]
    half_width: WireLength


class LeftOut(StrEnum):
    """What is assumed where a field is left out: equal to the same value when it is said, and not the same object."""

    METRES = "M"


class WireAltitude(Wire, kw_only=True):
    """A height, what it is measured from, and its units."""

    value: float = 0.0
    reference: Literal["W84", "MSL", "FL", "AGL", "SFC", "UNL"]
    # most say it, and what is said must be written again for its keys to be counted
    units: Literal["M", "FT", "FL"] = LeftOut.METRES  # type: ignore[assignment]


class WireVolume(Wire, kw_only=True):
    """A place, altitudes and a window. Exactly one outline."""

    outline_polygon: WirePolygon | None = None
    outline_multipolygon: list[WirePolygon] | None = None
    outline_circle: WireCircle | None = None
    outline_corridor: WireCorridor | None = None
    uncertainty: WireLength | None = None
    altitude_lower: WireAltitude | None = None
    altitude_upper: WireAltitude | None = None
    time_start: str
    time_end: str | None = None


class WireAgreementVersion(Wire, kw_only=True):
    """Which agreement a notice is told under."""

    id: Reference
    version: Annotated[int, Meta(ge=0, le=SEQUENCE_MAX)]


class WireCheckpoint(Wire, kw_only=True):
    """The last checkpoint that the teller has seen."""

    size: Annotated[int, Meta(ge=0, le=SEQUENCE_MAX)]
    root: Annotated[str, Meta(min_length=44, max_length=44)]


class WireAttachment(Wire, kw_only=True):
    """Bytes that travel beside a notice."""

    digest: Sha256
    media_type: MediaType
    description: Text = ""


class WireNotice(Wire, tag_field="type", kw_only=True):
    """What every notice carries."""

    id: Identifier
    party: Code
    sequence: Sequence
    previous: Digest
    agreement: WireAgreementVersion
    issued_at: str
    checkpoint: WireCheckpoint | None = None
    attachments: Annotated[list[WireAttachment], Meta(max_length=ATTACHMENTS_MAX)] = field(default_factory=list)


class WireAirActivity(WireNotice, tag="air_activity", kw_only=True):
    """A planned flight."""

    volumes: list[WireVolume]
    hazard_volumes: list[WireVolume] = field(default_factory=list)
    emergency: bool = False
    purpose: Text = ""
    """What it is for, in the teller's words; kept and never read by the engine."""
    supersedes: Reference = ""


class WireGroundPresence(WireNotice, tag="ground_presence", kw_only=True):
    """People on the ground."""

    volumes: list[WireVolume]
    mobility: Literal["static", "mobile"]
    protection_class: Reference
    private: bool = False
    refresh_due: str | None = None
    supersedes: Reference = ""


class WireHumanitarianSite(WireNotice, tag="humanitarian_site", kw_only=True):
    """A protected site."""

    volumes: list[WireVolume]
    name: Name
    category: Reference
    protection_class: Reference
    private: bool = False
    refresh_due: str | None = None
    supersedes: Reference = ""


class WireZone(WireNotice, tag="zone", kw_only=True):
    """An area with rules."""

    volumes: list[WireVolume]
    name: Name
    rules: Annotated[list[ZoneRule], Meta(min_length=1)]
    guarantors: list[Code] = field(default_factory=list)
    supersedes: Reference = ""


class WireWithdrawal(WireNotice, tag="withdrawal", kw_only=True):
    """Takes back a notice."""

    withdraws: Reference
    reason: Text = ""


AnyWireNotice = WireAirActivity | WireGroundPresence | WireHumanitarianSite | WireZone | WireWithdrawal


class WireAcknowledgement(Wire, tag_field="type", tag="acknowledgement", kw_only=True):
    """A person on watch has read an alert."""

    id: Identifier
    party: Code
    role: Reference
    alert: Reference
    precedence: Literal["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"]
    issued_at: str


class WireDeclaration(Wire, tag_field="type", kw_only=True):
    """What every declaration carries."""

    id: Identifier
    party: Code
    role: Reference
    issued_at: str


class WireDisclosure(WireDeclaration, tag="disclosure", kw_only=True):
    """Opens one entry of the teller to one reader."""

    entry: Annotated[int, Meta(ge=0, le=SEQUENCE_MAX)]
    to: Annotated[str, Meta(max_length=32, pattern=r"^([A-Z0-9][A-Z0-9_-]*)?$(?!\n)")] = ""
    inquiry: Annotated[str, Meta(max_length=NAME_MAX_CHARS, pattern=r"^[^\x00-\x1f\x7f<>]*$(?!\n)")] = ""
    reason: Text = ""


class WireSighting(WireDeclaration, tag="sighting", kw_only=True):
    """Hands in a checkpoint of the ledger."""

    note: Annotated[str, Meta(min_length=1, max_length=4_000)]


class WireErasure(WireDeclaration, tag="erasure", kw_only=True):
    """Has an attachment of the teller destroyed."""

    attachment: Sha256
    reason: Text = ""


AnyWireDeclaration = WireDisclosure | WireSighting | WireErasure


class WireSession(Wire, tag_field="type", tag="session", kw_only=True):
    """The answer to a challenge: whoever holds the key signs it."""

    party: Code
    challenge: Reference
