"""Many tellers, one order: inputs are queued, stepped together, committed together, then answered.

While one commit waits for the disk, the next inputs are verified and queued; whoever is in the same commit shares its
cost. Two notices that arrive at the same moment are stepped one after the other, so the later sees the earlier. No load
turns away what may be a FLASH (`lanes`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from msgspec.structs import replace

from openline.core.errors import NodeFault, OpenlineError
from openline.intake.key_opening import open_key_document
from openline.intake.opening import open_acknowledgement, open_declaration, open_notice
from openline.node.batch import Batch, ClockJump, Delivery, Tick, Told
from openline.node.journal import Staged
from openline.node.lanes import Lanes, Waiting
from openline.node.line import CLOCK_JUMP_MS, Line, Receipt, fenced
from openline.node.ports import Clock, StoreError
from openline.node.step import Accepted
from openline.node.urgency import subject_of
from openline.node.witnesses import Cosigning, Suspicion

QUEUE_MAX = 10_000
"""Inputs waiting for the sequencer; beyond it a sender is asked to come back, unless what it sends may be a FLASH."""
BATCH_MAX = 256
"""Inputs of one commit."""
REBUILD_PAUSE_S = 1.0
"""Between two attempts to read the ledger again."""
TICK_PAUSE_S = 0.2
"""How often the clock is compared with what is due."""
_LOOKS = 3
"""How often the two clocks are read again when the machine paused between them."""


Report = Callable[[str, Exception], None]
"""Takes a sentence and the exception behind it."""


class Sequencer:
    """The only caller of the line while a node serves. Lives in one event loop."""

    def __init__(self, line: Line, clock: Clock, report: Report) -> None:
        """`line` has been opened; `report` is told of what should never happen."""
        self.line = line
        self.clock = clock
        self._report = report
        self.lanes = Lanes(QUEUE_MAX)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._tasks: list[asyncio.Task[None]] = []
        self._is_stopping = False

    def start(self) -> None:
        """Begin to take inputs and to watch the clock."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._run()), loop.create_task(self._watch())]

    async def stop(self) -> None:
        """Stop after the commit under way, which is answered; whatever still waits is told to come back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._turn_away(fenced("it is stopping"))
        self._disk.shutdown(wait=True)

    @property
    def waiting(self) -> int:
        """Inputs in the queue."""
        return len(self.lanes)

    async def tell(self, raw: bytes) -> Receipt:
        """Take a notice's envelope; returns once it is on disk.

        Raises:
            Refusal: when it is malformed, not authenticated or impossible.
            NodeFault: NODE_FENCED or NODE_BUSY.
        """
        return await self.hand_in(raw)

    async def acknowledge(self, raw: bytes) -> Receipt:
        """Take an acknowledgement's envelope; returns once it is on disk.

        Raises:
            Refusal, NodeFault: as `tell`.
        """
        return await self.hand_in_acknowledgement(raw)

    def hand_in(self, raw: bytes) -> asyncio.Future[Receipt]:
        """Take a notice's envelope; the receipt follows once it is on disk.

        Raises:
            Refusal, NodeFault: as `tell`; through the future too.
        """
        state = self.line.state
        return self._submit(open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of))

    def hand_in_acknowledgement(self, raw: bytes) -> asyncio.Future[Receipt]:
        """Take an acknowledgement's envelope; the receipt follows once it is on disk.

        Raises:
            Refusal, NodeFault: as `tell`; through the future too.
        """
        return self._submit(open_acknowledgement(raw, keyring=self.line.state.keyring))

    def hand_in_declaration(self, raw: bytes) -> asyncio.Future[Receipt]:
        """Take a declaration's envelope; the receipt follows once it is on disk.

        Raises:
            Refusal, NodeFault: as `tell`; through the future too.
        """
        return self._submit(open_declaration(raw, keyring=self.line.state.keyring))

    def hand_in_key_document(self, raw: bytes) -> asyncio.Future[Receipt]:
        """Take a key document's envelope; the receipt follows once it is on disk.

        Raises:
            Refusal, NodeFault: as `tell`; through the future too.
        """
        return self._submit(open_key_document(raw, keyring=self.line.state.keyring))

    def deliver(self, party: str, entries: tuple[int, ...], channel: str) -> None:
        """Record that a party's machine took entries. Nobody waits for it; a full queue drops the observation."""
        if entries:
            self.lanes.put(Waiting(Delivery(party=party, entries=entries, channel=channel), []))

    def observe(self, given: Cosigning | Suspicion) -> asyncio.Future[Receipt]:
        """Record what a witness answered; the receipt follows once it is on disk.

        Raises:
            Refusal, NodeFault: as `tell`, through the future too.
        """
        if self.line.is_fenced:
            raise fenced(self.line.fence_reason)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        if not self.lanes.put(Waiting(given, [answer])):
            raise self._busy()
        return answer

    def _submit(self, given: Told) -> asyncio.Future[Receipt]:
        if self.line.is_fenced:
            raise fenced(self.line.fence_reason)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        subject = subject_of(given, self.line.state, self.clock.now_ms())
        if not self.lanes.put(Waiting(given, [answer], subject)):
            raise self._busy()
        return answer

    def _busy(self) -> NodeFault:
        return NodeFault(
            "NODE_BUSY", f"{self.lanes.limit} inputs are waiting already", remedy="Send it again in a second."
        )

    def _turn_away(self, fault: NodeFault) -> None:
        """Answer everybody who waits in the queue."""
        _fail_all(self.lanes.drain(), fault)

    async def _run(self) -> None:
        while not self._is_stopping:
            await self._commit(await self.lanes.take(BATCH_MAX))

    async def _watch(self) -> None:
        watch = Watch(self.clock)
        while True:
            await asyncio.sleep(TICK_PAUSE_S)
            jump = watch.look()
            if self.line.is_fenced:
                continue
            if jump is not None:
                self.lanes.put(Waiting(jump, []))
            due_ms, now_ms = self.line.state.next_due_ms(), self.clock.now_ms()
            if (due_ms is not None and due_ms <= now_ms) or self.line.has_jumped_back(now_ms):
                self.lanes.put(Waiting(Tick(), []))

    async def _commit(self, group: list[Waiting]) -> None:
        try:
            batch = self.line.stage([waiting.given for waiting in group], self.clock.now_ms())
            if batch.staged is not None:
                await self._write(batch.staged)
        except NodeFault as fault:
            _fail_all(group, fault)
        except StoreError as error:
            self._report("The disk refused a write; the ledger is read again before anything is taken.", error)
            await self._fence(group, f"the disk refused a write ({error})")
        except Exception as error:  # noqa: BLE001 - a step that breaks off midway leaves state that no ledger explains
            self._report("A step broke off; the ledger is read again before anything is taken.", error)
            await self._fence(group, f"a step broke off ({type(error).__name__})")
        else:
            self._publish(batch)
            _answer(self.line, group, batch)

    async def _write(self, staged: Staged) -> None:
        """Wait for the disk, also when told to stop meanwhile: a commit under way is seen to its end."""
        loop = asyncio.get_running_loop()
        written = loop.run_in_executor(self._disk, self.line.store.append, staged.records, staged.checkpoint)
        try:
            await asyncio.shield(written)
        except asyncio.CancelledError:
            self._is_stopping = True
            await written

    def _publish(self, batch: Batch) -> None:
        """Let it be known. It is on disk, so its tellers get their receipts whatever a listener makes of it."""
        try:
            self.line.publish(batch)
        except Exception as error:  # noqa: BLE001 - whatever a listener does, the line goes on
            self._report("A listener failed; the line goes on.", error)

    async def _fence(self, group: Sequence[Waiting], reason: str) -> None:
        self.line.fence(reason)
        _fail_all(group, fenced(reason))
        self._turn_away(fenced(reason))
        loop = asyncio.get_running_loop()
        while self.line.is_fenced and not self._is_stopping:
            try:
                await loop.run_in_executor(self._disk, self.line.rebuild)
            except Exception as error:  # noqa: BLE001 - whatever it is, the line stays fenced and tries again
                self._report("The ledger could not be read again; the next attempt follows.", error)
                self.line.fence(str(error))
                await asyncio.sleep(REBUILD_PAUSE_S)


class Watch:
    """Tells when the clock runs ahead of the time that has passed. One that jumps back the line itself sees."""

    def __init__(self, clock: Clock) -> None:
        """Looks for the first time."""
        self._clock = clock
        self._now_ms, self._elapsed_ms = self._both()

    def look(self) -> ClockJump | None:
        """The jump since the last look, or None. After a sleep of the machine there is one too."""
        then_ms, since_ms = self._now_ms, self._elapsed_ms
        self._now_ms, self._elapsed_ms = self._both()
        expected_ms = then_ms + self._elapsed_ms - since_ms
        if self._now_ms - expected_ms <= CLOCK_JUMP_MS:
            return None
        return ClockJump(clock_ms=self._now_ms, expected_ms=expected_ms)

    def _both(self) -> tuple[int, int]:
        """The clock and the time that has passed, at one moment, or nearly: it asks again a few times, not for ever."""
        before_ms = now_ms = 0
        for _ in range(_LOOKS):
            before_ms, now_ms, after_ms = self._clock.elapsed_ms(), self._clock.now_ms(), self._clock.elapsed_ms()
            if after_ms - before_ms < CLOCK_JUMP_MS:
                break
        return now_ms, before_ms


def _answer(line: Line, group: list[Waiting], batch: Batch) -> None:
    for waiting, outcome in zip(group, batch.outcomes, strict=True):
        if not waiting.answers:
            continue
        if not isinstance(outcome, Accepted):
            _fail(waiting, outcome)
            continue
        try:
            receipt = line.receipt(outcome)
        except StoreError as error:
            # what was told before is on disk, and the disk does not show it now
            _fail(waiting, NodeFault("STORE_FAILED", str(error), remedy="Send the same again in a moment."))
            continue
        for number, answer in enumerate(waiting.answers):
            if not answer.done():
                answer.set_result(receipt if not number else replace(receipt, is_duplicate=True, flags=()))


def _fail(waiting: Waiting, error: OpenlineError) -> None:
    for answer in waiting.answers:
        if not answer.done():
            answer.set_exception(error)


def _fail_all(group: Sequence[Waiting], error: OpenlineError) -> None:
    for waiting in group:
        _fail(waiting, error)
