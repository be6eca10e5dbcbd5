"""`openline key new`: a key pair for a role of a party."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.key_files import new_seed, write_key
from openline.app.console import out, spoken_errors
from openline.app.public_keys import check_public_key_file, write_public_key
from openline.core.errors import BadUse
from openline.keys.identify import key_id

_PUBLIC_SUFFIXES = {".pub", ".json"}
keys = typer.Typer(no_args_is_help=True, help="Keys: who may speak for a party.")


@keys.command("new")
def new(
    file: Annotated[Path, typer.Argument(help="Where to keep the private key, for instance alpha.key.")],
    party: Annotated[str, typer.Option(help="The party's code, for instance ALPHA.")],
    role: Annotated[str, typer.Option(help="The role of its holder; `root` signs agreements.")] = "duty_officer",
) -> None:
    """Make a key pair: FILE stays here, FILE with .pub goes to the node's operator.

    Examples:
      openline key new alpha.key --party ALPHA

      openline key new alpha-root.key --party ALPHA --role root
    """
    with spoken_errors():
        check_private_name(file)
        check_public_key_file(party, role)
        made = write_key(file, new_seed(), party=party, role=role)
        public = write_public_key(file.with_suffix(".pub"), made)
    out.print(f"Private key: {file} (only you can read it; whoever has it speaks for {party})", markup=False)
    out.print(f"Public key:  {public} (give this one away)", markup=False)
    out.print(f"Key id:      {key_id(made.signer.public_key)}", markup=False)


def check_private_name(file: Path) -> None:
    """See that a private key is not written where what is public of it goes.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    if file.suffix in _PUBLIC_SUFFIXES:
        raise BadUse(
            "FILE_UNREADABLE",
            f"a name that ends in {file.suffix} is that of what is public of a key",
            path=str(file),
            remedy="Choose another, for instance one that ends in .key.",
        )
