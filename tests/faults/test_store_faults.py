"""A store on a disk that fails: what was said to be kept is there, and what is read once stays."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from openline.adapters.sqlite import SqliteStore
from openline.node.ports import Record, StoreError
from tests.faults.disk import Apsw, Disk, Fault
from tests.samples import counts

SENTENCES = {
    Fault.WRITE_FAILS: "the disk reported an error",
    Fault.SYNC_FAILS: "the disk reported an error",
    Fault.SYNC_FAILS_AFTER: "the disk reported an error",
    Fault.FULL: "the disk is full",
    Fault.READ_ONLY: "may only be read",
}


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk("faulty")
    yield made
    made.unregister()


def some(start: int, count: int) -> list[Record]:
    return [Record(i, b"leaf %d" % i, b"body %d " % i * 200) for i in range(start, start + count)]


def after(disk: Disk, store: SqliteStore, *, power_cut: bool, is_careless: bool = False) -> SqliteStore:
    """The store of the next process, when this one ends now."""
    disk.halt()
    store.close()
    disk.resume(after_power_cut=power_cut)
    return SqliteStore(Path(store.path), Apsw(disk, is_careless=is_careless))


def test_what_was_kept_survives_a_power_cut(disk: Disk, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk))
    for i in range(20):
        store.append(some(i * 3, 3), f"note {i}")
        store = after(disk, store, power_cut=True)
        assert list(store.read()) == some(0, i * 3 + 3)
        assert store.checkpoint() == f"note {i}"
    store.close()


def test_without_syncs_a_power_cut_would_be_noticed(disk: Disk, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk, is_careless=True))
    syncs = disk.syncs
    store.append(some(0, 3), "note")
    assert disk.syncs == syncs
    with pytest.raises((StoreError, AssertionError)):
        _must_hold(after(disk, store, power_cut=True), 3)


def _must_hold(store: SqliteStore, size: int) -> None:
    found = store.size()
    store.close()
    assert found >= size


def test_what_a_new_process_reads_is_on_disk_though_the_last_one_never_synced_it(disk: Disk, tmp_path: Path) -> None:
    """Else a repeated notice gets a receipt for an entry that only the system's memory holds."""
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk))
    store.append(some(0, 3), "first")
    disk.halt_at_next_sync()
    with pytest.raises(StoreError):
        store.append(some(3, 2), "second")
    store = after(disk, store, power_cut=False)
    assert (store.size(), store.checkpoint()) == (5, "second")
    store = after(disk, store, power_cut=True)
    assert (list(store.read()), store.checkpoint()) == (some(0, 5), "second")
    store.close()


@pytest.mark.parametrize("fault", list(SENTENCES))
def test_after_a_fault_all_of_a_write_is_there_or_nothing_and_it_stays_so(
    disk: Disk, tmp_path: Path, fault: Fault
) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk))
    store.append(some(0, 3), "first")
    disk.fail(fault, times=1)
    with pytest.raises(StoreError, match=SENTENCES[fault]):
        store.append(some(3, 2), "second")
    store.reopen()
    size = store.size()
    assert (size, store.checkpoint()) in {(3, "first"), (5, "second")}
    store = after(disk, store, power_cut=True)
    assert list(store.read()) == some(0, size)
    store.append(some(size, 2), "third")
    store = after(disk, store, power_cut=True)
    assert (list(store.read()), store.checkpoint()) == (some(0, size + 2), "third")
    store.close()


@pytest.mark.parametrize("fault", list(SENTENCES))
def test_a_disk_that_stays_broken_cannot_be_opened_until_it_is_mended(disk: Disk, tmp_path: Path, fault: Fault) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk))
    store.append(some(0, 3), "first")
    disk.fail(fault)
    for _ in range(3):
        with pytest.raises(StoreError, match=SENTENCES[fault]):
            store.reopen()
        with pytest.raises(StoreError):
            store.append(some(3, 1), "second")
    disk.mend()
    store.reopen()
    assert (list(store.read()), store.checkpoint()) == (some(0, 3), "first")
    store.close()


@pytest.mark.parametrize("fault", list(SENTENCES))
def test_a_disk_that_takes_no_writes_is_noticed_at_opening(disk: Disk, tmp_path: Path, fault: Fault) -> None:
    """Else a node would say that it is ready, and fence itself at the first notice."""
    path = tmp_path / "ledger.sqlite"
    SqliteStore(path, Apsw(disk)).close()
    disk.fail(fault)
    with pytest.raises(StoreError, match=SENTENCES[fault]):
        SqliteStore(path, Apsw(disk))
    disk.mend()
    SqliteStore(path, Apsw(disk)).close()


def test_a_disk_that_cannot_be_read_says_so(disk: Disk, tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk))
    store.append(some(0, 500), "first")
    store = after(disk, store, power_cut=True)
    disk.fail(Fault.READ_FAILS)
    with pytest.raises(StoreError, match="the disk reported an error"):
        list(store.read())
    with pytest.raises(StoreError, match="the disk reported an error"):
        store.reopen()
    disk.mend()
    store.reopen()
    assert list(store.read()) == some(0, 500)
    store.close()


# 222: a sync that failed, then a new process, then a power cut that brought old frames of the log back.
@pytest.mark.parametrize("seed", sorted({222, *range(counts(6, 400))}))
def test_any_history_of_faults_and_power_cuts_keeps_what_was_said_to_be_kept(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    disk = Disk(f"faulty-{seed}", seed=seed, keeps=chance.choice((0.0, 0.3, 0.9)))
    store = SqliteStore(tmp_path / "ledger.sqlite", Apsw(disk))
    sure, possible = 0, 0
    for _ in range(60):
        if chance.random() < 0.3:
            disk.fail(chance.choice(list(SENTENCES)), times=chance.randint(1, 3))
        if chance.random() < 0.1:
            disk.halt_at_next_sync()
        count = chance.randint(1, 40)
        possible = sure + count
        with suppress(StoreError):
            store.append(some(sure, count), str(possible))
            sure = sure if disk.is_halted else possible
        if chance.random() < 0.3 or possible != sure:
            store = _next_store(disk, store, chance)
            found = store.size()
            assert found in {sure, possible}
            assert (list(store.read()), store.checkpoint()) == (some(0, found), str(found) if found else "")
            sure = possible = found
    assert sure > 100
    disk.halt()
    store.close()
    disk.unregister()


def _next_store(disk: Disk, store: SqliteStore, chance: random.Random) -> SqliteStore:
    """Reopened in the same process while faults last, or by the next one."""
    attempts = 10 if chance.random() < 0.5 else 0
    while attempts and not disk.is_halted:
        attempts -= 1
        with suppress(StoreError):
            store.reopen()
            if not disk.is_halted:
                return store
    disk.mend()
    return after(disk, store, power_cut=chance.random() < 0.5)
