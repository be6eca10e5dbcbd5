"""`openline key root`, `issuer` and `officer`: keys that a party vouches for itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.adapters.key_files import KeyFile, Validity, new_seed, write_key
from openline.adapters.root_files import write_root
from openline.app.commands.keys import check_private_name
from openline.app.configuration import write_file
from openline.app.console import out, spoken_errors
from openline.app.key_documents import issuer_key, officer_key, signed
from openline.app.passphrases import ask_passphrase, open_key
from openline.app.public_keys import check_public_key_file, write_public_key
from openline.codec.times import read_instant
from openline.core.errors import BadUse
from openline.core.key_documents import ISSUER_MAX_MS, ISSUER_ROLE, OFFICER_MAX_MS, ROOT_ROLE
from openline.core.time import DAY_MS, to_text
from openline.keys.identify import key_id

PassphraseFile = Annotated[Path | None, typer.Option(help="A file with the passphrase, for scripts.")]
Start = Annotated[str, typer.Option("--from", help="When its validity begins, with an offset; now when left out.")]


def root(
    file: Annotated[Path, typer.Argument(help="Where to keep the root key: a stick that lies in a safe.")],
    party: Annotated[str, typer.Option(help="The party's code.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a root key, closed with a passphrase. FILE with .pub goes to the operator and to the other parties.

    Example:
      openline key root alpha-root.key --party ALPHA
    """
    with spoken_errors():
        check_private_name(file)
        check_public_key_file(party, ROOT_ROLE)
        made = write_root(file, new_seed(), ask_passphrase(str(file), passphrase_file, is_new=True), party=party)
        public = write_public_key(file.with_suffix(".pub"), made)
    out.print(f"Root key:    {file} (offline, in a safe; the passphrase in another)", markup=False)
    out.print(f"Public key:  {public} (to the operator, and from hand to hand to the other parties)", markup=False)
    out.print(f"Key id:      {key_id(made.signer.public_key)}", markup=False)


def issuer(
    file: Annotated[Path, typer.Argument(help="Where to keep the issuer key.")],
    root_key: Annotated[Path, typer.Option("--root", help="A root key of the party.")],
    document: Annotated[Path | None, typer.Option(help="Where the signed document goes; FILE with .json.")] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="For how many days it is valid.")] = 90,
    start: Start = "",
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make an issuer key that a root vouches for. It counts once the document is told: `openline key submit`.

    Example:
      openline key issuer alpha-issuer.key --root alpha-root.key
    """
    with spoken_errors():
        check_private_name(file)
        vouching = _of_role(open_key(root_key, passphrase_file), ROOT_ROLE, root_key)
        start_ms = _start(start)
        end_ms = start_ms + min(days * DAY_MS, ISSUER_MAX_MS)
        validity = Validity(not_before=to_text(start_ms), not_after=to_text(end_ms))
        made = write_key(file, new_seed(), party=vouching.party, role=ISSUER_ROLE, validity=validity)
        fields = issuer_key(made.signer.public_key, start_ms, end_ms)
        told = _write_document(document or file.with_suffix(".json"), fields, vouching, made)
    _say(made, file, told)


def officer(
    file: Annotated[Path, typer.Argument(help="Where to keep the officer's key.")],
    issuer_file: Annotated[Path, typer.Option("--issuer", help="The party's issuer key.")],
    watch: Annotated[str, typer.Option(help="The watch that it is for, never a person's name.")],
    role: Annotated[str, typer.Option(help="The role of its holder.")] = "duty_officer",
    document: Annotated[Path | None, typer.Option(help="Where the signed document goes; FILE with .json.")] = None,
    days: Annotated[int, typer.Option(min=1, max=31, help="For how many days it is valid.")] = 14,
    start: Start = "",
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make an officer key for one role and one watch that an issuer vouches for. It never outlives the issuer.

    Example:
      openline key officer alpha.key --issuer alpha-issuer.key --watch "First watch, March"
    """
    with spoken_errors():
        check_private_name(file)
        vouching = _of_role(open_key(issuer_file, passphrase_file), ISSUER_ROLE, issuer_file)
        check_public_key_file(vouching.party, role)
        start_ms = _start(start)
        latest_ms = read_instant(vouching.validity.not_after, path=str(issuer_file))
        end_ms = min(start_ms + min(days * DAY_MS, OFFICER_MAX_MS), latest_ms)
        if end_ms <= start_ms:
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"the issuer is valid until {vouching.validity.not_after}, and the officer would begin later",
                path="--from",
                remedy="Make a new issuer: openline key issuer.",
            )
        validity = Validity(not_before=to_text(start_ms), not_after=to_text(end_ms), watch=watch)
        made = write_key(file, new_seed(), party=vouching.party, role=role, validity=validity)
        fields = officer_key(made.signer.public_key, role, watch, start_ms, end_ms)
        told = _write_document(document or file.with_suffix(".json"), fields, vouching, made)
    _say(made, file, told)


def _write_document(path: Path, fields: dict[str, object], vouching: KeyFile, made: KeyFile) -> Path:
    raw = signed(
        fields,
        [vouching.signer, made.signer],
        party=vouching.party,
        identifier=SystemEntropy().token(),
        at_ms=SystemClock().now_ms(),
    )
    write_file(path, raw)
    return path


def _of_role(key: KeyFile, role: str, path: Path) -> KeyFile:
    if key.role == role:
        return key
    article = "an" if role == ISSUER_ROLE else "a"
    raise BadUse(
        "CONFIGURATION_INVALID",
        f"it is the key of a {key.role}, and {article} {role} is asked for",
        path=str(path),
        remedy=f"Make one with `openline key {role}`.",
    )


def _start(text: str) -> int:
    return read_instant(text, path="--from") if text else SystemClock().now_ms() // 1000 * 1000


def _say(made: KeyFile, file: Path, document: Path) -> None:
    out.print(f"Private key: {file} ({made.role} of {made.party})", markup=False)
    out.print(f"Valid:       {made.validity.not_before} to {made.validity.not_after}", markup=False)
    out.print(f"Document:    {document} (tell it: openline key submit {document} --node URL)", markup=False)
    out.print(f"Key id:      {key_id(made.signer.public_key)}", markup=False)


KEY_MAKING: tuple[tuple[str, Callable[..., None]], ...] = (("root", root), ("issuer", issuer), ("officer", officer))
"""Commands by name."""
