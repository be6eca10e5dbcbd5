"""Append: leaves into the tree, entries through the journal, groups of records on disk, and the peers beside them.

All peers keep the same records (index, leaf, body), in the same groups, on the same disk, and have each commit on disk
before the next: SQLite with `synchronous = FULL` and a write-ahead log, PostgreSQL with `fsync` and
`synchronous_commit` on.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bench.engine_parts.optional import optional
from bench.engine_parts.scenes import say
from bench.engine_parts.server import DURABLE, Unavailable, serving
from bench.ledger_parts.making import GROUP, groups, secrets, staged
from bench.service_parts.traffic import ORIGIN
from openline.adapters.sqlite import SqliteStore
from openline.ledger.tree import Tree, leaf_hash
from openline.node.journal import Journal, Staged
from openline.node.ports import Record

_TABLE = "CREATE TABLE entries (idx BIGINT PRIMARY KEY, leaf {0} NOT NULL, body {0} NOT NULL)"
_ROWS = 400
"""Rows kept one transaction each: enough for a median, and a slow disk takes milliseconds for each."""

Groups = Sequence[Sequence[Record]]


def leaves_per_s(leaves: Sequence[bytes]) -> tuple[float, Tree]:
    """Leaves hashed and appended one by one; and the tree."""
    tree = Tree()
    begun = time.perf_counter()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    return len(leaves) / (time.perf_counter() - begun), tree


def entries_per_s(count: int) -> float:
    """Entries through the journal in groups: salt, tag, leaf, tree; the node's own signed; a signed checkpoint each."""
    made = list(groups(count))
    journal = Journal(secrets(), ORIGIN)
    begun = time.perf_counter()
    for group in made:
        journal.stage(group)
    return count / (time.perf_counter() - begun)


def durable_figures(folder: Path, count: int, rounds: int) -> dict[str, Any]:
    """Records a second, on disk, ours and the peers in turn; each its median over the rounds."""
    commits = staged(count)
    records = [commit.records for commit in commits]
    figures: dict[str, Any] = {"durable_n": rounds * count, "group": GROUP}
    rates: dict[str, list[float]] = {}

    def turn(number: int, peers: dict[str, Callable[[int], float]]) -> None:
        for name, peer in peers.items():
            rates.setdefault(name, []).append(peer(number))

    peers: dict[str, Callable[[int], float]] = {
        "durable_per_s": lambda number: _ours(folder / f"ours-{number}", count),
        "store_per_s": lambda number: _store(folder / f"store-{number}", commits),
        "sqlite_group_per_s": lambda number: _sqlite(folder / f"group-{number}", records),
        "sqlite_row_per_s": lambda number: _sqlite(folder / f"row-{number}", _singly(records)),
    }
    try:
        optional("asyncpg")
        with serving(DURABLE) as socket:
            peers["postgres_group_per_s"] = lambda _: asyncio.run(_postgres(socket, records))
            peers["postgres_row_per_s"] = lambda _: asyncio.run(_postgres(socket, _singly(records)))
            for number in range(rounds):
                turn(number, peers)
    except Unavailable as reason:
        say(str(reason))
        figures["postgres_left_out"] = str(reason)
        for number in range(len(rates.get("durable_per_s", ())), rounds):
            turn(number, peers)
    figures |= {name: round(statistics.median(values)) for name, values in rates.items()}
    for peer in ("sqlite_group", "postgres_group"):
        if f"{peer}_per_s" in figures:
            figures[f"ratio_{peer}"] = round(figures["store_per_s"] / figures[f"{peer}_per_s"], 3)
    return figures


def _ours(folder: Path, count: int) -> float:
    """The journal and the store together, as a line commits."""
    made = list(groups(count))
    journal = Journal(secrets(), ORIGIN)
    with closing(SqliteStore(folder / "ledger.sqlite")) as store:
        begun = time.perf_counter()
        for group in made:
            commit = journal.stage(group)
            store.append(commit.records, commit.checkpoint)
        return count / (time.perf_counter() - begun)


def _store(folder: Path, commits: Sequence[Staged]) -> float:
    """The store alone, with records that are made already."""
    with closing(SqliteStore(folder / "ledger.sqlite")) as store:
        begun = time.perf_counter()
        for commit in commits:
            store.append(commit.records, commit.checkpoint)
        return sum(len(commit.records) for commit in commits) / (time.perf_counter() - begun)


def _sqlite(folder: Path, commits: Groups) -> float:
    folder.mkdir()
    with closing(sqlite3.connect(folder / "peer.sqlite", isolation_level=None)) as peer:
        for setting in ("journal_mode = WAL", "synchronous = FULL"):
            peer.execute(f"PRAGMA {setting}")
        peer.execute(_TABLE.format("BLOB"))
        begun = time.perf_counter()
        for commit in commits:
            peer.execute("BEGIN IMMEDIATE")
            peer.executemany("INSERT INTO entries VALUES (?, ?, ?)", [(r.index, r.leaf, r.body) for r in commit])
            peer.execute("COMMIT")
        return sum(map(len, commits)) / (time.perf_counter() - begun)


async def _postgres(socket: Path, commits: Groups) -> float:
    connection = await optional("asyncpg").connect(host=str(socket), user="bench", database="postgres")
    try:
        await connection.execute("DROP TABLE IF EXISTS entries")
        await connection.execute(_TABLE.format("BYTEA"))
        begun = time.perf_counter()
        for commit in commits:
            async with connection.transaction():
                rows = [(r.index, r.leaf, r.body) for r in commit]
                await connection.executemany("INSERT INTO entries VALUES ($1, $2, $3)", rows)
        return sum(map(len, commits)) / (time.perf_counter() - begun)
    finally:
        await connection.close()


def _singly(commits: Groups) -> Groups:
    return [[record] for commit in commits for record in commit][:_ROWS]
