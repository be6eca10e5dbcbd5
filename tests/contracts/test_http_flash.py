"""FLASH over HTTP: no full queue turns it away, and repeats are one alert with a count that everybody sees."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from openline.core.time import HOUR_MS, MINUTE_MS
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, in_air, on_ground, presence, withdrawal
from tests.serving import Node, SlowStore

PRESENCE = presence(on_ground(NOON_MS))


def problem(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["code"]) == (status, code)


def acknowledged(node: Node, party: str, alert: dict[str, Any]) -> httpx.Response:
    raw = node.town.pens[party].acknowledgement(
        alert=alert["alert"], precedence=alert["precedence"], identifier=f"ack-{alert['alert']}", at_ms=NOON_MS
    )
    return node.http.post("/acknowledgements", content=raw)


def test_what_may_be_a_flash_passes_a_full_queue() -> None:
    with Node() as node:
        node.tell(SOUTH, PRESENCE)
        node.sequencer.lanes.limit = 0
        problem(node.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS))), 503, "NODE_BUSY")
        assert node.tell(NORTH, activity(in_air(NOON_MS))).status_code == 201
        for alert in node.get("/alerts", SOUTH).json()["alerts"]:
            assert alert["precedence"] == "FLASH"
            assert acknowledged(node, SOUTH, alert).status_code == 201
        assert "openline_urgent_waiting 0.0" in node.http.get("/metrics").text
        problem(node.tell(NORTH, withdrawal("anything")), 503, "NODE_BUSY")


def test_a_flash_that_is_sent_twice_while_it_waits_is_recorded_once_and_answered_twice() -> None:
    town = Town()
    slow = SlowStore.under(town)
    with Node(town) as node, ThreadPoolExecutor(3) as senders:
        node.sequencer.lanes.limit = 0
        slow.hold()
        first = senders.submit(node.tell, NORTH, activity(in_air(NOON_MS)))
        assert slow.begun.wait(10)
        raw = town.written(SOUTH, PRESENCE)
        twice = [senders.submit(node.http.post, "/notices", content=raw) for _ in range(2)]
        while not node.sequencer.lanes.repeats:
            assert not any(answer.done() for answer in twice)
        slow.go.set()
        receipts = [answer.result(10).json() for answer in twice]
        assert first.result(10).status_code == 201
    assert sorted(receipt.pop("duplicate") for receipt in receipts) == [False, True]
    assert [receipt["index"] for receipt in receipts] == [receipts[0]["index"]] * 2


def test_repeats_are_counted_where_the_alert_is_read_and_in_the_feed() -> None:
    with Node() as node:
        node.tell(SOUTH, PRESENCE)
        for minute in (11, 12, 13):
            node.tell(NORTH, activity(in_air(NOON_MS + minute * MINUTE_MS)))
        (alert,) = node.get("/alerts", SOUTH).json()["alerts"]
        own = node.get("/alerts", NORTH).json()["alerts"]
        assert (alert["count"], alert["references"]) == (3, [held["reference"] for held in own])
        assert alert["reference"] == alert["references"][0]
        assert [held["count"] for held in own] == [1, 1, 1]
        opened, *repeats = node.told(SOUTH)
        assert (opened.kind, [frame.kind for frame in repeats]) == ("alert", ["repeat", "repeat"])
        last = repeats[-1].data
        assert (last["count"], last["change"], last["references"]) == (3, "joined", alert["references"][2:])
        assert (last["alert"], last["precedence"]) == (alert["alert"], "FLASH")
        assert (last["part_start"], last["window_end"]) == ("2026-03-01T12:00:00Z", "2026-03-01T13:30:00Z")
        assert acknowledged(node, SOUTH, alert).status_code == 201
        assert node.get("/alerts", SOUTH).json()["alerts"][0]["acknowledged"] is True


def test_an_alert_without_a_window_shows_none() -> None:
    with Node() as node:
        node.tell(NORTH, activity(in_air(NOON_MS + MINUTE_MS)))
        (alert,) = node.get("/alerts", SOUTH).json()["alerts"]
        assert (alert["reason"], alert["window_start"], alert["window_end"]) == ("notice_too_late", None, None)
        (frame,) = node.told(SOUTH)
        assert (frame.data["window_start"], frame.data["window_end"]) == (None, None)
