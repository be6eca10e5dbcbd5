"""The schema of the ledger's database, in numbered steps that are never changed once they were used."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files

from msgspec import Struct

from openline.adapters.sqlite_driver import Connection, rows
from openline.node.ports import StoreError

_TABLE = "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL) STRICT"


class Migration(Struct, frozen=True):
    """One step of the schema: `0001_ledger.sql` is number 1."""

    number: int
    name: str
    text: str

    @property
    def digest(self) -> str:
        """SHA-256 of the text, hex."""
        return sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Every step that this version knows, in order."""
    folder = files("openline.adapters").joinpath("migrations")
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration(int(f.name.partition("_")[0]), f.name, f.read_text(encoding="utf-8")) for f in found]


def migrate(connection: Connection, known: list[Migration]) -> None:
    """Bring a database to the last of the `known` steps, in one transaction. After an error the caller closes it.

    Raises:
        StoreError: when it is no ledger of ours, newer than this program, or a step of it reads differently today.
    """
    if _is_current(connection, known):
        return
    rows(connection, "BEGIN IMMEDIATE")
    applied = _applied(connection)
    if applied is None:
        rows(connection, _TABLE)
    for migration in known[len(applied or ()) :]:
        _apply(connection, migration)
    rows(connection, "COMMIT")


def check_schema(connection: Connection, known: list[Migration]) -> None:
    """Look at a database that is only read: an older step of ours will do.

    Raises:
        StoreError: as `migrate`.
    """
    if _applied(connection) is None:
        raise StoreError("the file is empty, not a ledger", remedy="Name the data folder of a node.")
    _is_current(connection, known)


def _is_current(connection: Connection, known: list[Migration]) -> bool:
    applied = _applied(connection)
    if applied is None:
        return False
    if len(applied) > len(known):
        raise StoreError("the ledger was written by a newer version of this program", remedy="Update Openline.")
    for (number, digest), migration in zip(applied, known, strict=False):
        if (number, digest) != (migration.number, migration.digest):
            raise StoreError(
                f"the ledger's schema differs from {migration.name}",
                remedy="Use the version of Openline that has written it, or put a copy back from a backup.",
            )
    return len(applied) == len(known)


def _applied(connection: Connection) -> list[tuple[int, str]] | None:
    """Number and digest of every step that was applied; None for a database without any table."""
    tables = {name for (name,) in rows(connection, "SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if not tables:
        return None
    if "migrations" not in tables:
        raise StoreError(
            "the file is a database of another program, not a ledger", remedy="Name the data folder of a node."
        )
    return [(n, d) for n, d in rows(connection, "SELECT number, sha256 FROM migrations ORDER BY number")]


def _apply(connection: Connection, migration: Migration) -> None:
    for statement in migration.text.split(";\n"):
        if statement.strip():
            rows(connection, statement)
    values = (migration.number, migration.name, migration.digest)
    rows(connection, "INSERT INTO migrations VALUES (?, ?, ?)", *values)
