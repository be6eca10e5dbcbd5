"""`openline replay`: a scenario, in order of time, for people or for programs."""

from __future__ import annotations

import shutil
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from openline.adapters.key_files import write_key
from openline.adapters.memory import MemoryStore
from openline.app.composition import LEDGER_NAME, SECRET_NAME, open_store
from openline.app.configuration import (
    FILE_NAME,
    KeySettings,
    PartySettings,
    Settings,
    make_folder,
    write_settings,
)
from openline.app.console import out, print_json, spoken_errors
from openline.app.scenario.drill import Drill
from openline.app.scenario.lines import as_told, public_summary
from openline.app.scenario.loading import Scenario, load_scenario
from openline.app.scenario.running import Replay
from openline.app.timeline import Timeline
from openline.codec.envelope import to_base64
from openline.core.errors import BadUse
from openline.node.ports import Store


class LanguageChoice(StrEnum):
    """Languages of what officers read."""

    en = "en"
    fr = "fr"


def replay(
    file: Annotated[Path, typer.Argument(help="The scenario, a TOML file.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
    party: Annotated[str, typer.Option("--as", metavar="PARTY", help="Only what this party is told.")] = "",
    data: Annotated[Path | None, typer.Option(help="Keep the drill's ledger and keys in this new folder.")] = None,
    branch: Annotated[str, typer.Option(help="Which branch of the scenario; the file names a default.")] = "",
    lang: Annotated[LanguageChoice, typer.Option(help="Language of the timeline.")] = LanguageChoice.en,
) -> None:
    """Replay a scenario on an embedded node, in order of time.

    Examples:
      openline replay scenarios/al-bab-2017.toml

      openline replay scenarios/al-bab-2017.toml --branch answered --as TUR

      openline replay scenarios/al-bab-2017.toml --json --data drill
    """
    with spoken_errors():
        scenario = load_scenario(file, branch=branch)
        _check_party(scenario, party)
        store: Store = MemoryStore() if data is None else _drill_store(scenario, data)
        try:
            show(scenario, store, party=party, as_json=json, lang=lang)
        finally:
            store.close()


def show(scenario: Scenario, store: Store, *, party: str, as_json: bool, lang: LanguageChoice) -> None:
    """Replay into `store` and print what was asked for."""
    timeline = Timeline(out, lang.value)
    if not as_json:
        timeline.head(scenario, is_whole=not party)
    for line in Replay(scenario, store).run():
        shown = line
        if party and line["kind"] == "summary":
            shown = public_summary(line)
        elif party and not as_told(line, party):
            continue
        if as_json:
            print_json(shown)
        else:
            timeline.line(shown)


def make_drill_folder(scenario: Scenario, folder: Path) -> None:
    """A data folder for the scenario's drill: settings, public keys' private halves, signed agreements.

    Raises:
        BadUse: FILE_UNREADABLE, when the folder holds something already.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BadUse("FILE_UNREADABLE", "the folder is not empty", path=str(folder), remedy="Name a new folder.")
    make_folder(folder)
    drill = Drill(scenario)
    secret = folder / SECRET_NAME
    secret.touch(mode=0o600)
    secret.write_bytes(drill.node_secret)
    parties = []
    keys = folder / "keys"
    keys.mkdir()
    for party in scenario.table.parties:
        root = drill.signer(party.code, "root").public_key
        settings = PartySettings(code=party.code, name=party.name, root_key=to_base64(root))
        for role in party.roles:
            key = drill.signer(party.code, role).public_key
            settings.keys.append(KeySettings(role=role, key=to_base64(key)))
            write_key(keys / f"{party.code}-{role}.key", drill.seed(party.code, role), party=party.code, role=role)
        parties.append(settings)
    names = []
    for raw, agreement in scenario.agreements:
        name = f"{agreement.id}.signed.json"
        (folder / name).write_bytes(drill.signed(raw, agreement.parties))
        names.append(name)
    node_key = to_base64(drill.secrets().signer.public_key)
    write_settings(
        folder, Settings(origin=drill.origin, drill=True, agreements=names, parties=parties, node_key=node_key)
    )


def forget_drill_folder(folder: Path) -> None:
    """Remove a data folder that an earlier drill has left. Anything else is left alone.

    Raises:
        BadUse: FILE_UNREADABLE, when it is no drill's folder, or a node uses it.
    """
    if not folder.exists():
        return
    settings = folder / FILE_NAME
    if not settings.exists() or "drill = true" not in settings.read_text(encoding="utf-8"):
        raise BadUse("FILE_UNREADABLE", "this is not the folder of a drill", path=str(folder), remedy="Name another.")
    if (folder / LEDGER_NAME).exists():
        open_store(folder).close()
    shutil.rmtree(folder)


def _drill_store(scenario: Scenario, folder: Path) -> Store:
    make_drill_folder(scenario, folder)
    if (folder / LEDGER_NAME).exists():
        raise BadUse("FILE_UNREADABLE", "it holds a ledger already", path=str(folder), remedy="Name a new folder.")
    return open_store(folder)


def _check_party(scenario: Scenario, party: str) -> None:
    codes = [table.code for table in scenario.table.parties]
    if party and party not in codes:
        known = ", ".join(codes)
        raise BadUse(
            "SCENARIO_INVALID",
            f"{party} is no party of it; its parties are {known}",
            path=scenario.path,
            remedy="Name one of them with --as.",
        )
