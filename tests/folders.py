"""The town in a data folder on disk, as an operator has it: settings, secret, agreement, ledger, attachments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openline.adapters.memory import MemoryStore
from openline.app.composition import SECRET_NAME, open_attachments, open_store
from openline.app.configuration import FILE_NAME, KeySettings, PartySettings, Settings, read_settings, write_settings
from openline.app.pen import Pen
from openline.codec.envelope import AGREEMENT_TYPE, to_base64
from openline.core.event import AgreementLoaded, KeyEnrolled, NodeStarted
from openline.core.ladder import TIER_ROLES
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.node.line import Line
from openline.node.secrets import NodeSecrets
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, agreement, signer_of
from tests.serving import Node

PARTIES = (NORTH, SOUTH)
ROLE = TIER_ROLES[0]
NAME = "town.signed.json"


def make_folder(folder: Path) -> Path:
    """A data folder in which nothing has been told."""
    folder.mkdir(parents=True)
    secret = derive_seed(b"the town", "node")
    (folder / SECRET_NAME).touch(mode=0o600)
    (folder / SECRET_NAME).write_bytes(secret)
    roots = {party: signer_of(party, "root") for party in PARTIES}
    signers = [(key_id(root.public_key), root) for root in roots.values()]
    (folder / NAME).write_bytes(sign_envelope(agreement(), AGREEMENT_TYPE, signers))
    keys = {party: to_base64(signer_of(party).public_key) for party in PARTIES}
    parties = [
        PartySettings(code=party, root_key=to_base64(roots[party].public_key), keys=[KeySettings(role=ROLE, key=key)])
        for party, key in keys.items()
    ]
    node_key = to_base64(NodeSecrets(secret).signer.public_key)
    write_settings(folder, Settings(origin=ORIGIN, drill=True, agreements=[NAME], parties=parties, node_key=node_key))
    return folder


def town_in(folder: Path, now_ms: int = NOON_MS) -> Town:
    """The town of a data folder; the caller closes the store of its line."""
    town = Town.__new__(Town)
    town.store, town.now_ms = MemoryStore(), now_ms
    town.secrets = NodeSecrets((folder / SECRET_NAME).read_bytes())
    town.line = Line(open_store(folder), town.secrets, read_settings(folder).origin)
    town.line.open()
    town.heard, town.heads, town.receipts, town.done = [], [], [], []
    town.line.listen(town.hear)
    last = {party: chain.last for party, chain in town.line.state.chains.items()}
    town.pens = {
        party: Pen(
            party,
            ROLE,
            signer_of(party),
            sequence=last[party].sequence if party in last else 0,
            previous=last[party].digest if party in last else "",
        )
        for party in PARTIES
    }
    raw = (folder / NAME).read_bytes()
    keys = [(party, to_base64(signer_of(party).public_key)) for party in PARTIES]
    town.administer(
        [
            NodeStarted(
                at_ms=now_ms,
                engine="1",
                openline="1",
                node_key=to_base64(town.secrets.signer.public_key),
                origin=town.line.origin,
                is_drill=True,
                resumed_at=town.line.committed,
            ),
            *(KeyEnrolled(at_ms=now_ms, party=party, role=ROLE, key=key) for party, key in keys),
            AgreementLoaded(at_ms=now_ms, id="town", version=1, envelope=to_base64(raw)),
        ]
    )
    return town


@contextmanager
def served(folder: Path, now_ms: int = NOON_MS) -> Iterator[Node]:
    """A node that serves a data folder."""
    town = town_in(folder, now_ms)
    try:
        with Node(town, attachments=open_attachments(folder, read_settings(folder))) as node:
            yield node
    finally:
        town.line.store.close()


def with_setting(folder: Path, **settings: object) -> Path:
    """The same folder with other settings."""
    held = read_settings(folder)
    for name, value in settings.items():
        setattr(held, name, value)
    write_settings(folder, held)
    return folder


__all__ = ["FILE_NAME", "make_folder", "served", "town_in", "with_setting"]
