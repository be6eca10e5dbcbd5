"""`GET /zones`: the zones that a party has to know, with their outlines as told."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.committed import Committed
from openline.adapters.http.doors import get
from openline.adapters.http.signing_in import SigningIn
from openline.codec.envelope import read_own_envelope
from openline.core.notice import Zone
from openline.core.time import to_text
from openline.ledger.told import split_told
from openline.node.line import Line
from openline.node.ports import Clock
from openline.node.state import Held
from openline.node.zones import zones_known_to

Volumes = list[dict[str, Any]]


class Zones:
    """The zones of a party and of those with whom it shares an agreement."""

    def __init__(
        self, line: Line, clock: Clock, committed: Committed, signing_in: SigningIn, *, is_drill: bool
    ) -> None:
        """`clock` says which agreements and zones are in force."""
        self._line = line
        self._clock = clock
        self._committed = committed
        self._signing_in = signing_in
        self._is_drill = is_drill
        self._volumes: dict[int, Volumes] = {}
        """What was told at an entry: it never changes, and the memory of the node keeps no outline as told."""

    def routes(self) -> list[BaseRoute]:
        """The one address."""
        return [get("/zones", self._zones)]

    async def _zones(self, request: Request) -> Answer:
        party = self._signing_in.session(request).party
        return json_answer(await self._committed.look(lambda line: self._known_to(line, party)))

    def _known_to(self, line: Line, party: str) -> shapes.KnownZones:
        known = zones_known_to(line.state, party, self._clock.now_ms())
        zones = [self._zone(held, zone) for held, zone in known]
        in_force = {line.state.held[key].index for key in line.state.zones}
        self._volumes = {index: volumes for index, volumes in self._volumes.items() if index in in_force}
        return shapes.KnownZones(as_of=line.committed - 1, drill=self._is_drill, zones=zones)

    def _zone(self, held: Held, zone: Zone) -> shapes.KnownZone:
        return shapes.KnownZone(
            id=held.id,
            teller=held.party,
            agreement=held.agreement,
            name=zone.name,
            rules=[rule.value for rule in zone.rules],
            guarantors=list(zone.guarantors),
            window_start=to_text(held.window.start_ms),
            window_end=to_text(held.window.end_ms),
            volumes=self._as_told(held.index),
        )

    def _as_told(self, index: int) -> Volumes:
        known = self._volumes.get(index)
        if known is None:
            record = self._line.record(index)
            if record is None:
                raise RuntimeError(f"entry {index} is in force and not in the store")
            _, raw = split_told(record.body)
            volumes: Volumes = msgspec.json.decode(read_own_envelope(raw)[1])["volumes"]
            known = self._volumes[index] = volumes
        return known
