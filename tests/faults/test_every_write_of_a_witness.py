"""The power goes, or the disk fails, at each single operation of a witness: what was cosigned is never contradicted.

As in `test_every_write`, one life is recorded and cut at each operation. What a cosignature promises is that the
witness goes on from its checkpoint: whoever asks later for another history of that size, or an older one, is declined.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from openline.adapters.clock import ManualClock
from openline.adapters.sqlite_driver import Connection, Driver
from openline.adapters.witness_store import WitnessStore
from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.witnessing import Declined
from openline.node.ports import StoreError
from openline.node.witness import Witness
from tests.faults.cuts import WAYS, Cut, Promise, Recorded, cuts, failing, later_cuts, some_of
from tests.faults.disk import Apsw
from tests.faults.trace import Does, Trace, Trouble
from tests.growing_log import Log

NOW_MS = 1_772_366_400_000
SIZES = (1, 2, 5, 8, 9, 16)
NAME = "witness.sqlite"
LOGS = (Log(SIZES[-1]), Log(SIZES[-1], origin="log.example/second", seed=bytes([1]) * 32))


class Cosigned(Promise, frozen=True):
    """A cosignature that left the witness."""

    checkpoint: Checkpoint


class _Undone(Apsw):
    """A journal that is gone for the system only: the folder is not synced with it."""

    def connect(self, path: str) -> Connection:
        return _NotExtra(super().connect(path))


class _NotExtra:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.executemany, self.close = connection.executemany, connection.close

    def execute(self, sql: str, parameters: object = (), /) -> Iterable[object]:
        return self._connection.execute(sql.replace("synchronous = EXTRA", "synchronous = FULL"), parameters)  # type: ignore[arg-type]


def witness(store: WitnessStore) -> Witness:
    known = {log.origin: [log.verifier] for log in LOGS}
    return Witness("witness.example", Signer(bytes([2]) * 32), known, store, ManualClock(NOW_MS))


def record(folder: Path, trouble: Trouble | None = None, kind: type[Apsw] = Apsw) -> Recorded[Cosigned]:
    """Two logs grow and are cosigned; each asks for a fork as well; the process ends once in between."""
    trace = Trace(f"witness-{folder.name}", trouble)
    given: list[Cosigned] = []
    faults = 0
    for sizes in (SIZES[:3], SIZES[3:]):
        for log in LOGS:
            for size in sizes:
                faults += _cosigned(folder / NAME, kind(trace), trace, log, size, given)
    trace.unregister()
    return Recorded(trace.operations, given, faults)


def _cosigned(path: Path, driver: Driver, trace: Trace, log: Log, size: int, given: list[Cosigned]) -> int:
    """Ask until it is cosigned, from whatever the witness has kept; gives how often it could not."""
    for faults in range(8):
        try:
            with closing(WitnessStore(path, driver)) as store:
                asked = witness(store)
                began = len(trace.operations)
                asked.add_checkpoint(log.body(store.head(log.origin).size, size))
                given.append(Cosigned(began, len(trace.operations), log.checkpoint(size)))
                with suppress(Declined):
                    asked.add_checkpoint(log.fork(size // 2, size).body(size))
                return faults
        except StoreError:
            continue
    raise AssertionError("the disk works again, and the witness does not")


def examine(folder: Path, cut: Cut[Cosigned]) -> None:
    """Ask the next process for everything that would contradict a cosignature, then for an honest one."""
    cut.put(folder)
    try:
        with closing(WitnessStore(folder / NAME)) as store:
            for one in cut.given:
                must_not_contradict(store, one.checkpoint)
            for log in LOGS:
                kept = store.head(log.origin)
                assert kept.root == log.tree.root(kept.size)
                witness(store).add_checkpoint(log.body(kept.size))
    except Exception as error:
        error.add_note(f"after a cut: {cut.where}")
        raise


def must_not_contradict(store: WitnessStore, cosigned: Checkpoint) -> None:
    kept = store.head(cosigned.origin)
    assert kept.size >= cosigned.size, f"size {cosigned.size} was cosigned and is forgotten"
    log = next(log for log in LOGS if log.origin == cosigned.origin)
    fork = log.fork(cosigned.size - 1, cosigned.size)
    for old in {0, cosigned.size - 1, cosigned.size, kept.size} & set(range(cosigned.size + 1)):
        with pytest.raises(Declined):
            witness(store).add_checkpoint(fork.body(old))


def examine_all(folder: Path, left: Iterable[Cut[Cosigned]]) -> int:
    """How many there were."""
    examined = 0
    for cut in left:
        examine(folder, cut)
        examined += 1
    return examined


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded[Cosigned]:
    return record(tmp_path_factory.mktemp("recorded-witness"))


def test_the_life_meets_every_kind_of_operation_between_cosignatures(recorded: Recorded[Cosigned]) -> None:
    between = recorded.operations[recorded.given[0].began : recorded.given[-1].at]
    assert {operation.does for operation in between} >= {Does.OPEN, Does.WRITE, Does.SYNC, Does.DELETE}
    assert len(recorded.given) == len(SIZES) * len(LOGS)


def test_a_power_cut_at_any_operation_contradicts_no_cosignature(recorded: Recorded[Cosigned], tmp_path: Path) -> None:
    assert examine_all(tmp_path, cuts(recorded, some_of(recorded))) > 50


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_fails_at_any_operation_contradicts_no_cosignature(
    recorded: Recorded[Cosigned], tmp_path: Path, way: str
) -> None:
    for trouble in failing(recorded, way):
        folder = tmp_path / f"{way}-{trouble.at}"
        folder.mkdir()
        run = record(folder, trouble)
        assert {(o.checkpoint.origin, o.checkpoint.size) for o in run.given} == {
            (g.origin, n) for g in LOGS for n in SIZES
        }
        examine_all(folder, later_cuts(run, trouble))
        shutil.rmtree(folder)


def test_a_journal_that_comes_back_would_be_noticed(tmp_path: Path) -> None:
    """Why the folder is synced with each journal: else a power cut could undo what was cosigned."""
    (tmp_path / "recorded").mkdir()
    (tmp_path / "left").mkdir()
    run = record(tmp_path / "recorded", kind=_Undone)
    with pytest.raises(AssertionError, match="was cosigned and is forgotten"):
        examine_all(tmp_path / "left", cuts(run, range(len(run.operations))))


def test_a_cosignature_that_leaves_before_it_is_kept_would_be_noticed(
    recorded: Recorded[Cosigned], tmp_path: Path
) -> None:
    with pytest.raises(AssertionError, match="was cosigned and is forgotten"):
        examine_all(tmp_path, cuts(recorded, {one.began for one in recorded.given}, is_hasty=True))
