"""Where in a ledger the entries lie that a party has part in: as the state knows it, or read off the records."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from openline.codec.envelope import read_own_envelope
from openline.codec.times import read_instant
from openline.core.event import Delivered
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.node.journal import split_told
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
        told=state.told.get(party, none)[:],
        feed=state.feeds.get(party, none)[:],
        deliveries=state.deliveries.get(party, none)[:],
        administered=state.administered[:],
    )


def of_records(records: Iterable[Record], party: str) -> Holdings:
    """The same, read off a ledger: no engine is needed for it.

    Raises:
        ValueError, msgspec.DecodeError: when an entry is none of ours.
    """
    told, feed, deliveries, administered = (array("q") for _ in range(4))
    for record in records:
        leaf_class = decode_leaf(record.leaf).leaf_class
        if leaf_class is LeafClass.TOLD:
            if teller_of(record.body) == party:
                told.append(record.index)
        elif leaf_class is LeafClass.ADMIN:
            administered.append(record.index)
        else:
            event = event_of(record.body)
            if event.to == party:
                feed.append(record.index)
            elif isinstance(event, Delivered) and event.party == party:
                deliveries.append(record.index)
    return Holdings(told=told, feed=feed, deliveries=deliveries, administered=administered)


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
