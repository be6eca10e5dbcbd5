"""Keeping a folder of tiles up to date (https://c2sp.org/tlog-tiles): any static file server can show it to monitors.

The work of one checkpoint is that of the leaves that it adds and of one tile for each eight rows: a ledger 256 times as
long costs one tile more. Nothing is written before the new leaves are known to lead from what the folder's own
checkpoint has signed to what the new one signs. Tiles come first and are on disk before the checkpoint that needs them
takes the place of the old one, in one step; a run that was broken off is taken up by the next.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree

from openline.adapters.folders import sync_folder
from openline.adapters.tile_files import CHECKPOINT, KEY_FILE, WITNESSED, TileFiles
from openline.core.errors import BadUse, LedgerFault
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from openline.ledger.frontier import Frontier
from openline.ledger.note import NoteError, NoteVerifier, format_verifier_key, parse_note
from openline.ledger.tiles import TileName, encode_bundle, format_tile_path
from openline.ledger.tree import TILE_HEIGHT, TILE_WIDTH, leaf_hash

if sys.platform != "win32":
    import fcntl

Leaves = Callable[[int], Iterator[bytes]]
"""The leaves of the ledger from an index on, in order, at least as many as the checkpoint has signed."""


class TileFolder:
    """Writes one ledger's tiles and checkpoints into a folder."""

    def __init__(self, folder: Path, log: NoteVerifier) -> None:
        """`log` is the ledger's own key: the folder takes checkpoints of no other."""
        self.folder = folder
        self.log = log
        self._files = TileFiles(folder)
        self._touched: set[Path] = set()

    def publish(self, note: str, leaves: Leaves) -> int:
        """Bring the folder to the checkpoint in `note`; gives how many files were written.

        A note over the same tree with more signatures takes the place of the one that lies there.

        Raises:
            LedgerFault: FOLDER_DIFFERS, when the folder holds another ledger, a longer one, another history or other
                bytes in the place of a tile; LEDGER_INVALID, when the leaves or the folder do not fit their checkpoint.
            BadUse: FILE_UNREADABLE, when the disk refuses or another program is publishing there.
        """
        head = self._opened(note, "LEDGER_INVALID", "the checkpoint to be published")
        with self._held():
            old_note = self._files.checkpoint()
            old = Checkpoint(head.origin, 0, b"")
            if old_note:
                old = self._opened(old_note, "FOLDER_DIFFERS", f"the checkpoint in {self.folder}")
                self._check_order(old, head)
            frontier = self._frontier(old)
            self._check_history(frontier, head, leaves)
            written = self._write_tiles(frontier, head, leaves)
            written += self._put(self.folder / KEY_FILE, f"{format_verifier_key(self.log)}\n".encode())
            if old.size < head.size or _signatures(note) > _signatures(old_note):
                self._sync()
                _replace(self.folder / CHECKPOINT, note.encode())
                sync_folder(self.folder)
                written += 1
            self._drop_outgrown(old.size, head.size)
        return written

    def sizes(self) -> tuple[int, int]:
        """Of the checkpoint that lies there and of the newest witnessed head beside it; 0 for what is missing.

        Raises:
            LedgerFault: FOLDER_DIFFERS, when one of them is another ledger's.
            BadUse: FILE_UNREADABLE, when the disk refuses.
        """
        held = ((CHECKPOINT, self._files.checkpoint()), (WITNESSED, self._files.witnessed()))
        head, witnessed = (self._opened(note, "FOLDER_DIFFERS", name).size if note else 0 for name, note in held)
        return head, witnessed

    def publish_witnessed(self, note: str) -> int:
        """Lay the newest witnessed head beside the checkpoint, which covers it; gives how many files were written.

        A newer one takes the place of an older, and of the same size the one with more signatures.

        Raises:
            LedgerFault, BadUse: as `publish`.
        """
        head = self._opened(note, "LEDGER_INVALID", "the witnessed checkpoint to be published")
        with self._held():
            size, held = self.sizes()
            is_newer = held < head.size or (
                held == head.size and _signatures(note) > _signatures(self._files.witnessed())
            )
            if head.size > size or not is_newer:
                return 0
            _replace(self.folder / WITNESSED, note.encode())
            sync_folder(self.folder)
        return 1

    def _opened(self, note: str, code: str, what: str) -> Checkpoint:
        try:
            return open_checkpoint(note, self.log)
        except (NoteError, CheckpointError) as error:
            raise _refusal(code, f"{what} is not one that {self.log.name} has signed ({error})", CHECKPOINT) from error

    def _check_order(self, old: Checkpoint, head: Checkpoint) -> None:
        if old.size > head.size:
            reason = f"it holds {old.size} entries already, and the ledger to be published has {head.size}"
            raise _refusal("FOLDER_DIFFERS", reason, str(self.folder))
        if old.size == head.size and old.root != head.root:
            raise _forked(old, self.folder)

    def _frontier(self, old: Checkpoint) -> Frontier:
        frontier = Frontier.at(old.size, self._files.tile)
        if old.size and frontier.root() != old.root:
            reason = "its tiles do not give the root that its own checkpoint has signed"
            raise _refusal("LEDGER_INVALID", reason, str(self.folder))
        return frontier

    def _check_history(self, frontier: Frontier, head: Checkpoint, leaves: Leaves) -> None:
        """The folder's tree, grown by our leaves, must be the tree that is signed now: then it began as ours did."""
        old = frontier.size
        begun = old - old % TILE_WIDTH
        grown = frontier.copy()
        held = b""
        for bundle in _bundles(leaves, begun, head.size):
            digests = b"".join(map(leaf_hash, bundle))
            if not held and begun < old:
                held = digests[: len(frontier.unfinished)]
                digests = digests[len(held) :]
            for _ in grown.extend(digests):
                pass
        if (grown.size, grown.root()) == (head.size, head.root) and held == frontier.unfinished:
            return
        if grown.size < head.size:
            reason = f"the ledger's checkpoint has signed {head.size} entries, and {grown.size} are there"
            raise _refusal("LEDGER_INVALID", reason, CHECKPOINT)
        if not old or grown.root() == head.root:
            reason = "the entries do not give the root that their checkpoint has signed"
            raise _refusal("LEDGER_INVALID", reason, CHECKPOINT)
        raise _forked(Checkpoint(head.origin, old, frontier.root()), self.folder)

    def _write_tiles(self, frontier: Frontier, head: Checkpoint, leaves: Leaves) -> int:
        written = 0
        index = frontier.size // TILE_WIDTH
        known = frontier.size % TILE_WIDTH
        for bundle in _bundles(leaves, index * TILE_WIDTH, head.size):
            if len(bundle) > known:
                written += self._put_tile(TileName(None, index, len(bundle)), encode_bundle(bundle))
            for tile in frontier.extend(b"".join(map(leaf_hash, bundle[known:]))):
                written += self._put_tile(*tile)
            index, known = index + 1, 0
        for tile in frontier.partial_tiles():
            written += self._put_tile(*tile)
        return written

    def _put_tile(self, name: TileName, content: bytes) -> int:
        return self._put(self.folder / format_tile_path(name), content)

    def _put(self, path: Path, content: bytes) -> int:
        """Lay a file down that never changes again; 0 when it lies there already."""
        try:
            present = path.read_bytes()
        except FileNotFoundError:
            present = None
        if present is None:
            self._make(path.parent)
            _replace(path, content)
        elif present != content:
            where = path.relative_to(self.folder).as_posix()
            raise _refusal(
                "FOLDER_DIFFERS", "other bytes lie in its place, and what was published never changes", where
            )
        # Also when it was there: the run that wrote it may have been broken off before the names were on disk.
        self._touched.add(path.parent)
        return int(present is None)

    def _make(self, folder: Path) -> None:
        missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self._touched.update(parent.parent for parent in missing)

    def _sync(self) -> None:
        """Put the names of all that was laid down on disk."""
        for folder in sorted(self._touched):
            sync_folder(folder)
        self._touched.clear()

    def _drop_outgrown(self, old: int, new: int) -> None:
        """Take away the partial versions of tiles that are full now (C2SP tlog-tiles, "Partial Tiles")."""
        level: int | None = None
        while True:
            shift = TILE_HEIGHT * (level or 0)
            index, has_partial = divmod(old >> shift, TILE_WIDTH)
            if not old >> shift:
                return
            if has_partial and (new >> shift) >= (index + 1) * TILE_WIDTH:
                rmtree(self.folder / f"{format_tile_path(TileName(level, index))}.p", ignore_errors=True)
            level = 0 if level is None else level + 1

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep other publishers away, and say every refusal of the disk in our words."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder):
                yield
        except BlockingIOError as error:
            reason, remedy = "another program is publishing into it", "Let that one end, then publish again."
            raise BadUse("FILE_UNREADABLE", reason, path=str(self.folder), remedy=remedy) from error
        except OSError as error:
            reason = f"it cannot be written ({error.strerror})"
            path = str(error.filename or self.folder)
            raise BadUse("FILE_UNREADABLE", reason, path=path, remedy="Make room or let this account write.") from error


def _bundles(leaves: Leaves, start: int, end: int) -> Iterator[list[bytes]]:
    """Leaves [start, end) in bundles; `start` is the first of one. What is missing at the end is left out."""
    bundle: list[bytes] = []
    if start == end:
        return
    for index, leaf in enumerate(leaves(start), start=start):
        bundle.append(leaf)
        if index + 1 == end:
            break
        if len(bundle) == TILE_WIDTH:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def _replace(path: Path, content: bytes) -> None:
    """Put a file in its place in one step: whoever reads sees all of it or what was there before."""
    draft = path.with_name(f"{path.name}.tmp")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder itself; the system lets go of it when a process dies. Raises BlockingIOError when it is held."""
    if sys.platform == "win32":
        # a folder cannot be opened there, and nothing keeps two publishers apart
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _signatures(note: str) -> int:
    with suppress(NoteError):
        return len(parse_note(note).signatures)
    return 0


def _forked(old: Checkpoint, folder: Path) -> LedgerFault:
    reason = f"its {old.size} entries are not the first {old.size} of this ledger: one of the two has another history"
    return _refusal("FOLDER_DIFFERS", reason, str(folder))


def _refusal(code: str, reason: str, path: str) -> LedgerFault:
    remedy = "Nothing was changed. Keep both as they are, and find out which one is the record."
    return LedgerFault(code, reason, path=path, remedy=remedy)
