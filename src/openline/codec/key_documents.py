"""Signed payloads to key documents."""

from __future__ import annotations

import msgspec

from openline.codec import wire_keys as w
from openline.codec.envelope import from_base64
from openline.codec.strict import decode
from openline.codec.times import read_instant
from openline.core.errors import Invalid
from openline.core.key_documents import (
    ISSUER_MAX_MS,
    ISSUER_ROLE,
    OFFICER_MAX_MS,
    ROOT_ROLE,
    IssuerKey,
    KeyDocument,
    OfficerKey,
    Revocation,
    RootReplacement,
)
from openline.core.time import DAY_MS, Window

_DOCUMENT = msgspec.json.Decoder(w.AnyWireKeyDocument)
_CODE = "PAYLOAD_MALFORMED"


def read_key_document(payload: bytes, *, is_own: bool = False) -> KeyDocument:
    """Decode a key document; `is_own` for bytes that this node has once accepted.

    Raises:
        Malformed: PAYLOAD_MALFORMED.
        Invalid: TIME_INVALID, VALUE_INVALID, LIMIT_EXCEEDED.
    """
    wire = decode(_DOCUMENT, payload, code=_CODE, what="the key document", is_own=is_own)
    issued_ms = read_instant(wire.issued_at, path="issued_at")
    match wire:
        case w.WireIssuerKey():
            return IssuerKey(
                id=wire.id,
                party=wire.party,
                issued_ms=issued_ms,
                key=_key(wire.key, "key"),
                window=_window(wire, ISSUER_MAX_MS),
            )
        case w.WireOfficerKey():
            return OfficerKey(
                id=wire.id,
                party=wire.party,
                issued_ms=issued_ms,
                role=_role(wire.role),
                key=_key(wire.key, "key"),
                watch=wire.watch,
                window=_window(wire, OFFICER_MAX_MS),
            )
        case w.WireRevocation():
            since = wire.suspected_since
            return Revocation(
                id=wire.id,
                party=wire.party,
                issued_ms=issued_ms,
                key_id=wire.key_id,
                reason=wire.reason,
                suspected_since_ms=0 if since is None else read_instant(since, path="suspected_since"),
            )
    return _replacement(wire, issued_ms)


def _replacement(wire: w.WireRootReplacement, issued_ms: int) -> RootReplacement:
    roots = tuple(_key(text, f"roots[{i}]") for i, text in enumerate(wire.roots))
    if len(set(roots)) != len(roots):
        raise Invalid("VALUE_INVALID", "one root is named twice", path="roots", remedy="Name every root once.")
    if wire.threshold > len(roots):
        raise Invalid(
            "VALUE_INVALID",
            f"{len(roots)} roots cannot give {wire.threshold} signatures",
            path="threshold",
            remedy="Ask for at most as many as there are roots.",
        )
    return RootReplacement(id=wire.id, party=wire.party, issued_ms=issued_ms, roots=roots, threshold=wire.threshold)


def _key(text: str, path: str) -> bytes:
    return from_base64(text, path=path, code=_CODE)


def _role(role: str) -> str:
    if role in {ROOT_ROLE, ISSUER_ROLE}:
        raise Invalid(
            "VALUE_INVALID",
            f"an officer cannot have the role {role}",
            path="role",
            remedy="Name the desk that the officer sits at.",
        )
    return role


def _window(wire: w.WireIssuerKey | w.WireOfficerKey, most_ms: int) -> Window:
    start_ms = read_instant(wire.not_before, path="not_before")
    end_ms = read_instant(wire.not_after, path="not_after")
    if end_ms <= start_ms:
        raise Invalid("TIME_INVALID", "it ends before it begins", path="not_after", remedy="Give a later end.")
    if end_ms - start_ms > most_ms:
        raise Invalid(
            "LIMIT_EXCEEDED",
            f"it is valid for more than {most_ms // DAY_MS} days",
            path="not_after",
            remedy="Give an earlier end, and a new key after it.",
        )
    return Window(start_ms=start_ms, end_ms=end_ms)
