"""JSON that two readers could read differently, and base64 that could be written differently, are refused."""

from __future__ import annotations

import msgspec
import pytest

from openline.codec.envelope import NOTICE_TYPE, from_base64, read_envelope, to_base64
from openline.codec.events import read_event, write_event
from openline.codec.strict import decode
from openline.core.errors import Malformed
from openline.core.event import Closed, CloseReason, Delivered, Event, Tick
from openline.keys.dsse import sign_envelope
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, in_air, on_ground, presence, signer_of


class Pair(msgspec.Struct, forbid_unknown_fields=True):
    first: int
    second: list[float] = []


PAIRS: msgspec.json.Decoder[Pair] = msgspec.json.Decoder(Pair)


def read(raw: bytes, *, is_own: bool = False) -> Pair:
    return decode(PAIRS, raw, code="PAYLOAD_MALFORMED", what="the pair", is_own=is_own)


def test_what_is_plain_is_read() -> None:
    assert read(b' {"first": 1, "second": [2, 2.5]}\n') == Pair(1, [2.0, 2.5])


@pytest.mark.parametrize(
    "raw",
    [
        b'{"first": 1, "first": 1}',
        b'{"first": 1, "\\u0066irst": 2}',
        b'{"first":1,"first":1}',
        b'{"first": 1, "third": 3}',
        b'{"first": "1"}',
        b'{"first": 1, "second": [NaN]}',
        b'{"first": 1, "second": [Infinity]}',
        b'{"first": 1, "second": [1e999]}',
        b'{"first": 1} {}',
        b'{"first": 1,}',
        b'\xef\xbb\xbf{"first": 1}',
        b'{"first": 1, "\xff": 1}',
        b"{'first': 1}",
        b'{"first": 1 /* one */}',
        b"",
        b"null",
        b"[" * 200_000,
        b'{"second": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
    ids=range(18),
)
def test_what_is_not_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read(raw)
    assert caught.value.code == "PAYLOAD_MALFORMED"
    assert caught.value.reason.startswith("the pair")


def test_the_path_of_a_wrong_field_is_named() -> None:
    with pytest.raises(Malformed) as caught:
        read(b'{"first": 1, "second": [1, 2, "3"]}')
    assert caught.value.path.startswith("second")


def test_own_bytes_are_not_searched_again() -> None:
    assert read(b'{"first": 1, "first": 2}', is_own=True) == Pair(2)


@pytest.mark.parametrize("text", ["QQ==", "QUI=", "QUJD", "", "+/+/"])
def test_base64_has_one_form(text: str) -> None:
    assert to_base64(from_base64(text)) == text


@pytest.mark.parametrize(
    "text", ["Q", "QQ", "QQ=", "QQ===", "QR==", "QUJ=", "QUJD=", "QQ==\n", " QQ==", "-_-_", "QUI\u00e9", "====", "Q Q="]
)
def test_other_forms_of_base64_are_refused(text: str) -> None:
    with pytest.raises(Malformed, match="ENVELOPE_MALFORMED at payload"):
        from_base64(text, path="payload")
    with pytest.raises(Malformed, match="PAYLOAD_MALFORMED"):
        from_base64(text, code="PAYLOAD_MALFORMED")


def test_an_envelope_is_read_as_it_was_signed() -> None:
    raw = sign_envelope(b"anything", NOTICE_TYPE, [("one", signer_of(NORTH)), ("two", signer_of(SOUTH))])
    envelope = read_envelope(raw)
    assert (envelope.payload, envelope.payload_type) == (b"anything", NOTICE_TYPE)
    assert [(s.key_id, len(s.value)) for s in envelope.signatures] == [("one", 64), ("two", 64)]


def test_every_event_of_a_day_is_written_and_read_back() -> None:
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(NORTH, activity(in_air(NOON_MS)))
    town.acknowledge(town.alerts(NORTH)[0])
    town.tell(NORTH, activity(in_air(NOON_MS), supersedes="north-0001"))
    town.wait(30 * 3_600_000)
    events = [output for _, output in town.heard if isinstance(output, Event)]
    events.append(Delivered(at_ms=1, party=NORTH, entry=3, channel="sse"))
    assert len({type(event) for event in events}) >= 10
    for event in events:
        assert read_event(write_event(event)) == event
        assert type(read_event(write_event(event))) is type(event)


@pytest.mark.parametrize("change", [{"kind": "surprise"}, {"extra": 1}, {"at": None}])
def test_an_event_of_another_form_is_not_read(change: dict[str, object]) -> None:
    closed = Closed(at_ms=5, to=NORTH, alert="a", reference="r", notice="n", reason=CloseReason.WINDOW_ENDED)
    document = msgspec.json.decode(write_event(closed)) | change
    if "at" in change:
        assert read_event(msgspec.json.encode(document)).at_ms == 0
        return
    with pytest.raises(msgspec.DecodeError, match="does not know"):
        read_event(msgspec.json.encode(document))


def test_a_missing_field_of_an_event_is_an_error() -> None:
    document = msgspec.json.decode(write_event(Tick(at_ms=5)))
    del document["at"]
    with pytest.raises(msgspec.DecodeError, match="at"):
        read_event(msgspec.json.encode(document))
