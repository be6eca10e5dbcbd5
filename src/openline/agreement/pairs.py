"""How near two objects may be: the strictest minima of every agreement that both tellers signed."""

from __future__ import annotations

from msgspec import Struct

from openline.core.agreement import Agreement
from openline.core.notice import Kind

_GROUND = frozenset({Kind.GROUND_PRESENCE, Kind.HUMANITARIAN_SITE})


class PairMinima(Struct, frozen=True, gc=False, kw_only=True):
    """Conflict is: all three nearer than this at once."""

    lateral_m: float
    vertical_m: float
    separation_ms: int


class Object(Struct, frozen=True, kw_only=True):
    """What the rules need to know of a notice: no place."""

    party: str
    kind: Kind
    protection_class: str = ""


def is_in_scope(agreement: Agreement, first: Object, second: Object) -> bool:
    """True when the agreement's scope matrix has this pair. Humanitarian objects always are in it."""
    kinds = {first.kind, second.kind}
    if Kind.HUMANITARIAN_SITE in kinds or Kind.ZONE in kinds:
        return True
    if kinds == {Kind.AIR_ACTIVITY}:
        return agreement.scope.air_air
    if Kind.AIR_ACTIVITY in kinds:
        return agreement.scope.air_ground
    return agreement.scope.ground_ground


def minima_of(agreement: Agreement, first: Object, second: Object) -> PairMinima:
    """The minima of one agreement for one pair.

    On the ground the protection radius of the object's class counts; between two activities the lateral minimum. A zone
    has edges of its own: nothing is added around it.
    """
    if Kind.ZONE in {first.kind, second.kind}:
        return PairMinima(lateral_m=0.0, vertical_m=0.0, separation_ms=0)
    radii = [
        protection_radius_m(agreement, thing.protection_class) for thing in (first, second) if thing.kind in _GROUND
    ]
    return PairMinima(
        lateral_m=max(radii, default=agreement.lateral_m),
        vertical_m=agreement.vertical_m,
        separation_ms=agreement.separation_ms,
    )


def protection_radius_m(agreement: Agreement, protection_class: str) -> float:
    """Metres around an object of this class; the largest of the agreement when it does not know the class."""
    known = agreement.protection_radii_m.get(protection_class)
    return max(agreement.protection_radii_m.values()) if known is None else known


def strictest(minima: list[PairMinima]) -> PairMinima:
    """The largest of each (at least one given)."""
    return PairMinima(
        lateral_m=max(m.lateral_m for m in minima),
        vertical_m=max(m.vertical_m for m in minima),
        separation_ms=max(m.separation_ms for m in minima),
    )


def reach_of(agreements: tuple[Agreement, ...]) -> PairMinima:
    """The largest minima that any pair can have: how far a search must look."""
    if not agreements:
        return PairMinima(lateral_m=0.0, vertical_m=0.0, separation_ms=0)
    return PairMinima(
        lateral_m=max(max([a.lateral_m, *a.protection_radii_m.values()]) for a in agreements),
        vertical_m=max(a.vertical_m for a in agreements),
        separation_ms=max(a.separation_ms for a in agreements),
    )
