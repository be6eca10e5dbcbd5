"""The mark of a data folder that was put back from a backup, or begun in the place of another ledger."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from openline.adapters.folders import sync_folder
from openline.app.configuration import write_file
from openline.core.errors import BadUse
from openline.core.event import Continued

MARK_NAME = "restored"


class Mark(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From what the node goes on."""

    origin: str
    """Of the ledger: its own when a backup was put back, the former one's when a new ledger was begun."""
    size: int
    checkpoint: str


def write_mark(folder: Path, mark: Mark) -> None:
    """Mark a folder.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    write_file(folder / MARK_NAME, msgspec.json.encode(mark) + b"\n")


def read_mark(folder: Path) -> Mark | None:
    """The mark of a folder, or None.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    path = folder / MARK_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=Mark)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadUse(
            "FILE_UNREADABLE",
            f"the mark of a restored folder cannot be read ({error})",
            path=str(path),
            remedy="Restore the backup again.",
        ) from error


def take_mark_off(folder: Path) -> None:
    """What it says is recorded in the ledger."""
    (folder / MARK_NAME).unlink(missing_ok=True)
    sync_folder(folder)


def continuation(mark: Mark, words: str, at_ms: int) -> Continued:
    """What goes on the record."""
    return Continued(at_ms=at_ms, origin=mark.origin, size=mark.size, checkpoint=mark.checkpoint, words=words)
