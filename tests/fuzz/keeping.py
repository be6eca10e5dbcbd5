"""Which inputs to keep: those that go a way through the code that none before them has gone."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

from tests.fuzz.targets import Target

Step = tuple[str, int, int]
"""A file, a line, and the line of the same function that came before it."""


def steps_of(target: Target, data: bytes) -> set[Step]:
    """Every step that the target's code, and what it calls in this project and in tomllib, takes with this input."""
    steps: set[Step] = set()

    def trace(frame: FrameType, happening: str, argument: Any) -> Any:  # noqa: ANN401 - as sys.settrace has it
        del happening, argument
        name = frame.f_code.co_filename
        if "openline" not in name and "tomllib" not in name:
            return None
        before = frame.f_code.co_firstlineno

        def line(frame: FrameType, happening: str, argument: Any) -> Any:  # noqa: ANN401 - as above
            nonlocal before
            del argument
            if happening == "line":
                steps.add((name, before, frame.f_lineno))
                before = frame.f_lineno
            return line

        return line

    sys.settrace(trace)
    try:
        target(data)
    finally:
        sys.settrace(None)
    return steps


def worth_keeping(target: Target, known: Iterable[bytes], found: Iterable[bytes]) -> list[bytes]:
    """Those of `found`, the shortest first, that take a step which nothing known nor kept takes."""
    taken: set[Step] = set()
    for data in known:
        taken |= steps_of(target, data)
    kept: list[bytes] = []
    for data in sorted(found, key=len):
        steps = steps_of(target, data)
        if steps - taken:
            taken |= steps
            kept.append(data)
    return kept
