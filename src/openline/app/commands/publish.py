"""`openline publish`: the ledger as a folder of tiles, for mirrors and monitors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openline.app.configuration import read_settings
from openline.app.console import out, print_json, spoken_errors
from openline.app.publishing import publish_ledger


def publish(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The data folder of a node, running or not.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the tiles go; made when it is missing.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write the ledger's tiles and checkpoint into a folder (C2SP tlog-tiles), or bring that folder up to date.

    Any static file server can show it to mirrors and monitors. It holds no body and no name. A folder that holds
    another ledger, a longer one or another history is left as it is.

    Exit status 0: done. 1: the folder and the ledger contradict each other. 2: it could not be read or written.

    Example:
      openline publish --data node --to public
    """
    with spoken_errors():
        head, written = publish_ledger(data, read_settings(data), to)
    if json:
        print_json({"origin": head.origin, "entries": head.size, "files_written": written, "folder": str(to)})
        return
    out.print(f"{to} holds {head.size} entries of {head.origin}; {written} files were written.", markup=False)
