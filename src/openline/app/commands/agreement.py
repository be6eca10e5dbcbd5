"""`openline agreement sign` and `show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from openline.app.agreements import add_signature, read_signed
from openline.app.configuration import write_file
from openline.app.console import out, spoken_errors
from openline.app.passphrases import open_key
from openline.app.public_keys import read_file
from openline.codec.agreements import read_agreement
from openline.codec.durations import write_duration
from openline.core.agreement import Agreement, ExclusiveChannel
from openline.core.errors import BadUse
from openline.core.key_documents import ROOT_ROLE, SIGNATORY_ROLE
from openline.core.time import to_text

agreement = typer.Typer(no_args_is_help=True, help="Agreements: the terms that every check and timer is taken from.")


@agreement.command("sign")
def sign(
    file: Annotated[Path, typer.Argument(help="The agreement's TOML, or one that others have signed already.")],
    key: Annotated[Path, typer.Option(help="A root key file of the party, or that of a signatory.")],
    into: Annotated[Path, typer.Option("--out", help="Where the signed agreement goes.")],
    passphrase_file: Annotated[Path | None, typer.Option(help="A file with the passphrase, for scripts.")] = None,
) -> None:
    """Sign an agreement. Every party signs, a change by two people of each; the order does not matter.

    Examples:
      openline agreement sign first.toml --key alpha-root.key --out first.signed.json

      openline agreement sign first.signed.json --key bravo-root.key --out first.signed.json
    """
    with spoken_errors():
        signer = open_key(key, passphrase_file)
        if signer.role not in {ROOT_ROLE, SIGNATORY_ROLE}:
            raise BadUse(
                "AGREEMENT_INVALID",
                f"{key} is the key of a {signer.role}, and only a root key signs agreements, and a signatory changes",
                path="--key",
                remedy="Make one with `openline key root FILE --party CODE`.",
            )
        raw = read_file(file)
        signed = add_signature(raw, signer.signer, name=str(file))
        terms = read_signed(signed, name=str(file)).agreement
        if terms.signatory(signer.party) is None:
            raise BadUse(
                "AGREEMENT_INVALID", f"{signer.party} is no party of it", path=str(file), remedy="Use another key."
            )
        write_file(into, signed)
    out.print(f"{signer.party} has signed {terms.id} version {terms.version}: {into}", markup=False)


@agreement.command("show")
def show(file: Annotated[Path, typer.Argument(help="An agreement, signed or not.")]) -> None:
    """Show the terms of an agreement, and how many have signed it.

    Example:
      openline agreement show agreements/ru-tr-2017.toml
    """
    with spoken_errors():
        raw = read_file(file)
        if raw.lstrip().startswith(b"{"):
            signed = read_signed(raw, name=str(file))
            terms, count = signed.agreement, len(signed.envelope.signatures)
        else:
            terms, count = read_agreement(raw, name=str(file)), 0
    out.print(terms.title, style="bold", markup=False)
    table = Table(show_header=False, box=None)
    for name, value in _rows(terms, count):
        table.add_row(name, value)
    out.print(table)


def _rows(terms: Agreement, signatures: int) -> list[tuple[str, str]]:
    timers, leads = terms.timers, terms.lead_times
    scope = [n for n in ("air_air", "air_ground", "ground_ground") if getattr(terms.scope, n)]
    radii = ", ".join(f"{name} {radius:g} m" for name, radius in terms.protection_radii_m.items())
    told = (leads.normal_ms, leads.emergency_ms, leads.minimum_useful_ms)
    answers = (timers.flash_ms, timers.immediate_ms, timers.priority_ms, timers.routine_ms)
    return [
        ("id", f"{terms.id} version {terms.version}"),
        ("parties", ", ".join(f"{s.code} ({s.name}, {s.capacity.value})" for s in terms.signatories)),
        ("signatures", f"{signatures}, for {len(terms.signatories)} parties"),
        ("in force", f"{to_text(terms.window.start_ms)} to {to_text(terms.window.end_ms)}"),
        ("status", f"text {terms.legal_status.value}, channel {terms.channel_status.value}"),
        ("scope", ", ".join(scope) or "none; humanitarian objects are judged all the same"),
        (
            "minima",
            f"{terms.lateral_m:g} m lateral, {terms.vertical_m:g} m vertical, {write_duration(terms.separation_ms)}",
        ),
        ("protection radii", radii),
        ("lead times", "normal {}, emergency {}, minimum useful {}".format(*map(write_duration, told))),
        ("answers within", "FLASH {}, IMMEDIATE {}, PRIORITY {}, ROUTINE {}".format(*map(write_duration, answers))),
        ("presence", f"to be confirmed every {write_duration(terms.presence_refresh_ms)}"),
        ("witnesses", _witnesses(terms)),
        ("private presence", f"grid {terms.private.grid_m:g} m, offset up to {terms.private.offset_m:g} m"),
        *(("exclusive channel", _exclusive(channel)) for channel in terms.exclusive_channels),
    ]


def _witnesses(terms: Agreement) -> str:
    named = ", ".join(f"{witness.key.partition('+')[0]} for {witness.party}" for witness in terms.witnesses)
    if not terms.witness_quorum:
        return f"{named or 'none'}; how many must have cosigned is not agreed"
    return f"those of {terms.witness_quorum} parties must have cosigned; they are {named}"


def _exclusive(channel: ExclusiveChannel) -> str:
    kinds = ", ".join(sorted(channel.kinds)) or "everything"
    return f"{channel.id}: {kinds} from {channel.sender} to {', '.join(channel.receivers)}"
