"""The ledger in one SQLite file: write-ahead log, every commit on disk before it returns, one node to a file.

Opening fails unless the disk takes writes, so a node whose disk is full stays fenced until there is room again.

Whatever a reader sees after opening is on disk: opening moves the write-ahead log into the database and syncs it. A
process that died between a write and its sync, or a sync that failed, leaves frames that only the operating system
holds; taken as they are, a repeated notice would get a receipt for an entry that the next power cut takes away. The
write that follows puts a new header on the log, so that no old frame can come back.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from openline.adapters.folders import sync_folder
from openline.adapters.schema import migrate, migrations
from openline.adapters.sqlite_driver import STDLIB, Connection, Driver, damaged, rows, store_error
from openline.node.ports import Record, StoreError

_BUSY_MS = 5_000
"""How long to wait for another program, such as a backup, that reads the file."""
_CHUNK = 200
"""Records read at a time; none of them is larger than about 1 MiB."""
_SETTINGS = (
    f"PRAGMA busy_timeout = {_BUSY_MS}",
    "PRAGMA synchronous = FULL",
    # On macOS a plain sync leaves the data in the drive's own memory.
    "PRAGMA fullfsync = ON",
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
_INSERT = "INSERT INTO entries VALUES "
_ROWS_AT_ONCE = 100
"""Rows of one statement. Each hands the interpreter's lock over and back: a row at a time costs most of a core."""
_INSERT_CHECKPOINT = "INSERT INTO checkpoints VALUES (?, ?) ON CONFLICT (size) DO UPDATE SET note = excluded.note"
_PROBE = "INSERT INTO room VALUES (1, randomblob(1048576)) ON CONFLICT (id) DO UPDATE SET filler = excluded.filler"
_SIZE = "SELECT ifnull(max(idx), -1) + 1 FROM entries"
_LAST_CHECKPOINT = "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"
_GET = "SELECT idx, leaf, body FROM entries WHERE idx = ?"
_READ = f"SELECT idx, leaf, body FROM entries WHERE idx >= ? ORDER BY idx LIMIT {_CHUNK}"  # noqa: S608 - a number of ours


class SqliteStore:
    """Keeps records in a file. One thread may append while another reads."""

    def __init__(self, path: Path, driver: Driver = STDLIB) -> None:
        """Open the file, made when it is missing.

        Raises:
            StoreError: when another node uses it, when the disk refuses, or when it is no ledger.
        """
        self.path = path
        self._driver = driver
        self._writing = Lock()
        self._reading = Lock()
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self._lock: sqlite3.Connection | None = _take_lock(path)
        try:
            self._open()
        except StoreError:
            self.close()
            raise

    def append(self, records: Sequence[Record], checkpoint: str) -> None:
        """Keep all of `records` and the checkpoint, or none; return only when they are on disk.

        Raises:
            StoreError: when records do not continue the ledger; when the disk refuses, and then until it is reopened.
        """
        with self._writing, self._errors():
            writer = _opened(self._writer)
            try:
                rows(writer, "BEGIN IMMEDIATE")
                size = _size(writer)
                for record in records:
                    _check_next(record, size)
                    size += 1
                for start in range(0, len(records), _ROWS_AT_ONCE):
                    part = records[start : start + _ROWS_AT_ONCE]
                    values = [value for record in part for value in (record.index, record.leaf, record.body)]
                    rows(writer, _INSERT + ", ".join(["(?, ?, ?)"] * len(part)), *values)
                rows(writer, _INSERT_CHECKPOINT, size, checkpoint)
                rows(writer, "COMMIT")
            except _OutOfOrderError:
                rows(writer, "ROLLBACK")
                raise
            except self._driver.error:
                self._writer = None
                with suppress(self._driver.error):
                    rows(writer, "ROLLBACK")
                with suppress(self._driver.error):
                    writer.close()
                raise

    def read(self, start: int = 0) -> Iterator[Record]:
        """Every record from index `start`, in order. Raises StoreError when the disk cannot be read."""
        found = [Record(max(start, 0) - 1, b"", b"")]
        while True:
            with self._reading, self._errors():
                found = [Record(*row) for row in rows(_opened(self._reader), _READ, found[-1].index + 1)]
            yield from found
            if len(found) < _CHUNK:
                return

    def get(self, index: int) -> Record | None:
        """One record, or None when there is none. Raises StoreError when the disk cannot be read."""
        with self._reading, self._errors():
            return next((Record(*row) for row in rows(_opened(self._reader), _GET, index)), None)

    def size(self) -> int:
        """How many records there are. Raises StoreError when the disk cannot be read."""
        with self._reading, self._errors():
            return _size(_opened(self._reader))

    def checkpoint(self) -> str:
        """The last checkpoint kept, or empty. Raises StoreError when the disk cannot be read."""
        with self._reading, self._errors():
            return next((str(note) for (note,) in rows(_opened(self._reader), _LAST_CHECKPOINT)), "")

    def reopen(self) -> None:
        """Close and look at the disk afresh; the file stays ours meanwhile.

        Raises:
            StoreError: when the disk still refuses.
        """
        if self._lock is None:
            self._lock = _take_lock(self.path)
        self._release()
        self._open()

    def close(self) -> None:
        """Let go of the file."""
        self._release()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _open(self) -> None:
        try:
            with self._writing, self._reading, self._errors():
                self._connect()
        except StoreError:
            self._release()
            raise

    def _connect(self) -> None:
        is_new = not self.path.exists()
        self._writer = self._driver.connect(str(self.path))
        for setting in _SETTINGS:
            rows(self._writer, setting)
        if rows(self._writer, "PRAGMA journal_mode = WAL") != [("wal",)]:
            raise StoreError(
                "the disk that the ledger lies on cannot carry a write-ahead log", remedy="Choose a local disk."
            )
        migrate(self._writer, migrations())
        [(is_busy, _, _)] = rows(self._writer, "PRAGMA wal_checkpoint(TRUNCATE)")
        if is_busy:
            raise StoreError("another program is reading the ledger's file", remedy="Start again once that has ended.")
        rows(self._writer, _PROBE)
        self._reader = self._driver.connect(str(self.path))
        rows(self._reader, f"PRAGMA busy_timeout = {_BUSY_MS}")
        rows(self._reader, "PRAGMA query_only = ON")
        if is_new:
            sync_folder(self.path.parent)

    def _release(self) -> None:
        with self._writing, self._reading:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    with suppress(self._driver.error):
                        connection.close()
            self._reader = self._writer = None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Every error of the database as one of ours."""
        try:
            yield
        except self._driver.error as error:
            raise store_error(self._driver, error) from error
        except UnicodeDecodeError as error:
            raise damaged() from error
        except OSError as error:
            raise StoreError(f"the ledger's file cannot be used ({error.strerror})") from error


class _OutOfOrderError(StoreError):
    """The records are not the next ones; the store has not changed and can go on."""


def _opened(connection: Connection | None) -> Connection:
    if connection is None:
        raise StoreError("the store is closed, or has refused a write and must be opened again")
    return connection


def _size(connection: Connection) -> int:
    [(size,)] = rows(connection, _SIZE)
    return int(size)


def _check_next(record: Record, size: int) -> None:
    if record.index != size:
        raise _OutOfOrderError(f"entry {record.index} cannot be kept: the next one here is {size}")


def _take_lock(path: Path) -> sqlite3.Connection:
    """Hold a lock beside the file for as long as the store is open; the system lets go of it when a process dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = sqlite3.connect(f"{path}.lock", timeout=0, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(
            "the folder of the ledger cannot be used by this account", remedy="Let this account write to the folder."
        ) from error
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        held.close()
        if STDLIB.code(error) == sqlite3.SQLITE_BUSY:
            raise StoreError(
                "another node is using this ledger", remedy="Stop it first, or give this one its own folder."
            ) from error
        raise store_error(STDLIB, error) from error
    return held
