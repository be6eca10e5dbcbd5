"""`openline witness`: a witness that runs alone, for the ledgers of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.clock import SystemClock
from openline.adapters.http.server import serve_witness
from openline.app.console import err, out, spoken_errors
from openline.app.witness_settings import DEFAULT_WITNESS_PORT, WITNESS_FILE_NAME
from openline.app.witnessing import make_witness, witness_alone
from openline.core.errors import BadUse
from openline.ledger.cosignature import format_cosigner_key

_ADD_A_LEDGER = f"Add the key of one to {WITNESS_FILE_NAME} (under [[logs]]), and start again."


def witness(
    data: Annotated[Path, typer.Option(metavar="DIR", help="The witness's folder, made when --name is given.")],
    name: Annotated[str, typer.Option(help="Make the folder: the witness's name, for instance alpha.example/w1.")] = "",
    log: Annotated[
        list[str] | None, typer.Option(help="Make the folder: key of a ledger to watch; give all of them.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on; else that of the settings.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one, -1 that of the settings.")] = -1,
) -> None:
    """Run a witness: it cosigns checkpoints of the ledgers it watches, and never two that contradict each other.

    Examples:
      openline witness --data w --name alpha.example/w1 --log "$LEDGER_KEY"

      openline witness --data w
    """
    with spoken_errors():
        is_made = (data / WITNESS_FILE_NAME).exists()
        if (name or log) and is_made:
            raise BadUse(
                "CONFIGURATION_INVALID",
                "there is a witness in this folder already",
                path=str(data),
                remedy=f"Leave out --name and --log, and edit its {WITNESS_FILE_NAME}.",
            )
        if name:
            make_witness(data, name, log or [], host or "127.0.0.1", DEFAULT_WITNESS_PORT if port < 0 else port)
        settings, app, store = witness_alone(data, SystemClock(), _report)
        try:
            out.print("Its key, for agreements and for the settings of the nodes that ask it:", highlight=False)
            out.print(f"  {format_cosigner_key(app.witness.cosigner)}", markup=False, soft_wrap=True, highlight=False)
            for origin in sorted(app.witness.logs):
                out.print(f"It watches {origin}.", markup=False)
            if not app.witness.logs:
                out.print(f"It watches no ledger yet, and cosigns nothing. {_ADD_A_LEDGER}", markup=False)
            serve_witness(app, host or settings.host, settings.port if port < 0 else port, _say_ready)
        finally:
            store.close()


def _say_ready(url: str) -> None:
    out.print(f"Witnessing on {url} - stop with Ctrl-C.", style="bold", markup=False)


def _report(sentence: str, error: Exception) -> None:
    err.print(f"{sentence} ({error})", style="bold red", markup=False)
