"""The little that the store needs of SQLite, so that tests can put another build or another disk under it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from openline.node.ports import StoreError

Value = str | int | bytes

_PRIMARY = 0xFF
"""The lower byte of a result code names the kind of error (https://sqlite.org/rescode.html)."""
_SENTENCES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "the disk or the ledger's file may only be read",
    sqlite3.SQLITE_PERM: "the ledger's file may not be used by this account",
    sqlite3.SQLITE_BUSY: "another program holds the ledger's file",
    sqlite3.SQLITE_LOCKED: "another program holds the ledger's file",
    sqlite3.SQLITE_CORRUPT: "the ledger's file is damaged",
    sqlite3.SQLITE_NOTADB: "the ledger's file is damaged",
    sqlite3.SQLITE_IOERR: "the disk reported an error",
    sqlite3.SQLITE_CANTOPEN: "the ledger's file cannot be opened",
    sqlite3.SQLITE_NOMEM: "the machine is out of memory",
}


_KEEP_IT = "Keep the file as it is, put a copy back from a backup or a mirror, and run `openline verify` on it."
_OTHER_PROGRAM = "Stop the other program, then start again."
_REMEDIES = {
    sqlite3.SQLITE_FULL: "Make room on the disk, then start again.",
    sqlite3.SQLITE_READONLY: "Let this account write to the folder and its files.",
    sqlite3.SQLITE_PERM: "Let this account write to the folder and its files.",
    sqlite3.SQLITE_BUSY: _OTHER_PROGRAM,
    sqlite3.SQLITE_LOCKED: _OTHER_PROGRAM,
    sqlite3.SQLITE_CORRUPT: _KEEP_IT,
    sqlite3.SQLITE_NOTADB: _KEEP_IT,
    sqlite3.SQLITE_NOMEM: "Free memory, then start again.",
}


class Connection(Protocol):
    """An open database in which every transaction begins and ends where it is said."""

    def execute(self, sql: str, parameters: Sequence[Value] = ..., /) -> Iterable[Any]:
        """Run one statement; its rows must be read to their end."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Value]], /) -> object:
        """Run one statement that gives no rows, once for each of the parameters."""

    def close(self) -> None:
        """Let go of the file."""


class Driver(Protocol):
    """A build of SQLite."""

    @property
    def error(self) -> type[Exception]:
        """The root of its errors."""

    def connect(self, path: str) -> Connection:
        """Open a database, made when it is missing. Any thread may use it, one at a time."""

    def code(self, error: Exception) -> int:
        """The result code of an error, 0 when it has none."""


class Stdlib:
    """The SQLite that comes with Python."""

    error: type[Exception] = sqlite3.Error

    def connect(self, path: str) -> Connection:
        """Open without the implicit transactions of the module."""
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def code(self, error: Exception) -> int:
        """What SQLite answered."""
        return getattr(error, "sqlite_errorcode", 0)


STDLIB = Stdlib()


def rows(connection: Connection, sql: str, *parameters: Value) -> list[Any]:
    """All rows of one statement."""
    return list(connection.execute(sql, parameters))


def store_error(driver: Driver, error: Exception) -> StoreError:
    """The same, said so that an operator knows what to look at."""
    kind = driver.code(error) & _PRIMARY
    sentence = _SENTENCES.get(kind, f"the ledger's database refused ({error})")
    return StoreError(sentence, remedy=_REMEDIES[kind]) if kind in _REMEDIES else StoreError(sentence)


def damaged() -> StoreError:
    """The file is a database, and what is in it cannot be a ledger's."""
    return StoreError(_SENTENCES[sqlite3.SQLITE_CORRUPT], remedy=_KEEP_IT)
