"""Verifying a published folder of tiles: what a monitor does who has nothing but the files."""

from __future__ import annotations

from pathlib import Path

from openline.adapters.tile_files import CHECKPOINT, KEY_FILE, TILES, WITNESSED, TileFiles
from openline.app.verification import Report, fault, log_key, report_on
from openline.core.errors import BadUse
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint, parse_checkpoint
from openline.ledger.frontier import Frontier
from openline.ledger.note import NoteError, NoteVerifier, parse_note
from openline.ledger.tiles import TileName, format_tile_path, tile_width
from openline.ledger.tree import HASH_BYTES
from openline.ledger.verify_tiles import TileFault, verify_tiles
from openline.node.recovery import Progress


def is_published(folder: Path) -> bool:
    """True for a folder that looks like a ledger's published files."""
    return (folder / CHECKPOINT).is_file() or (folder / TILES).is_dir()


def verify_folder(folder: Path, node_key: str, progress: Progress) -> Report:
    """Verify every leaf and every tile of a published folder against its checkpoint.

    `node_key` is the log's key as base64 or as `name+hash+key`; empty takes the one in the folder.

    Raises:
        LedgerFault: LEDGER_INVALID, at the first file that does not fit.
        BadUse: FILE_UNREADABLE, CONFIGURATION_INVALID.
    """
    files = TileFiles(folder)
    note = files.checkpoint()
    if not note:
        raise fault("there is no checkpoint, so nothing says what it should be", CHECKPOINT)
    try:
        claimed = parse_checkpoint(parse_note(note).text)
    except (NoteError, CheckpointError) as error:
        raise fault(f"its checkpoint cannot be read ({error})", CHECKPOINT) from error
    log = _log(folder, node_key, files, claimed.origin)
    try:
        head = open_checkpoint(note, log)
    except (NoteError, CheckpointError) as error:
        raise fault(f"its checkpoint is not one that the node's key signed ({error})", CHECKPOINT) from error
    report = report_on("tiles", head, is_given=bool(node_key), drill=None)
    try:
        count = verify_tiles(lambda name: _agreed(files, name), head, progress)
    except TileFault as error:
        raise fault(error.reason, error.path) from error
    report.checks |= {"leaves": head.size, "tree": 1, "tiles": count}
    report.shown += [
        "Every leaf is in the tree, and the node's key signed its root.",
        f"All {count} tiles and bundles of every level are those of its leaves.",
    ]
    _check_witnessed(files, log, head, report)
    report.not_checked.append("Bodies and their signatures: a published folder holds none.")
    beyond = files.beyond(head.size)
    if beyond:
        report.not_checked.append(f"{beyond} more files lie under tile/, which this checkpoint does not name.")
    return report


def _check_witnessed(files: TileFiles, log: NoteVerifier, head: Checkpoint, report: Report) -> None:
    """The witnessed head, where there is one, must be of the tree that was just verified."""
    note = files.witnessed()
    if not note:
        return
    try:
        witnessed = open_checkpoint(note, log)
    except (NoteError, CheckpointError) as error:
        raise fault(f"it is not one that the node's key signed ({error})", WITNESSED) from error
    if witnessed.size > head.size:
        raise fault(f"it has {witnessed.size} entries, and the checkpoint beside it only {head.size}", WITNESSED)
    edge = Frontier.at(witnessed.size, lambda name: _beginning(files, name, head.size))
    if edge.root() != witnessed.root:
        raise fault("its root is not that of the first entries of this ledger: there are two histories", WITNESSED)
    report.checks["witnessed"] = witnessed.size
    report.shown.append(f"The witnessed checkpoint of {witnessed.size} entries is of the same tree.")
    report.not_checked.append("Whose cosignatures it has: an agreement says which of them count.")


def _beginning(files: TileFiles, name: TileName, size: int) -> bytes:
    """The first hashes of a tile as it is in the tree of `size` leaves, which is as wide or wider."""
    width = tile_width(size, name.level, name.index)
    return files.tile(TileName(name.level, name.index, width))[: name.width * HASH_BYTES]


def _agreed(files: TileFiles, name: TileName) -> bytes:
    """A tile that no other width of it contradicts: what was published once never changes."""
    content = files.tile(name)
    for other, held in files.versions(name):
        if not (held.startswith(content) or content.startswith(held)):
            reason = f"it holds other bytes than {format_tile_path(name)}: one of the two was changed"
            raise TileFault(format_tile_path(other), reason)
    return content


def _log(folder: Path, given: str, files: TileFiles, origin: str) -> NoteVerifier:
    if given:
        return log_key(given, origin, "--node-key")
    found = files.key()
    if not found:
        raise BadUse(
            "FILE_UNREADABLE",
            f"there is no {KEY_FILE} in it, and no key was given",
            path=str(folder),
            remedy="Give the node's key as you know it with --node-key.",
        )
    return log_key(found, origin, KEY_FILE)
