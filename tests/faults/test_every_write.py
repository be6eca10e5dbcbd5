"""The power goes, or the disk fails, at each single operation of commits: what was acknowledged is there.

One life is recorded. For each operation and each way in which a disk can be left there, the files that remain are put
into a folder of their own and opened with the ordinary driver.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from openline.adapters.sqlite import SqliteStore
from openline.adapters.sqlite_driver import Connection
from openline.core.errors import LedgerFault
from openline.node.ports import StoreError
from tests.faults.commits import Given, Life, groups_of, must_be_sound, must_go_on
from tests.faults.cuts import WAYS, Cut, Recorded, cuts, failing, later_cuts, some_of
from tests.faults.disk import Apsw
from tests.faults.tellers import Tellers
from tests.faults.trace import Does, Trace, Trouble

LOG_PAGES = 8
"""Pages of the write-ahead log after which a commit moves them into the database: few, so that it happens often."""


class _Driver(Apsw):
    """A log that is short."""

    def connect(self, path: str) -> Connection:
        connection = super().connect(path)
        list(connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}", ()))
        return connection


def lives() -> tuple[list[list[bytes]], list[list[bytes]]]:
    tellers = Tellers()
    return groups_of(tellers, 0, 4), groups_of(tellers, 4, 4)


def record(folder: Path, *, trouble: Trouble | None = None, is_careless: bool = False) -> Recorded[Given]:
    """What two lives do to the disk and answer."""
    trace = Trace(f"trace-{folder.name}", trouble)
    life = Life(folder, _Driver(trace, is_careless=is_careless), trace.operations)
    life.live(*lives())
    trace.unregister()
    return Recorded(trace.operations, life.given, life.faults)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded[Given]:
    return record(tmp_path_factory.mktemp("recorded"))


def examine(folder: Path, cut: Cut[Given]) -> None:
    """Open what is left as the next process would."""
    cut.put(folder)
    try:
        with closing(SqliteStore(folder / "ledger.sqlite")) as store:
            must_be_sound(store, cut.given)
    except Exception as error:
        error.add_note(f"after a cut: {cut.where}")
        raise


def examine_all(folder: Path, left: Iterable[Cut[Given]]) -> int:
    """How many there were."""
    examined = 0
    for cut in left:
        examine(folder, cut)
        examined += 1
        if examined % 40 == 0:
            must_go_on(folder, cut.given, [group for life in lives() for group in life])
    return examined


def test_the_lives_meet_every_kind_of_operation_between_receipts(recorded: Recorded[Given]) -> None:
    between = recorded.operations[recorded.given[0].began : recorded.given[-1].at]
    assert {operation.does for operation in between} == set(Does)
    moved = {
        number for number, o in enumerate(recorded.operations) if o.does is Does.WRITE and o.name == "ledger.sqlite"
    }
    commits = {range(one.began, one.at) for one in recorded.given}
    assert sum(not moved.isdisjoint(commit) for commit in commits) > 3, "too few commits have moved their log"
    assert len(recorded.given) > 20
    assert any(one.receipt.is_duplicate for one in recorded.given)


def test_a_power_cut_at_any_operation_loses_nothing_that_was_acknowledged(
    recorded: Recorded[Given], tmp_path: Path
) -> None:
    assert examine_all(tmp_path, cuts(recorded, some_of(recorded))) > 50


@pytest.mark.parametrize("way", WAYS)
def test_a_disk_that_fails_at_any_operation_loses_nothing_that_was_acknowledged(
    recorded: Recorded[Given], tmp_path: Path, way: str
) -> None:
    """And once the power goes too, at any moment after it, what the failed operation has lost is not missed."""
    faults = 0
    for trouble in failing(recorded, way):
        folder = tmp_path / f"{way}-{trouble.at}"
        folder.mkdir()
        run = record(folder, trouble=trouble)
        faults += run.faults
        assert {raw for life in lives() for group in life for raw in group} <= {one.raw for one in run.given}
        examine_all(folder, later_cuts(run, trouble))
        shutil.rmtree(folder)
    assert faults >= 2, "nearly every fault was hidden from the node"


def test_without_syncs_it_would_be_noticed(tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    (tmp_path / "left").mkdir()
    run = record(tmp_path / "recorded", is_careless=True)
    with pytest.raises((AssertionError, LedgerFault, StoreError)):
        examine_all(tmp_path / "left", cuts(run, range(run.given[0].at, len(run.operations), 50)))


def test_a_receipt_that_leaves_before_its_commit_would_be_noticed(recorded: Recorded[Given], tmp_path: Path) -> None:
    began = {one.began for one in recorded.given if not one.receipt.is_duplicate}
    with pytest.raises(AssertionError, match="was acknowledged and is gone"):
        examine_all(tmp_path, cuts(recorded, began, is_hasty=True))
