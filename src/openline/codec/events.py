"""Events to and from the JSON that the node signs. Instants are written as RFC 3339 text in UTC."""

from __future__ import annotations

from typing import Any

import msgspec

from openline.codec.times import read_instant
from openline.core.errors import Invalid
from openline.core.event import AnyEvent, Event
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS, to_text

_DECODER = msgspec.json.Decoder(dict[str, Any])
_KINDS: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in AnyEvent.__args__}


def kind_of(event: Event) -> str:
    """The event's kind as written in JSON, for instance `alert`."""
    return str(type(event).__struct_config__.tag)


def to_document(event: Event) -> dict[str, Any]:
    """The event as a JSON object: `at`, `kind`, then its own fields in their order."""
    document: dict[str, Any] = {"at": to_text(event.at_ms), "kind": kind_of(event)}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name == "at_ms":
            continue
        if name.endswith("_ms"):
            document[name[:-3]] = to_text(value) if value else None
        elif isinstance(value, Precedence):
            document[name] = value.name
        else:
            document[name] = value
    return document


def write_event(event: Event) -> bytes:
    """The event as the bytes that are signed and kept."""
    return msgspec.json.encode(to_document(event))


def read_event(raw: bytes) -> Event:
    """The event that `write_event` wrote.

    Raises:
        msgspec.DecodeError: when it is not one of ours.
    """
    try:
        document = _DECODER.decode(raw)
        kind = _KINDS.get(str(document.pop("kind", "")))
        if kind is None:
            raise _not_ours("of a kind that this version does not know")
        fields = {name: _field(document, name) for name in kind.__struct_fields__}
    except (KeyError, RecursionError, UnicodeDecodeError, Invalid) as error:
        raise _not_ours(f"that cannot be read ({error})") from error
    if document:
        raise _not_ours(f"with fields that this version does not know: {', '.join(sorted(document))}")
    return _build(kind, fields)


def _field(document: dict[str, Any], name: str) -> object:
    """Take one field out of the document. Raises KeyError when it is missing, Invalid when it is no instant."""
    if name.endswith("_ms"):
        return _instant(document.pop(name[:-3]))
    value = document.pop(name)
    return Precedence[str(value)] if name == "precedence" else value


def _not_ours(what: str) -> msgspec.DecodeError:
    return msgspec.DecodeError(f"an event {what}")


def _build(kind: type[Event], fields: dict[str, Any]) -> Event:
    """Convert enumerations and tuples, which JSON does not tell apart from text and lists."""
    config = kind.__struct_config__
    plain = {name: int(value) if isinstance(value, Precedence) else value for name, value in fields.items()}
    return msgspec.convert({**plain, str(config.tag_field): config.tag}, kind)


def _instant(text: object) -> int:
    if text is None:
        return 0
    if not isinstance(text, str):
        raise _not_ours("with a time that is no text")
    return FOREVER_MS if text == "unbounded" else read_instant(text, path="")
