"""A disk that numbers what is done to it, fails at one number, and says what a power cut at any number leaves behind.

An SQLite VFS (https://sqlite.org/vfs.html) over the machine's own. It records; `Remains` is the disk itself, worked out
from what was recorded: a synced write is there, an unsynced one may be there, in part or not at all, whatever came
before or after it (Pillai et al., OSDI 2014). A file's name is on disk once something in its folder was synced anew.
"""

from __future__ import annotations

import random
from enum import Enum, auto
from pathlib import Path
from typing import Any

import apsw
from msgspec import Struct

SECTOR_BYTES = 512


class Does(Enum):
    """What SQLite asks of a disk."""

    OPEN = apsw.SQLITE_CANTOPEN
    WRITE = apsw.SQLITE_IOERR_WRITE
    TRUNCATE = apsw.SQLITE_IOERR_TRUNCATE
    SYNC = apsw.SQLITE_IOERR_FSYNC
    DELETE = apsw.SQLITE_IOERR_DELETE


class Operation(Struct, frozen=True):
    """One thing that was done, or failed."""

    does: Does
    name: str
    offset: int = 0
    """Where a write begins; the new size of a file that was cut."""
    data: bytes = b""
    is_failed: bool = False
    is_for_good: bool = False
    """Of a deletion: the folder is synced with it."""


class Trouble(Struct, frozen=True):
    """Which operations fail, and how."""

    at: int
    times: int = 1
    is_full: bool = False
    """There is no room, where another fault would be an error of the disk."""
    is_torn: bool = False
    """Half of a write is done before it fails."""


class Trace(apsw.VFS):
    """The disk of one machine, with a list of all that was done to it."""

    def __init__(self, name: str, trouble: Trouble | None = None) -> None:
        self.name = name
        self.operations: list[Operation] = []
        self._trouble = trouble
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: ANN401, N802 - as apsw has it
        path = name if isinstance(name, str) else name.filename()
        self.check(Operation(Does.OPEN, Path(path).name))
        handle = _Handle(name, flags)
        handle.trace, handle.name = self, Path(path).name
        return handle

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - as apsw has it
        self.check(Operation(Does.DELETE, Path(filename).name, is_for_good=syncdir))
        super().xDelete(filename, syncdir)

    def excepthook(self, etype: Any, evalue: Any, etraceback: Any) -> bool:  # noqa: ANN401, ARG002 - as apsw has it
        """A planned fault needs no report: SQLite answers for it."""
        return True

    def check(self, operation: Operation) -> None:
        """Record it; raise when it is to fail."""
        number = len(self.operations)
        trouble = self._trouble
        if trouble is None or not trouble.at <= number < trouble.at + trouble.times:
            self.operations.append(operation)
            return
        self.operations.append(Operation(operation.does, operation.name, is_failed=True))
        code = apsw.SQLITE_FULL if trouble.is_full and operation.does is not Does.OPEN else operation.does.value
        error = apsw.exception_for(code)
        vars(error).update(result=code & 0xFF, extendedresult=code)
        raise error

    def torn(self, operation: Operation) -> Operation | None:
        """What is done of a write that is about to fail."""
        trouble = self._trouble
        is_due = trouble is not None and trouble.is_torn and trouble.at == len(self.operations)
        return cut(operation, len(operation.data) // 2) if is_due else None


class _Handle(apsw.VFSFile):
    """One open file of a connection."""

    trace: Trace
    name: str

    def __init__(self, name: Any, flags: list[int]) -> None:  # noqa: ANN401 - as apsw has it
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: ANN401, N802 - as apsw has it
        operation = Operation(Does.WRITE, self.name, offset, bytes(data))
        half = self.trace.torn(operation)
        try:
            self.trace.check(operation)
        except apsw.Error:
            if half is not None:
                self.trace.operations.append(half)
                super().xWrite(half.data, offset)
            raise
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - as apsw has it
        self.trace.check(Operation(Does.TRUNCATE, self.name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802 - as apsw has it
        """The machine that runs the test need not wait: the disk that counts is `Remains`."""
        self.trace.check(Operation(Does.SYNC, self.name))


def cut(operation: Operation, length: int) -> Operation:
    """The first bytes of a write."""
    return Operation(operation.does, operation.name, operation.offset, operation.data[:length])


class Flavour(Enum):
    """What becomes of the operation at which the power goes, and of those that were not synced."""

    GONE = auto()
    """Neither it nor anything unsynced is there."""
    ALL_BUT_IT = auto()
    """Everything before it is there; it is not. Also what the end of a process leaves."""
    TORN_SECTOR = auto()
    """Everything before it, and the first half of its sectors."""
    TORN_BYTE = auto()
    """Everything before it, and an odd number of its bytes."""
    ONLY_IT = auto()
    """It is there, and of what was unsynced before it nothing."""
    SOME = auto()
    """Any of what was unsynced is there, or a part of it."""


class _Node:
    """A file by whatever name: what is surely on disk, and what may be."""

    def __init__(self) -> None:
        self.synced = bytearray()
        self.pending: list[Operation] = []


class Remains:
    """The disk after the first so many operations."""

    def __init__(self) -> None:
        """An empty folder."""
        self._now: dict[str, _Node] = {}
        self._on_disk: dict[str, _Node] = {}

    def take(self, operation: Operation) -> None:
        """The next operation was done, or failed."""
        if operation.is_failed and operation.does is not Does.SYNC:
            return
        if operation.does is Does.DELETE:
            self._now.pop(operation.name, None)
            if operation.is_for_good:
                self._on_disk = dict(self._now)
            return
        node = self._now.setdefault(operation.name, _Node())
        if operation.does in {Does.WRITE, Does.TRUNCATE}:
            node.pending.append(operation)
        elif operation.does is Does.SYNC:
            self._sync(operation, node)

    def _sync(self, operation: Operation, node: _Node) -> None:
        changes, node.pending = node.pending, []
        if operation.is_failed:
            # What a failed sync was to put on disk never gets there, and the system believes that it did (Rebello et
            # al., USENIX ATC 2020).
            return
        for change in changes:
            _apply(node.synced, change)
        if self._on_disk.get(operation.name) is not node:
            self._on_disk = dict(self._now)

    def after(self, flavour: Flavour, operation: Operation, seed: int) -> dict[str, bytes]:
        """What the folder holds when the power goes at `operation`, which was not taken."""
        chance = random.Random(seed)
        is_new = flavour not in {Flavour.GONE, Flavour.ONLY_IT} and (
            flavour is not Flavour.SOME or chance.random() < 0.5
        )
        return {
            name: bytes(self._content(name, node, flavour, operation, chance))
            for name, node in (self._now if is_new else self._on_disk).items()
        }

    def _content(
        self, name: str, node: _Node, flavour: Flavour, operation: Operation, chance: random.Random
    ) -> bytearray:
        content = bytearray(node.synced)
        it = operation if operation.name == name and self._now.get(name) is node else None
        for change in _surviving(node.pending, it, flavour, chance):
            _apply(content, change)
        return content


def _surviving(
    pending: list[Operation], it: Operation | None, flavour: Flavour, chance: random.Random
) -> list[Operation]:
    if flavour is Flavour.GONE:
        return []
    last = [it] if it is not None and it.does in {Does.WRITE, Does.TRUNCATE} else []
    if flavour is Flavour.ONLY_IT:
        return last
    if flavour is Flavour.SOME:
        some = [change for change in (*pending, *last) if chance.random() < 0.5]
        return [cut(c, chance.randrange(len(c.data))) if c.data and chance.random() < 0.25 else c for c in some]
    if flavour is Flavour.ALL_BUT_IT or not last or last[0].does is Does.TRUNCATE:
        return pending
    half = len(last[0].data) // 2
    return [*pending, cut(last[0], half // SECTOR_BYTES * SECTOR_BYTES if flavour is Flavour.TORN_SECTOR else half | 1)]


def _apply(content: bytearray, change: Operation) -> None:
    if change.does is Does.TRUNCATE:
        del content[change.offset :]
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data
