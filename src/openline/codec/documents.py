"""Signed payloads to core values: notices, acknowledgements, session answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from openline.codec import wire as w
from openline.codec.envelope import from_base64
from openline.codec.strict import decode
from openline.codec.times import Offsets, read_instant
from openline.codec.volumes import GROUND_UPPER, ZONE_UPPER, placed, read_volume
from openline.core.errors import Invalid
from openline.core.limits import VOLUMES_MAX, WINDOW_MAX_MS
from openline.core.notice import (
    Acknowledgement,
    AirActivity,
    Attachment,
    GroundPresence,
    HumanitarianSite,
    Kind,
    Notice,
    SeenCheckpoint,
    Withdrawal,
    Zone,
)
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, Window, span
from openline.core.volume import Altitude, Volume4D

_NOTICE: msgspec.json.Decoder[w.AnyWireNotice] = msgspec.json.Decoder(w.AnyWireNotice)
_ACKNOWLEDGEMENT = msgspec.json.Decoder(w.WireAcknowledgement)
_SESSION = msgspec.json.Decoder(w.WireSession)
_CODE = "PAYLOAD_MALFORMED"

OffsetsOf = Callable[[str], Offsets]
"""Gives the offsets in use under an agreement, by its id."""


def read_notice(payload: bytes, *, offsets_of: OffsetsOf, is_own: bool = False) -> Notice:
    """Decode a notice; `is_own` for bytes that this node has once accepted.

    Raises:
        Malformed: PAYLOAD_MALFORMED, when it is not the JSON of a notice.
        Invalid: when a value cannot be, with the path of its field.
    """
    wire = decode(_NOTICE, payload, code=_CODE, what="the notice", is_own=is_own)
    common = _common(wire)
    if isinstance(wire, w.WireWithdrawal):
        moment = Window(start_ms=common["issued_ms"], end_ms=common["issued_ms"] + 1)
        return Withdrawal(kind=Kind.WITHDRAWAL, window=moment, withdraws=wire.withdraws, reason=wire.reason, **common)
    offsets = offsets_of(wire.agreement.id)
    volumes, assumed = _volumes(wire.volumes, "volumes", offsets=offsets, reaches=_reach(wire))
    _check_volume_count(wire)
    common["supersedes"] = wire.supersedes
    common["volumes"] = volumes
    if isinstance(wire, w.WireAirActivity):
        hazards, also = _volumes(wire.hazard_volumes, "hazard_volumes", offsets=offsets, reaches=None)
        window = span([volume.window for volume in (*volumes, *hazards)])
        if window.end_ms - window.start_ms > WINDOW_MAX_MS:
            raise Invalid(
                "LIMIT_EXCEEDED",
                "the windows span more than a year",
                path="volumes",
                remedy=f"At most {WINDOW_MAX_MS // DAY_MS} days a notice.",
            )
        return AirActivity(
            kind=Kind.AIR_ACTIVITY,
            hazard_volumes=hazards,
            window=window,
            is_emergency=wire.emergency,
            is_offset_assumed=assumed or also,
            **common,
        )
    common |= {"window": span([volume.window for volume in volumes]), "is_offset_assumed": assumed}
    return _on_ground(wire, common)


def _reach(wire: w.WireNotice) -> Altitude | None:
    """How high a volume reaches that says nothing of it; None when it has to."""
    if isinstance(wire, w.WireAirActivity):
        return None
    return ZONE_UPPER if isinstance(wire, w.WireZone) else GROUND_UPPER


def _on_ground(wire: w.WireGroundPresence | w.WireHumanitarianSite | w.WireZone, common: dict[str, Any]) -> Notice:
    if isinstance(wire, w.WireZone):
        return Zone(
            kind=Kind.ZONE, name=wire.name, rules=tuple(wire.rules), guarantors=tuple(wire.guarantors), **common
        )
    due_ms = None if wire.refresh_due is None else read_instant(wire.refresh_due, path="refresh_due")
    if isinstance(wire, w.WireHumanitarianSite):
        return HumanitarianSite(
            kind=Kind.HUMANITARIAN_SITE,
            name=wire.name,
            category=wire.category,
            protection_class=wire.protection_class,
            is_private=wire.private,
            refresh_due_ms=due_ms,
            **common,
        )
    return GroundPresence(
        kind=Kind.GROUND_PRESENCE,
        is_mobile=wire.mobility == "mobile",
        protection_class=wire.protection_class,
        is_private=wire.private,
        refresh_due_ms=due_ms,
        **common,
    )


def read_acknowledgement(payload: bytes) -> Acknowledgement:
    """Decode an acknowledgement.

    Raises:
        Malformed: PAYLOAD_MALFORMED.
        Invalid: TIME_INVALID.
    """
    wire = decode(_ACKNOWLEDGEMENT, payload, code=_CODE, what="the acknowledgement")
    return Acknowledgement(
        id=wire.id,
        party=wire.party,
        role=wire.role,
        alert=wire.alert,
        precedence=Precedence[wire.precedence],
        issued_ms=read_instant(wire.issued_at, path="issued_at"),
    )


def read_session(payload: bytes) -> tuple[str, str]:
    """Decode the answer to a challenge: the party and the challenge.

    Raises:
        Malformed: PAYLOAD_MALFORMED.
    """
    wire = decode(_SESSION, payload, code=_CODE, what="the session request")
    return wire.party, wire.challenge


def _common(wire: w.WireNotice) -> dict[str, Any]:
    seen = wire.checkpoint
    root = b"" if seen is None else from_base64(seen.root, path="checkpoint.root", code=_CODE)
    return {
        "id": wire.id,
        "party": wire.party,
        "sequence": wire.sequence,
        "previous": wire.previous,
        "agreement_id": wire.agreement.id,
        "agreement_version": wire.agreement.version,
        "issued_ms": read_instant(wire.issued_at, path="issued_at"),
        "checkpoint": None if seen is None else SeenCheckpoint(size=seen.size, root=root),
        "attachments": tuple(_attachment(attached) for attached in wire.attachments) if wire.attachments else (),
    }


def _attachment(wire: w.WireAttachment) -> Attachment:
    return Attachment(digest=wire.digest, media_type=wire.media_type, description=wire.description)


def _check_volume_count(wire: Any) -> None:  # noqa: ANN401 - any of the located notices
    count = len(wire.volumes) + len(getattr(wire, "hazard_volumes", ()))
    if count > VOLUMES_MAX:
        raise Invalid(
            "LIMIT_EXCEEDED",
            f"the notice has {count} volumes",
            path="volumes",
            remedy=f"Send at most {VOLUMES_MAX} a notice.",
        )


def _volumes(
    wires: list[w.WireVolume], name: str, *, offsets: Offsets, reaches: Altitude | None
) -> tuple[tuple[Volume4D, ...], bool]:
    if not wires:
        if name == "volumes":
            raise Invalid("VALUE_INVALID", "the notice has no volume", path="volumes", remedy="Say where and when.")
        return (), False
    volumes: list[Volume4D] = []
    is_assumed = False
    for wire in wires:
        try:
            volume, also = read_volume(wire, offsets=offsets, reaches=reaches)
        except Invalid as error:
            raise placed(error, f"{name}[{len(volumes)}]") from None
        volumes.append(volume)
        is_assumed = is_assumed or also
    return tuple(volumes), is_assumed
