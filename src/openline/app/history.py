"""The history that a desk has seen of a ledger: it goes forward only, and every new head must continue the last one.

The last verified checkpoint lies beside the key file. One that does not continue it is kept with it as evidence.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from openline.adapters.kept_files import keep, read_kept
from openline.app.fork_evidence import format_evidence
from openline.app.ledger_door import LedgerDoor
from openline.core.errors import BadUse, LedgerFault
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from openline.ledger.note import NoteError, NoteVerifier
from openline.ledger.proof import ProofError, verify_consistency
from openline.ledger.tile_proof import TiledTree
from openline.ledger.tiles import TileError

_REMEDY = "Compare it with what the other parties hold, by telephone or mail: openline gossip {file} tells them."


class History:
    """The heads of one ledger, as one desk has seen them."""

    def __init__(self, path: Path, log: NoteVerifier, ledger: LedgerDoor) -> None:
        """Read the checkpoint that was kept at `path`.

        Raises:
            BadUse: FILE_UNREADABLE, when what is there is none of this ledger's.
        """
        self._path = path
        self._log = log
        self._ledger = ledger
        self.note = read_kept(path)
        self.head: Checkpoint | None = None
        """The largest checkpoint that was verified, None before the first."""
        if self.note:
            try:
                self.head = open_checkpoint(self.note, log)
            except (NoteError, CheckpointError) as error:
                raise BadUse(
                    "FILE_UNREADABLE",
                    f"the checkpoint that was kept is not one of {log.name} ({error})",
                    path=str(path),
                    remedy="Put it back from a copy; without it this desk cannot tell whether history was changed.",
                ) from error

    def follow(self, note: str) -> Checkpoint:
        """Take the ledger's present checkpoint, which must continue the one that was kept.

        Raises:
            LedgerFault: HISTORY_DIFFERS, also for a smaller one; the evidence is kept.
            NodeFault: NODE_UNREACHABLE, and nothing is taken.
        """
        head = self.agree(note)
        if self.head is None or head.size > self.head.size:
            self.head, self.note = head, note
            keep(self._path, note)
        elif head.size < self.head.size:
            reason = f"it shows {head.size} entries, and this desk has seen {self.head.size}: it was put back"
            raise self._contradicted(note, reason)
        return head

    def agree(self, note: str) -> Checkpoint:
        """Verify that a checkpoint, older or newer, is of the same history as the one that was kept.

        Raises:
            LedgerFault, NodeFault: as `follow`.
        """
        try:
            head = open_checkpoint(note, self._log)
        except (NoteError, CheckpointError) as error:
            raise LedgerFault(
                "HISTORY_DIFFERS",
                f"what the node shows as its checkpoint is not signed by its key ({error})",
                remedy="Call the node's operator, and rely on nothing that it shows meanwhile.",
            ) from error
        if self.head is not None and self.head.size and head.size:
            try:
                self._verify(*sorted([self.head, head], key=lambda checkpoint: checkpoint.size))
            except (ProofError, TileError) as error:
                raise self._contradicted(
                    note, f"its checkpoint does not continue the one seen before ({error})"
                ) from error
            except LedgerFault as error:
                raise self._contradicted(note, error.reason) from error
        return head

    def _verify(self, old: Checkpoint, new: Checkpoint) -> None:
        proof = TiledTree(new.size, self._ledger.tile).consistency_proof(old.size)
        verify_consistency(old=old.size, new=new.size, proof=proof, old_root=old.root, new_root=new.root)

    def _contradicted(self, note: str, reason: str) -> LedgerFault:
        text = format_evidence(self._log, self.note, note)
        name = f"fork-evidence-{sha256(text.encode()).hexdigest()[:12]}.txt"
        path = self._path.with_name(name)
        keep(path, text)
        return LedgerFault("HISTORY_DIFFERS", reason, path=str(path), remedy=_REMEDY.format(file=path))
