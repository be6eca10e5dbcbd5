"""The command line. Each command is a module of `commands`; exit status 0 done, 1 a finding, 2 bad use."""

from __future__ import annotations

from typing import Annotated

import typer

from openline import __version__
from openline.app.commands.agreement import agreement
from openline.app.commands.attachment import attachment
from openline.app.commands.backup import backup, restore
from openline.app.commands.demo import demo
from openline.app.commands.desk import ack, send, status, watch
from openline.app.commands.disclose import disclose
from openline.app.commands.evidence import export
from openline.app.commands.key_making import KEY_MAKING
from openline.app.commands.key_telling import KEY_TELLING
from openline.app.commands.keys import keys
from openline.app.commands.publish import publish
from openline.app.commands.receipts import gossip, receipts
from openline.app.commands.replay import replay
from openline.app.commands.serve import init, serve
from openline.app.commands.verify import verify
from openline.app.commands.witness import witness
from openline.app.commands.zones import zones
from openline.app.console import out

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Openline, the line that stays open for safety: tell, check, warn, answer, prove. "
    "Exit status: 0 done, 1 a finding (verification failed, alert open), 2 bad use.",
)
_NODE = (replay, serve, init, verify, publish, demo, witness)
_DESK = (send, watch, ack, status, receipts, gossip, zones, export)
for command in (*_NODE, *_DESK):
    app.command()(command)
for name, command in (*KEY_MAKING, *KEY_TELLING):
    keys.command(name)(command)
app.command()(disclose)
app.command()(backup)
app.command()(restore)
app.add_typer(keys, name="key")
app.add_typer(agreement, name="agreement")
app.add_typer(attachment, name="attachment")


def _say_version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if wanted:
        out.print(f"openline {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say it.")] = False,
) -> None:
    """Take the options that belong to no command."""
