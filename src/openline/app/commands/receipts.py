"""`openline receipts` and `openline gossip`: what the node promised, and checkpoints told from hand to hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import to_builtins

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.app.commands.alarms import alarms_json, end_with, say_custody
from openline.app.commands.desk import Json, Key, Node, NodeKey
from openline.app.console import FINDING, err, out, print_json, printable, spoken_errors
from openline.app.desk import DEFAULT_NODE, Desk
from openline.app.fork_evidence import EvidenceError, is_evidence, read_evidence
from openline.app.receipts import TOLERANCE_MS, Standing
from openline.core.errors import BadUse
from openline.core.time import SECOND_MS

_STYLES = {Standing.BROKEN: "bold red", Standing.PROMISED: "yellow"}


def receipts(
    key: Key,
    node: Node = DEFAULT_NODE,
    node_key: NodeKey = "",
    agreement: Annotated[
        list[Path] | None,
        typer.Option(help="A signed agreement: it says whose cosignatures count. It is kept; may be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Fetch and verify the proofs of everything that you sent, keep them, and say which promises are kept.

    Exit status 1 when a deadline has passed without proof, or the node shows something else than it promised.

    Example:
      openline receipts --key alpha.key
    """
    with spoken_errors():
        signed = [(str(path), _read(path).encode()) for path in agreement or ()]
        with Desk(key, node, node_key) as desk:
            for name, raw in signed:
                desk.custody.remember(raw, name=name)
            desk.look()
            shown = desk.custody.review(SystemClock().now_ms())
            custody = desk.custody
    if json:
        print_json({"receipts": [to_builtins(entry) for entry in shown], "alarms": alarms_json(custody)})
        end_with(custody)
        return
    if not shown:
        out.print("No receipt is kept beside this key: nothing was sent from here yet.")
    for entry in shown:
        line = (
            f"  #{entry.index:<8} {entry.standing.value:<10} told {entry.told_at}, {entry.promised} by {entry.deadline}"
        )
        out.print(printable(f"{line}  {entry.note}".rstrip()), style=_STYLES.get(entry.standing, ""), markup=False)
    out.print(f"Deadlines are judged by this machine's clock, with {TOLERANCE_MS // SECOND_MS} seconds to spare.")
    say_custody(custody)
    end_with(custody)


def gossip(
    file: Annotated[Path, typer.Argument(help="A checkpoint that somebody holds, or a file of fork evidence.")],
    key: Key,
    node: Node = DEFAULT_NODE,
    node_key: NodeKey = "",
    check: Annotated[bool, typer.Option("--check", help="Only look at it, and tell nobody.")] = False,
    json: Json = False,
) -> None:
    """Compare a checkpoint that came from another party with what you have seen, and hand it in, so that all learn.

    Exit status 1 when it shows two histories.

    Example:
      openline gossip checkpoint-of-bravo.txt --key alpha.key
    """
    with spoken_errors(), Desk(key, node, node_key) as desk:
        text = _read(file)
        notes = _notes(text, file)
        custody = desk.custody
        custody.look()
        for note in notes:
            custody.compare(note)
        handed: list[int] = []
        for note in () if check else notes:
            fields = {"type": "sighting", "note": note}
            clock = SystemClock()
            envelope = desk.pen.declaration(fields, identifier=SystemEntropy().token(), at_ms=clock.now_ms())
            answer = desk.declare(envelope)
            custody.take(answer, envelope, clock.now_ms())
            handed.append(answer["index"])
    is_proof = is_evidence(text) and read_evidence(text).is_proof
    if json:
        print_json({"proof": is_proof, "entries": handed, "alarms": alarms_json(custody)})
    else:
        if is_proof:
            err.print("It proves two histories: one key has signed both.", style="bold red")
        elif not custody.alarms:
            out.print("It is of the same history as the one that this desk has seen.", style="green")
        for index in handed:
            out.print(f"Recorded as entry {index}: whoever it concerns is told.")
        say_custody(custody)
    end_with(custody)
    if is_proof:
        raise typer.Exit(FINDING)


def _notes(text: str, file: Path) -> tuple[str, ...]:
    if not is_evidence(text):
        return (text,)
    try:
        return read_evidence(text).notes
    except EvidenceError as error:
        raise BadUse(
            "FILE_UNREADABLE", f"it is no evidence: {error}", path=str(file), remedy="Ask for the file as it was kept."
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadUse(
            "FILE_UNREADABLE", f"it cannot be read ({reason})", path=str(path), remedy="Check its name."
        ) from error
