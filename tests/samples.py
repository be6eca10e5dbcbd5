"""How many samples a test draws: few in `make test`, many in `make soak`."""

from __future__ import annotations

import os

SOAK = os.environ.get("OPENLINE_SOAK") == "1"


def counts(quick: int, full: int) -> int:
    """Return `full` in a soak, `quick` otherwise."""
    return full if SOAK else quick
