"""The newest head of a ledger that is witnessed, read back from what the ledger records.

A cosignature is an entry itself, so the newest head of a ledger that anything is told to has hardly ever been cosigned.
Whoever watches a published folder wants the newest one that has.
"""

from __future__ import annotations

from collections.abc import Iterator

from openline.adapters.sqlite_reader import SqliteReader
from openline.codec.envelope import read_own_envelope
from openline.codec.events import read_event
from openline.core.event import Cosigned, Event, Witnessed
from openline.ledger.cosignature import append_signatures
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.note import parse_signature_lines

_KINDS = (b'"kind":"cosignature"', b'"kind":"witnessed"')
_FAR = 65_536
"""Entries that are looked through for the first head, or after a long silence of the witnesses."""


def witnessed_note(reader: SqliteReader, since: int, held: int) -> str:
    """The newest head that is witnessed under any agreement, with all cosignatures of it that are recorded.

    `held` is the size of the one that is known already, 0 for none. Empty when nothing was recorded about it or a newer
    one from entry `since` on: then that is all that was read.

    Raises:
        StoreError: when the disk cannot be read.
    """
    far = reader.size() - _FAR
    if not any(_is_news(event, held) for event in _events(reader, max(since, far))):
        return ""
    # A cosignature of a size is recorded after that many entries.
    events = list(_events(reader, max(held, far)))
    size = max((event.size for event in events if isinstance(event, Witnessed)), default=held)
    note = reader.checkpoint_of(size)
    lines = [e.line for e in events if isinstance(e, Cosigned) and e.size == size]
    return append_signatures(note, parse_signature_lines("".join(f"{line}\n" for line in lines))) if note else ""


def _is_news(event: Cosigned | Witnessed, held: int) -> bool:
    return event.size > held if isinstance(event, Witnessed) else event.size == held


def _events(reader: SqliteReader, start: int) -> Iterator[Cosigned | Witnessed]:
    for record in reader.read(start):
        if decode_leaf(record.leaf).leaf_class is not LeafClass.NODE:
            continue
        _, payload = read_own_envelope(record.body)
        event: Event | None = read_event(payload) if any(kind in payload for kind in _KINDS) else None
        if isinstance(event, Cosigned | Witnessed):
            yield event
