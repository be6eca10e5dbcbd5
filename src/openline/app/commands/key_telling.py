"""`openline key revoke`, `replace-roots`, `submit` and `show`: what a party tells of its keys, what a node holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.adapters.key_files import is_private_key
from openline.app.commands.key_making import PassphraseFile
from openline.app.configuration import check_key, write_file
from openline.app.console import out, print_json, printable, spoken_errors
from openline.app.desk import DEFAULT_NODE, Desk, submit_keys
from openline.app.key_documents import add_signature, read_signed_document, revocation, root_replacement, signed
from openline.app.passphrases import open_key
from openline.app.public_keys import read_file, read_public_key
from openline.codec.times import read_instant
from openline.core.errors import BadUse
from openline.core.key_documents import ROOT_ROLE, IssuerKey, KeyDocument, OfficerKey, Revocation, RootReplacement
from openline.core.time import to_text
from openline.keys.identify import KEY_ID_LENGTH, key_id

Node = Annotated[str, typer.Option(help="The node's address.")]


def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or its .pub file.")],
    by: Annotated[Path, typer.Option(help="A root key of the party, or the issuer of that officer.")],
    into: Annotated[Path, typer.Option("--out", help="Where the signed document goes.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    suspected_since: Annotated[str, typer.Option(help="Since when, with an offset. A claim on the record.")] = "",
    passphrase_file: PassphraseFile = None,
) -> None:
    """Sign a revocation. It counts from the moment that it is told: `openline key submit`.

    Example:
      openline key revoke alpha.pub --by alpha-root.key --out lost.json --reason "Left at the crossing"
    """
    with spoken_errors():
        name = key if _is_key_id(key) else key_id(check_key(read_public_key(Path(key)).public_key, key))
        since_ms = read_instant(suspected_since, path="--suspected-since") if suspected_since else 0
        signer = open_key(by, passphrase_file)
        raw = signed(
            revocation(name, reason, since_ms),
            [signer.signer],
            party=signer.party,
            identifier=SystemEntropy().token(),
            at_ms=SystemClock().now_ms(),
        )
        write_file(into, raw)
    out.print(f"Signed: {into}. Until it is told, the key still speaks.", markup=False)
    out.print(f"Tell it now: openline key submit {into} --node URL", markup=False)


def replace_roots(
    file: Annotated[Path, typer.Argument(help="The document: made when it is missing, else signed by one more.")],
    key: Annotated[Path, typer.Option(help="Your root key: a present one, or a new one.")],
    root: Annotated[list[Path] | None, typer.Option(help="A .pub of a root from now on; give all of them.")] = None,
    threshold: Annotated[int, typer.Option(min=1, max=20, help="How many replace them again.")] = 1,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Put other roots in place of the present ones. As many present ones sign as they have agreed, and all new ones.

    Examples:
      openline key replace-roots change.json --key root1.key --root root2.pub --root root3.pub --threshold 2

      openline key replace-roots change.json --key root2.key
    """
    with spoken_errors():
        signer = open_key(key, passphrase_file)
        if signer.role != ROOT_ROLE:
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"it is the key of a {signer.role}, and roots are replaced by roots",
                path=str(key),
                remedy="Name a root key.",
            )
        if root:
            fields = _new_roots(file, root, threshold, signer.party)
            raw = signed(fields, [signer.signer], party=signer.party, identifier=_token(), at_ms=SystemClock().now_ms())
        else:
            raw = add_signature(read_file(file), signer.signer, name=str(file))
        document, names = read_signed_document(raw, name=str(file))
        if document.party != signer.party or not isinstance(document, RootReplacement):
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"it replaces no roots of {signer.party}",
                path=str(file),
                remedy="Name another file.",
            )
        write_file(file, raw)
    out.print(f"{key_id(signer.signer.public_key)} has signed {file}: {len(names)} signatures.", markup=False)


def submit(
    file: Annotated[Path, typer.Argument(help="A signed key document.")],
    node: Node = DEFAULT_NODE,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell a node a signed key document, and print its receipt. No session and no key is needed: it speaks for itself.

    Example:
      openline key submit alpha-issuer.json --node http://localhost:8460
    """
    with spoken_errors():
        raw = read_file(file)
        read_signed_document(raw, name=str(file))
        receipt = submit_keys(node, raw)
    if json:
        print_json(receipt)
        return
    again = " It had been told before; nothing new was recorded." if receipt["duplicate"] else ""
    out.print(f"Recorded as entry {receipt['index']} at {receipt['recorded_at']}. It counts from there.{again}")


def show(
    file: Annotated[Path, typer.Argument(help="A signed key document, a .pub file or a key file.")],
    node: Annotated[str, typer.Option(help="With a key file: show what this node holds.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a file is or, with --node and your key file, which keys a node holds for whom and who vouches for each.

    Examples:
      openline key show alpha-issuer.json

      openline key show alpha.key --node http://localhost:8460
    """
    with spoken_errors():
        if node:
            with Desk(file, node) as desk:
                desk.open_session()
                found = desk.keys()
            print_json(found) if json else _print_held(found)
            return
        document = _described(file)
        if json:
            print_json(document)
            return
        for name, value in document.items():
            out.print(f"{name + ':':<18}{printable(str(value))}", markup=False)


def _described(file: Path) -> dict[str, Any]:
    """What a file says of itself; nothing is verified, and no private half is shown."""
    raw = read_file(file)
    if raw.lstrip().startswith(b"{"):
        document, names = read_signed_document(raw, name=str(file))
        return {**_fields(document), "signed_by": ", ".join(names)}
    if is_private_key(raw):
        held = open_key(file, None)
        return {
            "what": "a private key",
            "party": held.party,
            "role": held.role,
            "key_id": key_id(held.signer.public_key),
            "valid": f"{held.validity.not_before or 'as enrolled'} to {held.validity.not_after or 'taken back'}",
            "watch": held.validity.watch,
        }
    if b"\nderivation = " in raw:
        return {"what": "a root key, closed with a passphrase"}
    public = read_public_key(file)
    name = key_id(check_key(public.public_key, str(file)))
    return {"what": "a public key", "party": public.party, "role": public.role, "key_id": name}


def _fields(document: KeyDocument) -> dict[str, Any]:
    head = {"party": document.party, "id": document.id, "issued_at": to_text(document.issued_ms)}
    match document:
        case IssuerKey():
            return {"what": "vouches for an issuer key", **head, **_valid(document)}
        case OfficerKey():
            place = {"role": document.role, "watch": document.watch}
            return {"what": "vouches for an officer key", **head, **place, **_valid(document)}
        case Revocation():
            since = to_text(document.suspected_since_ms) if document.suspected_since_ms else ""
            told = {"key_id": document.key_id, "reason": document.reason, "suspected_since": since}
            return {"what": "takes back a key", **head, **told}
        case RootReplacement():
            roots = ", ".join(key_id(key) for key in document.roots)
            return {"what": "replaces the roots", **head, "roots": roots, "threshold": document.threshold}
    return head


def _valid(document: IssuerKey | OfficerKey) -> dict[str, str]:
    window = document.window
    return {"key_id": key_id(document.key), "valid": f"{to_text(window.start_ms)} to {to_text(window.end_ms)}"}


def _print_held(found: dict[str, Any]) -> None:
    for party in found["parties"]:
        roots = ", ".join(key_id(check_key(key, "roots")) for key in party["roots"]) or "none held"
        out.print(f"{party['party']}: roots {roots} (any {party['threshold']} replace them)", markup=False)
        for key in party["keys"]:
            by = f"vouched for by {key['vouched_by']}" if key["vouched_by"] else "enrolled by the operator"
            until = f", until {key['not_after']}" if key["not_after"] else ""
            standing = key["standing"].replace("_", " ")
            out.print(printable(f"  {key['key_id']}  {key['role']:<18}{standing:<10}{by}{until}"), markup=False)


def _new_roots(file: Path, root: list[Path], threshold: int, party: str) -> dict[str, Any]:
    if file.exists():
        raise BadUse(
            "FILE_UNREADABLE",
            "there is a file of this name",
            path=str(file),
            remedy="Leave --root out to sign it, or choose another name.",
        )
    found = [(path, read_public_key(path)) for path in root]
    for path, each in found:
        if (each.party, each.role) != (party, ROOT_ROLE):
            raise BadUse(
                "CONFIGURATION_INVALID", f"it is no root key of {party}", path=str(path), remedy="Name another file."
            )
    return root_replacement([check_key(each.public_key, str(path)) for path, each in found], threshold)


def _is_key_id(text: str) -> bool:
    return len(text) == KEY_ID_LENGTH and not set(text) - set("0123456789abcdef")


def _token() -> str:
    return SystemEntropy().token()


KEY_TELLING: tuple[tuple[str, Callable[..., None]], ...] = (
    ("revoke", revoke),
    ("replace-roots", replace_roots),
    ("submit", submit),
    ("show", show),
)
"""Commands by name."""
