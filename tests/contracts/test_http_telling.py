"""`POST /notices` and `POST /acknowledgements`: what is taken, what is refused, and that a receipt proves its entry."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import msgspec
import pytest
from starlette.types import Message, Receive

from openline.adapters.http.bodies import read_body
from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, NOTICE_TYPE, read_own_envelope
from openline.core.errors import Malformed, Refusal
from openline.core.limits import BODY_MAX_BYTES
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.leaf import commitment, decode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.receipt import open_receipt
from openline.ledger.told import told_body
from openline.ledger.tree import leaf_hash
from openline.node import sequencer as sequencer_module
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, activity, in_air, on_ground, presence, signer_of
from tests.serving import Node, b64

PRESENCE = presence(on_ground(NOON_MS))
STRANGER = Signer(bytes(32))


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node() as served:
        yield served


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert (response.status_code, document["status"], document["code"]) == (status, status, code)
    return document


def signed(document: object, payload_type: str = NOTICE_TYPE, signer: Signer | None = None) -> bytes:
    signer = signer or signer_of(NORTH)
    return sign_envelope(msgspec.json.encode(document), payload_type, [(key_id(signer.public_key), signer)])


def test_a_receipt_proves_its_entry(node: Node) -> None:
    raw = node.town.written(NORTH, PRESENCE)
    response = node.http.post("/notices", content=raw)
    assert response.status_code == 201
    receipt = response.json()
    promised = ["index", "recorded_at", "leaf", "leaf_hash", "salt", "checkpoint", "signed"]
    assert list(receipt) == [*promised, "duplicate", "flags", "drill"]
    record = node.town.store.records[receipt["index"]]
    assert record.body == told_body(raw, NOON_MS)
    assert receipt["recorded_at"] == "2026-03-01T12:00:00Z"
    assert (b64(receipt["leaf"]), b64(receipt["leaf_hash"])) == (record.leaf, leaf_hash(record.leaf))
    assert decode_leaf(record.leaf).commitment == commitment(b64(receipt["salt"]), record.body)
    verifier = NoteVerifier(ORIGIN, node.town.secrets.signer.public_key)
    assert open_checkpoint(receipt["checkpoint"], verifier).size > receipt["index"]
    assert receipt["duplicate"] is False
    promise = open_receipt(receipt["signed"], verifier)
    assert (promise.index, promise.leaf_hash) == (receipt["index"], leaf_hash(record.leaf))
    assert promise.digest == sha256(read_own_envelope(raw)[1]).digest()
    assert (promise.recorded_ms, promise.deadline_ms) == (NOON_MS, NOON_MS + MINUTE_MS)
    assert not promise.is_witnessed


def test_the_same_again_is_told_so_and_changes_nothing(node: Node) -> None:
    raw = node.town.written(NORTH, PRESENCE)
    first = node.http.post("/notices", content=raw)
    size = len(node.town.store.records)
    node.clock.advance(1_000)
    again = node.http.post("/notices", content=raw)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["duplicate"] is True
    same = ("index", "recorded_at", "leaf", "leaf_hash", "salt", "signed")
    assert [again.json()[name] for name in same] == [first.json()[name] for name in same]
    assert len(node.town.store.records) == size


def test_a_late_notice_is_taken_and_flagged(node: Node) -> None:
    late = node.tell(NORTH, activity(in_air(NOON_MS + 60_000)))
    assert late.status_code == 201
    assert "LATE" in late.json()["flags"]


def test_an_acknowledgement_is_taken_once() -> None:
    with Node() as node:
        node.tell(SOUTH, PRESENCE)
        node.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)))
        (alert,) = node.get("/alerts", NORTH).json()["alerts"]
        assert alert["acknowledged"] is False
        raw = node.town.pens[NORTH].acknowledgement(
            alert=alert["alert"], precedence=alert["precedence"], identifier="ack-0001", at_ms=NOON_MS
        )
        assert node.http.post("/acknowledgements", content=raw).status_code == 201
        assert node.http.post("/acknowledgements", content=raw).status_code == 200
        assert node.get("/alerts", NORTH).json()["alerts"][0]["acknowledged"] is True
        foreign = node.town.pens[SOUTH].acknowledgement(
            alert=alert["alert"], precedence="FLASH", identifier="ack-0002", at_ms=NOON_MS
        )
        problem(node.http.post("/acknowledgements", content=foreign), 404, "ALERT_UNKNOWN")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "ENVELOPE_MALFORMED"),
        (b"{}", 400, "ENVELOPE_MALFORMED"),
        (b"\xff\xfe", 400, "ENVELOPE_MALFORMED"),
        (b"[" * 100_000, 400, "ENVELOPE_MALFORMED"),
        (signed({"type": "acknowledgement"}, ACKNOWLEDGEMENT_TYPE), 415, "PAYLOAD_TYPE_UNKNOWN"),
        (signed({"type": "zone"}), 400, "PAYLOAD_MALFORMED"),
        (signed({}, signer=STRANGER), 403, "KEY_UNKNOWN"),
    ],
)
def test_what_is_no_notice_is_refused(node: Node, body: bytes, status: int, code: str) -> None:
    size = len(node.town.store.records)
    document = problem(node.http.post("/notices", content=body), status, code)
    assert document["type"] == f"/problems/{code}"
    assert document["retry"] == "after_change"
    assert document["title"]
    assert document["detail"]
    assert len(node.town.store.records) == size


def test_every_other_refusal_has_its_status(node: Node) -> None:
    town = node.town
    raw = town.written(NORTH, PRESENCE)
    forged = msgspec.json.decode(raw)
    forged["signatures"][0]["sig"] = "A" * 86 + "=="
    problem(node.http.post("/notices", content=msgspec.json.encode(forged)), 403, "SIGNATURE_INVALID")
    swapped = town.pens[SOUTH].notice(PRESENCE, identifier="by-another", agreement=("town", 1), at_ms=NOON_MS)
    payload = msgspec.json.decode(b64(msgspec.json.decode(swapped)["payload"]))
    problem(node.http.post("/notices", content=signed(payload)), 403, "PARTY_MISMATCH")
    assert node.tell(NORTH, PRESENCE, "used-before").status_code == 201
    problem(node.tell(NORTH, PRESENCE, "used-before"), 409, "NOTICE_ID_REUSED")
    problem(node.tell(NORTH, presence(on_ground(NOON_MS, NOON_MS - 1))), 422, "TIME_INVALID")
    at = problem(node.tell(NORTH, presence(on_ground(NOON_MS, radius_m=2e6))), 422, "LIMIT_EXCEEDED")
    assert at["path"].startswith("volumes[0]")
    steep = in_air(NOON_MS) | {"altitude_upper": {"reference": "MSL", "value": 1e9}}
    problem(node.tell(NORTH, activity(steep)), 422, "ALTITUDE_INVALID")
    corners = [{"lat": 1.0, "lng": 1.0}, {"lat": 2.0, "lng": 2.0}, {"lat": 1.0, "lng": 2.0}, {"lat": 2.0, "lng": 1.0}]
    bow = {"outline_polygon": {"vertices": corners}, "time_start": "2026-03-01T12:00:00Z"}
    problem(node.tell(NORTH, presence(bow)), 422, "GEOMETRY_INVALID")
    problem(node.tell(NORTH, presence()), 422, "VALUE_INVALID")


def test_a_body_is_read_up_to_its_limit_and_no_further(node: Node) -> None:
    problem(node.http.post("/notices", content=b" " * BODY_MAX_BYTES), 400, "ENVELOPE_MALFORMED")
    problem(node.http.post("/notices", content=b" " * (BODY_MAX_BYTES + 1)), 413, "BODY_TOO_LARGE")
    pulled = 0

    def endless() -> Iterator[bytes]:
        nonlocal pulled
        while pulled < 64 * BODY_MAX_BYTES:
            pulled += 65_536
            yield b" " * 65_536

    try:
        response = node.http.post("/notices", content=endless())
    except httpx.TransportError:
        pass  # it was hung up on, which is as good
    else:
        problem(response, 413, "BODY_TOO_LARGE")
        assert response.headers["connection"] == "close"
    assert node.http.get("/healthz").status_code == 200


def test_nothing_is_pulled_beyond_the_limit() -> None:
    pulled = 0

    async def receive() -> Message:
        nonlocal pulled
        pulled += 65_536
        assert pulled < 4 * BODY_MAX_BYTES
        return {"type": "http.request", "body": b" " * 65_536, "more_body": True}

    with pytest.raises(Malformed) as refused:
        asyncio.run(read_body({"headers": []}, receive))
    assert refused.value.code == "BODY_TOO_LARGE"
    assert pulled == BODY_MAX_BYTES + 65_536


@pytest.mark.parametrize("sizes", [[3], [0, 3], [1, 1, 1], [BODY_MAX_BYTES - 1, 1], []])
def test_a_body_is_put_together_and_one_that_breaks_off_is_none(sizes: list[int]) -> None:
    chunks = [b"x" * size for size in sizes]
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
    ends = iter([*messages, {"type": "http.request", "more_body": False}])
    breaks_off = iter([*messages, {"type": "http.disconnect"}])

    def source(given: Iterator[Message]) -> Receive:
        async def receive() -> Message:
            return next(given)

        return receive

    assert asyncio.run(read_body({"headers": []}, source(ends))) == b"".join(chunks)
    with pytest.raises(Refusal) as refused:
        asyncio.run(read_body({"headers": []}, source(breaks_off)))
    assert refused.value.code == "ENVELOPE_MALFORMED"


def test_a_disk_that_refuses_fences_the_node_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer_module, "REBUILD_PAUSE_S", 0.01)
    with Node(keep_alive_s=600.0) as node:
        raw = node.town.written(NORTH, PRESENCE)
        node.town.store.fails_without_keeping = True
        node.town.store.fails_reading = True
        response = node.http.post("/notices", content=raw)
        document = problem(response, 503, "NODE_FENCED")
        assert document["retry"] == "later"
        assert int(response.headers["retry-after"]) > 0
        problem(node.http.post("/notices", content=raw), 503, "NODE_FENCED")
        problem(node.http.get("/readyz"), 503, "NODE_FENCED")
        problem(node.get("/alerts", NORTH), 503, "NODE_FENCED")
        problem(node.get("/entries/0", NORTH), 503, "STORE_FAILED")
        assert node.http.get("/healthz").status_code == 200
        assert "openline_fenced 1.0" in node.http.get("/metrics").text
        with node.feed(NORTH) as frames:
            assert next(frame for frame in frames if frame).kind == "node_fenced"
            node.town.store.fails_reading = False
            assert next(frame for frame in frames if frame).kind == "node_resumed"
        assert node.http.get("/readyz").status_code == 200
        assert node.http.post("/notices", content=raw).status_code == 201


def test_an_answer_that_was_lost_is_found_again_and_its_alerts_are_told() -> None:
    with Node(keep_alive_s=600.0) as node:
        node.tell(SOUTH, PRESENCE)
        raw = node.town.written(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)))
        with node.feed(SOUTH) as frames:
            node.town.store.fails_after_keeping = True
            problem(node.http.post("/notices", content=raw), 503, "NODE_FENCED")
            assert next(f for f in frames if f and f.kind not in {"node_fenced", "node_resumed"}).kind == "alert"
        assert node.http.post("/notices", content=raw).status_code == 200


def test_a_full_queue_says_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    with Node() as node:
        monkeypatch.setattr(node.sequencer.lanes, "limit", 0)
        response = node.tell(NORTH, presence(on_ground(NOON_MS + HOUR_MS)))
        problem(response, 503, "NODE_BUSY")
        assert response.headers["retry-after"] == "1"


def test_whatever_breaks_off_is_reported_and_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> None:
        raise ZeroDivisionError

    with Node() as node:
        monkeypatch.setattr(node.app._notices, "_take", broken)  # noqa: SLF001 - nothing that is sent may do this
        document = problem(node.tell(NORTH, PRESENCE), 500, "INTERNAL_FAULT")
        assert "ZeroDivision" not in msgspec.json.encode(document).decode()
        assert isinstance(node.reports[0][1], ZeroDivisionError)
