"""What the benches send: a town of parties, and distinct signed notices spread over a region and a week."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

from openline.adapters.sqlite import SqliteStore
from openline.app.composition import LEDGER_NAME, SECRET_NAME, settled
from openline.app.configuration import KeySettings, PartySettings, Settings, write_settings
from openline.app.pen import Pen
from openline.app.searching import engine_maker
from openline.codec.envelope import AGREEMENT_TYPE, to_base64
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, to_text
from openline.intake.opening import open_notice
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.node.line import Line
from openline.node.secrets import NodeSecrets
from openline.node.state import EngineMaker

SEED = b"openline bench"
ORIGIN = "bench.openline.invalid/service"
AGREEMENT = ("bench", 1)
ROLE = "duty_officer"
LAT, LNG = (32.0, 42.0), (26.0, 45.0)
"""The region of the published figures: 26-45 E, 32-42 N."""
_TERMS = """
id = "bench"
version = 1
title = "Terms of a bench"
in_force_from = "2020-01-01T00:00:00Z"
{parties}
[minima]
lateral_m = 1000
vertical_m = 150
time = "5min"
[protection_radii_m]
troops = 1000
[lead_times]
normal = "1min"
emergency = "1min"
minimum_useful = "0s"
"""


def party(number: int) -> str:
    """The code of a party of the bench."""
    return f"P{number:02d}"


def pens(count: int) -> list[Pen]:
    """A pen a party."""
    return [Pen(party(n), ROLE, Signer(derive_seed(SEED, f"key/{party(n)}"))) for n in range(count)]


def make_folder(folder: Path, count: int, port: int = 0) -> Settings:
    """A node's data folder for `count` parties under one agreement."""
    folder.mkdir(parents=True)
    roots = [Signer(derive_seed(SEED, f"root/{party(n)}")) for n in range(count)]
    listed = "".join(f'[[parties]]\ncode = "{party(n)}"\nname = "{party(n)}"\n' for n in range(count))
    terms = _TERMS.format(parties=listed).encode()
    signed = sign_envelope(terms, AGREEMENT_TYPE, [(key_id(root.public_key), root) for root in roots])
    (folder / "bench.signed.json").write_bytes(signed)
    secret = folder / SECRET_NAME
    secret.touch(mode=0o600)
    secret.write_bytes(derive_seed(SEED, "node"))
    parties = [
        PartySettings(
            code=party(n),
            root_key=to_base64(root.public_key),
            keys=[KeySettings(role=ROLE, key=to_base64(Signer(derive_seed(SEED, f"key/{party(n)}")).public_key))],
        )
        for n, root in enumerate(roots)
    ]
    settings = Settings(
        origin=ORIGIN,
        drill=True,
        port=port,
        agreements=["bench.signed.json"],
        parties=parties,
        node_key=to_base64(NodeSecrets(derive_seed(SEED, "node")).signer.public_key),
    )
    write_settings(folder, settings)
    return settings


def notices(writers: list[Pen], count: int, *, start_ms: int, seed: int) -> Iterator[bytes]:
    """`count` signed air activities in turn from each pen: half circles, half star-shaped polygons, a week ahead."""
    chance = random.Random(seed)
    for n in range(count):
        fields = {"type": "air_activity", "volumes": [_volume(chance, start_ms)]}
        yield writers[n % len(writers)].notice(
            fields, identifier=f"bench-{seed}-{n:08d}", agreement=AGREEMENT, at_ms=start_ms
        )


def new_line(folder: Path, settings: Settings, store: SqliteStore, make_engine: EngineMaker, *, at_ms: int) -> Line:
    """The line of a folder that `make_folder` made: keys and agreement in force, nothing told."""
    line = Line(store, NodeSecrets(derive_seed(SEED, "node")), ORIGIN, make_engine)
    line.open()
    line.administer(at_ms, settled(folder, settings, line, at_ms))
    return line


def preload(folder: Path, settings: Settings, writers: list[Pen], count: int, *, at_ms: int, seed: int) -> int:
    """Put `count` notices in force in a folder's ledger; gives the number of its entries."""
    store = SqliteStore(folder / LEDGER_NAME)
    line = new_line(folder, settings, store, engine_maker(settings.search), at_ms=at_ms)
    group = []
    for raw in notices(writers, count, start_ms=at_ms, seed=seed):
        group.append(open_notice(raw, keyring=line.state.keyring, offsets_of=line.state.offsets_of))
        if len(group) == 256:
            line.commit(group, at_ms)
            group = []
    line.commit(group, at_ms)
    entries = line.committed
    store.close()
    return entries


def _volume(chance: random.Random, start_ms: int) -> dict[str, object]:
    lat, lng = chance.uniform(*LAT), chance.uniform(*LNG)
    size_m = math.exp(chance.uniform(math.log(250), math.log(25_000)))
    floor_m = chance.uniform(300, 12_000)
    begins = start_ms + HOUR_MS + chance.randrange(7 * DAY_MS // MINUTE_MS) * MINUTE_MS
    return {
        **_outline(chance, lat, lng, size_m),
        "altitude_lower": {"value": round(floor_m), "reference": "MSL", "units": "M"},
        "altitude_upper": {"value": round(floor_m + chance.uniform(150, 3000)), "reference": "MSL", "units": "M"},
        "time_start": to_text(begins),
        "time_end": to_text(begins + chance.randrange(10, 360) * MINUTE_MS),
    }


def _outline(chance: random.Random, lat: float, lng: float, size_m: float) -> dict[str, object]:
    if chance.random() < 0.5:
        centre = {"lat": round(lat, 6), "lng": round(lng, 6)}
        return {"outline_circle": {"center": centre, "radius": {"value": round(size_m), "units": "M"}}}
    count = chance.randrange(4, 13)
    per_lat, per_lng = 111_000.0, 111_000.0 * math.cos(math.radians(lat))
    vertices = []
    for corner in range(count):
        angle, reach = 2 * math.pi * corner / count, size_m * chance.uniform(0.5, 1.0)
        vertices.append(
            {
                "lat": round(lat + reach * math.sin(angle) / per_lat, 6),
                "lng": round(lng + reach * math.cos(angle) / per_lng, 6),
            }
        )
    return {"outline_polygon": {"vertices": vertices}}
