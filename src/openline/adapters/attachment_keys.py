"""The keys of attachments in one small file, a line each, so that taking a key away is one write in one place.

    TELLER(padded to 32) DIGEST(64) KEY(base64, 44) newline

A key that is taken away is overwritten with spaces where it lies. The last line may be torn by a power cut: it is cut
off, for nobody was told of it. The copy for backups, the escrow file, has the same form and holds only what is alive.
"""

from __future__ import annotations

import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from openline.adapters.folders import sync_folder
from openline.node.attached import Name
from openline.node.ports import StoreError

KEY_BYTES = 32
LINE_BYTES = 32 + 1 + 64 + 1 + 44 + 1
_BLANK = b" " * (LINE_BYTES - 1) + b"\n"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_HAS_MODES = os.name != "nt"


class KeyLines:
    """The file of a node. One thread at a time."""

    def __init__(self, path: Path) -> None:
        """Read it, and take away what a power cut left of a key; it is made with the first key.

        Raises:
            StoreError: when it cannot be read or mended, or other accounts may read it.
        """
        self.path = path
        lines = read_lines(path)
        _mend(path)
        self._at = {name: number * LINE_BYTES for number, (name, _) in enumerate(lines) if name is not None}
        self._keys = {name: key for name, key in lines if name is not None}
        self._end = len(lines) * LINE_BYTES

    def get(self, name: Name) -> bytes | None:
        """The key of an attachment, or None."""
        return self._keys.get(name)

    def add(self, name: Name, key: bytes) -> None:
        """Keep a key; returns once it is on disk.

        Raises:
            StoreError: when the disk refuses; then it is not kept.
        """
        is_new = not self._end
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                os.ftruncate(handle, self._end)
                _write_at(handle, self._end, _line(name, key))
                os.fsync(handle)
            finally:
                os.close(handle)
            if is_new:
                sync_folder(self.path.parent)
        except OSError as error:
            with suppress(OSError):
                os.truncate(self.path, self._end)
            raise _refused(error) from error
        self._at[name], self._keys[name] = self._end, key
        self._end += LINE_BYTES

    def destroy(self, names: Iterable[Name]) -> None:
        """Overwrite keys where they lie; returns once that is on disk.

        Raises:
            StoreError: when the disk refuses; it has to be done again.
        """
        held = [name for name in names if name in self._at]
        if not held:
            return
        try:
            overwrite(self.path, [(self._at[name], _BLANK) for name in held])
        except OSError as error:
            raise _refused(error) from error
        for name in held:
            del self._at[name], self._keys[name]

    def alive(self) -> bytes:
        """Every key that is held, as an escrow file has them."""
        return as_lines(self._keys)


def read_lines(path: Path) -> list[tuple[Name | None, bytes]]:
    """Every whole line of a file of keys: its name and key, None for one that was taken away.

    Raises:
        StoreError: when it cannot be read, is no such file, or other accounts may read it.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _refused(error) from error
    if _HAS_MODES and mode & _OTHERS:
        raise StoreError("other accounts may use the keys of attachments", remedy=f"Run: chmod 600 {path}")
    whole = len(data) // LINE_BYTES
    return [_parsed(data[number * LINE_BYTES : (number + 1) * LINE_BYTES]) for number in range(whole)]


def as_lines(keys: Mapping[Name, bytes]) -> bytes:
    """Keys as a file has them."""
    return b"".join(_line(name, key) for name, key in keys.items())


def keys_in(path: Path) -> dict[Name, bytes]:
    """Every key in a file of keys, none when there is no such file.

    Raises:
        StoreError: as `read_lines`.
    """
    return {name: key for name, key in read_lines(path) if name is not None}


def write_escrow(path: Path, lines: bytes) -> None:
    """Put a whole escrow file in the place of the last one, whose bytes are overwritten; on disk when it returns.

    Raises:
        StoreError: when the disk refuses.
    """
    try:
        handle, draft = mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".draft")  # it has the mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            old = _opened(path)
            Path(draft).replace(path)
            sync_folder(path.parent)
        finally:
            Path(draft).unlink(missing_ok=True)
        if old is not None:
            _blank(old)
    except OSError as error:
        raise StoreError(
            f"the escrow file {path} cannot be written ({error.strerror})",
            remedy="Let this account write there, or connect what it lies on.",
        ) from error


def overwrite(path: Path, parts: Iterable[tuple[int, bytes]]) -> None:
    """Write over parts of a file where they lie, and put that on disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        for at, data in parts:
            _write_at(handle, at, data)
        os.fsync(handle)
    finally:
        os.close(handle)


def _mend(path: Path) -> None:
    """Blank what is neither a key nor blank, and cut off a line that is not whole."""
    try:
        if not path.exists():
            return
        data = path.read_bytes()
        whole = len(data) // LINE_BYTES * LINE_BYTES
        starts = [at for at in range(0, whole, LINE_BYTES) if _parsed(data[at : at + LINE_BYTES])[0] is None]
        torn = [(at, _BLANK) for at in starts if data[at : at + LINE_BYTES] != _BLANK]
        tail = len(data) - whole
        if torn or tail:
            overwrite(path, [*torn, (whole, b" " * tail)])
            os.truncate(path, whole)
    except OSError as error:
        raise _refused(error) from error


def _opened(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None


def _blank(handle: int) -> None:
    """What the last escrow file held, where it lay: nobody reaches it by its name any more."""
    try:
        _write_at(handle, 0, b" " * os.fstat(handle).st_size)
        os.fsync(handle)
    finally:
        os.close(handle)


def _write_at(handle: int, at: int, data: bytes) -> None:
    os.lseek(handle, at, os.SEEK_SET)
    rest = data
    while rest:
        rest = rest[os.write(handle, rest) :]


def _line(name: Name, key: bytes) -> bytes:
    teller, digest = name
    return f"{teller:<32} {digest} {b64encode(key).decode('ascii')}\n".encode("ascii")


def _parsed(line: bytes) -> tuple[Name | None, bytes]:
    words = line.split()
    if line[-1:] == b"\n" and not words:
        return None, b""
    try:
        teller, digest, key = words
        found = (teller.decode("ascii"), digest.decode("ascii")), b64decode(key, validate=True)
    except ValueError:
        found = ("", ""), b""
    if len(found[1]) != KEY_BYTES or _line(*found) != line:
        # a write that a power cut broke off
        return None, b""
    return found


def _refused(error: OSError) -> StoreError:
    return StoreError(
        f"the keys of attachments cannot be read or written ({error.strerror})",
        remedy="Look at the disk and at the rights of the data folder.",
    )
