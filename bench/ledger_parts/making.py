"""Ledgers for the bench: notices of many parties, each followed by an entry of the node, journalled as a line does.

Nothing is judged, so a million entries are made in minutes; leaves, bodies, signatures, channels and checkpoints are
those of a line that serves. Windows are short and the clock goes on, so that about 5,000 notices are in force at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bench.service_parts.traffic import AGREEMENT, LAT, LNG, ORIGIN, SEED, make_folder, pens
from openline.adapters.sqlite import SqliteStore
from openline.app.composition import LEDGER_NAME, settled
from openline.app.configuration import Settings
from openline.codec.envelope import to_base64
from openline.core.event import Delivered
from openline.core.time import HOUR_MS, MINUTE_MS, to_text
from openline.keys.derive import derive_seed
from openline.node.journal import Journal, Output, Staged, Told
from openline.node.line import Line
from openline.node.secrets import NodeSecrets

PARTIES = 32
GROUP = 256
"""Entries of one commit."""
BEGIN_MS = 1_772_366_400_000
"""2026-03-01T12:00:00Z."""
_A_MINUTE = 50
"""Notices of one minute."""


def secrets() -> NodeSecrets:
    """Those of the folders that the benches make."""
    return NodeSecrets(derive_seed(SEED, "node"))


def outputs(count: int, *, seed: int) -> Iterator[Output]:
    """`count` entries: what a party told, and that it was delivered, in turn."""
    chance = random.Random(seed)
    writers = pens(PARTIES)
    for number in range(-(-count // 2)):
        at_ms = BEGIN_MS + number // _A_MINUTE * MINUTE_MS
        writer = writers[number % PARTIES]
        raw = writer.notice(
            {"type": "air_activity", "volumes": [_volume(chance, at_ms)]},
            identifier=f"ledger-{seed}-{number:08d}",
            agreement=AGREEMENT,
            at_ms=at_ms,
        )
        yield Told(at_ms=at_ms, party=writer.party, raw=raw)
        if 2 * number + 1 < count:
            other = writers[(number + 1) % PARTIES].party
            yield Delivered(at_ms=at_ms, party=other, entry=2 * number, channel="http")


def groups(count: int, *, seed: int = 1) -> Iterator[list[Output]]:
    """The same, a commit at a time."""
    group: list[Output] = []
    for output in outputs(count, seed=seed):
        group.append(output)
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def staged(count: int) -> list[Staged]:
    """The commits of `count` entries, in memory."""
    journal = Journal(secrets(), ORIGIN)
    return [journal.stage(group) for group in groups(count)]


def make_ledger(folder: Path, count: int) -> Settings:
    """A data folder whose ledger has `count` entries, and a few more for keys and the agreement."""
    settings = make_folder(folder, PARTIES)
    with closing(SqliteStore(folder / LEDGER_NAME)) as store:
        line = Line(store, secrets(), ORIGIN)
        line.open()
        line.administer(BEGIN_MS, settled(folder, settings, line, BEGIN_MS))
        for group in groups(count):
            made = line.journal.stage(group)
            store.append(made.records, made.checkpoint)
    settings.node_key = to_base64(secrets().signer.public_key)
    return settings


def _volume(chance: random.Random, at_ms: int) -> dict[str, object]:
    centre = {"lat": round(chance.uniform(*LAT), 6), "lng": round(chance.uniform(*LNG), 6)}
    floor_m = round(chance.uniform(300, 12_000))
    return {
        "outline_circle": {"center": centre, "radius": {"value": 1_000, "units": "M"}},
        "altitude_lower": {"value": floor_m, "reference": "MSL", "units": "M"},
        "altitude_upper": {"value": floor_m + 300, "reference": "MSL", "units": "M"},
        "time_start": to_text(at_ms + HOUR_MS),
        "time_end": to_text(at_ms + HOUR_MS + 30 * MINUTE_MS),
    }
