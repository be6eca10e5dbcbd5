"""A disk that fails when it is told to, and forgets whatever was not synced when the power goes.

An SQLite VFS (https://sqlite.org/vfs.html) through apsw. What a process has written lies in `_File.seen`, as in the
memory of an operating system; the true file holds only what was synced. So a killed process leaves what a power cut
would leave. `keeps` lets some of the unsynced writes through all the same, in no order, as drives do.
"""

from __future__ import annotations

import os
import random
import signal
from enum import Enum, auto
from pathlib import Path
from typing import Any, Protocol

import apsw

from openline.adapters.sqlite_driver import Connection


class Fault(Enum):
    """What the disk does instead."""

    WRITE_FAILS = auto()
    """No write is taken."""
    SYNC_FAILS = auto()
    """A sync fails, nothing of it is on disk, and the system believes that it was (Rebello et al., USENIX ATC 2020)."""
    SYNC_FAILS_AFTER = auto()
    """A sync has put everything on disk, and its answer is lost."""
    FULL = auto()
    """There is no room for a write."""
    READ_ONLY = auto()
    """The disk was mounted anew, for reading only."""
    READ_FAILS = auto()
    """Nothing can be read."""


_WRITING = {
    Fault.WRITE_FAILS: apsw.SQLITE_IOERR_WRITE,
    Fault.FULL: apsw.SQLITE_FULL,
    Fault.READ_ONLY: apsw.SQLITE_READONLY,
}


class _File:
    """One file: as every process sees it, and the writes that are not on disk yet."""

    def __init__(self, content: bytes) -> None:
        self.seen = bytearray(content)
        self.pending: list[tuple[int, bytes | None]] = []
        """Writes at an offset; None cuts the file there."""

    def write(self, data: bytes, offset: int) -> None:
        self.seen.extend(bytes(max(0, offset - len(self.seen))))
        self.seen[offset : offset + len(data)] = data
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        del self.seen[size:]
        self.pending.append((size, None))


class Disk(apsw.VFS):
    """A disk with switches. One object is what one machine has."""

    def __init__(self, name: str, *, seed: int = 0, keeps: float = 0.0, dies_at: int = 0) -> None:
        """A power cut spares the share `keeps` of unsynced writes; at its write or sync `dies_at` the process ends."""
        self.name = name
        self.syncs = 0
        self._random = random.Random(seed)
        self._keeps = keeps
        self._dies_at = dies_at
        self._operations = 0
        self._files: dict[str, _File] = {}
        self._faults: dict[Fault, int] = {}
        self._has_power = True
        self._halts_at_sync = False
        super().__init__(name, "")

    def fail(self, fault: Fault, *, times: int = -1) -> None:
        """Fail from now on, or so many times."""
        self._faults[fault] = times

    def mend(self) -> None:
        """Work again."""
        self._faults.clear()

    def halt(self) -> None:
        """The process stops between two instructions: nothing that it still does reaches the disk."""
        self._has_power = self._halts_at_sync = False

    @property
    def is_halted(self) -> bool:
        """True once the process has ended: what it is still seen to do, nobody has seen."""
        return not self._has_power

    def halt_at_next_sync(self) -> None:
        """The process stops when everything is written and nothing of it synced."""
        self._halts_at_sync = True

    def resume(self, *, after_power_cut: bool) -> None:
        """The next process begins. The system has forgotten what was not synced when its power was cut."""
        if after_power_cut:
            for name, file in self._files.items():
                kept = [change for change in file.pending if self._random.random() < self._keeps]
                _put(Path(name), kept)
            self._files.clear()
        self._has_power = True

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802, ANN401 - as apsw has it
        """Open the true file too: it carries the locks and the shared memory."""
        path = name if isinstance(name, str) else name.filename()
        handle = _Handle(name, flags)
        file = self._files.get(path)
        if file is None:
            file = self._files[path] = _File(Path(path).read_bytes())
        handle.disk, handle.file, handle.path = self, file, Path(path)
        return handle

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - as apsw has it
        """A file goes at once, unless the process is halted."""
        if not self._has_power:
            return
        self.check(_WRITING)
        self._files.pop(filename, None)
        super().xDelete(filename, syncdir)

    def excepthook(self, etype: Any, evalue: Any, etraceback: Any) -> bool:  # noqa: ANN401, ARG002 - as apsw has it
        """A planned fault needs no report: SQLite answers for it."""
        return True

    def write(self, file: _File, data: bytes, offset: int) -> None:
        """Take a write into memory."""
        if not self._has_power:
            return
        self.check(_WRITING)
        self._count()
        file.write(data, offset)

    def truncate(self, file: _File, size: int) -> None:
        """Cut a file, in memory."""
        if self._has_power:
            self.check(_WRITING)
            file.truncate(size)

    def sync(self, file: _File, path: Path) -> None:
        """Put on disk what is pending, in no order that anyone may rely on where writes do not overlap."""
        if not self._has_power:
            return
        if self._halts_at_sync:
            self.halt()
            raise _error(apsw.SQLITE_IOERR_FSYNC)
        if self._takes(Fault.SYNC_FAILS):
            file.pending.clear()
            raise _error(apsw.SQLITE_IOERR_FSYNC)
        self.syncs += 1
        self._count()
        for i, change in enumerate(file.pending):
            _put(path, [change])
            if i % 4 == 3:
                self._count()
        file.pending.clear()
        if self._takes(Fault.SYNC_FAILS_AFTER):
            raise _error(apsw.SQLITE_IOERR_FSYNC)

    def check(self, codes: dict[Fault, int]) -> None:
        """Raise the code of a fault that is switched on."""
        for fault, code in codes.items():
            if self._takes(fault):
                raise _error(code)

    def _takes(self, fault: Fault) -> bool:
        left = self._faults.get(fault, 0)
        if left > 0:
            self._faults[fault] = left - 1
        return left != 0

    def _count(self) -> None:
        """One operation nearer to the end of the process, if it is to have one."""
        self._operations += 1
        if self._operations != self._dies_at:
            return
        for name, file in self._files.items():
            _put(Path(name), [change for change in file.pending if self._random.random() < self._keeps])
        os.kill(os.getpid(), signal.SIGKILL)


class _Handle(apsw.VFSFile):
    """One open file of a connection."""

    disk: Disk
    file: _File
    path: Path

    def __init__(self, name: Any, flags: list[int]) -> None:  # noqa: ANN401 - as apsw has it
        super().__init__("", name, flags)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802 - as apsw has it
        self.disk.check({Fault.READ_FAILS: apsw.SQLITE_IOERR_READ})
        return bytes(self.file.seen[offset : offset + amount])

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: ANN401, N802 - as apsw has it
        self.disk.write(self.file, bytes(data), offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - as apsw has it
        self.disk.truncate(self.file, newsize)

    def xSync(self, flags: int) -> None:  # noqa: ARG002, N802 - as apsw has it
        self.disk.sync(self.file, self.path)

    def xFileSize(self) -> int:  # noqa: N802 - as apsw has it
        return len(self.file.seen)

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: N802 - as apsw has it
        """Nothing of the true file's own ways may go around us."""
        return super().xFileControl(op, ptr) if op in _PASSED_ON else False


_PASSED_ON = {apsw.SQLITE_FCNTL_LOCKSTATE, apsw.SQLITE_FCNTL_PERSIST_WAL}


def _error(code: int) -> Exception:
    error = apsw.exception_for(code)
    vars(error).update(result=code & 0xFF, extendedresult=code)
    return error


def _put(path: Path, changes: list[tuple[int, bytes | None]]) -> None:
    """Write changes to a true file."""
    if not changes or not path.exists():
        return
    handle = os.open(path, os.O_RDWR)
    try:
        for offset, data in changes:
            if data is None:
                os.ftruncate(handle, offset)
            else:
                os.pwrite(handle, data, offset)
    finally:
        os.close(handle)


class Named(Protocol):
    """A disk, by the name that SQLite knows it under."""

    name: str


class Apsw:
    """The driver of a store that lies on a disk of ours, or on the machine's own."""

    error: type[Exception] = apsw.Error

    def __init__(self, disk: Named | None = None, *, is_careless: bool = False) -> None:
        """`is_careless` leaves out every sync, to show that the tests would notice."""
        self._vfs = None if disk is None else disk.name
        self._is_careless = is_careless

    def connect(self, path: str) -> Connection:
        """Open a database."""
        connection = apsw.Connection(path, vfs=self._vfs)
        return _Careless(connection) if self._is_careless else connection

    def code(self, error: Exception) -> int:
        """What SQLite answered."""
        return getattr(error, "result", 0)


class _Careless:
    """A connection that somebody has made faster."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Any = (), /) -> Any:  # noqa: ANN401 - as apsw has it
        return self._connection.execute(sql.replace("synchronous = FULL", "synchronous = OFF"), parameters)

    def executemany(self, sql: str, parameters: Any, /) -> Any:  # noqa: ANN401 - as above
        return self._connection.executemany(sql, parameters)

    def close(self) -> None:
        self._connection.close()


APSW = Apsw()
