"""How long a teller waits for a receipt, and whether what happens to checkpoints afterwards makes it longer.

Blocks of notices are told one after the other through the sequencer of one line on disk, alone and with something that
follows its checkpoints, in turns, so that each meets the same noise.

| key                                   | what                                                                     |
|---------------------------------------|--------------------------------------------------------------------------|
| `receipt_p50_ms`, `_p99_ms`           | from handing in a notice to its receipt, with nothing else going on      |
| `receipt_publishing_p50_ms`, `_p99_ms`| while a folder of tiles is kept up to date                               |
| `receipt_cosigning_p50_ms`, `_p99_ms` | while a witness in a process of its own is asked over HTTP, as often as  |
|                                       | a node that serves asks it                                               |
| `receipt_cosigning_n`                 | cosignatures that were recorded meanwhile                                |
| `receipt_n`                           | receipts behind each of these                                            |
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bench.ledger_parts.making import BEGIN_MS, PARTIES
from bench.ledger_parts.witness import Going, witness_at_work
from bench.service_parts.posting import percentile
from bench.service_parts.traffic import make_folder, new_line, notices, party, pens
from openline.adapters.sqlite import SqliteStore
from openline.adapters.witness_client import PATIENCE_S, HttpWitnesses
from openline.app.commands.serve import publishing
from openline.app.composition import LEDGER_NAME
from openline.app.configuration import Settings
from openline.core.event import Cosigned, WitnessNamed
from openline.engine.finder import Engine
from openline.node.cosigning import Cosigners, Place
from openline.node.journal import Output
from openline.node.sequencer import Sequencer

Follower = Callable[[Path, Settings, Sequencer], AbstractAsyncContextManager[object]]
"""Something that follows a line's checkpoints for as long as its context lasts."""


def followers(witness: Place) -> dict[str, Follower]:
    """What is measured beside a line alone, by the end of its keys."""
    return {
        "": lambda _folder, _settings, _sequencer: nullcontext(),
        "_publishing": _publishing,
        "_cosigning": partial(_cosigning, witness),
    }


def receipt_figures(folder: Path, count: int, blocks: int) -> dict[str, Any]:
    """Milliseconds from handing in a notice to its receipt, one at a time."""
    settings = make_folder(folder, PARTIES)
    settings.publish = "public"
    clock = Going(BEGIN_MS)
    with closing(SqliteStore(folder / LEDGER_NAME)) as store, witness_at_work(folder, BEGIN_MS) as (place, key):
        line = new_line(folder, settings, store, Engine, at_ms=BEGIN_MS)
        line.administer(clock.now_ms(), [WitnessNamed(at_ms=clock.now_ms(), party=party(0), key=key)])
        beside = followers(place)
        spent: dict[str, list[float]] = {name: [] for name in beside}
        cosigned: list[Output] = []
        line.listen(lambda entries: cosigned.extend(output for _, output in entries if isinstance(output, Cosigned)))
        writers = pens(PARTIES)
        for block in range(blocks + 1):
            for number, (name, follower) in enumerate(beside.items()):
                seed = 1_000 * block + number
                told = list(notices(writers, count, start_ms=BEGIN_MS, seed=seed))
                sequencer = Sequencer(line, clock, _raise)
                latencies = asyncio.run(_latencies_ms(sequencer, follower(folder, settings, sequencer), told))
                # the first block warms up
                spent[name] += latencies if block else []
    figures: dict[str, Any] = {"receipt_n": blocks * count, "receipt_cosigning_n": len(cosigned)}
    for name, latencies in spent.items():
        figures[f"receipt{name}_p50_ms"] = round(percentile(latencies, 0.5), 3)
        figures[f"receipt{name}_p99_ms"] = round(percentile(latencies, 0.99), 3)
    return figures


@asynccontextmanager
async def _publishing(folder: Path, settings: Settings, sequencer: Sequencer) -> AsyncIterator[None]:
    with publishing(folder, settings, sequencer.line):
        yield


@asynccontextmanager
async def _cosigning(witness: Place, _folder: Path, _settings: Settings, sequencer: Sequencer) -> AsyncIterator[None]:
    # made beforehand: a node loads certificates once, when it starts to ask
    client = httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False)
    cosigners = Cosigners(sequencer, HttpWitnesses(client=client), [witness], _raise)
    cosigners.start()
    try:
        yield
    finally:
        await cosigners.stop()


async def _latencies_ms(
    sequencer: Sequencer, following: AbstractAsyncContextManager[object], told: Sequence[bytes]
) -> list[float]:
    sequencer.start()
    spent = []
    async with following:
        for raw in told:
            begun = time.perf_counter()
            await sequencer.tell(raw)
            spent.append(1e3 * (time.perf_counter() - begun))
    await sequencer.stop()
    return spent


def _raise(_: str, error: Exception) -> None:
    raise error
