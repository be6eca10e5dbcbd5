"""What the node needs from outside, as protocols. Contract tests hold every adapter to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec import Struct


class Record(Struct, frozen=True, gc=False):
    """One entry as it is kept."""

    index: int
    leaf: bytes
    body: bytes


class StoreError(Exception):
    """The store could not do it. It may nevertheless have done it: only reading again tells."""

    def __init__(self, reason: str, *, remedy: str = "Mend the disk, then start again.") -> None:
        """`remedy` says what an operator can do."""
        super().__init__(reason)
        self.remedy = remedy


class Records(Protocol):
    """Ordered records and the signed checkpoint that covers them, to be read."""

    def read(self, start: int = 0) -> Iterator[Record]:
        """Every record from index `start`, in order.

        Raises:
            StoreError: when the disk cannot be read.
        """

    def get(self, index: int) -> Record | None:
        """One record, or None when there is none.

        Raises:
            StoreError: when the disk cannot be read.
        """

    def size(self) -> int:
        """How many records there are.

        Raises:
            StoreError: when the disk cannot be read.
        """

    def checkpoint(self) -> str:
        """The last checkpoint kept, empty when there is none.

        Raises:
            StoreError: when the disk cannot be read.
        """


class Store(Records, Protocol):
    """The same, durable, and taking more."""

    def append(self, records: Sequence[Record], checkpoint: str) -> None:
        """Keep all of `records` and the checkpoint, or none; return only when they are on disk.

        Raises:
            StoreError: when that cannot be said; the store must then be opened again.
        """

    def reopen(self) -> None:
        """Let go of everything held and look at the disk afresh.

        Raises:
            StoreError: when the disk still refuses.
        """

    def close(self) -> None:
        """Let go of everything held."""


class WitnessAnswer(Struct, frozen=True, kw_only=True):
    """What a witness answered, not yet believed."""

    status: int
    body: bytes


class WitnessSilent(Exception):
    """A witness could not be reached, or did not answer in time."""


class WitnessDoor(Protocol):
    """The way to the witnesses."""

    async def add_checkpoint(self, url: str, body: bytes) -> WitnessAnswer:
        """Submit a request to the witness whose submission prefix is `url`; gives up within seconds.

        Raises:
            WitnessSilent: when there is no answer.
        """

    async def close(self) -> None:
        """Let go of every connection."""


class Clock(Protocol):
    """The only source of time."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""

    def elapsed_ms(self) -> int:
        """Milliseconds since some moment. Nobody can set it, so only its differences mean something."""


class Entropy(Protocol):
    """The only source of chance."""

    def token(self) -> str:
        """A fresh unguessable text of at least 128 bits, safe in a URL."""
