"""The node's own clock: time that passes is no jump; one that was set or slept through is, and every party hears."""

from __future__ import annotations

import pytest

from openline.adapters.clock import ManualClock
from openline.core.event import ClockJumped, Flagged
from openline.core.flags import FlagCode
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.node.batch import ClockJump
from openline.node.ports import Record, StoreError
from openline.node.sequencer import Watch
from tests.parties import NOON_MS, NORTH, SOUTH, on_ground, presence
from tests.serving import QUIET_MAX, Node


def test_only_what_is_more_than_the_time_that_passed_is_a_jump() -> None:
    clock = ManualClock(NOON_MS)
    watch = Watch(clock)
    clock.advance(5 * HOUR_MS)
    assert watch.look() is None
    clock.jump(MINUTE_MS)
    assert watch.look() is None, "a minute is a step"
    clock.advance(HOUR_MS)
    clock.jump(2 * HOUR_MS)
    expected_ms = NOON_MS + 6 * HOUR_MS + MINUTE_MS
    assert watch.look() == ClockJump(clock_ms=expected_ms + 2 * HOUR_MS, expected_ms=expected_ms)
    assert watch.look() is None, "said once"
    clock.jump(-2 * HOUR_MS)
    assert watch.look() is None, "that it jumped back, the line sees against what it recorded"


@pytest.mark.parametrize("by_ms", [3 * HOUR_MS, -3 * HOUR_MS])
def test_a_clock_that_jumps_while_the_node_serves_is_told_to_every_party(by_ms: int) -> None:
    with Node() as node:
        node.tell(NORTH, presence(on_ground(NOON_MS)))
        node.clock.jump(by_ms)
        for party in (NORTH, SOUTH):
            with node.feed(party) as frames:
                for number, frame in enumerate(frames):
                    assert number < QUIET_MAX, "nobody was told"
                    if frame is not None and frame.data.get("flag") == "NODE_CLOCK":
                        assert frame.data["text"]["en"].startswith("NODE_CLOCK: the node's clock jumped")
                        break
        told = [event for _, event in node.town.heard if isinstance(event, (ClockJumped, Flagged)) and not event.to]
        assert len(told) == 1
        receipt = node.tell(NORTH, presence(on_ground(NOON_MS))).json()
        assert receipt["index"] > 0
        recorded = [event.at_ms for _, event in node.town.heard]
        assert recorded == sorted(recorded), "recorded times never run backwards"
        flags = [event for event in node.town.told(SOUTH, Flagged) if event.flag is FlagCode.NODE_CLOCK]
        assert len(flags) == 1


def test_a_disk_that_does_not_show_what_was_told_before_is_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    with Node() as node:
        raw = node.town.written(NORTH, presence(on_ground(NOON_MS)))
        first = node.http.post("/notices", content=raw)
        node.tell(NORTH, presence(on_ground(NOON_MS)))

        def refuse(_: int) -> Record | None:
            message = "the disk hiccups"
            raise StoreError(message)

        with monkeypatch.context() as patched:
            patched.setattr(node.town.store, "get", refuse)
            again = node.http.post("/notices", content=raw)
            assert (again.status_code, again.json()["code"]) == (503, "STORE_FAILED")
        assert node.http.post("/notices", content=raw).json()["signed"] == first.json()["signed"]
        assert not node.town.line.is_fenced
