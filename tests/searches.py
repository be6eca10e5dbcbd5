"""The other search: what must come out the same is done once with each."""

from __future__ import annotations

from openline.engine.compiling import HAS_COMPILER
from openline.engine.finder import Engine


def other_engine() -> Engine:
    """An engine with the compiled search, where there is a compiler."""
    if not HAS_COMPILER:
        return Engine()
    from openline.engine.compiled.search import CompiledSearch  # noqa: PLC0415 - compiles for seconds at first

    return Engine(CompiledSearch())
