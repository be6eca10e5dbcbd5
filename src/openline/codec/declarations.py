"""Signed payloads to declarations."""

from __future__ import annotations

import msgspec

from openline.codec import wire as w
from openline.codec.strict import decode
from openline.codec.times import read_instant
from openline.core.declaration import Declaration, Disclosure, Erasure, Sighting
from openline.core.errors import Invalid

_DECLARATION: msgspec.json.Decoder[w.AnyWireDeclaration] = msgspec.json.Decoder(w.AnyWireDeclaration)
_CODE = "PAYLOAD_MALFORMED"


def read_declaration(payload: bytes, *, is_own: bool = False) -> Declaration:
    """Decode a declaration; `is_own` for bytes that this node has once accepted.

    Raises:
        Malformed: PAYLOAD_MALFORMED.
        Invalid: TIME_INVALID, VALUE_INVALID.
    """
    wire = decode(_DECLARATION, payload, code=_CODE, what="the declaration", is_own=is_own)
    issued_ms = read_instant(wire.issued_at, path="issued_at")
    if isinstance(wire, w.WireSighting):
        return Sighting(id=wire.id, party=wire.party, role=wire.role, issued_ms=issued_ms, note=wire.note)
    if isinstance(wire, w.WireErasure):
        return Erasure(
            id=wire.id,
            party=wire.party,
            role=wire.role,
            issued_ms=issued_ms,
            attachment=wire.attachment,
            reason=wire.reason,
        )
    if bool(wire.to) == bool(wire.inquiry):
        raise Invalid(
            "VALUE_INVALID",
            "a disclosure has one reader: a party of the line, or an inquiry outside it",
            path="to",
            remedy="Give either `to` or `inquiry`.",
        )
    return Disclosure(
        id=wire.id,
        party=wire.party,
        role=wire.role,
        issued_ms=issued_ms,
        entry=wire.entry,
        to=wire.to,
        inquiry=wire.inquiry,
        reason=wire.reason,
    )
