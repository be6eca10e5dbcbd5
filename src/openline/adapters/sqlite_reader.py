"""A ledger's file, read only: beside a node that is running, or where nobody may write.

All that is read is one moment of the ledger. Nothing is written: where no node has left a write-ahead log, the file is
taken as it lies (`immutable`), so that a folder kept as evidence stays as it was, to the byte.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from openline.adapters.schema import check_schema, migrations
from openline.adapters.sqlite_driver import STDLIB, damaged, rows, store_error
from openline.node.ports import Record, StoreError

_BUSY_MS = 5_000
_ROWS_AT_ONCE = 500
_PAGES_AT_ONCE = 2_048
"""Of 4 KiB: what is copied between two words of progress."""
_SIZE = "SELECT ifnull(max(idx), -1) + 1 FROM entries"
_LAST_CHECKPOINT = "SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1"
_CHECKPOINTS = "SELECT size, note FROM checkpoints WHERE size >= ? ORDER BY size"
_CHECKPOINT_OF = "SELECT note FROM checkpoints WHERE size = ?"
_GET = "SELECT idx, leaf, body FROM entries WHERE idx = ?"
_READ = "SELECT idx, leaf, body FROM entries WHERE idx >= ? ORDER BY idx"
_LEAVES = "SELECT idx, leaf FROM entries WHERE idx >= ? ORDER BY idx"


class SqliteReader:
    """The records of a file at the moment of opening. One thread uses it."""

    def __init__(self, path: Path) -> None:
        """Open the file, which must be there.

        Raises:
            StoreError: when the disk refuses, or it is no ledger.
        """
        self.path = path
        self._log = path.with_name(f"{path.name}-wal")
        self._is_alone = not self._log.exists()
        with self._errors():
            self._connection = self._opened()
            try:
                rows(self._connection, "BEGIN")
                check_schema(self._connection, migrations())
            except (sqlite3.Error, StoreError):
                self._connection.close()
                raise

    def read(self, start: int = 0) -> Iterator[Record]:
        """Every record from index `start`, in order. Raises StoreError when the disk cannot be read."""
        for row in self._batches(_READ, start):
            yield Record(*row)

    def leaves(self, start: int = 0) -> Iterator[bytes]:
        """Every leaf from index `start`, in order, as long as none is missing. Raises StoreError as `read`."""
        for expected, (index, leaf) in enumerate(self._batches(_LEAVES, start), start=max(start, 0)):
            if index != expected:
                return
            yield leaf

    def get(self, index: int) -> Record | None:
        """One record, or None when there is none. Raises StoreError as `read`."""
        with self._errors():
            return next((Record(*row) for row in rows(self._connection, _GET, index)), None)

    def size(self) -> int:
        """How many records there are. Raises StoreError as `read`."""
        with self._errors():
            [(size,)] = rows(self._connection, _SIZE)
            return int(size)

    def checkpoint(self) -> str:
        """The last checkpoint kept, or empty. Raises StoreError as `read`."""
        with self._errors():
            return next((str(note) for (note,) in rows(self._connection, _LAST_CHECKPOINT)), "")

    def checkpoint_of(self, size: int) -> str:
        """The checkpoint kept of a size, or empty. Raises StoreError as `read`."""
        with self._errors():
            return next((str(note) for (note,) in rows(self._connection, _CHECKPOINT_OF, size)), "")

    def checkpoints(self) -> Iterator[tuple[int, str]]:
        """Every checkpoint kept, with the size under which it is kept, in order. Raises StoreError as `read`."""
        for size, note in self._batches(_CHECKPOINTS, 0):
            yield size, str(note)

    def settle(self) -> None:
        """Put on disk what is seen here: a process that died may have left it with the operating system only.

        Raises:
            StoreError: when the disk refuses.
        """
        with self._errors():
            for path in (self._log, self.path):
                if path.exists():
                    handle = os.open(path, os.O_RDONLY)
                    try:
                        os.fsync(handle)
                    finally:
                        os.close(handle)

    def copy(self, path: Path, progress: Callable[[int, int], None]) -> None:
        """Copy what is seen here into a new file, on disk when it returns (https://sqlite.org/backup.html).

        It is one moment of the ledger, however long the copy takes: this connection holds it, and the node that writes
        goes on beside it. `progress` is told pages done and pages in all.

        Raises:
            StoreError: when either disk refuses.
        """
        with self._errors():
            into = sqlite3.connect(path, isolation_level=None)
            try:
                self._connection.backup(
                    into, pages=_PAGES_AT_ONCE, progress=lambda _, left, total: progress(total - left, total)
                )
            finally:
                into.close()
            self._check_alone()
            handle = os.open(path, os.O_RDWR)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def _opened(self) -> sqlite3.Connection:
        if not self.path.exists():
            raise StoreError("there is no ledger", remedy="Name the data folder of a node.")
        how = "immutable=1" if self._is_alone else "mode=ro"
        uri = f"file:{quote(str(self.path.absolute()))}?{how}"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        for setting in (
            f"busy_timeout = {_BUSY_MS}",
            "query_only = ON",
            "trusted_schema = OFF",
            "cell_size_check = ON",
        ):
            rows(connection, f"PRAGMA {setting}")
        return connection

    def _batches(self, sql: str, start: int) -> Iterator[Any]:
        with self._errors():
            cursor = self._connection.execute(sql, (start,))
        while True:
            with self._errors():
                found = cursor.fetchmany(_ROWS_AT_ONCE)
                self._check_alone()
            yield from found
            if len(found) < _ROWS_AT_ONCE:
                return

    def _check_alone(self) -> None:
        if self._is_alone and self._log.exists():
            raise StoreError("a node was started on it while it was read", remedy="Try again.")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise store_error(STDLIB, error) from error
        except UnicodeDecodeError as error:
            raise damaged() from error
        except OSError as error:
            raise StoreError(f"the ledger's file cannot be used ({error.strerror})") from error
