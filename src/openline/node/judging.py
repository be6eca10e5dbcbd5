"""A notice as the engine judges it: private places blurred, altitudes on the ellipsoid, pairs by the agreements."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

from openline.agreement.pairs import (
    Object,
    PairMinima,
    is_in_scope,
    minima_of,
    strictest,
)
from openline.agreement.register import Register
from openline.core.agreement import Agreement, PrivateRule
from openline.core.notice import AirActivity, GroundPresence, HumanitarianSite, Kind, Notice, Zone, ZoneRule
from openline.core.volume import Altitude, Datum, VerticalRanges, Volume4D
from openline.engine.words import Item, JudgedVolume, Minima, Standing
from openline.geo.band import altitude_band
from openline.geo.blur import private_outline
from openline.geo.bounds import bounding_box
from openline.node.secrets import NodeSecrets

_WIDEST = VerticalRanges()
_ABSOLUTE = frozenset({Datum.WGS84, Datum.MSL, Datum.FLIGHT_LEVEL})
_PRIVATE_STEP_M = 1_000
_ZONE_RULES = {Kind.AIR_ACTIVITY: ZoneRule.NO_AIR_ACTIVITY, Kind.GROUND_PRESENCE: ZoneRule.NO_GROUND_PRESENCE}


def judged(notice: Notice, *, key: str, agreement: Agreement | None, secrets: NodeSecrets) -> Item:
    """The notice as the engine sees it, under `key`."""
    volumes = notice.volumes
    if isinstance(notice, AirActivity):
        volumes = (*volumes, *notice.hazard_volumes)
    ranges = _WIDEST if agreement is None else agreement.ranges
    if isinstance(notice, (GroundPresence, HumanitarianSite)) and notice.is_private:
        rule = PrivateRule() if agreement is None else agreement.private
        volumes = tuple(_blurred(volume, rule, secrets.blur_of(notice.party)) for volume in volumes)
    return Item(
        notice_id=key,
        standing=standing_of(notice),
        volumes=tuple(_judged_volume(volume, ranges) for volume in volumes),
    )


def standing_of(notice: Notice) -> Standing:
    """What of a notice the rules look at."""
    return Standing(
        party=notice.party,
        kind=notice.kind,
        protection_class=getattr(notice, "protection_class", ""),
        zone_rules=tuple(sorted(notice.rules)) if isinstance(notice, Zone) else (),
    )


def _blurred(volume: Volume4D, rule: PrivateRule, secret: bytes) -> Volume4D:
    outline = private_outline(volume.outline, grid_m=rule.grid_m, offset_m=rule.offset_m, secret=secret)
    lower, upper = _coarse(volume.lower, floor), _coarse(volume.upper, ceil)
    return Volume4D(outline=outline, lower=lower, upper=upper, window=volume.window)


def _coarse(altitude: Altitude, outward: Callable[[float], int]) -> Altitude:
    """The height of the ground tells where somebody is: a private one is judged by the kilometre, rounded outward."""
    if altitude.datum not in _ABSOLUTE:
        return altitude
    return Altitude(value_m=float(outward(altitude.value_m / _PRIVATE_STEP_M) * _PRIVATE_STEP_M), datum=altitude.datum)


def _judged_volume(volume: Volume4D, ranges: VerticalRanges) -> JudgedVolume:
    box = bounding_box(volume.outline)
    band = altitude_band(volume.lower, volume.upper, box, ranges)
    return JudgedVolume(outline=volume.outline, box=box, band=band, window=volume.window)


class PairRules:
    """The rules at an instant: which pairs are judged, how near is too near, and under which agreements."""

    def __init__(self, register: Register, at_ms: int) -> None:
        """`at_ms` says which agreements are in force."""
        self._register = register
        self._at_ms = at_ms
        self.edition = register.edition(at_ms)
        self.reach = _to_minima(register.reach(at_ms))

    def minima(self, first: Standing, second: Standing) -> Minima | None:
        """The minima of a pair, or None when it is not judged."""
        if first.party == second.party or not _is_pair(first, second):
            return None
        one, other = _object_of(first), _object_of(second)
        agreements = self.judging(one, other)
        if agreements:
            return _to_minima(strictest([minima_of(a, one, other) for a in agreements]))
        if self._register.common(one.party, other.party, self._at_ms):
            return None
        return _to_minima(self._of_strangers(one, other))

    def judging(self, one: Object, other: Object) -> list[Agreement]:
        """The agreements in force that both tellers signed and whose scope has the pair."""
        common = self._register.common(one.party, other.party, self._at_ms)
        return [a for a in common if is_in_scope(a, one, other)]

    def _of_strangers(self, one: Object, other: Object) -> PairMinima:
        """Between tellers who signed nothing together: the strictest that either of them has signed with anybody."""
        signed = {a.id: a for party in (one.party, other.party) for a in self._register.of_party(party, self._at_ms)}
        if not signed:
            return PairMinima(lateral_m=0.0, vertical_m=0.0, separation_ms=0)
        return strictest([minima_of(a, one, other) for a in signed.values()])


def _is_pair(one: Standing, other: Standing) -> bool:
    if one.kind is Kind.ZONE and other.kind is Kind.ZONE:
        return False
    if one.kind is Kind.ZONE:
        return _ZONE_RULES.get(other.kind) in one.zone_rules
    if other.kind is Kind.ZONE:
        return _ZONE_RULES.get(one.kind) in other.zone_rules
    return not (one.kind is Kind.HUMANITARIAN_SITE and other.kind is Kind.HUMANITARIAN_SITE)


def _object_of(standing: Standing) -> Object:
    return Object(party=standing.party, kind=standing.kind, protection_class=standing.protection_class)


def _to_minima(minima: PairMinima) -> Minima:
    return Minima(lateral_m=minima.lateral_m, vertical_m=minima.vertical_m, time_ms=minima.separation_ms)
