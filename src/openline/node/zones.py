"""Zones are known to all parties: whoever shares an agreement in force with a zone's teller is shown it."""

from __future__ import annotations

from openline.core.notice import Zone
from openline.node.state import Held, State


def zones_known_to(state: State, party: str, at_ms: int) -> list[tuple[Held, Zone]]:
    """The zones in force at `at_ms` that a party is judged by or has told, in the order told; never a stranger's."""
    found = [(state.held[key], zone) for key, zone in state.zones.items()]
    return sorted(
        (
            (held, zone)
            for held, zone in found
            if held.window.end_ms > at_ms and (held.party == party or state.register.common(party, held.party, at_ms))
        ),
        key=lambda known: known[0].index,
    )
