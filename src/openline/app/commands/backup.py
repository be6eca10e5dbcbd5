"""`openline backup` and `openline restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.clock import SystemClock
from openline.app.backups import back_up, begin_anew, restore_into
from openline.app.configuration import read_settings
from openline.app.console import entry_progress, err, out, spoken_errors
from openline.core.errors import BadUse


def backup(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The data folder of a node, running or not.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="The new folder for the backup.")],
    with_secret: Annotated[bool, typer.Option("--with-secret", help="Take the node's secret along.")] = False,
) -> None:
    """Back up a node while it runs, and verify the backup.

    Example:
      openline backup --data node --to /media/backups/2026-03-01
    """
    with spoken_errors():
        settings = read_settings(data)
        with entry_progress("Backing up") as progress:
            made = back_up(data, to, with_secret=with_secret, at_ms=SystemClock().now_ms(), progress=progress)
    out.print(f"{to} holds {made.entries} entries of {made.origin}, and its tree verifies.", markup=False)
    if with_secret:
        out.print("It holds the node's secret: whoever has it has the node's key, and can open every body.")
    else:
        out.print("The node's secret is not in it: keep that elsewhere, for without it no node can go on from this.")
    boxes = sum(name.startswith("attachments/") for name in made.files)
    if boxes and settings.attachment_escrow:
        out.print(f"The keys of {boxes} attachments are in {settings.attachment_escrow}, and only there.", markup=False)
    elif boxes:
        err.print(f"{boxes} attachments are in it, and their keys nowhere: set attachment_escrow.", style="yellow")


def restore(
    folder: Annotated[Path, typer.Argument(metavar="BACKUP", help="A folder that `openline backup` has made.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The new data folder.")],
    secret: Annotated[Path | None, typer.Option(help="The node.secret, when the backup has none.")] = None,
    attachment_keys: Annotated[Path | None, typer.Option(help="The escrow file with the keys of attachments.")] = None,
    new_origin: Annotated[str, typer.Option(help="Begin a new ledger of this name in place of the lost one.")] = "",
    checkpoint: Annotated[Path | None, typer.Option(help="With it: the last checkpoint known of the lost one.")] = None,
) -> None:
    """Put a backup into a new data folder, verified. The node that goes on from it first asks witnesses what they saw.

    Examples:
      openline restore /media/backups/2026-03-01 --data node --secret node.secret

      openline restore /media/backups/2026-03-01 --data node --new-origin line.example/north-2 --checkpoint last
    """
    with spoken_errors():
        if checkpoint is not None and not new_origin:
            raise BadUse(
                "CONFIGURATION_INVALID",
                "a checkpoint is named by a new ledger",
                path="--checkpoint",
                remedy="Give --new-origin too.",
            )
        if new_origin:
            _begin(folder, data, new_origin, checkpoint)
        else:
            _put_back(folder, data, secret, attachment_keys)


def _begin(folder: Path, data: Path, origin: str, checkpoint: Path | None) -> None:
    with entry_progress("Reading the backup") as progress:
        mark, key, has_left_escrow = begin_anew(folder, data, origin, checkpoint, progress)
    out.print(
        f"{data} begins {origin}. Its first entry will name the last checkpoint of {mark.origin}: {mark.size} entries.",
        markup=False,
    )
    out.print(f"Node key: {key} (give it to every party and witness)", markup=False)
    if has_left_escrow:
        _say_escrow()


def _put_back(folder: Path, data: Path, secret: Path | None, keys: Path | None) -> None:
    with entry_progress("Restoring") as progress:
        done = restore_into(folder, data, secret=secret, keys=keys, progress=progress)
    out.print(f"{data} holds {done.manifest.entries} entries of {done.manifest.origin}.", markup=False)
    for sentence in done.shown:
        out.print(f"  {sentence}", markup=False)
    if done.attachments or done.without_key:
        out.print(f"  {done.attachments} attachments can be read; of {done.without_key} the key is not here.")
    if done.has_left_escrow:
        _say_escrow()
    if not done.has_secret:
        err.print("The node's secret is not in it: put node.secret there before you start it.", style="yellow")
    out.print("Whatever was recorded after the backup is not in it. The node asks its witnesses before it goes on.")


def _say_escrow() -> None:
    err.print(
        "The escrow file stays as it is: keys that are only there would be lost. Restore with --attachment-keys to go "
        "on with it, or set attachment_escrow to a new file.",
        style="yellow",
    )
