"""Which alerts should be open, worked out from the notices alone, every pair by brute force.

Shared with the node: the decoder, the judged volumes (blur and bands have properties of their own) and the table of
what is disclosed (a test of its own holds it). Rules of agreements, lines of supersession, lateness and staleness are
written here a second time, as plainly as they go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from openline.codec.agreements import read_agreement
from openline.codec.documents import read_notice
from openline.codec.envelope import NOTICE_TYPE, from_base64, read_envelope
from openline.core.agreement import Agreement, LegalStatus
from openline.core.event import AgreementLoaded
from openline.core.notice import AirActivity, GroundPresence, HumanitarianSite, Kind, Notice, Withdrawal, Zone, ZoneRule
from openline.core.time import FOREVER_MS, MINUTE_MS, Window, span
from openline.engine.words import Item, JudgedVolume, Minima, Standing
from openline.node.journal import Output, Told
from openline.node.judging import judged
from openline.node.state import State
from openline.release.disclosure import Disclosure, Side, disclose, disclose_late
from tests.oracle.conflicts import compared

GROUND = (GroundPresence, HumanitarianSite)


class Entry(NamedTuple):
    """A notice in force, as the model keeps it."""

    notice: Notice
    at_ms: int
    root: str
    item: Item
    loaded: tuple[Agreement, ...]
    """The agreements of that moment."""


class Moment(NamedTuple):
    """When pairs are judged, and what has been loaded by then."""

    at_ms: int
    loaded: tuple[Agreement, ...]


class Expected(NamedTuple):
    """One alert that should be open."""

    reason: str
    party: str
    notice: str
    end_ms: int
    roots: tuple[str, ...] = ()


class Model:
    """What follows from the told entries and the agreements of a ledger, as of a time."""

    def __init__(self, outputs: Iterable[Output], state: State) -> None:
        """`state` lends its secrets and the offsets of its agreements; nothing else of it is looked at."""
        self.state = state
        self.loaded: list[Agreement] = []
        self.begins: list[tuple[Moment, Agreement]] = []
        """Agreements, and the moment from which each is both loaded and begun."""
        self.entries: dict[str, Entry] = {}
        for output in outputs:
            if isinstance(output, AgreementLoaded):
                agreement = read_agreement(read_envelope(from_base64(output.envelope)).payload)
                self.loaded.append(agreement)
                begins_ms = max(output.at_ms, agreement.window.start_ms)
                self.begins.append((Moment(begins_ms, tuple(self.loaded)), agreement))
            elif isinstance(output, Told):
                self._take(output)

    def open_at(self, now_ms: int) -> list[Expected]:
        """The alerts that should be open, sorted."""
        found = [
            Expected(d.reason.value, d.party, d.notice, d.window.end_ms, roots)
            for roots, disclosures in self.conflicts(now_ms).items()
            for d in disclosures
        ]
        for entry in self.entries.values():
            found += [Expected(d.reason.value, d.party, d.notice, d.window.end_ms) for d in self._late(entry)]
            notice, due_ms = entry.notice, self._due_ms(entry)
            if due_ms is not None and due_ms <= now_ms and due_ms < notice.window.end_ms:
                found.append(Expected("presence_stale", notice.party, notice.id, notice.window.end_ms))
        return sorted(alert for alert in found if alert.end_ms > now_ms)

    def conflicts(self, now_ms: int) -> dict[tuple[str, ...], tuple[Disclosure, ...]]:
        """What every pair in conflict discloses, by the roots of their lines, as when it was found."""
        entries = list(self.entries.values())
        found: dict[tuple[str, ...], tuple[Disclosure, ...]] = {}
        for number, one in enumerate(entries):
            for other in entries[number + 1 :]:
                told = next(filter(None, (_disclosed(one, other, at) for at in self._moments(one, other, now_ms))), ())
                if told:
                    found[tuple(sorted((one.root, other.root)))] = told
        return found

    def _moments(self, one: Entry, other: Entry, now_ms: int) -> Iterator[Moment]:
        """When the later was told, and whenever an agreement of one of the tellers began after that."""
        later = max(one, other, key=lambda entry: (entry.at_ms, len(entry.loaded)))
        yield Moment(later.at_ms, later.loaded)
        parties = {one.notice.party, other.notice.party}
        for moment, agreement in sorted(self.begins, key=lambda begins: begins[0].at_ms):
            is_after = moment.at_ms > later.at_ms or len(moment.loaded) > len(later.loaded)
            loaded = tuple(a for m, a in self.begins if m.at_ms <= moment.at_ms or a in moment.loaded)
            if is_after and moment.at_ms <= now_ms and parties & set(agreement.parties):
                yield Moment(moment.at_ms, loaded if moment.at_ms == agreement.window.start_ms else moment.loaded)

    def _take(self, told: Told) -> None:
        envelope = read_envelope(told.raw)
        if envelope.payload_type != NOTICE_TYPE:
            return
        notice = read_notice(envelope.payload, offsets_of=self.state.offsets_of)
        name = notice.withdraws if isinstance(notice, Withdrawal) else notice.supersedes
        earlier = self.entries.get(f"{notice.party}/{name}")
        reach_ms = max(30 * MINUTE_MS, *(a.separation_ms for a in self.loaded))
        if earlier is not None and earlier.notice.window.end_ms > told.at_ms - reach_ms:
            del self.entries[f"{notice.party}/{name}"]
        else:
            earlier = None
        if isinstance(notice, Withdrawal) or notice.window.end_ms <= told.at_ms:
            return
        key = f"{notice.party}/{notice.id}"
        root = earlier.root if earlier is not None and earlier.notice.kind is notice.kind else key
        loaded = tuple(self.loaded)
        item = judged(notice, key=key, agreement=_named(notice, loaded, told.at_ms), secrets=self.state.secrets)
        self.entries[key] = Entry(notice, told.at_ms, root, item, loaded)

    def _late(self, entry: Entry) -> Iterator[Disclosure]:
        agreement = _named(entry.notice, entry.loaded, entry.at_ms)
        if agreement is None or not isinstance(entry.notice, AirActivity):
            return
        if entry.notice.window.start_ms - entry.at_ms < agreement.lead_times.minimum_useful_ms:
            others = tuple(party for party in agreement.parties if party != entry.notice.party)
            yield from disclose_late(_side(entry, [entry.notice.window], [agreement]), others)

    def _due_ms(self, entry: Entry) -> int | None:
        if not isinstance(entry.notice, GROUND):
            return None
        agreement = _named(entry.notice, entry.loaded, entry.at_ms)
        dues = [] if agreement is None else [entry.at_ms + agreement.presence_refresh_ms]
        return min([*dues, FOREVER_MS if entry.notice.refresh_due_ms is None else entry.notice.refresh_due_ms])


def _judges(identifier: str, loaded: tuple[Agreement, ...], at_ms: int) -> Agreement | None:
    """The highest version that has begun, unless it has ended."""
    begun = [a for a in loaded if a.id == identifier and a.window.start_ms <= at_ms]
    highest = max(begun, key=lambda a: a.version, default=None)
    if highest is None or highest.legal_status is LegalStatus.ENDED or highest.window.end_ms <= at_ms:
        return None
    return highest


def _named(notice: Notice, loaded: tuple[Agreement, ...], at_ms: int) -> Agreement | None:
    """The agreement that a notice names, when its teller is party to it."""
    agreement = _judges(notice.agreement_id, loaded, at_ms)
    return agreement if agreement is not None and notice.party in agreement.parties else None


def _judging(one: Entry, other: Entry, moment: Moment) -> list[Agreement]:
    """The agreements of both tellers whose scope has the pair."""
    if one.notice.party == other.notice.party or not _is_pair(one.notice, other.notice):
        return []
    names = {a.id for a in moment.loaded}
    in_force = [a for name in names if (a := _judges(name, moment.loaded, moment.at_ms)) is not None]
    both = {one.notice.party, other.notice.party}
    return [a for a in in_force if both <= set(a.parties) and _is_in_scope(a, one.notice, other.notice)]


def _disclosed(one: Entry, other: Entry, moment: Moment) -> tuple[Disclosure, ...]:
    """What a pair's conflict tells whom; nothing when it is over for somebody who would be told."""
    agreements = _judging(one, other, moment)
    windows = _near(one, other, agreements) if agreements else []
    if not windows:
        return ()
    first = _side(one, [w for w, _ in windows], agreements)
    second = _side(other, [w for _, w in windows], agreements)
    told = disclose(first, second, span(list(map(_common, windows))))
    return () if any(disclosure.window.end_ms <= moment.at_ms for disclosure in told) else told


def _is_pair(one: Notice, other: Notice) -> bool:
    if isinstance(other, Zone):
        one, other = other, one
    if isinstance(one, Zone):
        rules = {Kind.AIR_ACTIVITY: ZoneRule.NO_AIR_ACTIVITY, Kind.GROUND_PRESENCE: ZoneRule.NO_GROUND_PRESENCE}
        return other.kind in rules and rules[other.kind] in one.rules
    return not (isinstance(one, HumanitarianSite) and isinstance(other, HumanitarianSite))


def _is_in_scope(agreement: Agreement, one: Notice, other: Notice) -> bool:
    if any(isinstance(notice, (Zone, HumanitarianSite)) for notice in (one, other)):
        return True
    in_air = [notice.kind is Kind.AIR_ACTIVITY for notice in (one, other)].count(True)
    return (agreement.scope.ground_ground, agreement.scope.air_ground, agreement.scope.air_air)[in_air]


def _near(one: Entry, other: Entry, agreements: list[Agreement]) -> list[tuple[Window, Window]]:
    minima = Minima(lateral_m=0.0, vertical_m=0.0, time_ms=0)
    notices = [one.notice, other.notice]
    if not any(isinstance(notice, Zone) for notice in notices):
        classes = [notice.protection_class for notice in notices if isinstance(notice, GROUND)]
        minima = Minima(
            lateral_m=max(_lateral_m(agreement, classes) for agreement in agreements),
            vertical_m=max(agreement.vertical_m for agreement in agreements),
            time_ms=max(agreement.separation_ms for agreement in agreements),
        )
    return _compared(one.item.volumes, other.item.volumes, minima)


def _lateral_m(agreement: Agreement, classes: list[str]) -> float:
    """Around what is on the ground its radius, between activities the lateral minimum."""
    radii = agreement.protection_radii_m
    return max((radii.get(name, max(radii.values())) for name in classes), default=agreement.lateral_m)


@cache
def _compared(
    one: tuple[JudgedVolume, ...], other: tuple[JudgedVolume, ...], minima: Minima
) -> list[tuple[Window, Window]]:
    first, second = (
        Item(notice_id="", standing=Standing(party="", kind=Kind.ZONE), volumes=volumes) for volumes in (one, other)
    )
    found = compared(first, second, minima)
    # outlines that share a point are certain too, also where nothing more is asked for
    assert minima.lateral_m == 0.0 or found.certain == found.possible, "a sample lies too near to the limit to say"
    return found.possible


def _common(windows: tuple[Window, Window]) -> Window:
    """What two windows share, or what lies between them."""
    start_ms, end_ms = sorted((max(w.start_ms for w in windows), min(w.end_ms for w in windows)))
    return Window(start_ms=start_ms, end_ms=end_ms)


def _side(entry: Entry, touched: list[Window], agreements: list[Agreement]) -> Side:
    notice = entry.notice
    signed = {party for agreement in agreements for party in agreement.parties}
    guarantors = tuple(g for g in notice.guarantors if g in signed) if isinstance(notice, Zone) else ()
    return Side(
        party=notice.party,
        notice=notice.id,
        kind=notice.kind,
        whole=notice.window,
        touched=span(touched),
        guarantors=guarantors,
    )
