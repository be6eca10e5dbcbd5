"""A notice that goes straight from its connection, and one that takes the usual way: the same answers, to the byte."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

import pytest

from openline.core.limits import BODY_MAX_BYTES
from tests.parties import NOON_MS, NORTH, on_ground, presence
from tests.serving import TIMEOUT_S, Node

PRESENCE = presence(on_ground(NOON_MS))
STRAIGHT, ROUND_ABOUT = "/notices", "/notices?"
"""The second is the same address, written so that the router finds it."""


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node() as served:
        yield served


class Caller:
    """A connection on which bytes are sent as a test wants them."""

    def __init__(self, node: Node) -> None:
        self.socket = socket.create_connection(("127.0.0.1", int(node.url.rpartition(":")[2])), TIMEOUT_S)
        self._read = b""

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: its status, its headers, its body."""
        head, body = self._until(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        while len(body) < int(headers["content-length"]):
            body += self._more()
        length = int(headers["content-length"])
        self._read = body[length:]
        return int(first.split()[1]), headers, body[:length]

    def interim(self) -> bytes:
        """An answer without a body."""
        head, self._read = self._until(b"\r\n\r\n")
        return head

    def is_hung_up(self) -> bool:
        try:
            return not self._read and not self.socket.recv(1)
        except ConnectionResetError:
            return True

    def _until(self, end: bytes) -> tuple[bytes, bytes]:
        while end not in self._read:
            self._read += self._more()
        head, _, rest = self._read.partition(end)
        return head, rest

    def _more(self) -> bytes:
        more = self.socket.recv(65_536)
        assert more, f"it hung up after {self._read!r}"
        return more


@pytest.fixture
def caller(node: Node) -> Iterator[Caller]:
    made = Caller(node)
    with made.socket:
        yield made


def head(path: str, length: int, *more: str, version: str = "1.1") -> bytes:
    lines = [f"POST {path} HTTP/{version}", "Host: here", f"Content-Length: {length}", *more]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def told(node: Node) -> bytes:
    return node.town.written(NORTH, PRESENCE)


def counted(node: Node, line: str) -> float:
    found = re.search(rf"^{re.escape(line)} (.*)$", node.http.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("body", [b"", b"{}", b" " * (BODY_MAX_BYTES + 1)], ids=["empty", "wrong", "large"])
def test_a_refusal_is_the_same_both_ways(node: Node, body: bytes) -> None:
    answers = []
    for path in (STRAIGHT, ROUND_ABOUT):
        caller = Caller(node)
        with caller.socket:
            caller.send(head(path, len(body)), body[:100])
            status, headers, document = caller.answer()
        headers.pop("date")
        answers.append((status, sorted(headers.items()), document))
    assert answers[0] == answers[1]


def test_a_receipt_has_the_same_headers_both_ways(node: Node, caller: Caller) -> None:
    seen = []
    for path in (STRAIGHT, ROUND_ABOUT):
        raw = told(node)
        caller.send(head(path, len(raw)), raw)
        status, headers, _ = caller.answer()
        assert (status, bool(headers.pop("date")), bool(headers.pop("content-length"))) == (201, True, True)
        seen.append(headers)
    assert seen[0] == seen[1]


def test_notices_behind_each_other_are_answered_in_their_order(node: Node, caller: Caller) -> None:
    raws = [told(node) for _ in range(5)]
    wrong = head(STRAIGHT, 2) + b"{}"
    caller.send(b"".join([*(head(STRAIGHT, len(raw)) + raw for raw in raws[:3]), wrong]))
    caller.send(b"".join(head(STRAIGHT, len(raw)) + raw for raw in raws[3:]))
    statuses, bodies = zip(*[(status, body) for status, _, body in (caller.answer() for _ in range(6))], strict=True)
    assert statuses == (201, 201, 201, 400, 201, 201)
    indexes = [int(re.search(rb'"index":(\d+)', body)[1]) for body in bodies if b'"index"' in body]  # type: ignore[index]
    assert indexes == sorted(set(indexes))
    assert [node.town.store.records[index].body.endswith(raw) for index, raw in zip(indexes, raws, strict=True)] == [
        True
    ] * 5


def test_a_body_may_come_in_pieces_and_in_chunks(node: Node, caller: Caller) -> None:
    raw = told(node)
    caller.send(head(STRAIGHT, len(raw)))
    for start in range(0, len(raw), 100):
        caller.send(raw[start : start + 100])
    assert caller.answer()[0] == 201
    raw = told(node)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (raw[:7], raw[7:], b""))
    caller.send(b"POST /notices HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n", chunks)
    assert caller.answer()[0] == 201


def test_whoever_waits_to_be_asked_is_asked(node: Node, caller: Caller) -> None:
    raw = told(node)
    caller.send(head(STRAIGHT, len(raw), "Expect: 100-continue"))
    assert caller.interim() == b"HTTP/1.1 100 Continue"
    caller.send(raw)
    assert caller.answer()[0] == 201


@pytest.mark.parametrize(("version", "more"), [("1.0", []), ("1.1", ["Connection: close"])])
def test_the_line_is_let_go_of_when_that_is_asked(node: Node, caller: Caller, version: str, more: list[str]) -> None:
    raw = told(node)
    caller.send(head(STRAIGHT, len(raw), *more, version=version), raw)
    status, headers, _ = caller.answer()
    assert (status, headers["connection"]) == (201, "close")
    assert caller.is_hung_up()


def test_too_much_is_hung_up_on_before_it_is_read(caller: Caller) -> None:
    caller.send(head(STRAIGHT, BODY_MAX_BYTES + 1))
    status, headers, _ = caller.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert caller.is_hung_up()


def test_a_sender_who_goes_leaves_what_was_whole_and_nothing_else(node: Node) -> None:
    size = len(node.town.store.records)
    refused = counted(node, 'openline_refusals_total{code="ENVELOPE_MALFORMED"}')
    taken = counted(node, 'openline_notices_total{outcome="recorded"}')
    whole, half = told(node), told(node)
    for sent in (head(STRAIGHT, len(whole)) + whole, head(STRAIGHT, len(half)) + half[:-1]):
        caller = Caller(node)
        with caller.socket:
            caller.send(sent)
    deadline = time.monotonic() + TIMEOUT_S
    while counted(node, 'openline_refusals_total{code="ENVELOPE_MALFORMED"}') == refused:
        assert time.monotonic() < deadline
    assert counted(node, 'openline_notices_total{outcome="recorded"}') == taken + 1
    assert len(node.town.store.records) == size + 1
    assert node.reports == []
