"""Where a step puts what it makes: applied to the state at once, and kept for the commit."""

from __future__ import annotations

from openline.core.event import Event
from openline.node.journal import Output, Told
from openline.node.state import State


class Emission:
    """The outputs of one step, in their order."""

    def __init__(self, state: State, at_ms: int) -> None:
        """All outputs of a step take effect at `at_ms`."""
        self.state = state
        self.at_ms = at_ms
        self.outputs: list[Output] = []

    def emit(self, event: Event) -> None:
        """Apply an event and put it into the commit."""
        self.state.apply(event)
        self.outputs.append(event)
        self.state.size += 1

    def tell(self, party: str, raw: bytes, channel: str = "") -> int:
        """Put what a party told, already taken into the state, into the commit; gives its index."""
        self.state.take_told(party, self.at_ms, channel)
        self.outputs.append(Told(at_ms=self.at_ms, party=party, raw=raw, channel=channel))
        self.state.size += 1
        return self.state.size - 1
