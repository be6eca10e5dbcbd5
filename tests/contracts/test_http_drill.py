"""No consumer of a drill's JSON can mistake it for the real thing, and none of the real thing's for a drill."""

from __future__ import annotations

import msgspec
import pytest

from openline.core.time import HOUR_MS
from tests.parties import NOON_MS, NORTH, SOUTH, activity, in_air, on_ground, presence, zone
from tests.serving import Node


@pytest.mark.parametrize("is_drill", [True, False])
def test_receipts_frames_and_readings_say_whether_it_is_a_drill(*, is_drill: bool) -> None:
    with Node(is_drill=is_drill) as node:
        told = [
            node.tell(SOUTH, presence(on_ground(NOON_MS))).json(),
            node.tell(SOUTH, zone(on_ground(NOON_MS))).json(),
            node.tell(NORTH, activity(in_air(NOON_MS + HOUR_MS))).json(),
        ]
        (alert, *_) = node.get("/alerts", SOUTH).json()["alerts"]
        raw = node.town.pens[SOUTH].acknowledgement(
            alert=alert["alert"], precedence="FLASH", identifier="ack-0001", at_ms=NOON_MS
        )
        told.append(node.http.post("/acknowledgements", content=raw).json())
        told += [node.get(path, SOUTH).json() for path in ("/alerts", "/notices", "/zones")]
        frames = node.told(SOUTH) + node.told(NORTH)
        with node.feed(NORTH) as feed:
            node.line_fenced("for a test")
            frames.append(next(frame for frame in feed if frame is not None and frame.id < 0))
    assert {frame.kind for frame in frames} >= {"alert", "acknowledgement", "flag", "node_fenced"}
    assert [document["drill"] for document in told] == [is_drill] * len(told)
    assert {frame.data["drill"] for frame in frames} == {is_drill}, msgspec.json.encode(frames)
