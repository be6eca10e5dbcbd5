"""Which search the engine of a node gets, made ready before anybody waits for it."""

from __future__ import annotations

from openline.adapters.machine_code import keep_machine_code
from openline.app.configuration import SearchChoice
from openline.app.console import entry_progress, err
from openline.core.errors import BadUse
from openline.engine.compiling import HAS_COMPILER
from openline.engine.finder import Engine
from openline.node.state import EngineMaker


def engine_maker(choice: SearchChoice) -> EngineMaker:
    """What makes the engines of a node. Compiles the search if it was never compiled here, with a word of progress.

    Raises:
        BadUse: CONFIGURATION_INVALID, when the compiled search is asked for and there is no compiler.
    """
    if choice is SearchChoice.PLAIN or (choice is SearchChoice.AUTO and not HAS_COMPILER):
        return Engine
    if not HAS_COMPILER:
        raise BadUse(
            "CONFIGURATION_INVALID",
            "the compiled search needs the package numba, which is not installed",
            path="search",
            remedy='Install numba, or set search = "auto".',
        )
    keep_machine_code()
    # not before the folder for machine code is known
    from openline.engine.compiled.search import CompiledSearch  # noqa: PLC0415
    from openline.engine.compiled.warming import STEPS, warm  # noqa: PLC0415

    with entry_progress("Preparing the search (compiled once, about half a minute)") as progress:
        for done in warm():
            progress(done, STEPS)
    return lambda: Engine(CompiledSearch())


def prepare() -> None:
    """Compile the search now, so that no start waits for it; nothing where there is no compiler."""
    if HAS_COMPILER:
        err.print("Preparing the conflict search: compiled once, about half a minute.", markup=False)
    engine_maker(SearchChoice.AUTO)


if __name__ == "__main__":
    prepare()
