"""What repeats what: FLASHes to one party about one line of its own and one other party are counted in one alert.

The desk compares tokens and nothing else, so it learns neither the other party nor its notice. No place is looked at
beyond the conflict itself: whether two of them share one would tell where they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from openline.core.notice import Kind
from openline.node.secrets import NodeSecrets


class LineSide(Struct, frozen=True, kw_only=True):
    """One side of a conflict: a line of notices, and who tells it."""

    root: str
    party: str
    kind: Kind


def fold_of_conflict(secrets: NodeSecrets, party: str, told: tuple[str, str], sides: Sequence[LineSide]) -> str:
    """The token of a conflict as `party` is told of it; `told` is the reason and the agreement.

    Its own line is the party's, for a guarantor the zone's. An alert names the zone that is touched, so two zones are
    two alerts.
    """
    own = next((side for side in sides if side.party == party), None)
    own = own or next(side for side in sides if side.kind is Kind.ZONE)
    other = next(side for side in sides if side is not own)
    zone = other.root if other.kind is Kind.ZONE else ""
    return secrets.token("fold", party, *told, own.root, other.party, zone)


def fold_of_late(secrets: NodeSecrets, party: str, sender: str, agreement: str) -> str:
    """The token of what one sender told too late under one agreement, as another party of it is told."""
    return secrets.token("fold late", party, sender, agreement)
