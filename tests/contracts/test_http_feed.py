"""`GET /feed`: one's own feed only, live, resumed exactly, with an end that says why."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from starlette.types import Message

from openline.adapters.http import feeds as feeds_module
from openline.adapters.http import streams as streams_module
from openline.adapters.http.streams import Patience, Stream
from openline.core.event import Delivered
from openline.core.time import HOUR_MS
from openline.node.recovery import recover
from openline.node.sessions import SESSION_LIFE_MS
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence
from tests.serving import KEEP_ALIVE, Frame, Node, until_quiet

PRESENCE = presence(on_ground(NOON_MS))
ACTIVITY = activity(in_air(NOON_MS + 3 * HOUR_MS))


def conflict(node: Node, name: str = "") -> None:
    assert node.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)), name).status_code == 201


def busy_town() -> Town:
    """A town where both sides have been told a good deal: alerts, climbs, closures, flags."""
    town = Town()
    town.tell(SOUTH, PRESENCE)
    town.tell(NORTH, ACTIVITY)
    town.tell(NORTH, activity(in_air(NOON_MS + 60_000)))
    town.wait(5 * HOUR_MS)
    return town


def told_by_the_ledger(town: Town, party: str) -> list[int]:
    return [index for index, output in town.heard if getattr(output, "to", "") == party]


def test_a_feed_tells_all_of_ones_own_in_order_and_nothing_else() -> None:
    town = busy_town()
    with Node(town) as node:
        for party in (NORTH, SOUTH):
            frames = node.told(party)
            assert [frame.id for frame in frames] == told_by_the_ledger(town, party)
            assert {frame.data["to"] for frame in frames} == {party}
            assert all(frame.data["index"] == frame.id for frame in frames)
            assert all(frame.data["kind"] == frame.kind for frame in frames)
            assert all(frame.data["text"]["en"] and frame.data["text"]["fr"] for frame in frames)
        assert {frame.kind for frame in node.told(NORTH)} >= {"alert", "escalation", "closure", "flag"}


def test_an_alert_comes_live_to_both_sides() -> None:
    with Node() as node:
        node.tell(SOUTH, PRESENCE)
        with node.feed(NORTH) as north, node.feed(SOUTH) as south:
            assert until_quiet(north) == until_quiet(south) == []
            conflict(node)
            one, other = next(f for f in north if f), next(f for f in south if f)
        assert (one.kind, other.kind) == ("alert", "alert")
        assert one.data["reference"] == other.data["reference"]


@pytest.mark.parametrize("way", ["header", "query", "both"])
def test_a_feed_resumes_exactly_after_the_index(way: str) -> None:
    town = busy_town()
    with Node(town) as node:
        told = told_by_the_ledger(town, NORTH)
        middle = told[len(told) // 2]
        header = {} if way == "query" else {"Last-Event-ID": str(middle)}
        after = {"header": None, "query": middle, "both": 0}[way]
        assert [frame.id for frame in node.told(NORTH, after, **header)] == [i for i in told if i > middle]


@pytest.mark.parametrize("index", ["a", "1.5", "-2", "٣", "9" * 30, "100000"])
def test_what_is_no_entry_of_this_ledger_is_refused(index: str) -> None:
    with Node() as node:
        response = node.http.get("/feed", params={"after": index}, headers=node.session(NORTH))
        assert (response.status_code, response.json()["code"], response.json()["path"]) == (
            422,
            "VALUE_INVALID",
            "after",
        )


def test_the_last_frame_says_that_the_session_has_run_out() -> None:
    with Node() as node, node.feed(NORTH) as frames:
        until_quiet(frames)
        node.clock.advance(SESSION_LIFE_MS)
        last = Frame(-1, "session_expired", {"drill": True, "at": "2026-03-01T12:15:00Z"})
        assert [frame for frame in frames if frame] == [last]


def test_nothing_is_told_once_the_session_has_run_out() -> None:
    town = busy_town()
    with Node(town) as node:
        session = node.session(NORTH)
        node.clock.advance(SESSION_LIFE_MS - 1)
        with node.http.stream("GET", "/feed", headers=session) as response:
            assert any(line == KEEP_ALIVE for line in response.iter_lines())
        node.clock.advance(1)
        assert node.http.get("/feed", headers=session).status_code == 401


def test_the_last_frame_says_that_the_node_stops() -> None:
    with Node() as node, node.feed(NORTH) as frames:
        until_quiet(frames)
        node.stop()
        assert [frame.kind for frame in frames if frame] == ["node_stopping"]


def test_what_was_written_is_recorded_as_delivered_once() -> None:
    town = busy_town()
    told = told_by_the_ledger(town, NORTH)
    with Node(town) as node:
        for _ in range(3):
            node.told(NORTH)
        with node.feed(NORTH, told[-1]) as one, node.feed(NORTH, told[-1]) as two:
            until_quiet(one)
            until_quiet(two)
            conflict(node, "one-more")
            news = [next(f for f in frames if f).id for frames in (one, two)]
        assert news[0] == news[1] > told[-1]
        node.tell(SOUTH, presence(on_ground(NOON_MS, north_m=50_000.0)))
    delivered = [(o.party, o.entry, o.channel) for _, o in town.heard if isinstance(o, Delivered)]
    assert delivered == [(NORTH, index, "feed") for index in [*told, *_own_after(town, told[-1])]]
    state, _ = recover(town.store, town.secrets, ORIGIN)
    assert state.delivered == {NORTH: delivered[-1][1]}


def _own_after(town: Town, index: int) -> list[int]:
    return [i for i in told_by_the_ledger(town, NORTH) if i > index]


def test_what_is_read_from_the_store_is_what_was_told_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds_module, "FRAMES_KEPT", 3)
    with Node() as node:
        node.tell(SOUTH, PRESENCE)
        with node.feed(NORTH) as frames:
            live = until_quiet(frames)
            for number in range(12):
                conflict(node, f"activity-{number}")
                live += until_quiet(frames)
        assert len(live) >= 12
        assert node.told(NORTH) == live
        assert len(node.app.feeds._recent) <= 3  # noqa: SLF001 - what is kept is bounded


def test_a_party_keeps_a_bounded_number_of_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds_module, "STREAMS_PER_PARTY", 2)
    with Node() as node:
        with node.feed(NORTH) as one, node.feed(NORTH) as two:
            until_quiet(one)
            until_quiet(two)
            refused = node.http.get("/feed", headers=node.session(NORTH))
            assert (refused.status_code, refused.json()["code"]) == (503, "NODE_BUSY")
            with node.feed(SOUTH) as theirs:
                until_quiet(theirs)
            assert "openline_streams" in node.http.get("/metrics").text
        until(lambda: node.app.feeds.streams == 0)
        assert node.told(NORTH) == []


def until(is_so: object) -> None:
    """Wait for a server that notices a hang-up when its loop comes round to it."""
    assert callable(is_so)
    bell = threading.Event()
    for _ in range(1_000):
        if is_so():
            return
        bell.wait(0.01)
    pytest.fail("it never came to be so")


class Slow:
    """A reader that takes one chunk whenever it is asked to."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.may_take = asyncio.Semaphore(0)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            await self.may_take.acquire()
            self.taken.append(message["body"])

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}


def test_a_slow_reader_costs_no_memory_and_misses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds_module, "FRAMES_KEPT", 4)
    node = Node()
    session = node.sessions.open(NORTH, "duty_officer", node.sessions.challenge().text)[1]

    async def run() -> list[bytes]:
        feeds, slow = node.app.feeds, Slow()
        reader = feeds.join(NORTH)
        stream = Stream(feeds, node.sessions, session, after=-1, patience=Patience(keep_alive_s=10.0))
        task = asyncio.create_task(stream.run(reader, slow.receive, slow.send))
        node.town.tell(SOUTH, PRESENCE)
        for _ in range(200):
            node.town.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)))
            await asyncio.sleep(0)
        assert len(feeds._recent) == len(feeds._frames | feeds._recent) == 4  # noqa: SLF001 - what is kept is bounded
        assert vars(reader).keys() == {"party", "bell"}
        for _ in range(400):
            slow.may_take.release()
        while stream._at < told_by_the_ledger(node.town, NORTH)[-1]:  # noqa: ASYNC110, SLF001 - until it has caught up
            await asyncio.sleep(0)
        feeds.stop()
        await task
        return slow.taken

    ids = [
        int(line.removeprefix(b"id: "))
        for chunk in asyncio.run(run())
        for line in chunk.split(b"\n")
        if line.startswith(b"id: ")
    ]
    assert ids == told_by_the_ledger(node.town, NORTH)
    assert len(ids) == 200


def test_a_reader_that_takes_nothing_is_hung_up_on() -> None:
    node = Node()
    session = node.sessions.open(NORTH, "duty_officer", node.sessions.challenge().text)[1]

    async def run() -> None:
        slow = Slow()
        stream = Stream(node.app.feeds, node.sessions, session, after=-1, patience=Patience(stalled_s=0.01))
        await asyncio.wait_for(stream.run(node.app.feeds.join(NORTH), slow.receive, slow.send), 10)
        assert slow.taken == []

    asyncio.run(run())


def test_the_line_shows_that_it_is_alive() -> None:
    assert streams_module.KEEP_ALIVE_S == 15.0
    with Node() as node, node.feed(NORTH) as frames:
        assert [next(frames) for _ in range(3)] == [None, None, None]


def test_a_stream_that_breaks_off_is_reported_and_the_node_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Iterator[int]:
        raise ZeroDivisionError

    with Node() as node:
        monkeypatch.setattr(node.app.feeds, "after", broken)
        with node.http.stream("GET", "/feed", headers=node.session(NORTH)) as response, pytest.raises(Exception):  # noqa: B017, PT011 - the connection ends somehow
            response.read()
        assert isinstance(node.reports[0][1], ZeroDivisionError)
        assert node.http.get("/healthz").status_code == 200


def test_a_frame_of_another_party_is_never_written() -> None:
    town = busy_town()
    node = Node(town)
    theirs = told_by_the_ledger(town, SOUTH)[0]
    with pytest.raises(RuntimeError):
        node.app.feeds.frame(NORTH, theirs)


def test_a_fence_that_comes_and_goes_between_two_looks_is_told_to_its_end() -> None:
    node = Node(pulse_s=0.001)
    session = node.sessions.open(NORTH, "duty_officer", node.sessions.challenge().text)[1]
    line, feeds, quick = node.town.line, node.app.feeds, Slow()

    async def run() -> None:
        watch = asyncio.create_task(feeds.watch())
        await asyncio.sleep(0)
        line.fence("for a moment")
        stream = Stream(feeds, node.sessions, session, after=-1, patience=Patience(keep_alive_s=600.0))
        for _ in range(10):
            quick.may_take.release()
        task = asyncio.create_task(stream.run(feeds.join(NORTH), quick.receive, quick.send))
        while not any(chunk.startswith(b"event: node_fenced") for chunk in quick.taken):  # noqa: ASYNC110 - its first words
            await asyncio.sleep(0)
        line.rebuild()
        async with asyncio.timeout(10):
            while not any(chunk.startswith(b"event: node_resumed") for chunk in quick.taken):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.001)
        feeds.stop()
        await task
        watch.cancel()

    asyncio.run(run())
