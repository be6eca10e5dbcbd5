"""Two notices that conflict, told at the same moment over two connections: both sides are warned, each once."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from openline.adapters.memory import MemoryStore
from openline.adapters.sqlite import SqliteStore
from openline.core.time import HOUR_MS
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, in_air, on_ground, presence
from tests.samples import counts
from tests.serving import Frame, Node

PAIRS = counts(120, 700)
LANES = 6
"""Pairs that are under way at the same time."""
APART_M = 20_000.0
"""From one pair's place to the next."""
ROW = 30


class Wire:
    """One kept connection, written to without waiting."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def post(self, body: bytes) -> None:
        self.writer.write(b"POST /notices HTTP/1.1\r\nhost: node\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async def status(self) -> int:
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
        await self.reader.readexactly(length)
        return int(lines[0].split()[1])


def pair(number: int) -> tuple[dict[str, Any], dict[str, Any], bool]:
    """What both tell at a place and time of their own, and whether it conflicts."""
    where = {"east_m": APART_M * (number % ROW), "north_m": APART_M * (number // ROW % ROW)}
    start_ms = NOON_MS + 3 * HOUR_MS + number % 7 * HOUR_MS
    is_near = number % 5 > 0
    beside = where | {"east_m": where["east_m"] + (300.0 if is_near else APART_M / 2)}
    flight = activity(in_air(start_ms, None, **where))
    if number % 3 == 0:
        return flight, activity(in_air(start_ms, None, **beside)), is_near
    people = presence(on_ground(start_ms, start_ms + HOUR_MS, **beside))
    return (flight, people, is_near) if number % 3 == 1 else (people, flight, is_near)


def keep(town: Town, store: MemoryStore | SqliteStore) -> None:
    """Let a town go on in another store."""
    if isinstance(store, SqliteStore):
        store.append(town.store.records, town.store.note)
        town.line.store = store


@pytest.fixture(params=["memory", "disk"])
def node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Node]:
    town = Town()
    if request.param == "memory":
        with Node(town) as served:
            yield served
        return
    store = SqliteStore(tmp_path / "ledger.sqlite")
    keep(town, store)
    with Node(town) as served:
        yield served
    store.close()


async def race(url: str, told: list[tuple[bytes, bytes]], seed: int) -> list[int]:
    """Tell every pair; both of a pair leave at the same moment, either of them first."""
    host, _, port = url.removeprefix("http://").partition(":")
    random = Random(seed)
    waiting = list(enumerate(told))
    statuses: list[int] = []

    async def lane() -> None:
        wires = [Wire(*await asyncio.open_connection(host, int(port))) for _ in range(2)]
        while waiting:
            _, bodies = waiting.pop(0)
            sides = list(zip(wires, bodies, strict=True))
            random.shuffle(sides)
            for wire, body in sides:
                wire.post(body)
            statuses.extend(await asyncio.gather(*(wire.status() for wire in wires)))
        for wire in wires:
            wire.writer.close()
            await wire.writer.wait_closed()

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return statuses


def listening(node: Node, party: str, heard: list[Frame], *, until: int) -> threading.Thread:
    """Read a party's feed into `heard` until so many alerts have come, and then for a moment more."""
    joined = threading.Event()

    def read() -> None:
        with node.feed(party) as frames:
            quiet = 0
            for frame in frames:
                joined.set()
                if frame is not None:
                    heard.append(frame)
                    quiet = 0
                    continue
                quiet += 1
                if quiet > (4 if sum(f.kind == "alert" for f in heard) >= until else 200):
                    return

    thread = threading.Thread(target=read)
    thread.start()
    assert joined.wait(10)
    return thread


def test_none_of_many_races_is_missed_and_each_side_is_told_once(node: Node) -> None:
    pairs = [pair(number) for number in range(PAIRS)]
    near = {number for number, (_, _, is_near) in enumerate(pairs) if is_near}
    told = [
        (node.town.written(NORTH, one, f"race-{number:04}"), node.town.written(SOUTH, other, f"race-{number:04}"))
        for number, (one, other, _) in enumerate(pairs)
    ]
    heard: dict[str, list[Frame]] = {NORTH: [], SOUTH: []}
    threads = [listening(node, party, frames, until=len(near)) for party, frames in heard.items()]
    statuses = asyncio.run(race(node.url, told, seed=PAIRS))
    for thread in threads:
        thread.join(60)
    assert Counter(statuses) == {201: 2 * PAIRS}
    references: list[dict[str, str]] = []
    for frames in heard.values():
        alerts = [frame.data for frame in frames if frame.kind == "alert"]
        assert Counter(alert["notice"] for alert in alerts) == {f"race-{number:04}": 1 for number in near}
        references.append({alert["notice"]: alert["reference"] for alert in alerts})
    assert references[0] == references[1]
    assert len(set(references[0].values())) == len(near)
    assert node.reports == []
