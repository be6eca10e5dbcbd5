"""`openline verify`: is this ledger what its checkpoint says, and does it replay? Needs no network."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from openline.adapters.key_files import read_or_create_node_secret
from openline.app.composition import LEDGER_NAME, SECRET_NAME, check_drill_mark, open_store
from openline.app.configuration import Settings, check_key, read_settings
from openline.app.console import entry_progress, out, print_json, spoken_errors
from openline.core.errors import BadUse, LedgerFault
from openline.ledger.checkpoint import CheckpointError, open_checkpoint
from openline.ledger.leaf import body_salt
from openline.ledger.note import NoteError, NoteVerifier
from openline.ledger.verify import LedgerFault as EntryFault
from openline.ledger.verify import verify_entries
from openline.node.ports import Record, Store, StoreError
from openline.node.recovery import Progress
from openline.node.replay import replay as replay_ledger
from openline.node.secrets import NodeSecrets


def verify(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A data folder, or a copy of one.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    node_key: Annotated[str, typer.Option(help="The node's public key as you know it, base64.")] = "",
) -> None:
    """Verify a ledger offline: leaves, tree, signed checkpoint, and with the node's secret also bodies and a replay.

    Exit status 0: it verifies. 1: it does not, and where. 2: it could not be read.

    Examples:
      openline verify drill

      openline verify copy-of-ledger --node-key "$KEY" --json
    """
    with spoken_errors():
        settings = read_settings(folder)
        if not (folder / LEDGER_NAME).exists():
            raise BadUse("FILE_UNREADABLE", "there is no ledger in it", path=str(folder), remedy="Name a data folder.")
        store = open_store(folder)
        try:
            report = examine(folder, settings, store, node_key)
        except StoreError as error:
            raise LedgerFault("LEDGER_INVALID", str(error), path=str(folder), remedy="Restore a backup.") from error
        finally:
            store.close()
    if json:
        print_json(report)
        return
    out.print(f"The ledger of {report['origin']} verifies.", style="bold green")
    out.print(f"  {report['entries']} entries, root {report['root']}", markup=False)
    for sentence in report["shown"]:
        out.print(f"  {sentence}", markup=False)


def examine(folder: Path, settings: Settings, store: Store, node_key: str) -> dict[str, Any]:
    """Verify everything that can be; gives what was shown.

    Raises:
        LedgerFault: at the first thing that does not verify.
    """
    if not store.checkpoint() and not store.size():
        raise BadUse(
            "FILE_UNREADABLE",
            "the ledger is empty: nothing has been recorded in it yet",
            path=str(folder),
            remedy="Verify it once something has been told.",
        )
    key = check_key(node_key or settings.node_key, "node_key")
    try:
        head = open_checkpoint(store.checkpoint(), NoteVerifier(settings.origin, key))
    except (CheckpointError, NoteError) as error:
        raise _fault(f"its checkpoint is not one that the node's key signed ({error})") from error
    secret_path = folder / SECRET_NAME
    secrets = NodeSecrets(read_or_create_node_secret(secret_path)) if secret_path.exists() else None
    with entry_progress("Leaves and tree") as progress:
        entries = (
            (record.leaf, None, None)
            if secrets is None
            else (record.leaf, record.body, body_salt(secrets.salt, record.index))
            for record in _counted(store, progress, head.size)
        )
        try:
            verify_entries(entries, head)
        except EntryFault as error:
            raise _fault(str(error)) from error
    shown = ["Every leaf is in the tree, and the node's key signed its root."]
    if secrets is None:
        shown.append("Bodies were not opened: the node's secret is not in this folder.")
    else:
        shown.append("Every body fits its leaf.")
        with entry_progress("Replay") as progress:
            state = replay_ledger(store, secrets, settings.origin, progress)
        check_drill_mark(state, settings)
        shown.append("A replay of what was told gives every alert and every other entry, byte for byte.")
    if settings.drill:
        shown.append("This is the ledger of a drill: it proves what the drill told, and nothing else.")
    return {
        "verified": True,
        "origin": settings.origin,
        "drill": settings.drill,
        "entries": head.size,
        "root": b64encode(head.root).decode("ascii"),
        "shown": shown,
    }


def _counted(store: Store, progress: Progress, total: int) -> Iterator[Record]:
    for record in store.read():
        if record.index % 1_000 == 0:
            progress(record.index, total)
        yield record


def _fault(reason: str) -> LedgerFault:
    return LedgerFault(
        "LEDGER_INVALID",
        f"the ledger does not verify: {reason}",
        remedy="Keep the files as they are and compare them with a mirror or a backup.",
    )
