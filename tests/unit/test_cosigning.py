"""Asking witnesses: in rounds for one checkpoint, never for the sake of cosignatures, whatever the others do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from openline.adapters.clock import ManualClock
from openline.adapters.witness_store import WitnessStore
from openline.core.event import Cosigned, Delivered, WitnessAlarm, WitnessTrouble
from openline.core.time import MINUTE_MS, SECOND_MS
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.cosignature import cosign, line_text
from openline.ledger.note import NoteVerifier, parse_note
from openline.ledger.witnessing import Declined, open_request, parse_request
from openline.node.batch import Delivery
from openline.node.cosigning import Cosigners, Place, Standing
from openline.node.ports import WitnessAnswer, WitnessSilent
from openline.node.replay import replay
from openline.node.sequencer import Sequencer
from openline.node.witness import Witness
from tests.cosigning import MONITOR, name_of, watched_town, witness_signer
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, on_ground, presence

Answering = Callable[[bytes], Awaitable[WitnessAnswer]]


class Here:
    """The way to witnesses in this process, each with a real memory on disk, and what was asked of whom."""

    def __init__(self, folder: Path, town: Town, clock: ManualClock, parties: tuple[str, ...]) -> None:
        logs = {ORIGIN: [NoteVerifier(ORIGIN, town.secrets.signer.public_key)]}
        self.stores = {party: WitnessStore(folder / f"{party}.sqlite") for party in parties}
        self.witnesses = {
            party: Witness(name_of(party), witness_signer(party), logs, store, clock)
            for party, store in self.stores.items()
        }
        self.instead: dict[str, Answering] = {}
        self.asked: list[tuple[str, int, int]] = []
        """Whom, old size, size."""

    async def add_checkpoint(self, url: str, body: bytes) -> WitnessAnswer:
        party = url
        request = parse_request(body)
        size = int(parse_note(request.note).text.split("\n")[1])
        self.asked.append((party, request.old_size, size))
        if party in self.instead:
            return await self.instead[party](body)
        return self.honest(party, body)

    def honest(self, party: str, body: bytes) -> WitnessAnswer:
        try:
            return WitnessAnswer(status=200, body=self.witnesses[party].add_checkpoint(body).encode())
        except Declined as declined:
            return WitnessAnswer(status=declined.status, body=f"{declined.size}\n".encode())

    async def close(self) -> None:
        for store in self.stores.values():
            store.close()


class Watch:
    """A town's node with its witnesses, moved by hand."""

    def __init__(self, folder: Path, parties: tuple[str, ...] = (NORTH, SOUTH, MONITOR)) -> None:
        self.town = watched_town()
        self.clock = ManualClock(self.town.now_ms)
        self.reports: list[str] = []
        self.sequencer = Sequencer(self.town.line, self.clock, self.report)
        self.here = Here(folder, self.town, self.clock, parties)
        self.cosigners = self.fresh()

    def fresh(self) -> Cosigners:
        """What asks, as after a restart."""
        places = [Place(name=name_of(party), url=party) for party in self.here.witnesses]
        return Cosigners(self.sequencer, self.here, places, self.report)

    def report(self, sentence: str, _: Exception) -> None:
        self.reports.append(sentence)

    def tell(self) -> None:
        """Something worth witnessing."""
        self.town.now_ms = self.clock.now_ms()
        self.town.tell(SOUTH, presence(on_ground(self.town.now_ms)))

    async def after(self, span_ms: int = SECOND_MS) -> bool:
        """Let time pass, then look whether a round is due."""
        self.clock.move_to(self.clock.now_ms() + span_ms)
        return await self.cosigners.turn()

    @property
    def witnessed(self) -> int:
        return self.town.line.state.witnessed("town")

    def alarms(self) -> list[WitnessTrouble]:
        return [event.trouble for _, event in self.town.heard if isinstance(event, WitnessAlarm)]


def watching(folder: Path, script: Callable[[Watch], Awaitable[None]]) -> Watch:
    """Run a script with a sequencer that takes inputs; afterwards a replay agrees with every byte."""

    async def run() -> Watch:
        watch = Watch(folder)
        watch.sequencer.start()
        try:
            await script(watch)
        finally:
            await watch.cosigners.stop()
            await watch.sequencer.stop()
        return watch

    watch = asyncio.run(run())
    replay(watch.town.store, watch.town.secrets, ORIGIN)
    return watch


async def silent(_: bytes) -> WitnessAnswer:
    raise WitnessSilent("nobody there")


def test_everybody_is_asked_for_one_checkpoint_and_it_is_witnessed(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        size = watch.town.line.committed
        assert await watch.cosigners.turn()
        assert watch.here.asked == [(party, 0, size) for party in (NORTH, SOUTH, MONITOR)]
        assert watch.witnessed == size
        assert watch.cosigners.standings()[Standing.ANSWERING] == 3

    watching(tmp_path, script)


def test_cosignatures_and_deliveries_alone_are_not_asked_about(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        await watch.cosigners.turn()
        for _ in range(5):
            assert not await watch.after()
        delivery = Delivery(party=NORTH, entries=(1,), channel="feed")
        watch.town.line.commit([delivery], watch.clock.now_ms())
        assert any(isinstance(event, Delivered) for _, event in watch.town.heard)
        assert not await watch.after()
        watch.tell()
        size = watch.town.line.committed
        assert await watch.after()
        assert watch.witnessed == size

    watching(tmp_path, script)


def test_a_load_of_notices_costs_a_witness_one_request_a_second(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        await watch.cosigners.turn()
        for _ in range(20):
            watch.tell()
            await watch.after(100)
        asked = [size for party, _, size in watch.here.asked if party == NORTH]
        assert len(asked) == 3
        # The newest at the time, not each of them.
        watch.tell()
        newest = watch.town.line.committed
        await watch.after()
        assert watch.here.asked[-1][2] == newest

    watching(tmp_path, script)


def test_a_dead_witness_keeps_nobody_waiting_and_is_asked_ever_more_rarely(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        watch.here.instead[NORTH] = silent
        size = watch.town.line.committed
        await watch.cosigners.turn()
        assert watch.witnessed == size
        for _ in range(600):
            watch.tell() if len(watch.here.asked) < 12 else None
            await watch.after()
        tries = [size for party, _, size in watch.here.asked if party == NORTH]
        # Waits of 1, 2, 4 ... seconds, then of a minute: 6 within the first minute, 9 in the other nine.
        assert 14 <= len(tries) <= 17
        assert watch.cosigners.standings() == {
            Standing.WAITING: 0,
            Standing.ANSWERING: 2,
            Standing.SILENT: 1,
            Standing.TROUBLE: 0,
        }
        assert watch.alarms() == []

    watching(tmp_path, script)


def test_one_that_comes_back_is_asked_for_the_checkpoint_of_the_others(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        watch.here.instead[NORTH] = watch.here.instead[MONITOR] = silent
        size = watch.town.line.committed
        await watch.cosigners.turn()
        assert watch.witnessed == 0
        del watch.here.instead[NORTH]
        assert await watch.after()
        assert watch.witnessed == size

    watching(tmp_path, script)


def test_after_a_restart_the_same_checkpoint_goes_on(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        watch.here.instead[NORTH] = watch.here.instead[MONITOR] = silent
        size = watch.town.line.committed
        await watch.cosigners.turn()
        del watch.here.instead[NORTH]
        watch.cosigners = watch.fresh()
        assert await watch.after()
        assert watch.witnessed == size

    watching(tmp_path, script)


def test_an_answer_that_was_lost_is_asked_for_again(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        async def lost(body: bytes) -> WitnessAnswer:
            watch.here.honest(NORTH, body)
            raise WitnessSilent("the answer got lost")

        watch.here.instead[NORTH] = lost
        await watch.cosigners.turn()
        del watch.here.instead[NORTH]
        (first,) = (size for party, _, size in watch.here.asked if party == NORTH)
        watch.tell()
        second = watch.town.line.committed
        await watch.after()
        # It is told the size in between, and starts from there.
        asked = [(old, size) for party, old, size in watch.here.asked if party == NORTH]
        assert asked == [(0, first), (0, second), (first, second)]
        assert watch.alarms() == []

    watching(tmp_path, script)


def test_a_slow_witness_keeps_no_notice_waiting(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        go = asyncio.Event()

        async def slow(body: bytes) -> WitnessAnswer:
            await go.wait()
            return watch.here.honest(NORTH, body)

        watch.here.instead[NORTH] = slow
        turn = asyncio.create_task(watch.cosigners.turn())
        await asyncio.sleep(0)
        raw = watch.town.written(SOUTH, presence(on_ground(NOON_MS)))
        receipt = await watch.sequencer.tell(raw)
        assert not turn.done()
        assert receipt.index < watch.town.line.committed
        go.set()
        await turn

    watching(tmp_path, script)


def test_a_witness_with_an_old_memory_is_reported_and_asked_from_there(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        await watch.cosigners.turn()
        watch.here.stores[NORTH].close()
        logs = {ORIGIN: [NoteVerifier(ORIGIN, watch.town.secrets.signer.public_key)]}
        fresh = WitnessStore(tmp_path / "fresh.sqlite")
        watch.here.stores[NORTH] = fresh
        watch.here.witnesses[NORTH] = Witness(name_of(NORTH), witness_signer(NORTH), logs, fresh, watch.clock)
        watch.tell()
        await watch.after()
        assert watch.alarms() == [WitnessTrouble.WENT_BACK]
        assert watch.here.asked[-1][:2] == (NORTH, 0)
        assert "old copy" in watch.reports[0]
        # It cosigns again, so the trouble is over.
        assert watch.cosigners.standings()[Standing.TROUBLE] == 0

    watching(tmp_path, script)


def test_a_witness_that_knows_more_than_the_node_is_an_alarm_said_once(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        async def ahead(_: bytes) -> WitnessAnswer:
            return WitnessAnswer(status=409, body=b"1000000\n")

        watch.here.instead[NORTH] = ahead
        await watch.cosigners.turn()
        for _ in range(3):
            await watch.after(MINUTE_MS)
        assert watch.alarms() == [WitnessTrouble.AHEAD]
        assert len(watch.reports) == 1
        assert watch.cosigners.standings()[Standing.TROUBLE] == 1
        (alarm,) = (event for _, event in watch.town.heard if isinstance(event, WitnessAlarm))
        assert (alarm.witness, alarm.party, alarm.told) == (name_of(NORTH), NORTH, 1_000_000)

    watching(tmp_path, script)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (WitnessAnswer(status=422, body=b"no\n"), WitnessTrouble.FORK),
        (WitnessAnswer(status=409, body=b"0\n"), WitnessTrouble.WRONG_ANSWER),
        (WitnessAnswer(status=409, body=b"what\n"), WitnessTrouble.WRONG_ANSWER),
        (WitnessAnswer(status=409, body=b"9" * 400), WitnessTrouble.WRONG_ANSWER),
        (WitnessAnswer(status=200, body=b""), WitnessTrouble.WRONG_ANSWER),
        (WitnessAnswer(status=200, body=b"\xff\n"), WitnessTrouble.WRONG_ANSWER),
        (WitnessAnswer(status=200, body=b"\xe2\x80\x94 n AAAAAAEC\n"), WitnessTrouble.WRONG_ANSWER),
        (WitnessAnswer(status=500, body=b""), None),
        (WitnessAnswer(status=403, body=b""), None),
    ],
)
def test_answers_that_are_none(tmp_path: Path, answer: WitnessAnswer, trouble: WitnessTrouble | None) -> None:
    async def script(watch: Watch) -> None:
        async def said(_: bytes) -> WitnessAnswer:
            return answer

        watch.here.instead[NORTH] = said
        size = watch.town.line.committed
        await watch.cosigners.turn()
        assert watch.alarms() == ([] if trouble is None else [trouble])
        assert watch.witnessed == size
        named = [event.witness for _, event in watch.town.heard if isinstance(event, Cosigned)]
        assert sorted(named) == [name_of(MONITOR), name_of(SOUTH)]

    watching(tmp_path, script)


def test_a_cosignature_of_another_size_counts_for_nothing(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        tree = watch.town.line.journal.tree

        async def backwards(_: bytes) -> WitnessAnswer:
            head = Checkpoint(ORIGIN, 1, tree.root(1))
            text = parse_note(watch.town.line.journal.sign(head.size)).text
            line = cosign(text, name_of(NORTH), witness_signer(NORTH), NOON_MS // SECOND_MS)
            return WitnessAnswer(status=200, body=line_text(line).encode())

        watch.here.instead[NORTH] = backwards
        await watch.cosigners.turn()
        assert watch.alarms() == [WitnessTrouble.WRONG_ANSWER]

    watching(tmp_path, script)


def test_one_that_answers_never_twice_the_same_is_left_alone(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        sizes = iter(range(1, 100))

        async def changing(_: bytes) -> WitnessAnswer:
            return WitnessAnswer(status=409, body=f"{next(sizes)}\n".encode())

        watch.here.instead[NORTH] = changing
        await watch.cosigners.turn()
        assert len([party for party, _, _ in watch.here.asked if party == NORTH]) == 3
        assert watch.alarms() == []

    watching(tmp_path, script)


def test_nobody_is_asked_while_the_node_is_fenced(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        watch.town.line.fence("a test")
        assert not await watch.cosigners.turn()
        assert watch.here.asked == []

    watching(tmp_path, script)


def test_what_breaks_off_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        async def broken(_: bytes) -> WitnessAnswer:
            raise RuntimeError("a fault of ours")

        watch.here.instead[NORTH] = broken
        size = watch.town.line.committed
        await watch.cosigners.turn()
        assert watch.witnessed == size
        assert len(watch.reports) == 1

    watching(tmp_path, script)


def test_requests_are_what_the_specification_asks_for(tmp_path: Path) -> None:
    async def script(watch: Watch) -> None:
        verifier = NoteVerifier(ORIGIN, watch.town.secrets.signer.public_key)
        seen: list[Checkpoint] = []

        async def reading(body: bytes) -> WitnessAnswer:
            seen.append(open_request(parse_request(body), {ORIGIN: [verifier]}).checkpoint)
            return watch.here.honest(NORTH, body)

        watch.here.instead[NORTH] = reading
        await watch.cosigners.turn()
        watch.tell()
        await watch.after()
        tree = watch.town.line.journal.tree
        assert [head.root for head in seen] == [tree.root(head.size) for head in seen]

    watching(tmp_path, script)
