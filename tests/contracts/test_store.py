"""What every store promises, asked of every store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pytest

from openline.adapters.memory import MemoryStore
from openline.adapters.schema import Migration, migrate, migrations
from openline.adapters.sqlite import SqliteStore
from openline.adapters.sqlite_driver import STDLIB, Driver
from openline.node.ports import Record, Store, StoreError
from tests.faults.disk import APSW


class Made(NamedTuple):
    """A store and its disk; a store in memory has none."""

    store: Store
    path: Path
    driver: Driver | None


def _make(kind: str, path: Path) -> Made:
    driver = {"memory": None, "sqlite": STDLIB, "apsw": APSW}[kind]
    return Made(MemoryStore() if driver is None else SqliteStore(path, driver), path, driver)


@pytest.fixture(params=["memory", "sqlite", "apsw"])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    found = _make(request.param, tmp_path / "ledger.sqlite")
    yield found
    found.store.close()


@pytest.fixture(params=["sqlite", "apsw"])
def on_disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Made]:
    found = _make(request.param, tmp_path / "ledger.sqlite")
    yield found
    found.store.close()


def some(start: int, count: int) -> list[Record]:
    return [Record(i, b"leaf %d" % i, b"body %d\x00\xff" % i * (i + 1)) for i in range(start, start + count)]


def test_a_new_store_is_empty(made: Made) -> None:
    store = made.store
    assert (store.size(), list(store.read()), store.get(0), store.checkpoint()) == (0, [], None, "")


def test_what_was_appended_is_read_back_in_order(made: Made) -> None:
    records = some(0, 450)
    made.store.append(records[:1], "first\n")
    made.store.append(records[1:], "second – \U0001f4dc\n")
    assert list(made.store.read()) == records
    assert made.store.size() == 450
    assert made.store.checkpoint() == "second – \U0001f4dc\n"


@pytest.mark.parametrize("start", [-3, 0, 1, 199, 200, 201, 399, 400, 449, 450, 1_000])
def test_reading_begins_where_it_is_asked_to(made: Made, start: int) -> None:
    records = some(0, 450)
    made.store.append(records, "note")
    assert list(made.store.read(start)) == records[max(start, 0) :]


def test_one_record_is_found_by_its_index(made: Made) -> None:
    made.store.append(some(0, 5), "note")
    assert [made.store.get(i) for i in (4, 0)] == [some(4, 1)[0], some(0, 1)[0]]
    assert [made.store.get(i) for i in (5, -1)] == [None, None]


def test_a_checkpoint_alone_takes_the_place_of_the_last(made: Made) -> None:
    made.store.append(some(0, 2), "note")
    made.store.append([], "the same, with one more signature")
    assert (made.store.checkpoint(), made.store.size()) == ("the same, with one more signature", 2)


@pytest.mark.parametrize("indexes", [[3], [1], [0], [2, 4], [2, 2], [3, 2], [2, 3, 5]])
def test_records_that_do_not_continue_are_refused_and_none_of_them_is_kept(made: Made, indexes: list[int]) -> None:
    made.store.append(some(0, 2), "note")
    with pytest.raises(StoreError, match=r"entry \d cannot be kept: the next one here is \d"):
        made.store.append([some(i, 1)[0] for i in indexes], "another")
    assert (list(made.store.read()), made.store.checkpoint()) == (some(0, 2), "note")
    made.store.append(some(2, 1), "goes on")
    assert made.store.size() == 3


def test_reopening_finds_the_same(made: Made) -> None:
    made.store.append(some(0, 3), "note")
    made.store.reopen()
    assert (list(made.store.read()), made.store.checkpoint()) == (some(0, 3), "note")
    made.store.append(some(3, 1), "goes on")
    assert made.store.size() == 4


def test_the_next_process_finds_the_same(on_disk: Made) -> None:
    on_disk.store.append(some(0, 3), "note")
    on_disk.store.close()
    with closing(SqliteStore(on_disk.path, on_disk.driver or STDLIB)) as store:
        assert (list(store.read()), store.checkpoint()) == (some(0, 3), "note")


def test_after_a_refused_write_nothing_is_taken_until_it_is_reopened(made: Made) -> None:
    made.store.append(some(0, 1), "note")
    _break_next_write(made)
    with pytest.raises(StoreError):
        made.store.append(some(1, 1), "refused")
    _mend(made)
    with pytest.raises(StoreError, match="must be opened again"):
        made.store.append(some(1, 1), "too early")
    assert list(made.store.read()) == some(0, 1)
    made.store.reopen()
    made.store.append(some(1, 1), "goes on")
    assert (list(made.store.read()), made.store.checkpoint()) == (some(0, 2), "goes on")


def test_one_thread_reads_while_another_appends(made: Made) -> None:
    store, batches = made.store, 60

    def write() -> None:
        for i in range(batches):
            store.append(some(i * 5, 5), str(i))

    writer = Thread(target=write)
    writer.start()
    sizes = []
    while writer.is_alive():
        found = list(store.read())
        assert found == some(0, len(found))
        sizes.append(len(found))
    writer.join()
    assert sizes == sorted(sizes)
    assert all(size % 5 == 0 for size in sizes)
    assert store.size() == batches * 5


def test_a_second_node_on_the_same_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteStore(path)) as store:
        store.append(some(0, 1), "note")
        with pytest.raises(StoreError, match="another node is using this ledger"):
            SqliteStore(path)
        store.reopen()
        with pytest.raises(StoreError, match="another node is using this ledger"):
            SqliteStore(path)
    with closing(SqliteStore(path)) as store:
        assert store.size() == 1


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"the shopping list of a duty officer" * 100)
    with pytest.raises(StoreError, match="the ledger's file is damaged"):
        SqliteStore(path)


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(StoreError, match="a database of another program"):
        SqliteStore(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("INSERT INTO migrations VALUES (999, '0999_from_next_year.sql', '00')", "a newer version of this program"),
        ("UPDATE migrations SET sha256 = '00' WHERE number = 1", "differs from 0001_ledger.sql"),
    ],
)
def test_a_schema_that_is_newer_or_altered_is_refused(tmp_path: Path, change: str, reason: str) -> None:
    path = tmp_path / "ledger.sqlite"
    SqliteStore(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(change)
    with pytest.raises(StoreError, match=reason):
        SqliteStore(path)
    with pytest.raises(StoreError, match=reason):  # and the refusal has let go of the file
        SqliteStore(path)


def test_a_later_step_of_the_schema_is_applied_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteStore(path)) as store:
        store.append(some(0, 1), "note")
    first = migrations()
    broken = [*first, Migration(2, "0002_more.sql", "CREATE TABLE more (a TEXT);\nCREATE NONSENSE;\n")]
    with closing(STDLIB.connect(str(path))) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, broken)
    mended = [*first, Migration(2, "0002_more.sql", "CREATE TABLE more (a TEXT);\nCREATE TABLE most (a TEXT);\n")]
    with closing(STDLIB.connect(str(path))) as connection:
        migrate(connection, mended)
        migrate(connection, mended)
        assert list(connection.execute("SELECT number FROM migrations")) == [(1,), (2,)]


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="the folder of the ledger cannot be used"):
        SqliteStore(tmp_path / "file" / "ledger.sqlite")


def test_a_damaged_page_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(SqliteStore(path)) as store:
        store.append(some(0, 300), "note")
    content = bytearray(path.read_bytes())
    content[-4096 * 10 :] = b"\xaa" * 4096 * 10
    path.write_bytes(content)
    with closing(SqliteStore(path)) as store, pytest.raises(StoreError, match="the ledger's file is damaged"):
        list(store.read())


def test_a_closed_store_says_so(on_disk: Made) -> None:
    on_disk.store.close()
    with pytest.raises(StoreError, match="the store is closed"):
        on_disk.store.size()
    on_disk.store.reopen()
    assert on_disk.store.size() == 0


def _break_next_write(made: Made) -> None:
    """The next write fails at its last moment."""
    if isinstance(made.store, MemoryStore):
        made.store.fails_without_keeping = True
        return
    assert made.driver is not None
    with closing(made.driver.connect(str(made.path))) as other:
        list(other.execute("CREATE TRIGGER refusal BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'no'); END"))


def _mend(made: Made) -> None:
    if made.driver is not None:
        with closing(made.driver.connect(str(made.path))) as other:
            list(other.execute("DROP TRIGGER refusal"))
