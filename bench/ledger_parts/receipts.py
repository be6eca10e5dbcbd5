"""How long a teller waits for a receipt, and whether what happens to checkpoints afterwards makes it longer.

Blocks of notices are told one after the other through the sequencer of one line on disk, alone and with something that
follows its checkpoints, in turns, so that each meets the same noise.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

from bench.ledger_parts.making import BEGIN_MS, PARTIES
from bench.service_parts.posting import percentile
from bench.service_parts.traffic import make_folder, new_line, notices, pens
from openline.adapters.clock import ManualClock
from openline.adapters.sqlite import SqliteStore
from openline.app.commands.serve import publishing
from openline.app.composition import LEDGER_NAME
from openline.app.configuration import Settings
from openline.engine.finder import Engine
from openline.node.line import Line
from openline.node.sequencer import Sequencer

Follower = Callable[[Path, Settings, Line], AbstractContextManager[object]]
"""Something that follows a line's checkpoints for as long as its context lasts."""


def followers() -> dict[str, Follower]:
    """What is measured beside a line alone, by the end of its keys."""
    return {"": lambda _folder, _settings, _line: nullcontext(), "_publishing": _publishing}


def receipt_figures(folder: Path, count: int, blocks: int) -> dict[str, Any]:
    """Milliseconds from handing in a notice to its receipt, one at a time."""
    settings = make_folder(folder, PARTIES)
    settings.publish = "public"
    spent: dict[str, list[float]] = {name: [] for name in followers()}
    with closing(SqliteStore(folder / LEDGER_NAME)) as store:
        line = new_line(folder, settings, store, Engine, at_ms=BEGIN_MS)
        writers = pens(PARTIES)
        for block in range(blocks + 1):
            for number, (name, follower) in enumerate(followers().items()):
                seed = 1_000 * block + number
                told = list(notices(writers, count, start_ms=BEGIN_MS, seed=seed))
                with follower(folder, settings, line):
                    latencies = asyncio.run(_latencies_ms(line, told))
                # the first block warms up
                spent[name] += latencies if block else []
    figures: dict[str, Any] = {"receipt_n": blocks * count}
    for name, latencies in spent.items():
        figures[f"receipt{name}_p50_ms"] = round(percentile(latencies, 0.5), 3)
        figures[f"receipt{name}_p99_ms"] = round(percentile(latencies, 0.99), 3)
    return figures


def _publishing(folder: Path, settings: Settings, line: Line) -> AbstractContextManager[object]:
    return publishing(folder, settings, line)


async def _latencies_ms(line: Line, told: list[bytes]) -> list[float]:
    sequencer = Sequencer(line, ManualClock(BEGIN_MS), _raise)
    sequencer.start()
    spent = []
    for raw in told:
        begun = time.perf_counter()
        await sequencer.tell(raw)
        spent.append(1e3 * (time.perf_counter() - begun))
    await sequencer.stop()
    return spent


def _raise(_: str, error: Exception) -> None:
    raise error
