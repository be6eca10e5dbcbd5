"""JSON Schemas of what goes over the wire, taken from the shapes that the code itself decodes and encodes."""

from __future__ import annotations

from typing import Any

import msgspec

from openline.adapters.http import shapes
from openline.codec import wire, wire_keys
from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, DECLARATION_TYPE, KEY_TYPE, NOTICE_TYPE, SESSION_TYPE
from openline.core.event import (
    Acknowledged,
    Alert,
    AlertChanged,
    Closed,
    Disclosed,
    Escalation,
    Event,
    Flagged,
    Repeated,
)
from openline.core.precedence import Precedence

Schema = dict[str, Any]

FEED_EVENTS: tuple[type[Event], ...] = (
    Alert,
    AlertChanged,
    Repeated,
    Escalation,
    Acknowledged,
    Closed,
    Flagged,
    Disclosed,
)
"""Everything that is ever addressed to a party."""

_AT = "#/components/schemas/"
_ANSWERS = (
    shapes.Receipt,
    shapes.ChallengeGiven,
    shapes.SessionOpened,
    shapes.OwnAlerts,
    shapes.OwnNotices,
    shapes.KnownZones,
    shapes.KnownKeys,
    shapes.OwnEntry,
    shapes.OwnChannels,
    shapes.AttachmentKept,
    shapes.Alive,
    shapes.Ready,
    shapes.Problem,
    shapes.Text,
)
_PREFIX = "Wire"
_DIGIT = "[A-Za-z0-9+/]"
_BASE64 = f"^({_DIGIT}{{4}})*({_DIGIT}[AQgw]==|{_DIGIT}{{2}}[AEIMQUYcgkosw048]=)?$"
"""Canonical: padded, and the bits that are not used are zero."""
_SIGNATURES_MAX = 100
_SIGNATURE = f"^{_DIGIT}{{85}}[AQgw]==$"
"""64 bytes."""


def ref(name: str) -> Schema:
    """A reference to one of the components."""
    return {"$ref": f"{_AT}{name}"}


def all_schemas() -> dict[str, Schema]:
    """Every component by name."""
    told = (
        wire.AnyWireNotice,
        wire.WireAcknowledgement,
        wire.WireSession,
        wire.AnyWireDeclaration,
        wire_keys.AnyWireKeyDocument,
    )
    (notice, _, _, declaration, key_document), signed = msgspec.json.schema_components(
        told, ref_template=f"{_AT}{{name}}"
    )
    _, answered = msgspec.json.schema_components(_ANSWERS, ref_template=f"{_AT}{{name}}")
    return {
        **{name.removeprefix(_PREFIX): _renamed(schema) for name, schema in signed.items()},
        **answered,
        "Notice": _renamed(notice),
        "Declaration": _renamed(declaration),
        "NoticeEnvelope": _envelope(NOTICE_TYPE, "Notice"),
        "AcknowledgementEnvelope": _envelope(ACKNOWLEDGEMENT_TYPE, "Acknowledgement"),
        "KeyDocument": _renamed(key_document),
        "KeyEnvelope": _envelope(KEY_TYPE, "KeyDocument", most=_SIGNATURES_MAX),
        "DeclarationEnvelope": _envelope(DECLARATION_TYPE, "Declaration"),
        "SessionEnvelope": _envelope(SESSION_TYPE, "Session"),
        "FeedEvent": {"oneOf": [ref(f"Feed{kind.__name__}") for kind in FEED_EVENTS]},
        **{f"Feed{kind.__name__}": _event(kind) for kind in FEED_EVENTS},
        "Interface": {"type": "object", "description": "An OpenAPI document."},
    }


def _renamed(schema: Any) -> Any:  # noqa: ANN401 - any part of a schema
    """Without the prefix that tells wire shapes from core values inside the code."""
    if isinstance(schema, dict):
        return {key: _renamed(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_renamed(value) for value in schema]
    if isinstance(schema, str):
        return schema.replace(f"{_AT}{_PREFIX}", _AT) if schema.startswith(_AT) else schema.removeprefix(_PREFIX)
    return schema


def _envelope(payload_type: str, payload: str, *, most: int = 1) -> Schema:
    signature = {
        "type": "object",
        "properties": {
            "keyid": {"type": "string", "description": "The id of the operational key."},
            "sig": {"type": "string", "contentEncoding": "base64", "pattern": _SIGNATURE},
        },
        "required": ["keyid", "sig"],
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "description": "A DSSE envelope, signed with Ed25519 over the payload's bytes exactly as sent.",
        "properties": {
            "payload": {
                "type": "string",
                "pattern": _BASE64,
                "contentEncoding": "base64",
                "contentMediaType": "application/json",
                "contentSchema": ref(payload),
            },
            "payloadType": {"const": payload_type},
            "signatures": {"type": "array", "items": signature, "minItems": 1, "maxItems": most},
        },
        "required": ["payload", "payloadType", "signatures"],
        "additionalProperties": False,
    }


def _event(kind: type[Event]) -> Schema:
    """The shape that `codec.events.to_document` gives an event, with its index before and its text after."""
    _, parts = msgspec.json.schema_components([kind], ref_template=f"{_AT}{{name}}")
    fields = parts[kind.__name__]["properties"]
    properties: dict[str, Schema] = {"index": {"type": "integer", "minimum": 0}, "drill": {"type": "boolean"}}
    properties["at"] = {"type": "string"}
    properties["kind"] = {"const": str(kind.__struct_config__.tag)}
    for name, schema in fields.items():
        if name in {"at_ms", kind.__struct_config__.tag_field}:
            continue
        if name.endswith("_ms"):
            properties[name[:-3]] = {"type": ["string", "null"], "description": "RFC 3339 in UTC, or `unbounded`."}
        elif name == "precedence":
            properties[name] = {"enum": [precedence.name for precedence in Precedence]}
        else:
            properties[name] = parts.get(schema["$ref"].removeprefix(_AT), {}) if "$ref" in schema else schema
    properties["text"] = ref("Text")
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip(),
        "properties": {name: _without_default(schema) for name, schema in properties.items()},
        "required": list(properties),
    }


def _without_default(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "default"}
