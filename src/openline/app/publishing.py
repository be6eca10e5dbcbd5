"""Publishing a ledger's tiles: once from a data folder, or all along beside a node."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from openline.adapters.tile_folder import TileFolder
from openline.app.composition import open_reader
from openline.app.configuration import Settings, check_key
from openline.app.witnessed_head import witnessed_note
from openline.core.errors import BadUse, LedgerFault
from openline.ledger.checkpoint import Checkpoint, open_checkpoint
from openline.ledger.note import NoteVerifier
from openline.node.ports import StoreError

Report = Callable[[str, Exception], None]
"""Takes a sentence and the exception behind it."""

PAUSE_S = 1.0
"""Between two publications beside a node: commits that come meanwhile share one."""


def publish_ledger(data: Path, settings: Settings, folder: Path) -> tuple[Checkpoint, int]:
    """Bring a folder to the ledger's last checkpoint; gives that and how many files were written.

    Raises:
        LedgerFault: FOLDER_DIFFERS, or LEDGER_INVALID when the ledger does not fit its own checkpoint.
        BadUse: FILE_UNREADABLE, when nothing was recorded yet or a disk refuses.
    """
    log = NoteVerifier(settings.origin, check_key(settings.node_key, "node_key"))
    reader = open_reader(data)
    try:
        note = reader.checkpoint()
        if not note:
            raise BadUse(
                "FILE_UNREADABLE",
                "the ledger is empty: there is nothing to publish yet",
                path=str(data),
                remedy="Publish it once something has been told.",
            )
        # What is public must not be lost to the node afterwards: it would look like a fork.
        reader.settle()
        published = TileFolder(folder, log)
        since, held = published.sizes()
        written = published.publish(note, reader.leaves)
        if witnessed := witnessed_note(reader, since, held):
            written += published.publish_witnessed(witnessed)
        return open_checkpoint(note, log), written
    except StoreError as error:
        raise LedgerFault("LEDGER_INVALID", str(error), path=str(data), remedy="Restore a backup.") from error
    finally:
        reader.close()


class Publisher:
    """Keeps a folder up to date in a thread of its own. Nothing waits for it, and it never holds up a commit."""

    def __init__(self, publish: Callable[[], object], report: Report, *, pause_s: float = PAUSE_S) -> None:
        """`publish` brings the folder up to date; `report` is told when it cannot be, once for each reason."""
        self._publish = publish
        self._report = report
        self._pause_s = pause_s
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publish", daemon=True)

    def start(self) -> None:
        """Publish what there is, then whatever is committed."""
        self._news.set()
        self._thread.start()

    def committed(self, _: object = None) -> None:
        """Say that there is something new; returns at once."""
        self._news.set()

    def stop(self) -> None:
        """Publish what was committed last, then end."""
        self._stopping.set()
        self._news.set()
        self._thread.join()

    def _run(self) -> None:
        said = ""
        while True:
            self._news.wait()
            is_last = self._stopping.is_set()
            self._news.clear()
            try:
                self._publish()
                said = ""
            except Exception as error:  # noqa: BLE001 - a folder that cannot be written is no reason to stop the line
                if str(error) != said:
                    self._report("The folder of tiles is not up to date.", error)
                said = str(error)
            if is_last:
                return
            self._stopping.wait(self._pause_s)
