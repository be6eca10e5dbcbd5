"""Backups: a whole node but for its keys, taken while it runs, and put back where nothing is.

A backup has the ledger, the settings, the agreements and the attachments as they lie, encrypted. It never has the keys
of attachments, and the node's secret only when that was asked for.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from openline import __version__
from openline.adapters.attachment_keys import as_lines, keys_in, write_escrow
from openline.adapters.attachments import FOLDER_NAME, KEYS_NAME, file_name
from openline.adapters.backup_files import (
    FORMAT,
    CopyProgress,
    FileSum,
    Manifest,
    check_files,
    copy_file,
    new_folder,
    read_manifest,
    sum_of,
    write_manifest,
)
from openline.adapters.key_files import read_or_create_node_secret
from openline.adapters.sqlite_reader import SqliteReader
from openline.app.composition import LEDGER_NAME, SECRET_NAME, open_reader
from openline.app.configuration import FILE_NAME, Settings, check_key, read_settings, write_settings
from openline.app.public_keys import read_file
from openline.app.restored import Mark, write_mark
from openline.app.verification import Thoroughness, fault, verify_ledger
from openline.codec.envelope import to_base64
from openline.core.errors import BadUse
from openline.core.time import to_text
from openline.ledger.checkpoint import CheckpointError, open_checkpoint
from openline.ledger.note import NoteError, NoteVerifier
from openline.node.attached import Name
from openline.node.erasures import erased_in
from openline.node.ports import StoreError
from openline.node.secrets import NodeSecrets

_TREE = Thoroughness(signatures=False, replay=False)
_BODIES = Thoroughness(signatures=True, replay=False)


class Restored(Struct, frozen=True, kw_only=True):
    """What was put back."""

    manifest: Manifest
    shown: tuple[str, ...]
    """What was verified of it."""
    has_secret: bool
    attachments: int
    """Of how many attachments the key was there."""
    without_key: int
    has_left_escrow: bool = False
    """It was set to keep an escrow file, and has too few keys to write over that."""


def back_up(data: Path, to: Path, *, with_secret: bool, at_ms: int, progress: CopyProgress) -> Manifest:
    """Make a backup of a data folder, whose node may be running, and verify it.

    Raises:
        BadUse: when the place is taken, or a disk refuses.
        LedgerFault: when what was copied does not verify.
    """
    settings = read_settings(data)
    try:
        with new_folder(to) as draft:
            files = {LEDGER_NAME: _copy_ledger(data, draft, progress)}
            for name in (FILE_NAME, *settings.agreements, *([SECRET_NAME] if with_secret else [])):
                files[name] = copy_file(data / name, draft / name)
            for box in sorted((data / FOLDER_NAME).glob("*.box")):
                name = f"{FOLDER_NAME}/{box.name}"
                try:
                    files[name] = copy_file(box, draft / name)
                except FileNotFoundError:  # it was erased a moment ago
                    continue
            manifest = _manifest(draft, settings, files, with_secret=with_secret, at_ms=at_ms)
            write_manifest(draft, manifest)
            _verify(draft, settings, _TREE, progress)
            check_files(draft, read_manifest(draft), progress)
            _keep_keys(data, settings)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(data), remedy=error.remedy) from error
    return manifest


def restore_into(
    backup: Path, data: Path, *, secret: Path | None, keys: Path | None, progress: CopyProgress
) -> Restored:
    """Put a backup into a new data folder, verified, and marked so that no node goes on from it unasked.

    Raises:
        BadUse: when the place is taken, a disk refuses, or the secret or the keys are none.
        LedgerFault: when the backup is damaged or does not verify.
    """
    manifest = read_manifest(backup)
    check_files(backup, manifest, progress)
    try:
        with new_folder(data) as draft:
            for name in manifest.files:
                if not name.startswith(f"{FOLDER_NAME}/"):
                    copy_file(backup / name, draft / name)
            if secret is not None and not manifest.has_secret:
                copy_file(secret, draft / SECRET_NAME)
            settings = read_settings(draft)
            has_secret = _check_secret(draft, settings)
            shown = _verify(draft, settings, _BODIES if has_secret else _TREE, progress)
            attachments, without_key = _put_back_attachments(backup, draft, manifest, keys)
            has_left_escrow = (keys is None or without_key > 0) and _leave_escrow(draft, settings)
            mark = Mark(origin=manifest.origin, size=manifest.entries, checkpoint=manifest.checkpoint)
            write_mark(draft, mark)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(backup), remedy=error.remedy) from error
    return Restored(
        manifest=manifest,
        shown=tuple(shown),
        has_secret=has_secret,
        attachments=attachments,
        without_key=without_key,
        has_left_escrow=has_left_escrow,
    )


def begin_anew(
    backup: Path, data: Path, origin: str, checkpoint: Path | None, progress: CopyProgress
) -> tuple[Mark, str, bool]:
    """Make the data folder of a new ledger, with the settings of a lost one, whose last checkpoint it names.

    Gives its mark, its key, and whether it was set to keep the lost one's escrow file, which it leaves as it is.

    Raises:
        BadUse: when the place is taken, a disk refuses, or the origin is the lost one's.
        LedgerFault: when the backup is damaged, or the checkpoint is none that the lost ledger's node has signed.
    """
    manifest = read_manifest(backup)
    check_files(backup, manifest, progress)
    if origin == manifest.origin:
        raise BadUse(
            "CONFIGURATION_INVALID",
            "this is the name of the lost ledger: a second one of the same name would be its second history",
            path="--new-origin",
            remedy=f"Choose another, for instance {manifest.origin}-2.",
        )
    note = manifest.checkpoint if checkpoint is None else read_file(checkpoint).decode("utf-8", "replace")
    try:
        verifier = NoteVerifier(manifest.origin, check_key(manifest.node_key, "node_key"))
        head = open_checkpoint(note, verifier)
    except (CheckpointError, NoteError) as error:
        raise fault(f"the checkpoint is not one that the lost ledger's node has signed ({error})") from error
    if head.size < manifest.entries:
        raise fault(f"the checkpoint is of {head.size} entries, and the backup already has {manifest.entries}")
    with new_folder(data) as draft:
        for name in manifest.files:
            if name not in {LEDGER_NAME, SECRET_NAME} and not name.startswith(f"{FOLDER_NAME}/"):
                copy_file(backup / name, draft / name)
        settings = read_settings(draft)
        public_key = NodeSecrets(read_or_create_node_secret(draft / SECRET_NAME)).signer.public_key
        settings.origin, settings.node_key, settings.publish = origin, to_base64(public_key), ""
        write_settings(draft, settings)
        has_left_escrow = _leave_escrow(draft, settings)
        mark = Mark(origin=manifest.origin, size=head.size, checkpoint=note)
        write_mark(draft, mark)
    return mark, settings.node_key, has_left_escrow


def _copy_ledger(data: Path, draft: Path, progress: CopyProgress) -> FileSum:
    reader = open_reader(data)
    try:
        reader.settle()
        reader.copy(draft / LEDGER_NAME, progress)
    finally:
        reader.close()
    (draft / LEDGER_NAME).chmod(0o600)
    return sum_of(draft / LEDGER_NAME)


def _manifest(draft: Path, settings: Settings, files: dict[str, FileSum], *, with_secret: bool, at_ms: int) -> Manifest:
    reader = SqliteReader(draft / LEDGER_NAME)
    try:
        entries, checkpoint = reader.size(), reader.checkpoint()
    finally:
        reader.close()
    return Manifest(
        format=FORMAT,
        openline=__version__,
        made_at=to_text(at_ms),
        origin=settings.origin,
        node_key=settings.node_key,
        drill=settings.drill,
        entries=entries,
        checkpoint=checkpoint,
        has_secret=with_secret,
        files=files,
    )


def _verify(folder: Path, settings: Settings, asked: Thoroughness, progress: CopyProgress) -> list[str]:
    reader = SqliteReader(folder / LEDGER_NAME)
    try:
        return verify_ledger(folder, settings, reader, "", asked, progress).shown
    finally:
        reader.close()


def _keep_keys(data: Path, settings: Settings) -> None:
    """Write the escrow file; again when a key was destroyed meanwhile, so that none comes back by it."""
    if not settings.attachment_escrow:
        return
    while True:
        alive = keys_in(data / KEYS_NAME)
        write_escrow(data / settings.attachment_escrow, as_lines(alive))
        if keys_in(data / KEYS_NAME) == alive:
            return


def _leave_escrow(draft: Path, settings: Settings) -> bool:
    """An escrow file holds the only keys of attachments in backups: one that lacks them must not write it anew."""
    if not settings.attachment_escrow:
        return False
    settings.attachment_escrow = ""
    write_settings(draft, settings)
    return True


def _check_secret(draft: Path, settings: Settings) -> bool:
    path = draft / SECRET_NAME
    if not path.exists():
        return False
    try:
        public_key = to_base64(NodeSecrets(path.read_bytes()).signer.public_key)
    except ValueError as error:
        raise BadUse("CONFIGURATION_INVALID", str(error), path="--secret", remedy="Name the node.secret.") from error
    if public_key != settings.node_key:
        raise BadUse(
            "CONFIGURATION_INVALID",
            "this is the secret of another node: its key is not the one that signed this ledger",
            path="--secret",
            remedy="Name the node.secret that belongs to this ledger.",
        )
    return True


def _put_back_attachments(backup: Path, draft: Path, manifest: Manifest, keys: Path | None) -> tuple[int, int]:
    """Attachments that are not erased, and the keys that are alive; gives how many have one and how many have none."""
    reader = SqliteReader(draft / LEDGER_NAME)
    try:
        erased = erased_in(reader)
    finally:
        reader.close()
    held: dict[Name, bytes] = {}
    if keys is not None:
        if not keys.exists():
            raise BadUse(
                "FILE_UNREADABLE", "there is no such file", path=str(keys), remedy="Name the escrow file of the node."
            )
        held = {name: key for name, key in keys_in(keys).items() if name not in erased}
    gone = {f"{FOLDER_NAME}/{file_name(name)}" for name in erased}
    boxes = [name for name in manifest.files if name.startswith(f"{FOLDER_NAME}/") and name not in gone]
    for name in boxes:
        copy_file(backup / name, draft / name)
    known = {name: key for name, key in held.items() if f"{FOLDER_NAME}/{file_name(name)}" in boxes}
    if known:
        write_escrow(draft / KEYS_NAME, as_lines(known))
    return len(known), len(boxes) - len(known)
