"""A witness: it cosigns a log's checkpoint once it is seen, and kept, that it continues the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from openline.core.time import SECOND_MS
from openline.keys.signing import Signer
from openline.ledger.cosignature import Cosigner, cosign, cosigner_of, line_text
from openline.ledger.note import NoteVerifier
from openline.ledger.witnessing import Asked, open_request, parse_request
from openline.node.ports import Clock


class Memory(Protocol):
    """What a witness has cosigned."""

    def take(self, asked: Asked, at_ms: int) -> None:
        """Compare with the last checkpoint cosigned, and keep this one, in one atomic step that is on disk.

        Raises:
            Declined: when it may not be cosigned.
            StoreError: when that cannot be said.
        """


class Witness:
    """One witness, with one key, for the logs that it knows. Any thread may call it."""

    def __init__(
        self, name: str, signer: Signer, logs: Mapping[str, Sequence[NoteVerifier]], memory: Memory, clock: Clock
    ) -> None:
        """`logs` holds the keys of each log by its origin; the signer's key cosigns, and signs nothing else."""
        self.name = name
        self.logs = logs
        self._signer = signer
        self._memory = memory
        self._clock = clock

    @property
    def cosigner(self) -> Cosigner:
        """What logs and parties have to know of it."""
        return cosigner_of(self.name, self._signer)

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line that a request asks for.

        Raises:
            Declined: with the status and the reason.
            StoreError: when it cannot be kept; nothing was cosigned.
        """
        asked = open_request(parse_request(body), self.logs)
        at_ms = self._clock.now_ms()
        self._memory.take(asked, at_ms)
        return line_text(cosign(asked.text, self.name, self._signer, at_ms // SECOND_MS))
