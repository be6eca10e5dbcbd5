"""Start-up of a data folder, and the memory of what is in force: run in a process of its own by the service bench."""

from __future__ import annotations

import gc
import json
import sys
import time
from pathlib import Path

from openline.adapters.sqlite import SqliteStore
from openline.app.composition import LEDGER_NAME, open_line
from openline.app.configuration import read_settings
from openline.app.searching import engine_maker


def resident_bytes() -> int:
    """The resident set of this process (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def main(folder: Path) -> None:
    """Open the ledger with the search that `openline serve` gives it, print the figures."""
    settings = read_settings(folder)
    # compiles, before anything is measured
    make_engine = engine_maker(settings.search)
    store = SqliteStore(folder / LEDGER_NAME)
    gc.collect()
    before = resident_bytes()
    begun = time.perf_counter()
    line = open_line(folder, settings, store, make_engine=make_engine)
    seconds = time.perf_counter() - begun
    gc.collect()
    grown = resident_bytes() - before
    in_force = len(line.state.engine)
    figures = {
        "replay_entries_per_s": round(line.committed / seconds),
        "replay_n": line.committed,
        "memory_per_notice_bytes": round(grown / in_force),
        "memory_n": in_force,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
