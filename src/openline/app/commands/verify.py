"""`openline verify`: is this ledger what its checkpoint says? Needs no network, and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from openline.adapters.bundle_file import is_bundle_file
from openline.app.commands.evidence import verify_bundle
from openline.app.commands.replay import LanguageChoice
from openline.app.composition import LEDGER_NAME, open_reader
from openline.app.configuration import read_settings
from openline.app.console import entry_progress, out, print_json, spoken_errors
from openline.app.tile_verification import is_published, verify_folder
from openline.app.verification import Report, Thoroughness, verify_ledger
from openline.core.errors import BadUse, LedgerFault
from openline.node.ports import StoreError


def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A data folder or a copy, a published folder, a bundle.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    node_key: Annotated[str, typer.Option(help="The node's public key as you know it, base64 or name+hash+key.")] = "",
    tree_only: Annotated[bool, typer.Option("--tree-only", help="Leaves and tree; no bodies, no signatures.")] = False,
    no_replay: Annotated[bool, typer.Option("--no-replay", help="All but the replay.")] = False,
    root: Annotated[list[str] | None, typer.Option(metavar="PARTY=KEY", help="For a bundle: a root you know.")] = None,
    lang: Annotated[LanguageChoice, typer.Option(help="For a bundle: language of what is said.")] = LanguageChoice.en,
) -> None:
    """Verify a ledger offline: leaves, tree, signed checkpoint; with the node's secret also bodies, signatures, replay.

    Of a folder that `openline publish` keeps, every leaf and every tile is verified. What was not checked is named.

    Of an evidence bundle, a file: everything in it, and what it proves of each notice and alert.

    Exit status 0: it verifies. 1: it does not, and where. 2: it could not be read.

    Examples:
      openline verify drill

      openline verify mirror --node-key "$KEY" --json

      openline verify alpha.evidence.zip --node-key "$KEY" --root "ALPHA=$ROOT"
    """
    asked = Thoroughness(signatures=not tree_only, replay=not (tree_only or no_replay))
    with spoken_errors():
        if not folder.exists():
            raise BadUse("FILE_UNREADABLE", "nothing is there", path=str(folder), remedy="Check the path.")
        if is_bundle_file(folder):
            verify_bundle(folder, node_key=node_key, roots=root or [], json=json, language=lang.value)
            return
        report = _verified(folder, node_key, asked)
    if json:
        print_json(msgspec.to_builtins(report))
        return
    out.print(f"The ledger of {report.origin} verifies.", style="bold green")
    out.print(f"  {report.entries} entries, root {report.root}", markup=False)
    for sentence in report.shown:
        out.print(f"  {sentence}", markup=False)
    out.print("Not checked:")
    for sentence in report.not_checked:
        out.print(f"  {sentence}", markup=False)


def _verified(folder: Path, node_key: str, asked: Thoroughness) -> Report:
    if not (folder / LEDGER_NAME).exists() and is_published(folder):
        with entry_progress("Leaves and tiles") as progress:
            return verify_folder(folder, node_key, progress)
    settings = read_settings(folder)
    if not (folder / LEDGER_NAME).exists():
        raise BadUse("FILE_UNREADABLE", "there is no ledger in it", path=str(folder), remedy="Name a data folder.")
    reader = open_reader(folder)
    try:
        with entry_progress("Verifying") as progress:
            report = verify_ledger(folder, settings, reader, node_key, asked, progress)
    except StoreError as error:
        raise LedgerFault("LEDGER_INVALID", str(error), path=str(folder), remedy="Restore a backup.") from error
    finally:
        reader.close()
    if settings.drill:
        report.shown.append("This is the ledger of a drill: it proves what the drill told, and nothing else.")
    return report
