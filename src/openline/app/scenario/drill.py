"""Everything of a drill that follows from its name: keys, ids, the node's secret. All of it is public."""

from __future__ import annotations

from uuid import UUID

from openline import __version__
from openline.app.pen import Pen
from openline.app.scenario.loading import Scenario
from openline.codec.envelope import AGREEMENT_TYPE, to_base64
from openline.core.event import AgreementLoaded, Event, KeyEnrolled, NodeStarted
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.node.secrets import NodeSecrets

ORIGIN_PREFIX = "drill.openline.invalid/"
"""The drill mark: `.invalid` names nothing real (RFC 2606), and no ledger of a live node begins so."""

ENGINE_VERSION = "cells-1"
"""Changes whenever the engine could find something else than before."""


class Drill:
    """The identities of one scenario."""

    def __init__(self, scenario: Scenario) -> None:
        """Derive them from the scenario's name."""
        self._seed = f"openline drill/{scenario.table.name}".encode()
        self._scenario = scenario
        self.origin = f"{ORIGIN_PREFIX}{scenario.table.name}"
        self.node_secret = derive_seed(self._seed, "node")
        self._pens: dict[tuple[str, str], Pen] = {}

    def secrets(self) -> NodeSecrets:
        """The node's secrets."""
        return NodeSecrets(self.node_secret)

    def seed(self, party: str, role: str) -> bytes:
        """The seed of the key of a party's role; `root` signs agreements."""
        return derive_seed(self._seed, f"key/{party}/{role}")

    def signer(self, party: str, role: str) -> Signer:
        """The key of a party's role."""
        return Signer(self.seed(party, role))

    def pen(self, party: str, role: str) -> Pen:
        """The pen of a party's role. The notices of a party are counted together whichever role signs."""
        return self._pens.setdefault((party, role), Pen(party, role, self.signer(party, role)))

    def identifier(self, label: str) -> str:
        """The id of a document: a version 8 UUID (RFC 9562) from the scenario's name and the label."""
        raw = bytearray(derive_seed(self._seed, f"id/{label}")[:16])
        raw[6] = (raw[6] & 0x0F) | 0x80
        raw[8] = (raw[8] & 0x3F) | 0x80
        return str(UUID(bytes=bytes(raw)))

    def opening(self, at_ms: int) -> list[Event]:
        """What stands at the head of the ledger: the node, the keys, the agreements that all parties signed."""
        events: list[Event] = [
            NodeStarted(
                at_ms=at_ms,
                engine=ENGINE_VERSION,
                openline=__version__,
                node_key=to_base64(self.secrets().signer.public_key),
                origin=self.origin,
                is_drill=True,
                resumed_at=0,
            )
        ]
        for party in self._scenario.table.parties:
            for role in party.roles:
                key = to_base64(self.signer(party.code, role).public_key)
                events.append(KeyEnrolled(at_ms=at_ms, party=party.code, role=role, key=key))
        events += [
            AgreementLoaded(
                at_ms=at_ms,
                id=agreement.id,
                version=agreement.version,
                envelope=to_base64(self.signed(raw, agreement.parties)),
            )
            for raw, agreement in self._scenario.agreements
        ]
        return events

    def signed(self, agreement: bytes, parties: tuple[str, ...]) -> bytes:
        """The agreement's envelope with the signature of every party's root key."""
        roots = [self.signer(party, "root") for party in parties]
        return sign_envelope(agreement, AGREEMENT_TYPE, [(key_id(root.public_key), root) for root in roots])
