"""`openline serve` and `openline init`: a node of one's own."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.adapters.head_file import HeadFile
from openline.adapters.http.app import build_app
from openline.adapters.http.server import serve as serve_app
from openline.adapters.key_files import read_or_create_node_secret
from openline.app.agreements import check_signatures, read_signed
from openline.app.composition import SECRET_NAME, open_attachments, open_line, open_store, overruled_roots, settled
from openline.app.configuration import (
    FILE_NAME,
    KeySettings,
    PartySettings,
    Settings,
    make_folder,
    read_settings,
    write_file,
    write_settings,
)
from openline.app.console import entry_progress, err, out, spoken_errors
from openline.app.continuing import go_on
from openline.app.public_keys import read_file, read_public_key
from openline.app.publishing import Publisher, publish_ledger
from openline.app.restored import take_mark_off
from openline.app.searching import engine_maker
from openline.app.witnessing import cosigners_of, witness_beside
from openline.codec.envelope import to_base64
from openline.core.errors import BadUse
from openline.core.key_documents import ROOT_ROLE
from openline.ledger.cosignature import format_cosigner_key
from openline.ledger.note import NoteVerifier, format_verifier_key
from openline.node.line import Line
from openline.node.secrets import NodeSecrets
from openline.node.sequencer import Sequencer
from openline.node.sessions import Sessions

_GC_THRESHOLDS = (20_000, 20, 50)
"""Hardly anything that a notice leaves behind is part of a cycle; the default of 700 looks far too often."""


def serve(
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="The data folder.")],
    host: Annotated[str, typer.Option(help="Address to listen on; the settings name a default.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one, -1 that of the settings.")] = -1,
    trust_backup: Annotated[str, typer.Option(help="How you know that nothing was recorded after the backup.")] = "",
) -> None:
    """Serve a node until stopped with Ctrl-C. The ledger is read and verified first.

    Example:
      openline serve --data node
    """
    with spoken_errors():
        run_node(data, host=host, port=port, trust_backup=trust_backup)


def run_node(data: Path, *, host: str = "", port: int = -1, trust_backup: str = "") -> None:
    """Open the ledger of a data folder and serve it until stopped.

    Raises:
        OpenlineError: when it cannot be opened or does not verify.
    """
    settings = read_settings(data)
    make_engine = engine_maker(settings.search)
    clock = SystemClock()
    with ExitStack() as until:
        store = open_store(data)
        until.callback(store.close)
        with entry_progress("Reading the ledger") as progress:
            line = open_line(data, settings, store, progress, make_engine)
        _settle_memory()
        now_ms = clock.now_ms()
        _settle(data, settings, line, trust_backup, now_ms)
        until.callback(HeadFile(data, line, clock).write)
        sequencer = Sequencer(line, clock, _report)
        witness = witness_beside(data, settings, line.secrets, clock, _report, until)
        if witness is not None:
            key, logs = format_cosigner_key(witness.witness.cosigner), ", ".join(sorted(witness.witness.logs))
            out.print(f"Witness of {logs}; its key: {key}", soft_wrap=True, markup=False)
        node = build_app(
            sequencer,
            Sessions(clock, SystemEntropy()),
            is_drill=settings.drill,
            report=_report,
            cosigners=cosigners_of(settings, sequencer, _report),
            witness=witness,
            attachments=open_attachments(data, settings),
        )
        with publishing(data, settings, line):
            serve_app(node, host or settings.host, settings.port if port < 0 else port, _say_ready)


def _settle(data: Path, settings: Settings, line: Line, trust_backup: str, now_ms: int) -> None:
    """Record from what the node goes on, if it may, and what the settings ask for."""
    continued = go_on(data, settings, line, trust_backup, now_ms, _say_silent)
    line.administer(now_ms, [*continued, *settled(data, settings, line, now_ms)])
    take_mark_off(data)
    for party in overruled_roots(settings, line.state):
        err.print(
            f"The settings name other roots of {party} than the ledger. Those of the ledger count, "
            f"and only {party} itself replaces them: openline key replace-roots.",
            style="yellow",
            markup=False,
        )


@contextmanager
def publishing(data: Path, settings: Settings, line: Line) -> Iterator[None]:
    """Keep the folder of tiles that the settings name up to date meanwhile; its path is read from the data folder."""
    if not settings.publish:
        yield
        return
    folder = data / settings.publish
    publisher = Publisher(lambda: publish_ledger(data, settings, folder), _report)
    line.listen(publisher.committed)
    publisher.start()
    try:
        yield
    finally:
        publisher.stop()


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new data folder.")],
    origin: Annotated[str, typer.Option(help="The ledger's name, for instance line.example/north.")],
    public_key: Annotated[list[Path], typer.Option(help="A party's .pub file; give all of them, roots included.")],
    agreement: Annotated[list[Path], typer.Option(help="A signed agreement; give all of them.")],
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8460,
) -> None:
    """Make the data folder of a node from public keys and signed agreements.

    Example:
      openline init node --origin line.example/north --public-key alpha.pub --public-key alpha-root.pub
      --public-key bravo.pub --public-key bravo-root.pub --agreement first.signed.json
    """
    with spoken_errors():
        if (folder / FILE_NAME).exists():
            raise BadUse(
                "FILE_UNREADABLE", "it is a data folder already", path=str(folder), remedy="Edit its openline.toml."
            )
        parties = _parties(public_key)
        roots = {party.code: party.roots() for party in parties}
        signed = {path: read_file(path) for path in agreement}
        for path, raw in signed.items():
            check_signatures(read_signed(raw, name=str(path)), roots, name=str(path))
        make_folder(folder)
        secrets = NodeSecrets(read_or_create_node_secret(folder / SECRET_NAME))
        for path, raw in signed.items():
            write_file(folder / path.name, raw)
        settings = Settings(
            origin=origin,
            port=port,
            agreements=[path.name for path in agreement],
            parties=parties,
            node_key=to_base64(secrets.signer.public_key),
        )
        write_settings(folder, settings)
    out.print(f"Made {folder}. Start it with: openline serve --data {folder}", markup=False)
    out.print(f"Node key: {settings.node_key} (give it to every party: it is what they verify with)", markup=False)
    ledger_key = format_verifier_key(NoteVerifier(origin, secrets.signer.public_key))
    out.print(f"Ledger key: {ledger_key} (give it to witnesses)", markup=False, soft_wrap=True)


def _settle_memory() -> None:
    """What was read back stays for good: the collector of cycles need not look at it again with every notice."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


def _parties(files: list[Path]) -> list[PartySettings]:
    roots: dict[str, list[str]] = {}
    keys: dict[str, list[KeySettings]] = {}
    for path in files:
        found = read_public_key(path)
        if found.role == ROOT_ROLE:
            roots.setdefault(found.party, []).append(found.public_key)
        else:
            keys.setdefault(found.party, []).append(KeySettings(role=found.role, key=found.public_key))
    for party in keys:
        if party not in roots:
            raise BadUse(
                "CONFIGURATION_INVALID",
                f"there is no root key of {party} among the public keys",
                path="--public-key",
                remedy="Make one with `openline key root FILE --party CODE`.",
            )
    return [_party(party, named, keys.get(party, [])) for party, named in roots.items()]


def _party(code: str, roots: list[str], keys: list[KeySettings]) -> PartySettings:
    """Of several roots, more than half replace them, unless the settings are changed before the first start."""
    if len(roots) == 1:
        return PartySettings(code=code, root_key=roots[0], keys=keys)
    return PartySettings(code=code, root_keys=roots, root_threshold=len(roots) // 2 + 1, keys=keys)


def _say_silent(who: str) -> None:
    err.print(f"{who} gave no answer: whether more was signed than is here, it cannot say.", style="yellow")


def _say_ready(url: str) -> None:
    shown = url.replace("//127.0.0.1:", "//localhost:")
    out.print(f"Serving on {shown} - stop with Ctrl-C.", style="bold", markup=False)


def _report(sentence: str, error: Exception) -> None:
    err.print(f"{sentence} ({error})", style="bold red", markup=False)
