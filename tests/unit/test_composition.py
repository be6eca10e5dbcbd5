"""Putting a node together from its folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from openline.app.commands.replay import make_drill_folder
from openline.app.composition import SECRET_NAME, open_line, open_store
from openline.app.configuration import read_settings
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay
from openline.core.errors import BadUse

SCENARIO = Path(__file__).parents[2] / "scenarios" / "al-bab-2017.toml"


def test_a_ledger_without_its_secret_is_not_continued(tmp_path: Path) -> None:
    folder = tmp_path / "drill"
    scenario = load_scenario(SCENARIO)
    make_drill_folder(scenario, folder)
    store = open_store(folder)
    try:
        entries = len([line for line in Replay(scenario, store).run() if "index" in line])
        assert open_line(folder, read_settings(folder), store).committed <= entries
        (folder / SECRET_NAME).unlink()
        with pytest.raises(BadUse, match="secret is missing"):
            open_line(folder, read_settings(folder), store)
        assert not (folder / SECRET_NAME).exists()
    finally:
        store.close()


def test_a_second_node_on_one_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "drill"
    make_drill_folder(load_scenario(SCENARIO), folder)
    store = open_store(folder)
    try:
        with pytest.raises(BadUse, match="another node"):
            open_store(folder)
    finally:
        store.close()
