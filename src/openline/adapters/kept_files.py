"""Small files that a desk keeps beside its key: each is there whole or not at all, also after a power cut."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import mkstemp

from openline.adapters.folders import sync_folder
from openline.core.errors import BadUse


def read_kept(path: Path) -> str:
    """The text of a file, empty when there is none.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, error) from error


def keep(path: Path, text: str) -> None:
    """Put a text in place of whatever was there, on disk, for its owner alone.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = mkstemp(dir=path.parent, prefix=f"{path.name}.", suffix=".draft")  # it has the mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        finally:
            Path(draft).unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: Exception) -> BadUse:
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    return BadUse(
        "FILE_UNREADABLE",
        f"the file cannot be used ({reason})",
        path=str(path),
        remedy="Check its rights and the room on the disk. What it held is your proof: do not throw it away.",
    )
