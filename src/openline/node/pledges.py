"""What the node promises with a receipt: by when an entry is witnessed, or published where nobody witnesses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from openline.core.agreement import WITNESS_DEADLINE_MS, Agreement


class Pledge(Struct, frozen=True, gc=False):
    """Within what time of its recording an entry is shown, and whether to witnesses. Shared by many entries."""

    within_ms: int
    is_witnessed: bool


PUBLISHED = Pledge(WITNESS_DEADLINE_MS, is_witnessed=False)
"""Under no agreement: a checkpoint within the usual time."""


def pledge_under(*agreements: Agreement) -> Pledge:
    """What is promised under the first of `agreements` that asks for witnesses, else under the first."""
    for agreement in agreements:
        if agreement.witness_quorum:
            return _pledge(agreement.witness_deadline_ms, is_witnessed=True)
    return _pledge(agreements[0].witness_deadline_ms, is_witnessed=False) if agreements else PUBLISHED


class Pledges:
    """Part of the state: the promises of entries that are no notices, where they are not the usual one."""

    def __init__(self) -> None:
        """None yet."""
        self._held: dict[int, Pledge] = {}

    def of(self, index: int) -> Pledge:
        """What the receipt of an acknowledgement, a declaration or a key document promises."""
        return self._held.get(index, PUBLISHED)

    def take(self, index: int, agreements: Iterable[Agreement]) -> None:
        """Entry `index` was told by a party that signed `agreements`."""
        pledge = pledge_under(*agreements)
        if pledge != PUBLISHED:
            self._held[index] = pledge


@lru_cache(maxsize=256)
def _pledge(within_ms: int, *, is_witnessed: bool) -> Pledge:
    return Pledge(within_ms, is_witnessed=is_witnessed)
