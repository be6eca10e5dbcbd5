"""The ledger's figures: append, proofs, verification, publication, receipts; SQLite and PostgreSQL in the same run.

`python -m bench.ledger [--quick] [--json] [--figures FOLDER]`; the last line is one JSON object (with --json the only
one). `--quick` verifies a small ledger and names its N; the full run verifies a million entries and writes
`ledger.md` into FOLDER (docs/figures).

| key                               | what                                                                             |
|-----------------------------------|----------------------------------------------------------------------------------|
| `append_leaves_per_s_N`           | leaves hashed and appended to the tree in memory, one by one                     |
| `journal_per_s`                   | entries through the journal in memory: salt, tag, leaf, tree, the node's own     |
|                                   | signed, a signed checkpoint for each `group`; `journal_n` entries                |
| `durable_per_s`                   | the same and on disk, in groups of `group`; `durable_n` entries                  |
| `store_per_s`                     | records that are made already, on disk (SqliteStore)                             |
| `sqlite_group_per_s`, `_row_`...  | plain SQLite inserts of the same records, a transaction a group, or a row        |
| `postgres_group_per_s`, `_row_`.. | PostgreSQL inserts, likewise; `postgres_left_out` says why it is missing         |
| `ratio_sqlite_group` and so on    | `store_per_s` over the peer's rate                                               |
| `proof_p50_us_N`, `_p99_us_N`     | an inclusion proof in a tree of N; `proof_verify_*`: its verification            |
| `span_p50_us_N`, `span_verify_*`  | the proof that 1,000 neighbouring leaves are there, and its verification         |
| `verify_tree_s_N`                 | `openline verify --tree-only` of a data folder of N entries, half of them told   |
| `verify_signatures_s_N`           | `--no-replay`: leaves, bodies, places, tree and every signature                  |
| `verify_tiles_s_N`                | the published folder: every leaf, every tile of every level                      |
| `verify_*_cpu_s_N`                | the same by the time of the core                                                 |
| `*_s_per_1e6` (quick)             | what that comes to for a million, by the clock                                   |
| `export_ms_N`, `export_cpu_ms_N`  | publishing one checkpoint more, `export_added` entries later, at N entries: by   |
|                                   | the clock, with every sync, and by the time of the core                          |
| `export_growth_N_M`               | the second at M over that at N: a ledger 256 times as long needs one tile more   |
| `receipt_p50_ms`, `_p99_ms`       | from handing in a notice to its receipt, on disk, one at a time                  |
| `receipt_publishing_*`            | the same while a folder is kept up to date                                       |
| `receipt_cosigning_*`             | the same while a witness is asked over HTTP; `receipt_cosigning_n` cosignatures  |
|                                   | were recorded meanwhile                                                          |
| `load_average_before`, `_after`   | what else ran on the machine                                                     |
| `*_n`                             | the N of each                                                                    |

Absolute figures are this machine's; only the ratios travel.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.engine_parts.scenes import load_average, say, size
from bench.ledger_parts.appending import durable_figures, entries_per_s, leaves_per_s
from bench.ledger_parts.page import BARS, write_page
from bench.ledger_parts.proving import export_figures, proof_figures, verification_figures
from bench.ledger_parts.receipts import receipt_figures
from openline.ledger.leaf import LEAF_BYTES

MOST = 1_000_000
SIZES = (10_000, 100_000, MOST)


def measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    """All figures."""
    begun = time.perf_counter()
    figures: dict[str, Any] = {"load_average_before": load_average()}
    say(f"Appending {size(MOST)} leaves")
    bytes_ = random.Random(1).randbytes(LEAF_BYTES * MOST)
    leaves = [bytes_[at : at + LEAF_BYTES] for at in range(0, len(bytes_), LEAF_BYTES)]
    rate, tree = leaves_per_s(leaves)
    figures[f"append_leaves_per_s_{size(MOST)}"] = round(rate)
    figures |= proof_figures(tree, 1_000 if quick else 20_000)
    say("Publishing")
    figures |= export_figures(folder / "export", tree, leaves, SIZES, 9 if quick else 51)
    del tree, leaves
    count = 2_560 if quick else 51_200
    say("Appending to disk, with peers")
    figures |= {"journal_per_s": round(entries_per_s(count)), "journal_n": count}
    figures |= durable_figures(folder / "durable", 1_280 if quick else 25_600, 3 if quick else 7)
    say("Receipts")
    figures |= receipt_figures(folder / "receipts", 100 if quick else 500, 3 if quick else 7)
    entries = 10_000 if quick else MOST
    verified = verification_figures(folder / "verify", entries)
    figures |= verified
    if quick:
        for key in ("verify_tree", "verify_signatures", "verify_tiles"):
            figures[f"{key}_s_per_1e6"] = round(verified[f"{key}_s_{size(entries)}"] * MOST / entries, 1)
    figures["load_average_after"] = load_average()
    figures["took_s"] = round(time.perf_counter() - begun, 1)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    parser.add_argument("--figures", type=Path, default=Path("docs/figures"), help="where the full run writes")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("export", "durable"):
            (folder / part).mkdir()
        figures = measure(folder, quick=options.quick)
    if not options.json:
        for name, value in figures.items():
            print(f"{name:30} {value}")
        for bar in BARS:
            value = figures.get(bar.key)
            if value is not None and not bar.is_met(value):
                print(f"missed: {bar.what}, {value:g} against {bar.limit:g} {bar.unit}")
    if not options.quick:
        write_page(options.figures, figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
