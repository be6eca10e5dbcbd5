"""Packages that only the full run needs; the dependency group `bench` has them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from bench.engine_parts.server import Unavailable


def optional(name: str) -> Any:  # noqa: ANN401 -- a package without types, or none
    """The package, or Unavailable, which says how to get it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise Unavailable(f"The package {error.name} is not installed: uv sync --group bench") from error
