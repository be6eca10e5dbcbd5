"""Where in a ledger the entries lie that a party has part in: as the state knows it, or read off the records."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from openline.codec.agreements import read_agreement
from openline.codec.envelope import KEY_TYPE, from_base64, read_own_envelope
from openline.codec.times import read_instant
from openline.core.agreement import Agreement
from openline.core.event import AgreementLoaded, Cosigned, Delivered, Witnessed
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.told import split_told
from openline.node.journal import class_of
from openline.node.ports import Record
from openline.node.recovery import event_of
from openline.node.state import State


class _Speaker(Struct, gc=False):
    """The one field that whatever is told has in common."""

    party: str


_SPEAKER = msgspec.json.Decoder(_Speaker)


class Holdings(Struct, frozen=True, kw_only=True):
    """Indexes in order, by what the entries are to one party."""

    told: Sequence[int]
    feed: Sequence[int]
    """Addressed to it."""
    deliveries: Sequence[int]
    """What its machine took."""
    administered: Sequence[int]
    """Keys, agreements, starts: not the party's own, and the same for all."""
    key_documents: dict[int, str]
    """Who told each key document, of all parties."""
    witnessed: int = 0
    """Entries below this size are witnessed under an agreement that the party signed; 0 when none is."""
    cosigned: Sequence[int] = ()
    """Entries that record the cosignatures of that size."""

    def within(self, first: int, end: int) -> list[int]:
        """The party's own entries from `first` up to `end`, in order."""
        found: list[int] = []
        for indexes in (self.told, self.feed, self.deliveries):
            found += indexes[bisect_left(indexes, first) : bisect_left(indexes, end)]
        return sorted(found)


def of_state(state: State, party: str) -> Holdings:
    """What the state knows, copied: it goes on while the copy is used."""
    none: array[int] = array("q")
    return Holdings(
        told=state.entries.told.get(party, none)[:],
        feed=state.entries.feeds.get(party, none)[:],
        deliveries=state.entries.deliveries.get(party, none)[:],
        administered=state.entries.administered[:],
        key_documents=dict(state.entries.key_documents),
        witnessed=(size := _witnessed(state, party)),
        cosigned=state.witnesses.entries_at(size) if size else (),
    )


def of_records(records: Iterable[Record], party: str) -> Holdings:
    """The same, read off a ledger: no engine is needed for it.

    Raises:
        ValueError, msgspec.DecodeError: when an entry is none of ours.
    """
    reading = _Reading(party)
    for record in records:
        reading.take(record)
    return reading.holdings()


class _Reading:
    """Reading a ledger for one party."""

    def __init__(self, party: str) -> None:
        self._party = party
        self._told, self._feed, self._deliveries, self._administered = (array("q") for _ in range(4))
        self._key_documents: dict[int, str] = {}
        self._agreements: set[str] = set()
        self._witnessed: dict[str, int] = {}
        self._cosigned: dict[int, list[int]] = {}

    def take(self, record: Record) -> None:
        index = record.index
        if decode_leaf(record.leaf).leaf_class is LeafClass.TOLD:
            self._take_told(index, record.body)
            return
        event = event_of(record.body)
        if event.to == self._party:
            self._feed.append(index)
        elif isinstance(event, Delivered) and event.party == self._party:
            self._deliveries.append(index)
        elif class_of(event) is LeafClass.ADMIN:
            self._administered.append(index)
        if isinstance(event, AgreementLoaded) and signs(event, self._party):
            self._agreements.add(event.id)
        elif isinstance(event, Cosigned):
            self._cosigned.setdefault(event.size, []).append(index)
        elif isinstance(event, Witnessed):
            self._witnessed[event.agreement] = event.size

    def _take_told(self, index: int, body: bytes) -> None:
        payload_type, payload = read_own_envelope(split_told(body)[1])
        teller = _SPEAKER.decode(payload).party
        if teller == self._party:
            self._told.append(index)
        if payload_type == KEY_TYPE:
            self._key_documents[index] = teller

    def holdings(self) -> Holdings:
        size = max((self._witnessed.get(name, 0) for name in self._agreements), default=0)
        return Holdings(
            told=self._told,
            feed=self._feed,
            deliveries=self._deliveries,
            administered=self._administered,
            key_documents=self._key_documents,
            witnessed=size,
            cosigned=self._cosigned.get(size, ()) if size else (),
        )


def signs(event: AgreementLoaded, party: str) -> bool:
    """True when the party is one of those that signed the agreement."""
    return agreement_in(event).signatory(party) is not None


def agreement_in(event: AgreementLoaded) -> Agreement:
    """The agreement that was loaded."""
    _, payload = read_own_envelope(from_base64(event.envelope))
    return read_agreement(payload, name=event.id)


def _witnessed(state: State, party: str) -> int:
    names = {a.id for a in state.register.all_loaded() if a.signatory(party) is not None}
    return max((state.witnessed(name) for name in names), default=0)


def teller_of(body: bytes) -> str:
    """Who told an entry, by its own words.

    Raises:
        ValueError, msgspec.DecodeError: when it was not told by anybody.
    """
    return _SPEAKER.decode(read_own_envelope(split_told(body)[1])[1]).party


def recorded_ms(record: Record) -> int:
    """When an entry was recorded.

    Raises:
        ValueError, msgspec.DecodeError: when it is none of ours.
    """
    if decode_leaf(record.leaf).leaf_class is LeafClass.TOLD:
        return read_instant(split_told(record.body)[0], path="recorded_at")
    return event_of(record.body).at_ms
