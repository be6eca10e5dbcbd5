"""The composition root: the one place that picks adapters and puts a node together."""

from __future__ import annotations

import gc
from pathlib import Path

from openline import __version__
from openline.adapters.key_files import read_or_create_node_secret
from openline.adapters.sqlite import SqliteStore
from openline.adapters.sqlite_reader import SqliteReader
from openline.app.agreements import check_signatures, read_signed
from openline.app.configuration import FILE_NAME, Settings, check_key, write_settings
from openline.app.scenario.drill import ENGINE_VERSION
from openline.app.witness_settings import named_witnesses
from openline.codec.envelope import to_base64
from openline.core.errors import BadUse, LedgerFault
from openline.core.event import AgreementLoaded, Event, KeyEnrolled, NodeStarted
from openline.engine.finder import Engine
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
        events += [KeyEnrolled(at_ms=at_ms, party=party.code, role=key.role, key=key.key) for key in party.keys]
    roots = {party.code: check_key(party.root_key, party.code) for party in settings.parties}
    for name in settings.agreements:
        path = folder / name
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise BadUse(
                "FILE_UNREADABLE", f"it cannot be read ({error.strerror})", path=str(path), remedy="Check `agreements`."
            ) from error
        signed = read_signed(raw, name=str(path))
        check_signatures(signed, roots, name=str(path))
        agreement = signed.agreement
        events.append(AgreementLoaded(at_ms=at_ms, id=agreement.id, version=agreement.version, envelope=to_base64(raw)))
    return [*events, *named_witnesses(settings.witnesses, at_ms)]
