"""Power cuts at the operations of a recorded life, and what had been promised by then."""

from __future__ import annotations

import random
from collections.abc import Container, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Generic, TypeVar

from msgspec import Struct

from tests.faults.trace import Does, Flavour, Operation, Remains, Trouble
from tests.samples import SOAK

WAYS = ("error", "torn", "full", "lasting")
"""How an operation fails: once, once in the middle, for want of room, or three times running."""
_EACH = 10


class Promise(Struct, frozen=True):
    """Something that left the process because it was on disk."""

    began: int
    """Operations of the disk before its commit began."""
    at: int
    """Operations of the disk before it left."""


Given = TypeVar("Given", bound=Promise)


class Recorded(Struct, Generic[Given], frozen=True):
    """What was done to the disk, and what was promised meanwhile."""

    operations: list[Operation]
    given: list[Given]
    faults: int = 0


class Cut(Struct, Generic[Given], frozen=True):
    """What a power cut leaves, and the promises that had left the process by then."""

    where: str
    files: dict[str, bytes]
    given: list[Given]

    def put(self, folder: Path) -> None:
        """Write the files that are left into a folder, in place of what is there."""
        for path in folder.iterdir():
            path.unlink()
        for name, content in self.files.items():
            (folder / name).write_bytes(content)


def cuts(run: Recorded[Given], chosen: Container[int], *, is_hasty: bool = False) -> Iterator[Cut[Given]]:
    """Each different folder that a power cut at the chosen operations leaves.

    `is_hasty` looks as if each promise had left before its commit.
    """
    remains, met = Remains(), set[tuple[bytes, int]]()
    for number, operation in enumerate(run.operations):
        if number in chosen:
            given = [one for one in run.given if (one.began if is_hasty else one.at) <= number]
            for flavour in Flavour:
                files = remains.after(flavour, operation, number)
                digest = b"".join(
                    sha256(part).digest() for name in sorted(files) for part in (name.encode(), files[name])
                )
                if (digest, len(given)) not in met:
                    met.add((digest, len(given)))
                    yield Cut(f"{flavour.name} at {number}, {operation.does.name} of {operation.name}", files, given)
        remains.take(operation)


def some_of(run: Recorded[Given]) -> Container[int]:
    """Every operation in a soak; else some of the commits, of the rarer ones and of all, always the same."""
    numbers = range(len(run.operations))
    if SOAK:
        return numbers
    chance = random.Random(4)
    rare = [number for number in numbers if run.operations[number].does is not Does.WRITE]
    inside = sorted({number for one in run.given for number in range(one.began, one.at)})
    return {*chance.sample(inside, _EACH), *chance.sample(rare, _EACH), *chance.sample(numbers, _EACH // 2)}


def failing(run: Recorded[Given], way: str) -> list[Trouble]:
    """Operations that fail in one way: in a soak each operation in one of the ways, else a few."""
    numbers = range(len(run.operations))
    chosen = numbers[WAYS.index(way) :: len(WAYS)] if SOAK else random.Random(way).sample(numbers, 4)
    times = 3 if way == "lasting" else 1
    return [Trouble(at, times=times, is_full=way == "full", is_torn=way == "torn") for at in chosen]


def later_cuts(run: Recorded[Given], trouble: Trouble) -> Iterator[Cut[Given]]:
    """The power goes some time after an operation has failed, and at the end."""
    last = len(run.operations) - 1
    return cuts(run, {random.Random(trouble.at).randint(min(trouble.at, last), last), last})
