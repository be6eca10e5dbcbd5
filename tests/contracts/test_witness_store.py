"""What a witness remembers: one atomic step, on disk, never backwards, whoever asks at once."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from openline.adapters.sqlite_driver import Connection, Stdlib, Value
from openline.adapters.witness_store import EVIDENCE_MAX, WitnessStore
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.witnessing import Asked, Declined, Head, open_request, parse_request
from openline.node.ports import StoreError
from tests.growing_log import ORIGIN, Log

LOG = Log(64)
AT_MS = 1_772_366_400_000
AT_ONCE = 8

# A process of its own that asks a store for one checkpoint as soon as it is told to.
CHILD = """
import sys
from pathlib import Path
from openline.adapters.sqlite_driver import Connection, Stdlib, Value
from openline.adapters.witness_store import WitnessStore
from openline.ledger.witnessing import Declined
from tests.contracts.test_witness_store import asked
from tests.growing_log import Log

path, mark = Path(sys.argv[1]), sys.argv[2]
store = WitnessStore(path)
fork = Log(64).fork(8, 9, mark)
print("ready", flush=True)
sys.stdin.readline()
try:
    store.take(asked(fork, 8), 0)
except Declined as declined:
    print(declined.status)
else:
    print("kept", fork.checkpoint().root.hex())
"""


def asked(log: Log, old: int, size: int | None = None) -> Asked:
    return open_request(parse_request(log.body(old, size)), {ORIGIN: [log.verifier]})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[WitnessStore]:
    opened = WitnessStore(tmp_path / "witness.sqlite")
    yield opened
    opened.close()


def test_what_was_kept_is_there_after_opening_again(store: WitnessStore) -> None:
    assert store.head(ORIGIN) == Head()
    store.take(asked(LOG, 0, 7), AT_MS)
    store.take(asked(LOG, 7, 20), AT_MS)
    store.close()
    again = WitnessStore(store.path)
    assert again.head(ORIGIN) == Head(20, LOG.tree.root(20))
    assert again.note(ORIGIN) == LOG.note(20)
    assert again.head("another") == Head()
    assert again.note("another") == ""
    again.close()


def test_the_same_checkpoint_may_be_kept_again(store: WitnessStore) -> None:
    store.take(asked(LOG, 0, 7), AT_MS)
    store.take(asked(LOG, 7, 7), AT_MS)
    assert store.head(ORIGIN).size == 7


def test_what_is_declined_changes_nothing_but_the_evidence(store: WitnessStore) -> None:
    store.take(asked(LOG, 0, 20), AT_MS)
    fork = LOG.fork(5, 30)
    for request in (asked(fork, 20, 20), asked(fork, 20), asked(fork, 20), asked(LOG, 0, 30), asked(LOG, 7, 9)):
        with pytest.raises(Declined):
            store.take(request, AT_MS)
    assert store.head(ORIGIN) == Head(20, LOG.tree.root(20))
    found = store.evidence(ORIGIN)
    assert [(item.note, item.kept, item.at_ms) for item in found] == [
        (fork.note(20), LOG.note(20), AT_MS),
        (fork.note(30), LOG.note(20), AT_MS),
    ]


def test_evidence_has_an_end(store: WitnessStore) -> None:
    store.take(asked(LOG, 0, 20), AT_MS)
    for number in range(EVIDENCE_MAX + 5):
        with pytest.raises(Declined):
            store.take(asked(LOG.fork(5, 20, f"fork {number} "), 20), AT_MS)
    assert len(store.evidence(ORIGIN)) == EVIDENCE_MAX


def test_threads_at_once_get_one_head(store: WitnessStore) -> None:
    store.take(asked(LOG, 0, 8), AT_MS)
    together = Barrier(AT_ONCE)

    def take(number: int) -> Checkpoint | None:
        fork = LOG.fork(8, 9, f"fork {number} ")
        together.wait(10)
        try:
            store.take(asked(fork, 8), AT_MS)
        except Declined:
            return None
        return fork.checkpoint()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        granted = [head for head in threads.map(take, range(AT_ONCE)) if head is not None]
    assert [(head.size, head.root) for head in granted] == [(9, store.head(ORIGIN).root)]


def test_processes_at_once_get_one_head(store: WitnessStore) -> None:
    store.take(asked(LOG, 0, 8), AT_MS)
    command = [sys.executable, "-c", CHILD, str(store.path)]
    children = [
        subprocess.Popen(
            [*command, f"process {n} "],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for n in range(4)
    ]
    said = []
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        said.append(out.strip())
    assert sorted(said)[:3] == ["409"] * 3
    assert sorted(said)[3] == f"kept {store.head(ORIGIN).root.hex()}"


def test_a_larger_checkpoint_is_not_rolled_back_by_a_smaller_one_that_was_asked_first(store: WitnessStore) -> None:
    first, second = asked(LOG, 8, 10), asked(LOG, 8, 12)
    store.take(asked(LOG, 0, 8), AT_MS)
    store.take(second, AT_MS)
    with pytest.raises(Declined) as caught:
        store.take(first, AT_MS)
    assert (caught.value.status, caught.value.size) == (409, 12)
    assert store.head(ORIGIN).size == 12


def test_one_put_back_from_an_old_copy_never_signs_behind_itself(store: WitnessStore, tmp_path: Path) -> None:
    store.take(asked(LOG, 0, 8), AT_MS)
    store.close()
    copy = tmp_path / "old.sqlite"
    shutil.copy(store.path, copy)
    store.take(asked(LOG, 8, 30), AT_MS)
    old = WitnessStore(copy)
    for request in (asked(LOG, 30, 30), asked(LOG, 0, 5), asked(LOG, 5, 7)):
        with pytest.raises(Declined) as caught:
            old.take(request, AT_MS)
        assert caught.value.size == 8
    old.close()


def test_no_program_can_make_it_go_backwards_or_forget(store: WitnessStore) -> None:
    store.take(asked(LOG, 0, 20), AT_MS)
    other = sqlite3.connect(store.path, isolation_level=None)
    for statement in (
        "UPDATE heads SET size = 19",
        "UPDATE heads SET root = zeroblob(32)",
        "UPDATE heads SET origin = 'another'",
        "DELETE FROM heads",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="a witness does not"):
            other.execute(statement)
    other.close()
    assert store.head(ORIGIN) == Head(20, LOG.tree.root(20))


class Failing(Stdlib):
    """SQLite on a disk that refuses the next commit, having kept it or not."""

    def __init__(self) -> None:
        self.fails = False
        self.keeps = False

    def connect(self, path: str) -> Connection:
        return _FailingConnection(super().connect(path), self)


class _FailingConnection:
    def __init__(self, held: Connection, driver: Failing) -> None:
        self._held = held
        self._driver = driver
        self.executemany = held.executemany
        self.close = held.close

    def execute(self, sql: str, parameters: Sequence[Value] = (), /) -> Iterable[Any]:
        if sql == "COMMIT" and self._driver.fails:
            self._driver.fails = False
            if self._driver.keeps:
                self._held.execute(sql)
            raise sqlite3.OperationalError("disk I/O error")
        return self._held.execute(sql, parameters)


@pytest.mark.parametrize("keeps", [False, True])
def test_nothing_is_granted_when_the_disk_refuses(tmp_path: Path, keeps: bool) -> None:  # noqa: FBT001 - a parameter
    disk = Failing()
    store = WitnessStore(tmp_path / "witness.sqlite", disk)
    store.take(asked(LOG, 0, 8), AT_MS)
    disk.fails, disk.keeps = True, keeps
    with pytest.raises(StoreError):
        store.take(asked(LOG, 8, 9), AT_MS)
    # What is on disk counts now, whatever was answered: the same log may ask again from there.
    old = store.head(ORIGIN).size
    assert old == (9 if keeps else 8)
    store.take(asked(LOG, old, 9), AT_MS)
    assert store.head(ORIGIN) == Head(9, LOG.tree.root(9))
    store.close()


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "ledger.sqlite"
    other = sqlite3.connect(database)
    other.execute("CREATE TABLE entries (idx INTEGER)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        WitnessStore(database)
    text = tmp_path / "text"
    text.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError):
        WitnessStore(text)
    with pytest.raises(StoreError):
        WitnessStore(tmp_path / "no folder" / "witness.sqlite")
