"""Whatever a document looks like, a key that an object names twice is found, and nothing else is taken for one."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.codec import wire
from openline.codec.strict import Wire, decode
from openline.core.errors import Malformed
from openline.core.time import to_text
from tests.parties import NOON_MS, activity, in_air, on_ground, presence, site, withdrawal, zone

NOTICE: msgspec.json.Decoder[wire.AnyWireNotice] = msgspec.json.Decoder(wire.AnyWireNotice)
HEAD = {
    "id": "notice-0001",
    "party": "NORTH",
    "sequence": 1,
    "previous": "",
    "agreement": {"id": "town", "version": 1},
    "issued_at": to_text(NOON_MS),
}
NOTICES = [
    activity(in_air(NOON_MS), hazard_volumes=[in_air(NOON_MS)], purpose='a \\ and a " and a ü'),
    activity(in_air(NOON_MS), hazard_volumes=[], emergency=False, purpose="", supersedes=""),
    presence(on_ground(NOON_MS), refresh_due=None, private=False),
    site(on_ground(NOON_MS)),
    zone(on_ground(NOON_MS), guarantors=[]),
    withdrawal("notice-0000"),
]


class Doubled:
    """An object of which one key is written twice, with the same value or another."""

    def __init__(self, fields: dict[str, Any], key: str, value: object) -> None:
        self.pairs = [*fields.items(), (key, value)]


class Style(msgspec.Struct, frozen=True):
    """How somebody writes JSON."""

    comma: str = ","
    colon: str = ":"
    has_escapes: bool = False


STYLES = [Style(), Style(has_escapes=True), Style(" ,\n", " : "), Style(", ", ": ", has_escapes=True)]


def written(value: object, style: Style) -> str:
    """JSON that may repeat keys, which the writers of it do not let one do."""
    if isinstance(value, (dict, Doubled)):
        pairs = value.pairs if isinstance(value, Doubled) else list(value.items())
        inner = (f"{json.dumps(k)}{style.colon}{written(v, style)}" for k, v in pairs)
        return "{" + style.comma.join(inner) + "}"
    if isinstance(value, list):
        return "[" + style.comma.join(written(item, style) for item in value) + "]"
    return json.dumps(value, ensure_ascii=style.has_escapes)


def objects(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all objects that have a key."""
    if isinstance(value, dict):
        if value:
            yield path
        for key, item in value.items():
            yield from objects(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from objects(item, (*path, number))


def with_repeat(value: Any, path: tuple[str | int, ...], key: str, again: object) -> Any:  # noqa: ANN401 - JSON
    """The same document, in which the object at `path` names `key` once more."""
    if not path:
        return Doubled(value, key, again)
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_repeat(value[path[0]], path[1:], key, again)
    return copy


def at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - JSON
    for step in path:
        value = value[step]
    return value


def read(text: str) -> wire.AnyWireNotice:
    return decode(NOTICE, text.encode(), code="PAYLOAD_MALFORMED", what="the notice")


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("notice", NOTICES, ids=range(len(NOTICES)))
def test_a_document_without_a_repeat_is_read_however_it_is_written(notice: dict[str, Any], style: Style) -> None:
    text = written(HEAD | notice, style)
    assert read(text) == NOTICE.decode(text.encode())


@given(st.data(), st.sampled_from(NOTICES), st.sampled_from(STYLES))
def test_a_repeated_key_is_refused_wherever_it_stands(
    data: st.DataObject, notice: dict[str, Any], style: Style
) -> None:
    document = HEAD | notice
    path = data.draw(st.sampled_from(list(objects(document))))
    key = data.draw(st.sampled_from(list(at(document, path))))
    # the same value, or that of another field: the shorter, the longer, and one that has no quotes
    again = data.draw(st.sampled_from([at(document, path)[key], *at(document, path).values()]))
    text = written(with_repeat(document, path, key, again), style)
    with pytest.raises(Malformed) as refused:
        read(text)
    assert refused.value.code == "PAYLOAD_MALFORMED"


@pytest.mark.parametrize(
    "kind", [k for _, k in inspect.getmembers(wire, inspect.isclass) if issubclass(k, msgspec.Struct)]
)
def test_every_shape_can_be_counted(kind: type[msgspec.Struct]) -> None:
    """A shape that wrote its defaults could make up for the quotes of a repeated key."""
    config = kind.__struct_config__
    assert issubclass(kind, Wire)
    assert (config.omit_defaults, config.forbid_unknown_fields) == (True, True)


@pytest.mark.parametrize(
    "raw", [b'{"reference":"MSL"}', b'{"reference":"MSL","units":"M"}', b'{"reference":"MSL","value":0}']
)
def test_what_is_assumed_is_written_only_when_it_was_said(raw: bytes) -> None:
    altitude = msgspec.json.decode(raw, type=wire.WireAltitude)
    assert altitude.units == "M"
    assert msgspec.json.encode(altitude).count(b'"') == raw.count(b'"')
