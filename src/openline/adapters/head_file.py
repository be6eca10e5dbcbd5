"""The last checkpoint in a small file beside the database: shows that the database was put back from an older copy.

It is written after a commit is on disk, once a second at most and without waiting for the disk, so it may be behind the
database and is never ahead of it; unless somebody has put the database back.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from openline.node.line import Line
from openline.node.ports import Clock

HEAD_NAME = "head"
EVERY_MS = 1_000
_MOST_BYTES = 65_536


class HeadFile:
    """Keeps the file of a data folder."""

    def __init__(self, folder: Path, line: Line, clock: Clock) -> None:
        """Follow a line from now on."""
        self._path = folder / HEAD_NAME
        self._line = line
        self._clock = clock
        self._written_ms: int | None = None
        line.listen(lambda _: self._published())

    def write(self) -> None:
        """Write it now. A disk that refuses is the store's to complain of."""
        draft = self._path.with_suffix(".draft")
        with suppress(OSError):
            draft.write_text(self._line.checkpoint, encoding="utf-8")
            draft.replace(self._path)

    def _published(self) -> None:
        now_ms = self._clock.now_ms()
        if self._written_ms is None or not 0 <= now_ms - self._written_ms < EVERY_MS:
            self._written_ms = now_ms
            self.write()


def read_head(path: Path) -> str:
    """The checkpoint in a file, empty when there is none that can be read: a power cut may have left half of it."""
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
