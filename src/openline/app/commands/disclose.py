"""`openline disclose`: open one entry of one's own to one reader. It is an entry itself."""

from __future__ import annotations

from typing import Annotated

import typer

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.app.commands.desk import Json, Key, Node
from openline.app.console import out, print_json, say_drill, spoken_errors
from openline.app.desk import DEFAULT_NODE, Desk
from openline.core.errors import BadUse


def disclose(
    entry: Annotated[int, typer.Argument(min=0, help="Index of an entry that you told or were told.")],
    key: Key,
    to: Annotated[str, typer.Option(metavar="PARTY", help="The party that may read it from now on.")] = "",
    inquiry: Annotated[str, typer.Option(metavar="WORDS", help="A reader outside the line, in words.")] = "",
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    node: Node = DEFAULT_NODE,
    json: Json = False,
) -> None:
    """Open one entry of yours to one reader: a party of an agreement of yours, or an inquiry. It cannot be taken back.

    Examples:
      openline disclose 412 --to BRAVO --reason "the crossing of 9 February" --key alpha.key

      openline disclose 412 --inquiry "Board of inquiry, case 7" --key alpha.key
    """
    with spoken_errors():
        if bool(to) == bool(inquiry):
            raise BadUse(
                "CONFIGURATION_INVALID",
                "a disclosure has one reader",
                path="--to, --inquiry",
                remedy="Give either --to PARTY or --inquiry WORDS.",
            )
        fields = {"type": "disclosure", "entry": entry, "to": to, "inquiry": inquiry, "reason": reason}
        with Desk(key, node) as desk:
            envelope = desk.pen.declaration(
                {name: value for name, value in fields.items() if value != ""},
                identifier=SystemEntropy().token(),
                at_ms=SystemClock().now_ms(),
            )
            receipt = desk.declare(envelope)
    if json:
        print_json(receipt)
        return
    say_drill(is_drill=receipt["drill"])
    out.print(f"Recorded as entry {receipt['index']} at {receipt['recorded_at']}.", markup=False)
    if to:
        out.print(f"{to} may read entry {entry} from now on, and nothing else by this.", markup=False)
    else:
        out.print(f"That you show entry {entry} to others is on the record; the node shows it to nobody.", markup=False)
