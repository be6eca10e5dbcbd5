"""`openline attachment`: what travels beside a notice, and can be erased."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.app.attaching import Waiting, opened, send_waiting
from openline.app.commands.desk import Json, Key, Node
from openline.app.configuration import write_private_file
from openline.app.console import out, print_json, say_drill, spoken_errors
from openline.app.desk import DEFAULT_NODE, Desk

attachment = typer.Typer(no_args_is_help=True, help="What travels beside a notice: get it, send it again, erase it.")

Digest = Annotated[str, typer.Argument(help="The attachment's digest, as the notice has it.")]


@attachment.command("get")
def get(
    digest: Digest,
    key: Key,
    to: Annotated[Path, typer.Option("--out", help="Where the attachment goes.")],
    salt: Annotated[Path | None, typer.Option(help="Keep its salt here: with it the digest proves the bytes.")] = None,
    node: Node = DEFAULT_NODE,
) -> None:
    """Fetch an attachment of a notice that you told or that was disclosed to you, and check it against its digest.

    Example:
      openline attachment get 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef --out crew.pdf
      --key alpha.key
    """
    with spoken_errors(), Desk(key, node) as desk:
        desk.open_session()
        chance, content = opened(desk.attachment(digest), digest)
        write_private_file(to, content)
        if salt is not None:
            write_private_file(salt, chance)
    out.print(f"{to}: {len(content)} bytes, as the notice names them.", markup=False)


@attachment.command("send")
def send_again(digest: Digest, key: Key, node: Node = DEFAULT_NODE) -> None:
    """Send an attachment whose notice is recorded, and which could not be sent with it.

    Example:
      openline attachment send 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef --key alpha.key
    """
    with spoken_errors(), Desk(key, node) as desk:
        waiting = Waiting(key)
        waiting.content(digest)
        desk.open_session()
        send_waiting(desk, waiting, [digest])
    out.print("The node has it.")


@attachment.command("erase")
def erase(
    digest: Digest,
    key: Key,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    node: Node = DEFAULT_NODE,
    json: Json = False,
) -> None:
    """Have an attachment of yours destroyed, in every backup too. It cannot be taken back; the notice stays.

    Example:
      openline attachment erase 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef --key alpha.key
    """
    fields = {"type": "erasure", "attachment": digest} | ({"reason": reason} if reason else {})
    with spoken_errors(), Desk(key, node) as desk:
        envelope = desk.pen.declaration(fields, identifier=SystemEntropy().token(), at_ms=SystemClock().now_ms())
        receipt = desk.declare(envelope)
        Waiting(key).sent(digest)  # one that the node never got goes too
    if json:
        print_json(receipt)
        return
    say_drill(is_drill=receipt["drill"])
    out.print(f"Recorded as entry {receipt['index']} at {receipt['recorded_at']}: the node destroys it.", markup=False)
    out.print("Copies that others have read are theirs: ask them to destroy them too.")
