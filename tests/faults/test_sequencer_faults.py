"""A serving line on a disk that fails: it fences itself, says so, reads its ledger again, and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import pytest

from openline.adapters.clock import ManualClock
from openline.adapters.memory import MemoryStore
from openline.adapters.sqlite import SqliteStore
from openline.core.errors import NodeFault
from openline.node import sequencer as sequencer_module
from openline.node.line import Line, Receipt
from openline.node.ports import Record, Store
from openline.node.sequencer import Sequencer
from tests.faults.disk import Apsw, Disk, Fault
from tests.faults.tellers import NOON_MS, ORIGIN, SECRETS, Surviving, Tellers, administration

WRITING = [Fault.WRITE_FAILS, Fault.SYNC_FAILS, Fault.SYNC_FAILS_AFTER, Fault.FULL, Fault.READ_ONLY]
PATIENCE_S = 20.0
Result = TypeVar("Result")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencer_module, "REBUILD_PAUSE_S", 0.01)


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk("faulty")
    yield made
    made.unregister()


class Watched(Line):
    """A line that says when its ledger has been read again."""

    is_open: asyncio.Event
    loop: asyncio.AbstractEventLoop

    def rebuild(self) -> None:
        super().rebuild()
        self.loop.call_soon_threadsafe(self.is_open.set)


class Served:
    """A sequencer at work and what it reported."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tellers = Tellers()
        self.receipts: list[tuple[bytes, Receipt]] = []
        self.reports: asyncio.Queue[str] = asyncio.Queue()
        self.line = Watched(store, SECRETS, ORIGIN)
        self.line.is_open, self.line.loop = asyncio.Event(), asyncio.get_running_loop()
        self.line.open()
        self.line.administer(NOON_MS, administration())
        self.sequencer = Sequencer(self.line, ManualClock(NOON_MS), lambda text, _: self.reports.put_nowait(text))
        self.sequencer.start()

    async def tell(self, raw: bytes) -> Receipt:
        receipt = await within(self.sequencer.tell(raw))
        self.receipts.append((raw, receipt))
        return receipt

    async def tell_all(self, envelopes: Sequence[bytes]) -> list[Receipt]:
        return await asyncio.gather(*map(self.tell, envelopes))

    async def must_refuse(self, envelopes: Sequence[bytes]) -> None:
        """Every one of them is answered, and told to come back."""
        self.line.is_open.clear()
        answers = await within(asyncio.gather(*map(self.sequencer.tell, envelopes), return_exceptions=True))
        assert [a.code if isinstance(a, NodeFault) else a for a in answers] == ["NODE_FENCED"] * len(envelopes)

    async def must_be_ready_again(self) -> None:
        await within(self.line.is_open.wait())
        assert not self.line.is_fenced

    def must_be_sound(self) -> None:
        """Nothing acknowledged is lost, nothing is twice, every conflict is found, and a replay gives the same."""
        surviving = Surviving(self.store)
        for raw, receipt in self.receipts:
            surviving.must_hold(raw, receipt)
        surviving.must_be_told_once()
        surviving.must_have_found_every_conflict()


async def within(awaited: Awaitable[Result]) -> Result:
    return await asyncio.wait_for(awaited, PATIENCE_S)


def serve(store: Store, scene: Callable[[Served], Coroutine[Any, Any, None]]) -> None:
    """Play a scene on a serving line, then hold what is left against what was said."""

    async def play() -> None:
        served = Served(store)
        await scene(served)
        await within(served.sequencer.stop())
        served.must_be_sound()

    asyncio.run(play())
    store.close()


@pytest.mark.parametrize("fault", WRITING)
def test_a_refused_write_fences_the_node_and_the_same_notices_are_taken_once(
    disk: Disk, tmp_path: Path, fault: Fault
) -> None:
    async def scene(served: Served) -> None:
        before = [raw for n in range(3) for raw in served.tellers.pair(n)]
        during = [*served.tellers.pair(3), served.tellers.lone(4), served.tellers.pair(5)[0]]
        first = await served.tell_all(before)
        disk.fail(fault, times=1)
        await served.must_refuse(during)
        await served.must_be_ready_again()
        again = await served.tell_all(during)
        known = [(receipt.index, True) for receipt in (*first, *again)]
        assert [(r.index, r.is_duplicate) for r in await served.tell_all([*before, *during])] == known
        await served.tell_all(served.tellers.pair(6))

    serve(SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk)), scene)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_notice_whose_answer_was_lost_is_recognised_and_one_that_was_lost_itself_is_taken(*, is_kept: bool) -> None:
    store = MemoryStore()

    async def scene(served: Served) -> None:
        pair = served.tellers.pair(0)
        await served.tell(pair[0])
        store.fails_after_keeping, store.fails_without_keeping = is_kept, not is_kept
        await served.must_refuse([pair[1]])
        await served.must_be_ready_again()
        assert (await served.tell(pair[1])).is_duplicate is is_kept

    serve(store, scene)


@pytest.mark.parametrize("fault", [Fault.FULL, Fault.READ_ONLY, Fault.WRITE_FAILS, Fault.SYNC_FAILS])
def test_a_disk_that_stays_broken_keeps_the_node_fenced_until_it_is_mended(
    disk: Disk, tmp_path: Path, fault: Fault
) -> None:
    async def scene(served: Served) -> None:
        pair = served.tellers.pair(0)
        await served.tell(pair[0])
        disk.fail(fault)
        await served.must_refuse([pair[1], served.tellers.lone(1)])
        for _ in range(4):
            await within(served.reports.get())
            await served.must_refuse([pair[1]])
        disk.mend()
        await served.must_be_ready_again()
        await served.tell_all(pair)

    serve(SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk)), scene)


class SlowStore(MemoryStore):
    """A disk that takes as long as the test wants."""

    def __init__(self) -> None:
        super().__init__()
        self.is_writing, self.may_write = Event(), Event()
        self.may_write.set()

    def append(self, records: Sequence[Record], checkpoint: str) -> None:
        self.is_writing.set()
        assert self.may_write.wait(PATIENCE_S)
        super().append(records, checkpoint)

    def hold(self) -> None:
        self.is_writing.clear()
        self.may_write.clear()


def test_whoever_waits_behind_a_refused_write_is_told_to_come_back_at_once() -> None:
    store = SlowStore()

    async def scene(served: Served) -> None:
        first, second = served.tellers.pair(0)
        store.hold()
        store.fails_without_keeping = store.fails_reading = True
        writing = asyncio.create_task(served.must_refuse([first]))
        await within(asyncio.to_thread(store.is_writing.wait, PATIENCE_S))
        queued = asyncio.create_task(served.sequencer.tell(second))
        await asyncio.sleep(0)
        assert served.sequencer.waiting == 1
        store.may_write.set()
        await within(writing)
        with pytest.raises(NodeFault, match="not taking anything"):
            await within(queued)
        store.fails_reading = False
        await served.must_be_ready_again()
        await served.tell_all([first, second])

    serve(store, scene)


def test_stopping_answers_the_commit_under_way_and_sends_the_others_away() -> None:
    store = SlowStore()

    async def scene(served: Served) -> None:
        first, second = served.tellers.pair(0)
        store.hold()
        writing = asyncio.create_task(served.tell(first))
        await within(asyncio.to_thread(store.is_writing.wait, PATIENCE_S))
        queued = asyncio.create_task(served.sequencer.tell(second))
        await asyncio.sleep(0)
        stopping = asyncio.create_task(served.sequencer.stop())
        await asyncio.sleep(0)
        store.may_write.set()
        assert (await within(writing)).index == len(administration())
        with pytest.raises(NodeFault, match="it is stopping"):
            await within(queued)
        await within(stopping)

    serve(store, scene)


def test_a_listener_that_fails_is_reported_and_the_teller_has_its_receipt() -> None:
    async def scene(served: Served) -> None:
        def listener(_: object) -> None:
            message = "a planned fault"
            raise RuntimeError(message)

        served.line.listen(listener)
        assert not (await served.tell(served.tellers.lone(0))).is_duplicate
        assert "listener" in await within(served.reports.get())
        await served.tell(served.tellers.lone(1))

    serve(MemoryStore(), scene)


def test_a_step_that_breaks_off_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state has changed already, so the ledger is read again."""

    async def scene(served: Served) -> None:
        pair = served.tellers.pair(0)
        await served.tell(pair[0])
        with monkeypatch.context() as patched:
            patched.setattr("openline.node.step.ConflictStep.run", _break_off)
            await served.must_refuse([pair[1]])
            await served.must_be_ready_again()
        assert not (await served.tell(pair[1])).is_duplicate

    serve(MemoryStore(), scene)


def test_a_rebuild_that_breaks_off_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()

    async def scene(served: Served) -> None:
        with monkeypatch.context() as patched:
            patched.setattr(MemoryStore, "reopen", _break_off)
            store.fails_without_keeping = True
            await served.must_refuse([served.tellers.lone(0)])
            for _ in range(3):
                await within(served.reports.get())
            assert served.line.is_fenced
        await served.must_be_ready_again()
        await served.tell(served.tellers.lone(0))

    serve(store, scene)


def _break_off(*_: object, **__: object) -> None:
    message = "a planned fault"
    raise RuntimeError(message)
