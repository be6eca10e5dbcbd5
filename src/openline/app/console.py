"""How the command line speaks: calm sentences on the terminal, JSON lines for programs, exit statuses for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from openline.core.errors import BadUse, LedgerFault, OpenlineError
from openline.node.recovery import Progress as EntryProgress

DONE = 0
FINDING = 1
BAD_USE = 2

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(document: dict[str, Any]) -> None:
    """One JSON line on standard output."""
    typer.echo(msgspec.json.encode(document).decode("utf-8"))


def printable(text: str) -> str:
    """The text with every character that could steer a terminal written out: it may come from elsewhere."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)


def say_drill(*, is_drill: bool) -> None:
    """Say it first, when nothing of what follows is real."""
    if is_drill:
        out.print("DRILL. EXERCICE. Nothing here is real; rien ici n'est réel.", style="bold magenta")


@contextmanager
def spoken_errors() -> Iterator[None]:
    """Turn errors into a sentence on standard error and an exit status."""
    try:
        yield
    except BadUse as error:
        raise _exit(error, BAD_USE) from error
    except LedgerFault as error:
        raise _exit(error, FINDING) from error
    except OpenlineError as error:
        raise _exit(error, BAD_USE if error.retry.value == "after_change" else FINDING) from error


@contextmanager
def entry_progress(what: str) -> Iterator[EntryProgress]:
    """A progress bar on standard error, told (done, total); on a terminal only."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(*columns, TimeRemainingColumn(), console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _exit(error: OpenlineError, status: int) -> typer.Exit:
    where = f" {error.path}:" if error.path else ""
    err.print(printable(f"{error.code}:{where} {error.reason}"), markup=False)
    if error.remedy:
        err.print(printable(f"  {error.remedy}"), markup=False)
    return typer.Exit(status)
