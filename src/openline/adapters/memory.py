"""Stores in memory: for drills, and with switches for the two ways in which a disk fails."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from openline.node.attached import Name
from openline.node.ports import Record, StoreError


class MemoryStore:
    """Keeps records in a list. Nothing survives the process."""

    def __init__(self) -> None:
        """Start empty, with no fault planned."""
        self.records: list[Record] = []
        self.note = ""
        self.fails_without_keeping = False
        """The next write fails, and nothing of it is kept."""
        self.fails_after_keeping = False
        """The next write fails although all of it is kept: the answer was lost."""
        self.fails_reading = False
        """Reads and reopening fail until this is taken back."""
        self._must_reopen = False

    def append(self, records: Sequence[Record], checkpoint: str) -> None:
        """Keep records and checkpoint. Raises StoreError when they do not continue, or a fault is switched on."""
        if self._must_reopen:
            message = "the store has refused a write and must be opened again"
            raise StoreError(message)
        for position, record in enumerate(records, start=len(self.records)):
            if record.index != position:
                message = f"entry {record.index} cannot be kept: the next one here is {position}"
                raise StoreError(message)
        self._must_reopen = self.fails_without_keeping or self.fails_after_keeping
        if self.fails_without_keeping:
            self.fails_without_keeping = False
            message = "a planned fault: nothing was kept"
            raise StoreError(message)
        self.records += records
        self.note = checkpoint
        if self.fails_after_keeping:
            self.fails_after_keeping = False
            message = "a planned fault: all was kept, the answer was lost"
            raise StoreError(message)

    def read(self, start: int = 0) -> Iterator[Record]:
        """Records from `start`. Raises StoreError when a fault is switched on."""
        self._check_reading()
        return iter(self.records[max(start, 0) :])

    def get(self, index: int) -> Record | None:
        """One record or None. Raises StoreError when a fault is switched on."""
        self._check_reading()
        return self.records[index] if 0 <= index < len(self.records) else None

    def size(self) -> int:
        """Number of records. Raises StoreError when a fault is switched on."""
        self._check_reading()
        return len(self.records)

    def checkpoint(self) -> str:
        """The last checkpoint. Raises StoreError when a fault is switched on."""
        self._check_reading()
        return self.note

    def reopen(self) -> None:
        """Take writes again. Raises StoreError when a fault is switched on."""
        self._check_reading()
        self._must_reopen = False

    def close(self) -> None:
        """Nothing to let go of."""

    def _check_reading(self) -> None:
        if self.fails_reading:
            message = "a planned fault: the disk cannot be read"
            raise StoreError(message)


class MemoryAttachments:
    """Attachments in a dictionary, for nodes that keep nothing."""

    def __init__(self) -> None:
        """None yet."""
        self.held: dict[Name, bytes] = {}

    def put(self, name: Name, content: bytes) -> bool:
        """Keep one; False when it is there already."""
        is_new = name not in self.held
        self.held[name] = content
        return is_new

    def get(self, name: Name) -> bytes | None:
        """One, or None."""
        return self.held.get(name)

    def destroy(self, names: Iterable[Name]) -> None:
        """Let go of them."""
        for name in names:
            self.held.pop(name, None)
