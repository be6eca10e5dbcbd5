"""One search by coverage for bytes that break one target: a process of its own, which ends when libFuzzer says so.

    python -m tests.fuzz.search TARGET [flags of libFuzzer] [folders]

Needs atheris, the dependency group `fuzz`. `tests.fuzz.run` is what people call.
"""

from __future__ import annotations

import sys

import atheris

_OF_FORM = 2
"""One change in so many keeps the form of a document, where it has one; the others are libFuzzer's own."""

with atheris.instrument_imports(include=["openline", "tomllib"]):
    from tests.fuzz.all_targets import TARGETS
    from tests.fuzz.mutation import is_text, mutated


def _change(data: bytes, max_size: int, seed: int) -> bytes:
    if seed % _OF_FORM and (is_text(data) or is_text(data[1:])):
        return mutated(data, seed)[:max_size]
    return bytes(atheris.Mutate(data, max_size))


def main() -> None:
    """Search until a flag or a finding ends it."""
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], lambda data: target(data) and None, custom_mutator=_change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
