"""What a witness remembers, in one SQLite file: the last checkpoint it cosigned of each log, and evidence of forks.

Comparing a request with what is kept and keeping the new checkpoint are one transaction, which is on disk before it
returns: two requests at once, of two threads or two processes, cannot both be granted. What is kept never goes
backwards, and a file put back from a backup is behind but still never signs behind itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from msgspec import Struct

from openline.adapters.folders import sync_folder
from openline.adapters.sqlite_driver import STDLIB, Connection, Driver, rows, store_error
from openline.ledger.witnessing import Asked, Declined, Head, judge
from openline.node.ports import StoreError

EVIDENCE_MAX = 100
"""Contradicting checkpoints that are kept of one log: the first say it all."""

_BUSY_MS = 5_000
_SETTINGS = (
    f"PRAGMA busy_timeout = {_BUSY_MS}",
    # FULL, and the folder too once a journal is gone: otherwise a power cut could bring the journal back, and undo.
    "PRAGMA synchronous = EXTRA",
    # On macOS a plain sync leaves the data in the drive's own memory.
    "PRAGMA fullfsync = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
)
_APPLICATION = 0x4F4C5754
"""Says in the file's head whose it is: OLWT."""
_TABLES = (
    """CREATE TABLE IF NOT EXISTS heads (
        origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0), root BLOB NOT NULL, note TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS evidence (
        origin TEXT NOT NULL, note TEXT NOT NULL, kept TEXT NOT NULL, reason TEXT NOT NULL, at_ms INTEGER NOT NULL,
        PRIMARY KEY (origin, note, kept)
    ) STRICT""",
    # A trigger holds for every program that writes the file, whatever it compared.
    """CREATE TRIGGER IF NOT EXISTS never_backwards BEFORE UPDATE ON heads
    WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR (NEW.size = OLD.size AND NEW.root <> OLD.root)
    BEGIN SELECT raise(ABORT, 'a witness does not go backwards'); END""",
    """CREATE TRIGGER IF NOT EXISTS never_forgotten BEFORE DELETE ON heads
    BEGIN SELECT raise(ABORT, 'a witness does not forget'); END""",
)
_HEAD = "SELECT size, root, note FROM heads WHERE origin = ?"
_KEEP = """INSERT INTO heads VALUES (?, ?, ?, ?)
    ON CONFLICT (origin) DO UPDATE SET size = excluded.size, root = excluded.root, note = excluded.note"""
_EVIDENCE = """INSERT OR IGNORE INTO evidence SELECT ?, ?, ?, ?, ?
    WHERE (SELECT count(*) FROM evidence WHERE origin = ?) < ?"""


class Evidence(Struct, frozen=True, kw_only=True):
    """Two notes that a log signed and that cannot both be true, or whose agreement it did not show."""

    note: str
    """What the log asked to have cosigned."""
    kept: str
    """What had been cosigned before."""
    reason: str
    at_ms: int


class WitnessStore:
    """The memory of one witness. Any thread may call it; several processes may use one file."""

    def __init__(self, path: Path, driver: Driver = STDLIB) -> None:
        """Open the file, made when it is missing.

        Raises:
            StoreError: when the disk refuses, or it is the file of another program.
        """
        self.path = path
        self._driver = driver
        self._lock = Lock()
        self._connection: Connection | None = None
        with self._lock, self._errors():
            self._open()

    def take(self, asked: Asked, at_ms: int) -> None:
        """Keep the checkpoint when it may be cosigned; once this has returned, it is on disk and may be.

        Raises:
            Declined: when it may not; nothing has changed, but that evidence of two histories is kept.
            StoreError: when that cannot be said; nothing may be cosigned then.
        """
        head = asked.checkpoint
        with self._transaction() as connection:
            kept, note = _kept(connection, head.origin)
            try:
                judge(asked, kept)
            except Declined as declined:
                if declined.is_evidence:
                    values = (head.origin, asked.note, note, declined.reason, at_ms, head.origin, EVIDENCE_MAX)
                    rows(connection, _EVIDENCE, *values)
                refusal = declined
            else:
                rows(connection, _KEEP, head.origin, head.size, head.root, asked.note)
                return
        raise refusal

    def head(self, origin: str) -> Head:
        """The last checkpoint cosigned of a log. Raises StoreError when the disk cannot be read."""
        with self._transaction() as connection:
            return _kept(connection, origin)[0]

    def note(self, origin: str) -> str:
        """Its note, empty when none was cosigned. Raises StoreError when the disk cannot be read."""
        with self._transaction() as connection:
            return _kept(connection, origin)[1]

    def evidence(self, origin: str) -> list[Evidence]:
        """What a log was caught at, oldest first. Raises StoreError when the disk cannot be read."""
        with self._transaction() as connection:
            found = rows(
                connection, "SELECT note, kept, reason, at_ms FROM evidence WHERE origin = ? ORDER BY rowid", origin
            )
        return [Evidence(note=note, kept=kept, reason=reason, at_ms=at_ms) for note, kept, reason, at_ms in found]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._drop()

    def _open(self) -> Connection:
        is_new = not self.path.exists()
        connection = self._connection = self._driver.connect(str(self.path))
        for setting in _SETTINGS:
            rows(connection, setting)
        rows(connection, "BEGIN IMMEDIATE")
        [(application,)] = rows(connection, "PRAGMA application_id")
        if application != _APPLICATION and rows(connection, "SELECT 1 FROM sqlite_schema LIMIT 1"):
            self._drop()
            raise StoreError(
                "the file is a database of another program, not a witness's", remedy="Name the folder of a witness."
            )
        rows(connection, f"PRAGMA application_id = {_APPLICATION}")
        for statement in _TABLES:
            rows(connection, statement)
        rows(connection, "COMMIT")
        if is_new:
            sync_folder(self.path.parent)
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """One IMMEDIATE transaction: nobody else compares or writes between its beginning and its end."""
        with self._lock, self._errors():
            connection = self._connection or self._open()
            try:
                rows(connection, "BEGIN IMMEDIATE")
                yield connection
                rows(connection, "COMMIT")
            except BaseException:
                # Whether a commit that failed is on disk is not known here: look at the file afresh next time.
                with suppress(self._driver.error):
                    rows(connection, "ROLLBACK")
                self._drop()
                raise

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(self._driver.error):
                self._connection.close()
            self._connection = None

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._driver.error as error:
            self._drop()
            raise store_error(self._driver, error) from error
        except OSError as error:
            raise StoreError(f"the witness's file cannot be used ({error.strerror})") from error


def _kept(connection: Connection, origin: str) -> tuple[Head, str]:
    found = rows(connection, _HEAD, origin)
    if not found:
        return Head(), ""
    [(size, root, note)] = found
    return Head(size, root), note
