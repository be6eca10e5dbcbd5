"""A backup on disk: a folder of files and a manifest that names each with its hash, written last.

    manifest.json    one line of JSON, and on the next the SHA-256 of that line

A folder without a whole manifest is no backup. Backups and restored folders are put together under another name and
renamed when all of it is on disk, so that a stop in between leaves nothing that could be taken for one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp

import msgspec
from msgspec import Struct

from openline.adapters.folders import sync_folder
from openline.core.errors import BadUse, LedgerFault

MANIFEST_NAME = "manifest.json"
FORMAT = 1
_CHUNK = 1 << 20

CopyProgress = Callable[[int, int], None]
"""Told how many bytes of how many have been copied."""


class FileSum(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file was when the backup was made."""

    bytes: int
    sha256: str


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup holds."""

    format: int
    openline: str
    made_at: str
    origin: str
    node_key: str
    drill: bool
    entries: int
    checkpoint: str
    """The signed checkpoint that covers every entry of it."""
    has_secret: bool
    files: dict[str, FileSum]


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill, which gets its name once all of it is on disk; nothing is left of it otherwise.

    Raises:
        BadUse: FILE_UNREADABLE, when there is something of that name, or the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BadUse(
            "FILE_UNREADABLE",
            "there is something already, and nothing is written over",
            path=str(folder),
            remedy="Name a new folder.",
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(mkdtemp(dir=folder.parent, prefix=f"{folder.name}.", suffix=".draft"))  # it has the mode 0700
        try:
            yield draft
            for inner in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
                sync_folder(inner)
            if folder.exists():
                folder.rmdir()
            draft.rename(folder)
            sync_folder(folder.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE",
            f"it cannot be written ({error.strerror})",
            path=str(folder),
            remedy="Make room, or name another place. What was there before has not changed.",
        ) from error


def copy_file(source: Path, into: Path, *, mode: int = 0o600) -> FileSum:
    """Copy a file, on disk when it returns; gives what was written."""
    digest, size = sha256(), 0
    into.parent.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(into, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with source.open("rb") as reading, os.fdopen(handle, "wb") as writing:
        while part := reading.read(_CHUNK):
            writing.write(part)
            digest.update(part)
            size += len(part)
        writing.flush()
        os.fsync(writing.fileno())
    return FileSum(bytes=size, sha256=digest.hexdigest())


def sum_of(path: Path) -> FileSum:
    """What a file is, as the disk gives it now."""
    digest, size = sha256(), 0
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            digest.update(part)
            size += len(part)
    return FileSum(bytes=size, sha256=digest.hexdigest())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, on disk when it returns."""
    line = msgspec.json.encode(manifest)
    with (folder / MANIFEST_NAME).open("xb") as file:
        file.write(line + b"\n" + sha256(line).hexdigest().encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BadUse: FILE_UNREADABLE, when there is none.
        LedgerFault: BACKUP_DAMAGED.
    """
    path = folder / MANIFEST_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE",
            f"there is no backup in it ({error.strerror})",
            path=str(path),
            remedy="Name a folder that `openline backup` has made.",
        ) from error
    line, _, seal = raw.partition(b"\n")
    if seal != sha256(line).hexdigest().encode() + b"\n":
        raise damaged(MANIFEST_NAME, "is not what was written")
    try:
        manifest = msgspec.json.decode(line, type=Manifest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise damaged(MANIFEST_NAME, f"cannot be read ({error})") from error
    if manifest.format != FORMAT or not all(_is_inside(name) for name in manifest.files):
        raise damaged(MANIFEST_NAME, "is of another version of Openline, or names files outside the backup")
    return manifest


def check_files(folder: Path, manifest: Manifest, progress: CopyProgress) -> None:
    """See that every file is what it was when the backup was made.

    Raises:
        LedgerFault: BACKUP_DAMAGED, naming the first that is not.
    """
    total, done = sum(held.bytes for held in manifest.files.values()), 0
    for name, held in manifest.files.items():
        path = folder / name
        try:
            found = None if path.is_symlink() else sum_of(path)
        except OSError as error:
            raise damaged(name, f"cannot be read ({error.strerror})") from error
        if found != held:
            raise damaged(name, "is not what was written")
        done += held.bytes
        progress(done, total)


def damaged(name: str, what: str) -> LedgerFault:
    """A backup that cannot be trusted."""
    return LedgerFault(
        "BACKUP_DAMAGED",
        f"the file {name} {what}",
        path=name,
        remedy="Take another backup, or another copy of this one. Nothing was restored.",
    )


def _is_inside(name: str) -> bool:
    """One file, at most one folder down: what we write ourselves."""
    path = PurePosixPath(name)
    is_plain = "\\" not in name and "\x00" not in name
    return is_plain and not path.is_absolute() and 1 <= len(path.parts) <= 2 and ".." not in path.parts  # noqa: PLR2004
