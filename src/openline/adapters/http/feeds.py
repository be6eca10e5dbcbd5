"""What parties were told, as frames of server-sent events, and who is waiting for more.

A stream keeps nothing but the index that it has reached. The frames of the last entries are shared by all streams;
whoever is further behind reads the store. So a slow reader costs no memory, and nothing is ever dropped for it.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Sequence

import msgspec

from openline.codec.events import kind_of, to_document
from openline.core.errors import NodeFault
from openline.core.event import Event, Witnessed
from openline.node.journal import Output
from openline.node.recovery import event_of
from openline.node.sequencer import QUEUE_MAX, Sequencer
from openline.node.state import State
from openline.release.phrases import phrase

FRAMES_KEPT = 4_096
"""Frames of the last entries that streams share."""
FRAMES_AT_ONCE = 64
"""Frames that a stream writes before it looks up again."""
STREAMS_PER_PARTY = 64
"""Streams that one party may keep open."""
PULSE_S = 0.5
"""How often the line is looked at for what no commit announces: a fence, or a ledger that was read again."""
CHANNEL = "feed"
"""The name of this way of delivery in the ledger."""


class Reader:
    """One open stream: whose it is, and its bell."""

    def __init__(self, party: str) -> None:
        """Nothing has happened yet."""
        self.party = party
        self.bell = asyncio.Event()


class Feeds:
    """The feeds of all parties."""

    def __init__(self, sequencer: Sequencer, *, is_drill: bool, pulse_s: float = PULSE_S) -> None:
        """Listen to the sequencer's line; every frame of a drill says that it is one."""
        self.is_drill = is_drill
        self.is_stopping = False
        self._sequencer = sequencer
        self._line = sequencer.line
        self._pulse_s = pulse_s
        self._readers: dict[str, set[Reader]] = {}
        self._recent: dict[int, Event] = {}
        self._frames: dict[int, bytes] = {}
        self._handed: dict[str, int] = {}
        self._witnessed = dict(self._line.state.witnesses.witnessed)
        self._line.listen(self._published)

    @property
    def fence_reason(self) -> str:
        """Why nothing is being taken; empty while all is well."""
        return self._line.fence_reason

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return sum(len(readers) for readers in self._readers.values())

    def join(self, party: str) -> Reader:
        """A new reader of a party's feed.

        Raises:
            NodeFault: NODE_BUSY, when the party has too many already.
        """
        readers = self._readers.setdefault(party, set())
        if len(readers) >= STREAMS_PER_PARTY:
            raise NodeFault(
                "NODE_BUSY", f"you read {STREAMS_PER_PARTY} feeds already", remedy="End one of them, then come back."
            )
        reader = Reader(party)
        readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """The reader is gone."""
        self._readers[reader.party].discard(reader)

    def after(self, party: str, index: int) -> Sequence[int]:
        """Indexes of what the party was told after `index`, as far as it is on disk; at most `FRAMES_AT_ONCE`."""
        told = self._line.state.entries.feeds.get(party)
        if told is None:
            return ()
        start = bisect_right(told, index)
        return [i for i in told[start : start + FRAMES_AT_ONCE] if i < self._line.committed]

    def frame(self, party: str, index: int) -> bytes:
        """The frame of an entry of the party's feed.

        Raises:
            StoreError: when the disk cannot be read.
            RuntimeError: when the entry is not one of the party's.
        """
        frame = self._frames.get(index)
        if frame is not None:
            return frame
        event = self._recent.get(index)
        is_recent = event is not None
        if event is None:
            event = self._read(index)
        if event.to != party:
            raise RuntimeError(f"entry {index} is not addressed to the party whose feed it is in")
        frame = frame_of(index, event, is_drill=self.is_drill)
        if is_recent:
            self._frames[index] = frame
        return frame

    def witnessed(self, party: str) -> dict[str, int]:
        """Of each agreement of the party, below which size its quorum of witnesses has cosigned, as it is on disk."""
        found: dict[str, int] = {}
        for name, size in self._witnessed.items():
            agreement = self._line.state.register.get(name)
            if agreement is not None and agreement.signatory(party) is not None:
                found[name] = size
        return found

    def hand_over(self, party: str, indexes: Sequence[int]) -> None:
        """These frames were written to a stream: record it, once for each entry."""
        last = max(self._line.state.delivered.get(party, -1), self._handed.get(party, -1))
        fresh = tuple(index for index in indexes if index > last)
        if fresh and self._sequencer.waiting < QUEUE_MAX and not self._line.is_fenced:
            self._handed[party] = fresh[-1]
            self._sequencer.deliver(party, fresh, CHANNEL)

    def stop(self) -> None:
        """Let every stream end."""
        self.is_stopping = True
        self._ring_all()

    async def watch(self) -> None:
        """Ring for what no commit announces."""
        seen = self._outlook()
        while True:
            await asyncio.sleep(self._pulse_s)
            now = self._outlook()
            if now != seen:
                seen = now
                self._ring_all()

    def _outlook(self) -> tuple[str, int, State]:
        """What changes with a fence or a ledger read again; the state is another one even when both went by unseen."""
        return self._line.fence_reason, self._line.committed, self._line.state

    def _ring_all(self) -> None:
        for readers in self._readers.values():
            for reader in readers:
                reader.bell.set()

    def _published(self, outputs: list[tuple[int, Output]]) -> None:
        for index, output in outputs:
            if isinstance(output, Event) and output.to:
                self._recent[index] = output
                for reader in self._readers.get(output.to, ()):
                    reader.bell.set()
            elif isinstance(output, Witnessed):
                self._witnessed[output.agreement] = output.size
                self._ring_all()
        while len(self._recent) > FRAMES_KEPT:
            oldest = next(iter(self._recent))
            del self._recent[oldest]
            self._frames.pop(oldest, None)

    def _read(self, index: int) -> Event:
        record = self._line.record(index)
        if record is None:
            raise RuntimeError(f"entry {index} is in a feed and not in the store")
        return event_of(record.body)


def frame_of(index: int, event: Event, *, is_drill: bool) -> bytes:
    """An entry as a server-sent event whose id is its index."""
    document = {
        "index": index,
        "drill": is_drill,
        **to_document(event),
        "text": {"en": phrase(event, "en"), "fr": phrase(event, "fr")},
    }
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (index, kind_of(event).encode(), msgspec.json.encode(document))


def notice_frame(kind: str, *, is_drill: bool, **fields: str | int | dict[str, str]) -> bytes:
    """A frame about the stream itself: without an id, so that resuming is not moved by it."""
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), msgspec.json.encode({"drill": is_drill, **fields}))
