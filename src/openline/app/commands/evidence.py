"""`openline export`, and `openline verify` of what it writes: what a party told and was told, for whoever doubts it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from msgspec import Struct

from openline.adapters.bundle_file import SUFFIX, pack, read_bundle, unpack
from openline.adapters.key_files import read_or_create_node_secret
from openline.app.composition import LEDGER_NAME, SECRET_NAME, open_reader
from openline.app.configuration import Settings, check_key, read_settings
from openline.app.console import FINDING, entry_progress, out, print_json, printable, spoken_errors
from openline.app.desk import DEFAULT_NODE, Desk
from openline.app.evidence_page import print_report
from openline.app.evidence_report import to_document
from openline.codec.times import read_instant
from openline.core.errors import BadUse, LedgerFault
from openline.core.evidence import EvidenceBundle, Span
from openline.core.time import FOREVER_MS
from openline.keys.signing import WeakKey
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.leaf import Salts
from openline.ledger.note import NoteError, NoteVerifier, parse_verifier_key
from openline.ledger.tree import Tree, leaf_hash
from openline.node.bundle_examination import Examination, Pins, examine
from openline.node.evidence import Asked, Source, gather
from openline.node.holdings import Holdings, of_records, of_state
from openline.node.ports import Record, Records, StoreError
from openline.node.recovery import Progress, recover
from openline.node.secrets import NodeSecrets
from openline.node.silence import stretches_of, written
from openline.node.state import State
from openline.record.wording import Language

Query = dict[str, str | list[str]]


def export(  # noqa: PLR0913, PLR0917 - each option of a command is a parameter
    data: Annotated[Path | None, typer.Option(help="The node's data folder, on its own machine.")] = None,
    party: Annotated[str, typer.Option(help="Whose bundle, with --data.")] = "",
    key: Annotated[Path | None, typer.Option(help="Your key file, to ask a node for your own bundle.")] = None,
    node: Annotated[str, typer.Option(help="The node's address, with --key.")] = DEFAULT_NODE,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="From this time on, RFC 3339.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Up to this time.")] = "",
    from_index: Annotated[int, typer.Option(min=0, help="From this entry on.")] = 0,
    to_index: Annotated[int | None, typer.Option(min=0, help="Up to this entry.")] = None,
    inquiry: Annotated[str, typer.Option(help="Only what was disclosed to this inquiry, in the same words.")] = "",
    absence: Annotated[
        list[str] | None, typer.Option(metavar="CHANNEL", help="Show what is not on this exclusive channel.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--out", help="Where to write it. No file is written over.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write what a party told and was told into one file that proves it offline: an evidence bundle.

    On the node's machine name its folder and the party; anywhere else your key file and the node. What was written has
    been verified.

    Examples:
      openline export --data node --party ALPHA --from 2026-03-01T00:00:00Z --to 2026-03-02T00:00:00Z

      openline export --key alpha.key --node http://localhost:8460 --out mine.evidence.zip
    """
    with spoken_errors():
        span = Span(
            first=from_index,
            end=to_index,
            since_ms=read_instant(since, path="--from") if since else 0,
            until_ms=read_instant(until, path="--to") if until else FOREVER_MS,
        )
        if (data is None) == (key is None) or (data is not None) != bool(party):
            raise BadUse(
                "CONFIGURATION_INVALID",
                "a bundle is made from a data folder, or asked of a node",
                path="--data, --key",
                remedy="Give --data and --party on the node's machine, or --key and --node.",
            )
        channels = tuple(absence or ())
        if channels and inquiry:
            raise BadUse(
                "CONFIGURATION_INVALID",
                "a proof of absence opens more than an inquiry is shown",
                path="--absence, --inquiry",
                remedy="Make two bundles.",
            )
        if data is not None:
            bundle, found = _of_folder(data, Asked(party=party, span=span, inquiry=inquiry, absences=channels))
        else:
            query = _query(since, until, from_index, to_index, inquiry)
            bundle, found = _of_node(_given(key), node, {**query, "absence": list(channels)})
        path = file or Path(_name(bundle))
        _write(path, pack(bundle))
    if json:
        print_json({"file": str(path), **to_document(found)})
        return
    shown = len(bundle.opened)
    out.print(printable(f"Written to {path}: {shown} entries of {bundle.manifest.party}, verified."), markup=False)
    if inquiry and not shown:
        out.print("Nothing was disclosed to this inquiry in these words, so it shows nothing: see `openline disclose`.")
    out.print(printable(f"Anyone can check it: openline verify {path}"), markup=False)


def verify_bundle(path: Path, *, node_key: str, roots: list[str], json: bool, language: Language) -> None:
    """Verify an evidence bundle and say what it proves.

    Raises:
        BadUse: when it or a key cannot be read.
        typer.Exit: status 1, when something in it does not verify.
    """
    pins = Pins(node_key=_node_key(node_key) if node_key else b"", roots=_roots(roots))
    found = examine(read_bundle(path), pins)
    if json:
        print_json(to_document(found))
    else:
        print_report(found, language)
    if found.faults:
        raise typer.Exit(FINDING)


def _of_folder(folder: Path, asked: Asked) -> tuple[EvidenceBundle, Examination]:
    settings = read_settings(folder)
    if asked.party not in {party.code for party in settings.parties}:
        raise BadUse(
            "CONFIGURATION_INVALID", f"{asked.party} is no party here", path="--party", remedy="See openline.toml."
        )
    if not (folder / SECRET_NAME).exists() or not (folder / LEDGER_NAME).exists():
        raise BadUse(
            "FILE_UNREADABLE",
            "bodies are opened with the node's ledger and its secret, and one of them is not in this folder",
            path=str(folder),
            remedy="Name the data folder of a node, or ask the node: openline export --key FILE --node URL.",
        )
    store = open_reader(folder)
    try:
        bundle = _gathered(folder, settings, store, asked)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(folder), remedy=error.remedy) from error
    finally:
        store.close()
    return bundle, _checked(bundle, Pins(node_key=_node_key(bundle.manifest.node_key)))


def _gathered(folder: Path, settings: Settings, store: Records, asked: Asked) -> EvidenceBundle:
    secrets = NodeSecrets(read_or_create_node_secret(folder / SECRET_NAME))
    note = store.checkpoint()
    if not note:
        raise BadUse("FILE_UNREADABLE", "nothing is recorded in it yet", path=str(folder), remedy="Tell something.")
    with entry_progress("Reading the ledger") as progress:
        seen = _seen(store, secrets, settings.origin, asked, progress)
    source = Source(
        record=store.get,
        salts=Salts(secrets.salt),
        tree=seen.tree,
        node_key=NoteVerifier(settings.origin, secrets.signer.public_key),
        checkpoint=note,
        sign=lambda size: sign_checkpoint(Checkpoint(settings.origin, size, seen.tree.root(size)), secrets.signer),
        is_drill=settings.drill,
    )
    with entry_progress("Opening entries") as progress:
        bundle = gather(source, seen.holdings, asked, progress)
    if seen.state is None:
        return bundle
    witnessed = seen.holdings.witnessed
    stretches = stretches_of(seen.state, source, asked.party, asked.absences, asked.span, witnessed)
    return msgspec.structs.replace(bundle, absences=written(stretches, source))


class _Seen(Struct, frozen=True, kw_only=True):
    """A ledger that was read through."""

    tree: Tree
    holdings: Holdings
    state: State | None
    """Only where it was asked for: it takes longer than all the rest."""


def _seen(store: Records, secrets: NodeSecrets, origin: str, asked: Asked, progress: Progress) -> _Seen:
    """What lies where. Only for a proof of absence is the state rebuilt, which knows the exclusive channels."""
    if asked.absences:
        state, journal = recover(store, secrets, origin, progress)
        return _Seen(tree=journal.tree, holdings=of_state(state, asked.party), state=state)
    tree = Tree()
    holdings = of_records(_grown(store, tree, progress), asked.party)
    return _Seen(tree=tree, holdings=holdings, state=None)


def _grown(store: Records, tree: Tree, progress: Progress) -> Iterator[Record]:
    total = store.size()
    for record in store.read():
        tree.append(leaf_hash(record.leaf))
        if record.index % 1_000 == 0:
            progress(record.index, total)
        yield record


def _of_node(key: Path, node: str, query: Query) -> tuple[EvidenceBundle, Examination]:
    with Desk(key, node) as desk:
        desk.open_session()
        pins = Pins(node_key=desk.custody.log.public_key)
        bundle = _with_receipts(unpack(desk.evidence(query)), desk)
        if bundle.manifest.party != desk.key.party:
            raise _unsound(f"it is the bundle of {bundle.manifest.party}, and your key is that of {desk.key.party}")
    return bundle, _checked(bundle, pins)


def _with_receipts(bundle: EvidenceBundle, desk: Desk) -> EvidenceBundle:
    """The receipts that this desk has kept of entries in the range; also of one that the node does not show."""
    if bundle.manifest.inquiry:
        return bundle
    span = range(bundle.manifest.from_index, bundle.manifest.to_index)
    kept = {one.index: one.receipt for one in desk.custody.receipts.all() if one.index in span}
    return msgspec.structs.replace(bundle, receipts=kept)


def _checked(bundle: EvidenceBundle, pins: Pins) -> Examination:
    found = examine(bundle, pins)
    for fault in found.faults:
        where = "" if fault.entry is None else f"entry {fault.entry}: "
        raise _unsound(f"{where}{fault.reason}")
    return found


def _unsound(reason: str) -> LedgerFault:
    return LedgerFault(
        "LEDGER_INVALID",
        f"what was exported does not verify, and nothing was written: {reason}",
        remedy="Verify the ledger on the node's machine, and keep what you have.",
    )


def _query(since: str, until: str, from_index: int, to_index: int | None, inquiry: str) -> dict[str, str]:
    texts = {"from": since, "to": until, "inquiry": inquiry, "from_index": str(from_index) if from_index else ""}
    texts |= {} if to_index is None else {"to_index": str(to_index)}
    return {name: text for name, text in texts.items() if text}


def _given(key: Path | None) -> Path:
    if key is None:
        raise AssertionError
    return key


def _name(bundle: EvidenceBundle) -> str:
    manifest = bundle.manifest
    return f"{manifest.party}-{manifest.from_index}-{manifest.to_index}{SUFFIX}"


def _write(path: Path, raw: bytes) -> None:
    try:
        with path.open("xb") as file:
            file.write(raw)
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE", f"it cannot be written ({error.strerror})", path=str(path), remedy="Name another file."
        ) from error


def _node_key(text: str) -> bytes:
    """A node's key as base64, or as the verifier key that others name it by."""
    try:
        return parse_verifier_key(text).public_key
    except (NoteError, WeakKey):
        return check_key(text, "--node-key")


def _roots(texts: list[str]) -> dict[str, tuple[bytes, ...]]:
    """Root keys by party, from PARTY=KEY."""
    roots: dict[str, tuple[bytes, ...]] = {}
    for text in texts:
        party, found, key = text.partition("=")
        if not found:
            raise BadUse(
                "CONFIGURATION_INVALID", f"{text[:100]!r} is no party and key", path="--root", remedy="PARTY=KEY."
            )
        roots[party] = (*roots.get(party, ()), check_key(key, "--root"))
    return roots
