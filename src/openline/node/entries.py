"""Whose entries are whose: where in the ledger stands what a party told, was told, may show and may read."""

from __future__ import annotations

from array import array
from bisect import bisect_left

from openline.core.declaration import Declaration, Disclosure
from openline.core.event import Delivered, Event
from openline.ledger.leaf import LeafClass
from openline.node.journal import class_of


class Entries:
    """Indexes of entries, each list in ascending order."""

    def __init__(self) -> None:
        """Nothing is recorded yet."""
        self.told: dict[str, array[int]] = {}
        """What a party told."""
        self.feeds: dict[str, array[int]] = {}
        """What is addressed to a party."""
        self.deliveries: dict[str, array[int]] = {}
        """What says that a party's machine took something."""
        self.administered = array("q")
        """What changed who or what counts."""
        self.key_documents: dict[int, str] = {}
        """Who told each key document, by entry."""
        self.disclosed: dict[str, set[int]] = {}
        """Other parties' entries that were opened to a party."""

    def take_told(self, party: str, index: int) -> None:
        """A party told the entry at `index`."""
        self.told.setdefault(party, array("q")).append(index)

    def take_declaration(self, declaration: Declaration) -> None:
        """A party declared something: a disclosure opens an entry."""
        if isinstance(declaration, Disclosure) and declaration.to:
            self.disclosed.setdefault(declaration.to, set()).add(declaration.entry)

    def apply(self, event: Event, index: int) -> None:
        """The line did something, which the entry at `index` says."""
        if event.to:
            self.feeds.setdefault(event.to, array("q")).append(index)
        elif isinstance(event, Delivered):
            self.deliveries.setdefault(event.party, array("q")).append(index)
        elif class_of(event) is LeafClass.ADMIN:
            self.administered.append(index)

    def concerns(self, party: str, index: int) -> bool:
        """True for an entry that a party told or that is addressed to it."""
        return holds(self.told.get(party), index) or holds(self.feeds.get(party), index)

    def is_disclosed_to(self, party: str, index: int) -> bool:
        """True for an entry that was opened to a party."""
        return index in self.disclosed.get(party, ())


def holds(indexes: array[int] | None, index: int) -> bool:
    """True when an ascending list has this index."""
    if indexes is None:
        return False
    at = bisect_left(indexes, index)
    return at < len(indexes) and indexes[at] == index
