"""The bars that the ledger is held to, and the page of results: docs/figures/ledger.md."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.engine_parts.bars import Bar
from bench.engine_parts.page import table

BARS = (
    Bar("append_leaves_per_s_1e6", "leaves appended in memory", 50_000, "a second", is_least=True),
    Bar("durable_per_s", "entries on disk, in groups", 8_000, "a second", is_least=True),
    Bar("proof_p50_us_1e6", "inclusion proof, p50", 150, "µs"),
    Bar("proof_p99_us_1e6", "inclusion proof, p99", 150, "µs"),
    Bar("verify_tree_s_1e6", "verification of leaves and tree", 60, "s"),
    Bar("verify_signatures_s_1e6", "verification, every signature too", 240, "s"),
    Bar("verify_tree_s_per_1e6", "verification of leaves and tree, for a million", 60, "s"),
    Bar("verify_signatures_s_per_1e6", "verification, every signature too, for a million", 240, "s"),
    Bar("export_growth_1e4_1e6", "growth of the cost of a published checkpoint", 1.5, "×"),
)
_HEAD = """---
orphan: true
---
# The ledger's figures

`python -m bench.ledger` writes this page. Edit nothing here. What each key says stands at the top of `bench/ledger.py`.

"""
_PEERS = (
    ("ours: journal, signatures, tree, store", "durable_per_s"),
    ("ours, the store alone", "store_per_s"),
    ("plain SQLite, a transaction a group", "sqlite_group_per_s"),
    ("plain SQLite, a transaction a row", "sqlite_row_per_s"),
    ("PostgreSQL, a transaction a group", "postgres_group_per_s"),
    ("PostgreSQL, a transaction a row", "postgres_row_per_s"),
)


def write_page(folder: Path, figures: Mapping[str, Any]) -> None:
    """Write the page."""
    met = [
        (bar.what, f"`{bar.key}`", f"{'&gt;' if bar.is_least else '&lt;'} {bar.limit:,g} {bar.unit}", _cell(value, bar))
        for bar in BARS
        if (value := figures.get(bar.key)) is not None
    ]
    peers = [(name, f"{figures[key]:,}") for name, key in _PEERS if key in figures]
    text = [
        _HEAD,
        f"- Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, shared with others",
        f" (load before and after: {figures['load_average_before']}, {figures['load_average_after']}).\n",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}.\n",
        "\n## Against the bars\n\n",
        table(("figure", "key", "bar", "measured"), met),
        "\n## On disk, records a second\n\nThe same records and groups, each commit on disk before the next.\n\n",
        table(("who", "a second"), peers),
        "\n## All figures\n\n",
        table(("key", "figure"), [(f"`{key}`", str(value)) for key, value in figures.items()]),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ledger.md").write_text("".join(text), encoding="utf-8")


def _cell(value: float, bar: Bar) -> str:
    return f"{value:,g} {bar.unit}" if bar.is_met(value) else f"{value:,g} {bar.unit}, **not met**"
