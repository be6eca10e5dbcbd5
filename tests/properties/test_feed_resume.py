"""A feed resumed after any index gives exactly the rest, however it is cut and whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from openline.adapters.clock import ManualClock, SystemEntropy
from openline.adapters.http.app import NodeApp, build_app
from openline.adapters.http.streams import Patience
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.node.line import Line
from openline.node.sequencer import Sequencer
from openline.node.sessions import SESSION_LIFE_MS, Sessions
from tests.parties import NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence, withdrawal

PARTIES = (NORTH, SOUTH)
DEEDS = st.one_of(
    st.tuples(st.sampled_from(["activity", "presence"]), st.sampled_from(PARTIES), st.integers(0, 3)),
    st.tuples(st.just("withdrawal"), st.sampled_from(PARTIES), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.just(""), st.integers(1, 300)),
)
HISTORIES = st.lists(DEEDS, min_size=1, max_size=12)


def do(town: Town, deeds: list[tuple[str, str, int]]) -> None:
    for kind, party, number in deeds:
        if kind == "wait":
            town.wait(number * MINUTE_MS)
        elif kind == "withdrawal":
            town.tell(party, withdrawal(f"{party.lower()}-{number:04}"))
        elif kind == "presence":
            town.tell(party, presence(on_ground(town.now_ms, east_m=200.0 * number)))
        else:
            town.tell(party, activity(in_air(town.now_ms + number * HOUR_MS, east_m=100.0 * number)))


class Reading:
    """One request for a feed, without a socket. At each comment something happens; at last the session ends."""

    def __init__(self, line: Line, party: str, meanwhile: list[Any]) -> None:
        self.clock = ManualClock(0)
        self.sessions = Sessions(self.clock, SystemEntropy())
        self.token, _ = self.sessions.open(party, "duty_officer", self.sessions.challenge().text)
        sequencer = Sequencer(line, self.clock, lambda *_: None)
        self.app: NodeApp = build_app(
            sequencer,
            self.sessions,
            is_drill=True,
            report=lambda *_: None,
            patience=Patience(keep_alive_s=0.001),
        )
        self.meanwhile = meanwhile
        self.body = b""

    async def send(self, message: Message) -> None:
        chunk = message.get("body", b"")
        self.body += chunk
        if chunk.startswith(b":"):
            if self.meanwhile:
                self.meanwhile.pop(0)()
            else:
                self.clock.advance(SESSION_LIFE_MS)

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    def read(self, after: int | None, *, in_header: bool) -> list[tuple[int, dict[str, Any]]]:
        headers = [(b"authorization", f"Bearer {self.token}".encode())]
        query = b""
        if after is not None and in_header:
            headers.append((b"last-event-id", b"%d" % after))
        elif after is not None:
            query = b"after=%d" % after
        scope = {"type": "http", "method": "GET", "path": "/feed", "query_string": query, "headers": headers}
        asyncio.run(self.app(scope, self.receive, self.send))
        frames = [frame.split(b"\n") for frame in self.body.split(b"\n\n") if frame.startswith(b"id: ")]
        assert self.body.rstrip(b"\n").split(b"\n\n")[-1].startswith(b"event: session_expired")
        return [(int(frame[0][4:]), msgspec.json.decode(frame[2][6:])) for frame in frames]


def own(town: Town, party: str) -> list[int]:
    return [index for index, output in town.heard if getattr(output, "to", "") == party]


@given(history=HISTORIES, cut=st.integers(min_value=0), party=st.sampled_from(PARTIES), in_header=st.booleans())
def test_resumed_after_any_index_it_gives_exactly_the_rest(
    history: list[tuple[str, str, int]], cut: int, party: str, *, in_header: bool
) -> None:
    town = Town()
    do(town, history)
    after = cut % (town.line.committed + 1) - 1
    read = Reading(town.line, party, []).read(after, in_header=in_header)
    assert [index for index, _ in read] == [index for index in own(town, party) if index > after]
    assert all(data["to"] == party and data["index"] == index for index, data in read)


@given(before=HISTORIES, during=st.lists(HISTORIES, max_size=3), cut=st.integers(min_value=0))
def test_what_happens_while_it_is_read_follows_without_a_gap_or_a_repeat(
    before: list[tuple[str, str, int]], during: list[list[tuple[str, str, int]]], cut: int
) -> None:
    town = Town()
    do(town, before)
    after = cut % (town.line.committed + 1) - 1
    meanwhile = [lambda deeds=deeds: do(town, deeds) for deeds in during]
    live = Reading(town.line, NORTH, meanwhile).read(after, in_header=True)
    assert [index for index, _ in live] == [index for index in own(town, NORTH) if index > after]
    afresh = Line(town.store, town.secrets, ORIGIN)
    afresh.open()
    assert Reading(afresh, NORTH, []).read(after, in_header=False) == live
