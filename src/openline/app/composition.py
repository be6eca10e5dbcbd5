"""The composition root: the one place that picks adapters and puts a node together."""

from __future__ import annotations

import gc
from pathlib import Path

from openline import __version__
from openline.adapters.attachments import KEYS_NAME, FileAttachments
from openline.adapters.key_files import read_or_create_node_secret
from openline.adapters.sqlite import SqliteStore
from openline.adapters.sqlite_reader import SqliteReader
from openline.app.agreements import check_signatures, read_signed
from openline.app.configuration import FILE_NAME, Settings, write_settings
from openline.app.scenario.drill import ENGINE_VERSION
from openline.app.witness_settings import named_witnesses
from openline.codec.envelope import from_base64, to_base64
from openline.core.errors import BadUse, LedgerFault
from openline.core.event import AgreementLoaded, Event, KeyEnrolled, NodeStarted, RootsEnrolled
from openline.core.key_documents import ISSUER_ROLE, ROOT_ROLE, RootSet
from openline.engine.finder import Engine
from openline.keys.identify import key_id
from openline.node.line import Line
from openline.node.ports import StoreError
from openline.node.recovery import Progress
from openline.node.secrets import NodeSecrets
from openline.node.state import EngineMaker, State

LEDGER_NAME = "ledger.sqlite"
SECRET_NAME = "node.secret"  # noqa: S105 - the name of a file, not a secret


def open_store(folder: Path) -> SqliteStore:
    """The store of a data folder.

    Raises:
        BadUse: FILE_UNREADABLE, when another node uses it or the disk refuses.
    """
    try:
        return SqliteStore(folder / LEDGER_NAME)
    except StoreError as error:
        raise BadUse(
            "FILE_UNREADABLE",
            str(error),
            path=str(folder / LEDGER_NAME),
            remedy=error.remedy,
        ) from error


def open_reader(folder: Path) -> SqliteReader:
    """The ledger of a data folder, to be read only, also beside the node that writes it.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    path = folder / LEDGER_NAME
    try:
        return SqliteReader(path)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(path), remedy=error.remedy) from error


def open_attachments(folder: Path, settings: Settings) -> FileAttachments:
    """The attachments of a data folder; their keys are kept for backups where the settings say.

    Raises:
        BadUse: FILE_UNREADABLE, when their keys cannot be read.
    """
    escrow = folder / settings.attachment_escrow if settings.attachment_escrow else None
    try:
        return FileAttachments(folder, escrow)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(folder / KEYS_NAME), remedy=error.remedy) from error


def open_line(
    folder: Path,
    settings: Settings,
    store: SqliteStore,
    progress: Progress | None = None,
    make_engine: EngineMaker = Engine,
) -> Line:
    """The line of a data folder, its ledger read back and verified.

    Raises:
        LedgerFault: when the ledger does not verify.
        BadUse: when the disk refuses.
    """
    if store.size() and not (folder / SECRET_NAME).exists():
        raise BadUse(
            "FILE_UNREADABLE",
            "the node's secret is missing, and the ledger beside it cannot be continued without it",
            path=str(folder / SECRET_NAME),
            remedy="Put it back from where you keep it; a new one would not fit.",
        )
    secrets = NodeSecrets(read_or_create_node_secret(folder / SECRET_NAME))
    line = Line(store, secrets, settings.origin, make_engine)
    # reading back makes millions of values and no cycles: looking for some doubles the time
    gc.disable()
    try:
        line.open(progress)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(folder), remedy=error.remedy) from error
    finally:
        gc.enable()
    check_drill_mark(line.state, settings)
    node_key = to_base64(secrets.signer.public_key)
    if settings.node_key != node_key:
        settings.node_key = node_key
        write_settings(folder, settings)
    return line


def check_drill_mark(state: State, settings: Settings) -> None:
    """The ledger says whether it is a drill's; settings that say otherwise would show the one as the other.

    Raises:
        LedgerFault: LEDGER_INVALID.
    """
    if state.started is None or state.started[4] == settings.drill:
        return
    said, set_to = ("a drill's", "false") if state.started[4] else ("no drill's", "true")
    raise LedgerFault(
        "LEDGER_INVALID",
        f"the ledger is {said}, and the settings say drill = {set_to}",
        path=FILE_NAME,
        remedy="Put `drill` in openline.toml back as it was.",
    )


def settled(folder: Path, settings: Settings, line: Line, at_ms: int) -> list[Event]:
    """What the settings ask for, to be recorded: this start, the keys, the agreements that every party has signed.

    Raises:
        BadUse: AGREEMENT_UNSIGNED, AGREEMENT_INVALID or FILE_UNREADABLE.
    """
    events: list[Event] = [
        NodeStarted(
            at_ms=at_ms,
            engine=ENGINE_VERSION,
            openline=__version__,
            node_key=to_base64(line.secrets.signer.public_key),
            origin=settings.origin,
            is_drill=settings.drill,
            resumed_at=line.committed,
        )
    ]
    for party in settings.parties:
        roots = party.roots()
        keys = tuple(map(to_base64, roots.keys))
        events.append(RootsEnrolled(at_ms=at_ms, party=party.code, keys=keys, threshold=roots.threshold))
        for key in party.keys:
            _check_place(line.state, party.code, key.key)
            events.append(KeyEnrolled(at_ms=at_ms, party=party.code, role=key.role, key=key.key))
    events += _agreements(folder, settings, line.state, at_ms)
    return [*events, *named_witnesses(settings.witnesses, at_ms)]


def present_roots(settings: Settings, state: State) -> dict[str, RootSet]:
    """The roots of every party: those of the ledger; those of the settings for a party that it holds none of."""
    return {party.code: state.keyring.roots(party.code) or party.roots() for party in settings.parties}


def overruled_roots(settings: Settings, state: State) -> list[str]:
    """Parties whose roots the settings name otherwise than the ledger: there the ledger counts."""
    held = present_roots(settings, state)
    return [
        party.code
        for party in settings.parties
        if (set(held[party.code].keys), held[party.code].threshold)
        != (set(party.roots().keys), party.roots().threshold)
    ]


def _check_place(state: State, party: str, key: str) -> None:
    """The operator's word does not move a key to another party, nor let a root or an issuer tell."""
    known = state.keyring.known(key_id(from_base64(key)))
    if known is not None and (known.party != party or known.role in {ROOT_ROLE, ISSUER_ROLE}):
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"the ledger holds the key {key_id(known.public_key)} as {known.role} of {known.party}",
            path=f"{FILE_NAME}: parties {party}",
            remedy="Have another key made for this role.",
        )


def _agreements(folder: Path, settings: Settings, state: State, at_ms: int) -> list[Event]:
    """Agreements that are not in the ledger yet. What was loaded once was signed as the rules of its day asked."""
    events: list[Event] = []
    roots, seen = present_roots(settings, state), set[str]()
    for name in settings.agreements:
        path = folder / name
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BadUse(
                "FILE_UNREADABLE", f"it cannot be read ({error.strerror})", path=str(path), remedy="Check `agreements`."
            ) from error
        signed = read_signed(raw, name=str(path))
        agreement = signed.agreement
        if state.register.holds(agreement.id, agreement.version):
            continue
        is_change = agreement.id in seen or state.register.get(agreement.id) is not None
        check_signatures(signed, roots, name=str(path), keyring=state.keyring, at_ms=at_ms, is_change=is_change)
        seen.add(agreement.id)
        events.append(AgreementLoaded(at_ms=at_ms, id=agreement.id, version=agreement.version, envelope=to_base64(raw)))
    return events
