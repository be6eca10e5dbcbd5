"""A small town for tests: parties with pens, a line over a store in memory, and a clock that is moved by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import cos, radians
from typing import Any, TypeVar

from openline.adapters.memory import MemoryStore
from openline.app.pen import Pen
from openline.codec.envelope import AGREEMENT_TYPE, to_base64
from openline.core.event import AgreementLoaded, Event, KeyEnrolled
from openline.core.ladder import TIER_ROLES
from openline.core.time import HOUR_MS, to_text
from openline.hotline.alerts import OpenAlert
from openline.intake.key_opening import open_key_document
from openline.intake.opening import open_acknowledgement, open_declaration, open_notice
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.node.batch import Input
from openline.node.journal import Output
from openline.node.line import Line, Receipt, outcome_of
from openline.node.secrets import NodeSecrets
from tests.searches import other_engine

ORIGIN = "drill.openline/town"
NOON_MS = 1_772_366_400_000
"""2026-03-01T12:00:00Z, when every town opens its line."""
CENTRE = (36.37, 37.516)
"""Latitude and longitude of the town, degrees."""
NORTH, SOUTH = "NORTH", "SOUTH"

_Event = TypeVar("_Event", bound=Event)
_TABLES = {
    "minima": 'lateral_m = 1000\nvertical_m = 150\ntime = "10min"',
    "protection_radii_m": "troops = 1000\nmedical = 2000",
}


def agreement(
    identifier: str = "town", parties: Sequence[str] = (NORTH, SOUTH), *, version: int = 1, top: str = "", **tables: str
) -> bytes:
    """The TOML of an agreement: `tables` are texts of tables that replace or join the usual ones."""
    lines = [f'id = "{identifier}"', f"version = {version}", 'title = "A town"']
    lines += [top] if "in_force_from" in top else ['in_force_from = "2020-01-01T00:00:00Z"', top]
    lines += [f'[[parties]]\ncode = "{code}"\nname = "The {code.lower()}"' for code in parties]
    return "\n".join([*lines, *(f"[{name}]\n{text}" for name, text in (_TABLES | tables).items())]).encode()


def signer_of(party: str, role: str = TIER_ROLES[0]) -> Signer:
    """The one key that a party has for a role."""
    return Signer(derive_seed(b"the keys of the town", f"{party}/{role}"))


def circle(*, east_m: float = 0.0, north_m: float = 0.0, radius_m: float = 100.0) -> dict[str, Any]:
    """A circle so many metres from the centre of the town."""
    lat = CENTRE[0] + north_m / 110_970.0
    lng = CENTRE[1] + east_m / (111_320.0 * cos(radians(CENTRE[0])))
    return {"outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}}}


def on_ground(start_ms: int, end_ms: int | None = None, **where: float) -> dict[str, Any]:
    """A circle on the ground from `start_ms`, without an end unless one is given."""
    end = {} if end_ms is None else {"time_end": to_text(end_ms)}
    return circle(**where) | {"time_start": to_text(start_ms)} | end


def in_air(start_ms: int, end_ms: int | None = None, **where: float) -> dict[str, Any]:
    """A cylinder from the ground up to 3,000 m, an hour long unless an end is given."""
    altitudes = {"altitude_lower": {"reference": "SFC"}, "altitude_upper": {"reference": "MSL", "value": 3_000}}
    return on_ground(start_ms, start_ms + HOUR_MS if end_ms is None else end_ms, **where) | altitudes


def activity(*volumes: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the document
    return {"type": "air_activity", "volumes": list(volumes), **more}


def presence(*volumes: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    plain = {"type": "ground_presence", "mobility": "static", "protection_class": "troops"}
    return plain | {"volumes": list(volumes)} | more


def site(*volumes: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    plain = {"type": "humanitarian_site", "name": "A hospital", "category": "health", "protection_class": "medical"}
    return plain | {"volumes": list(volumes)} | more


def zone(*volumes: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {"type": "zone", "name": "A zone", "rules": ["no_air_activity"], "volumes": list(volumes), **more}


def withdrawal(notice: str) -> dict[str, Any]:
    return {"type": "withdrawal", "withdraws": notice}


class Town:
    """A line and those who tell it things. What was done to it is kept, so that it can be done again."""

    def __init__(self, *agreements: bytes, parties: Iterable[str] = (NORTH, SOUTH), now_ms: int = NOON_MS) -> None:
        """With the usual agreement when none is given."""
        self.store = MemoryStore()
        self.secrets = NodeSecrets(derive_seed(b"the town", "node"))
        self.line = Line(self.store, self.secrets, ORIGIN)
        self.line.open()
        self.now_ms = now_ms
        self.heard: list[tuple[int, Output]] = []
        self.heads: list[str] = []
        self.receipts: list[tuple[bytes, Receipt]] = []
        self.done: list[tuple[int, tuple[Event, ...] | bytes | None]] = []
        self.pens = {party: Pen(party, TIER_ROLES[0], signer_of(party)) for party in parties}
        self.line.listen(self.hear)
        keys = [(party, to_base64(signer_of(party).public_key)) for party in self.pens]
        self.administer([KeyEnrolled(at_ms=now_ms, party=party, role=TIER_ROLES[0], key=key) for party, key in keys])
        for text in agreements or (agreement(),):
            self.load(text)

    def load(self, text: bytes) -> None:
        """Put an agreement in force, signed by everybody."""
        signers = [(key_id(signer_of(party).public_key), signer_of(party)) for party in self.pens]
        envelope = to_base64(sign_envelope(text, AGREEMENT_TYPE, signers))
        identifier, version = (line.split(b" = ")[1] for line in text.split(b"\n")[:2])
        loaded = AgreementLoaded(
            at_ms=self.now_ms, id=identifier.decode().strip('"'), version=int(version), envelope=envelope
        )
        self.administer([loaded])

    def administer(self, events: Sequence[Event]) -> None:
        self.done.append((self.now_ms, tuple(events)))
        self.line.administer(self.now_ms, events)

    def written(
        self, party: str, fields: dict[str, Any], name: str = "", *, under: str = "town", version: int = 1
    ) -> bytes:
        """The signed envelope of a notice; without a name it is called after its number."""
        pen = self.pens[party]
        name = name or f"{party.lower()}-{pen.sequence + 1:04}"
        return pen.notice(fields, identifier=name, agreement=(under, version), at_ms=self.now_ms)

    def tell(self, party: str, fields: dict[str, Any], name: str = "", *, under: str = "town") -> Receipt:
        """Tell a notice; raises what the line raises."""
        return self.send(self.written(party, fields, name, under=under))

    def acknowledge(self, alert: OpenAlert, *, read: str = "", by: str = "") -> Receipt:
        """Acknowledge an alert at its present precedence, by its own party."""
        pen = self.pens[by or alert.party]
        name = f"ack-{len(self.done):08}"
        precedence = read or alert.precedence.name
        return self.send(
            pen.acknowledgement(alert=alert.alert, precedence=precedence, identifier=name, at_ms=self.now_ms)
        )

    def declare(self, party: str, fields: dict[str, Any], name: str = "") -> Receipt:
        """Declare something; without a name it is called after what was done before."""
        name = name or f"declaration-{len(self.done):08}"
        return self.send(self.pens[party].declaration(fields, identifier=name, at_ms=self.now_ms))

    def send(self, raw: bytes) -> Receipt:
        """Send an envelope as it is."""
        given: Input
        if b"vnd.openline.acknowledgement+json" in raw:
            given = open_acknowledgement(raw, keyring=self.line.state.keyring)
        elif b"vnd.openline.declaration+json" in raw:
            given = open_declaration(raw, keyring=self.line.state.keyring)
        elif b"vnd.openline.key+json" in raw:
            given = open_key_document(raw, keyring=self.line.state.keyring)
        else:
            state = self.line.state
            given = open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)
        self.done.append((self.now_ms, raw))
        receipt = self.line.receipt(outcome_of(self.line.commit([given], self.now_ms), 0))
        self.receipts.append((raw, receipt))
        return receipt

    def wait(self, span_ms: int) -> None:
        """Let time pass, stopping wherever something falls due."""
        until_ms = self.now_ms + span_ms
        while (due_ms := self.line.state.next_due_ms()) is not None and due_ms <= until_ms:
            self.now_ms = max(due_ms, self.now_ms)
            self.tick()
        self.now_ms = until_ms
        self.tick()

    def told(self, party: str, kind: type[_Event]) -> list[_Event]:
        """What the line told a party, of one kind."""
        return [event for _, event in self.heard if isinstance(event, kind) and event.to == party]

    def alerts(self, party: str) -> list[OpenAlert]:
        """Open alerts of a party, oldest first."""
        return self.line.state.desk.of_party(party)

    def alert(self, party: str) -> OpenAlert:
        """The only open alert of a party."""
        (found,) = self.alerts(party)
        return found

    def again(self) -> Town:
        """A new town to which the same was done, with the other search in its engine."""
        town = Town.__new__(Town)
        town.store, town.secrets, town.pens = MemoryStore(), self.secrets, {}
        town.line = Line(town.store, self.secrets, ORIGIN, other_engine)
        town.line.open()
        town.heard, town.heads, town.receipts, town.done, town.now_ms = [], [], [], [], self.now_ms
        town.line.listen(town.hear)
        for at_ms, thing in self.done:
            town.now_ms = at_ms
            if thing is None:
                town.tick()
            elif isinstance(thing, bytes):
                town.send(thing)
            else:
                town.administer(thing)
        return town

    def tick(self) -> None:
        """Let the line look at the clock."""
        self.done.append((self.now_ms, None))
        self.line.commit([], self.now_ms)

    def hear(self, outputs: list[tuple[int, Output]]) -> None:
        self.heard += outputs
        self.heads.append(self.line.checkpoint)
