"""`openline demo`: what `make demo` runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openline.app.commands.replay import LanguageChoice, forget_drill_folder, make_drill_folder, show
from openline.app.commands.serve import run_node
from openline.app.composition import open_store
from openline.app.console import out, spoken_errors
from openline.app.scenario.loading import load_scenario

SCENARIO = Path("scenarios/al-bab-2017.toml")
FOLDER = Path("demo-data")


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="End after the replay.")] = False,
    scenario: Annotated[Path, typer.Option(help="Another scenario.")] = SCENARIO,
    data: Annotated[
        Path, typer.Option(help="Where the drill's ledger goes; an earlier drill there is replaced.")
    ] = FOLDER,
    port: Annotated[int, typer.Option(help="Port to serve on; 0 takes a free one.")] = 8460,
    lang: Annotated[LanguageChoice, typer.Option(help="Language of the timeline.")] = LanguageChoice.en,
) -> None:
    """Replay the drill on al-Bab, 9 February 2017, then serve its node on this machine only.

    Example:
      openline demo --exit
    """
    with spoken_errors():
        loaded = load_scenario(scenario)
        forget_drill_folder(data)
        make_drill_folder(loaded, data)
        store = open_store(data)
        try:
            show(loaded, store, party="", as_json=False, lang=lang)
        finally:
            store.close()
        out.print(f"\nThe ledger is in {data}. Verify it: .venv/bin/openline verify {data}", markup=False)
        if not leave:
            run_node(data, port=port)
