"""What concerns the record itself is told to all whom it binds: that it is so, not who or where (design, section 7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from openline.agreement.remarks import ALARMS
from openline.core.agreement import Agreement
from openline.core.event import Flagged
from openline.core.flags import FlagCode
from openline.node.state import State


def alarms(state: State, party: str, flag: FlagCode, agreement: Agreement | None, at_ms: int) -> Iterator[Flagged]:
    """What others are told of a flag of a notice that `party` told under `agreement`; most flags are its own affair."""
    if flag is FlagCode.CHECKPOINT_DIFFERS:
        yield from to_others(state.register.of_party(party, at_ms), party, flag, at_ms)
    elif flag in ALARMS and agreement is not None:
        yield from to_others([agreement], party, flag, at_ms)


def to_others(agreements: Iterable[Agreement], party: str, flag: FlagCode, at_ms: int) -> Iterator[Flagged]:
    """The flag for each other party of `agreements`, once, under the first of them that it signed."""
    told = {party}
    for agreement in agreements:
        for other in agreement.parties:
            if other not in told:
                told.add(other)
                yield Flagged(at_ms=at_ms, to=other, notice="", flag=flag, agreement=agreement.id)


def everyone(state: State) -> list[str]:
    """Every party of any agreement, by code."""
    return sorted({party for agreement in state.register.all_loaded() for party in agreement.parties})
