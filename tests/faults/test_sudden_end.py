"""A serving process is ended at any moment, and the machine forgets what was not synced: nothing acknowledged is lost.

Half of the ends come from outside, under load; the other half from inside the disk, at a seeded write or sync, which
also meets the moments in the middle of a commit, of a checkpoint of the log, and of opening.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from threading import Thread, Timer
from typing import IO, Any

import msgspec
import pytest

from openline.adapters.sqlite import SqliteStore
from openline.core.errors import LedgerFault
from openline.core.time import HOUR_MS
from openline.node.line import Receipt
from openline.node.ports import StoreError
from tests.faults.child import Order
from tests.faults.tellers import NOON_MS, Surviving, Tellers
from tests.samples import counts

PAIRS = 8
LONE = 4
AT_ONCE = 6
"""Envelopes on their way at the same time."""
OPENING = 650
"""About how many writes and syncs opening takes; the rest of a round takes at least some hundred."""
PATIENCE_S = 60
ROUND_MS = 4 * HOUR_MS


class Harness:
    """Tells a child what there is to tell, and keeps what it was answered."""

    def __init__(self, folder: Path, seed: int, *, is_careless: bool = False) -> None:
        self.path = folder / "ledger.sqlite"
        self.tellers = Tellers()
        self.receipts: dict[bytes, Receipt] = {}
        self.unanswered: list[bytes] = []
        self.refused: list[str] = []
        self.rounds = self.ended_inside = self.repeated = 0
        self._chance = random.Random(seed)
        self._is_careless = is_careless
        self._acknowledgements: dict[str, bytes] = {}

    def rounds_of(self, count: int) -> None:
        """So many lives of the node, each ended suddenly."""
        for _ in range(count):
            self.round()

    def round(self) -> None:
        """Start, load, end, and look at what is left."""
        load = self._load()
        dies_at = (
            0
            if self.rounds % 2
            else self._chance.choice((self._chance.randint(1, OPENING), OPENING + self._chance.randint(1, 150)))
        )
        order = Order(
            path=str(self.path),
            seed=self._chance.randrange(2**32),
            keeps=self._chance.choice((0.0, 0.0, 0.5, 0.95)),
            dies_at=dies_at,
            is_careless=self._is_careless,
            now_ms=NOON_MS + self.rounds * ROUND_MS,
        )
        self.rounds += 1
        command = [sys.executable, "-m", "tests.faults.child", msgspec.json.encode(order).decode()]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            watchdog = Timer(PATIENCE_S, process.kill)
            watchdog.start()
            try:
                self._converse(process, load, 3 * len(load) if dies_at else self._chance.randint(1, len(load)))
            finally:
                assert watchdog.is_alive(), "the process did not answer"
                watchdog.cancel()
        self.unanswered = [raw for raw in load if raw not in self.receipts]
        assert process.returncode == -9, "the process ended by itself"
        self.must_be_sound()

    def must_be_sound(self) -> None:
        """As the disk has it now, without any process that could remember."""
        if not self.path.exists():
            assert not self.receipts
            return
        with closing(SqliteStore(self.path)) as store:
            surviving = Surviving(store)
        for raw, receipt in self.receipts.items():
            surviving.must_hold(raw, receipt)
        surviving.must_be_told_once()
        surviving.must_have_found_every_conflict()

    def _load(self) -> list[bytes]:
        """Conflicting and other notices, what had no answer, and some of what had one, acknowledgements too."""
        first = self.rounds * PAIRS
        load = [raw for n in range(first, first + PAIRS) for raw in self.tellers.pair(n)]
        load += [self.tellers.lone(self.rounds * LONE + n) for n in range(LONE)]
        load += self.unanswered
        self._chance.shuffle(load)
        # The last is sent first: what was answered before the last end is asked for again at once.
        return load + self._chance.sample(sorted(self.receipts), min(12, len(self.receipts)))

    def _converse(self, process: subprocess.Popen[bytes], load: list[bytes], answers: int) -> None:
        """Write in a thread, so that neither side waits for the other to read."""
        outbox: SimpleQueue[bytes | None] = SimpleQueue()
        assert process.stdin is not None
        writer = Thread(target=_write, args=(process.stdin, outbox))
        writer.start()
        try:
            self._load_and_end(process, outbox, load, answers)
        finally:
            process.kill()
            outbox.put(None)
            writer.join(PATIENCE_S)

    def _load_and_end(
        self, process: subprocess.Popen[bytes], outbox: SimpleQueue[bytes | None], load: list[bytes], answers: int
    ) -> None:
        """Send the load; after so many answers, or when nothing more can come, end the process."""
        backlog, sent, heard, is_ended = list(load), list[bytes](), 0, False

        def send(count: int = 1) -> None:
            for _ in range(min(count, len(backlog))):
                outbox.put(b"%d %b\n" % (len(sent), backlog[-1]))
                sent.append(backlog.pop())

        assert process.stdout is not None
        for kind, *parts in _lines(process.stdout):
            if kind == "ready":
                send(AT_ONCE)
            elif kind == "alert":
                backlog.append(self._acknowledgement(*parts))
            elif kind == "report":
                raise AssertionError(parts)
            else:
                self._answered(kind, sent[parts[0]], parts[1])
                send()
                heard += 1
                if heard in {answers, len(sent)}:
                    process.kill()
                    is_ended = True
        self.ended_inside += not is_ended

    def _answered(self, kind: str, raw: bytes, answer: Any) -> None:  # noqa: ANN401 - a code or a receipt
        if kind == "refusal":
            self.refused.append(answer)
            return
        receipt = msgspec.convert(answer, Receipt)
        known = self.receipts.setdefault(raw, receipt)
        assert known.index == receipt.index, "one envelope has two places"
        assert known is receipt or receipt.is_duplicate
        self.repeated += known is not receipt

    def _acknowledgement(self, party: str, alert: str, precedence: str) -> bytes:
        """Signed once: the same alert may be heard of again, when its first entry was lost with the process."""
        raw = self._acknowledgements.get(alert)
        if raw is None:
            raw = self._acknowledgements[alert] = self.tellers.acknowledgement(party, alert, precedence)
        return raw


def _write(pipe: IO[bytes], outbox: SimpleQueue[bytes | None]) -> None:
    try:
        while (line := outbox.get()) is not None:
            pipe.write(line)
            pipe.flush()
    except BrokenPipeError:
        while outbox.get() is not None:
            pass


def _lines(pipe: IO[bytes]) -> Iterator[list[Any]]:
    """Whole lines until the pipe ends; the last one may have been cut off."""
    for line in pipe:
        if line.endswith(b"\n"):
            yield msgspec.json.decode(line)


def test_nothing_acknowledged_is_lost_when_the_process_is_ended_at_any_moment(tmp_path: Path) -> None:
    harness = Harness(tmp_path, seed=1)
    harness.rounds_of(counts(8, 50))
    assert len(harness.receipts) > 50
    assert harness.repeated > 20
    assert harness.ended_inside >= harness.rounds // 4
    assert set(harness.refused) <= {"ALERT_UNKNOWN"}


def test_the_same_would_be_noticed_if_commits_were_not_synced(tmp_path: Path) -> None:
    harness = Harness(tmp_path, seed=2, is_careless=True)
    with pytest.raises((AssertionError, LedgerFault, StoreError)):
        harness.rounds_of(5)
    assert harness.receipts
