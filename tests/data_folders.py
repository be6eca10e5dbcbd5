"""A town's ledger as a data folder on disk, commit by commit, as a node leaves it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from openline.adapters.sqlite import SqliteStore
from openline.app.composition import LEDGER_NAME, SECRET_NAME
from openline.app.configuration import Settings, write_settings
from openline.codec.envelope import to_base64
from openline.keys.derive import derive_seed
from tests.parties import ORIGIN, Town


def keep(town: Town, folder: Path, *, publish: str = "") -> Settings:
    """Write the data folder of a town's node; gives its settings."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        origin=ORIGIN, drill=True, node_key=to_base64(town.secrets.signer.public_key), publish=publish, port=0
    )
    write_settings(folder, settings)
    secret = folder / SECRET_NAME
    secret.touch(mode=0o600)
    secret.write_bytes(derive_seed(b"the town", "node"))
    with closing(SqliteStore(folder / LEDGER_NAME)) as store:
        done = 0
        for note in town.heads:
            size = int(note.split("\n")[1])
            store.append(town.store.records[done:size], note)
            done = size
    return settings
