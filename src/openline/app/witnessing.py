"""Putting witnesses together: the one beside a node, the one that runs alone, and those that a node asks."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from openline.adapters.http.witness import Report, WitnessApp, Witnessing
from openline.adapters.key_files import new_seed, read_key, write_key
from openline.adapters.witness_client import HttpWitnesses
from openline.adapters.witness_store import WitnessStore
from openline.app.configuration import Settings, make_folder, write_file
from openline.app.witness_settings import (
    WITNESS_FILE_NAME,
    LogSettings,
    WitnessFile,
    check_logs,
    check_name_of_witness,
    logs_of,
    read_witness_file,
    text_of_witness_file,
)
from openline.core.errors import BadUse
from openline.ledger.cosignature import parse_cosigner_key
from openline.node.cosigning import Cosigners, Place
from openline.node.ports import Clock, StoreError
from openline.node.secrets import NodeSecrets
from openline.node.sequencer import Sequencer
from openline.node.witness import Witness

WITNESS_STORE_NAME = "witness.sqlite"
WITNESS_KEY_NAME = "witness.key"
_ROLE = "witness"


def open_witness_store(folder: Path) -> WitnessStore:
    """What a witness remembers, in its folder.

    Raises:
        BadUse: FILE_UNREADABLE.
    """
    path = folder / WITNESS_STORE_NAME
    try:
        return WitnessStore(path)
    except StoreError as error:
        raise BadUse("FILE_UNREADABLE", str(error), path=str(path), remedy=error.remedy) from error


def witness_beside(
    folder: Path, settings: Settings, secrets: NodeSecrets, clock: Clock, report: Report, until: ExitStack
) -> Witnessing | None:
    """The witness that a node is for the logs that its settings name; None when they name none.

    What it remembers is closed at the end of `until`.

    Raises:
        BadUse: CONFIGURATION_INVALID or FILE_UNREADABLE.
    """
    logs = logs_of(settings.witnessed_logs, "openline.toml")
    if not logs:
        return None
    name = settings.witness_name or f"{settings.origin}/witness"
    store = open_witness_store(folder)
    until.callback(store.close)
    return Witnessing(Witness(name, secrets.witness, logs, store, clock), report)


def cosigners_of(settings: Settings, sequencer: Sequencer, report: Report) -> Cosigners:
    """What asks the witnesses that the settings name."""
    places = [Place(name=parse_cosigner_key(w.key).name, url=w.url) for w in settings.witnesses]
    return Cosigners(sequencer, HttpWitnesses(), places, report)


def witness_alone(folder: Path, clock: Clock, report: Report) -> tuple[WitnessFile, WitnessApp, WitnessStore]:
    """The witness of a folder that `make_witness` has made.

    Raises:
        BadUse: CONFIGURATION_INVALID or FILE_UNREADABLE.
    """
    settings = read_witness_file(folder)
    signer = read_key(folder / WITNESS_KEY_NAME).signer
    store = open_witness_store(folder)
    witness = Witness(settings.name, signer, logs_of(settings.logs), store, clock)
    return settings, WitnessApp(witness, report), store


def make_witness(folder: Path, name: str, logs: list[str], host: str, port: int) -> None:
    """Make the folder of a witness that runs alone: settings and a key.

    Raises:
        BadUse: CONFIGURATION_INVALID or FILE_UNREADABLE; nothing is written over.
    """
    where = f"{folder / WITNESS_FILE_NAME}"
    settings = WitnessFile(name=name, host=host, port=port, logs=[LogSettings(key=key) for key in logs])
    check_name_of_witness(name, where)
    check_logs(settings.logs, where)
    make_folder(folder)
    if not (folder / WITNESS_KEY_NAME).exists():
        write_key(folder / WITNESS_KEY_NAME, new_seed(), party=name, role=_ROLE)
    write_file(folder / WITNESS_FILE_NAME, text_of_witness_file(settings).encode())
