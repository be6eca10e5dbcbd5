"""A witness at work in a process of its own, as one that belongs to another party would be."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from bench.ledger_parts.making import secrets
from bench.service_parts.traffic import ORIGIN, SEED
from openline.adapters.clock import SystemClock
from openline.adapters.http.server import Serving
from openline.adapters.http.witness import WitnessApp
from openline.adapters.witness_store import WitnessStore
from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.cosignature import cosigner_of, format_cosigner_key
from openline.ledger.note import NoteVerifier
from openline.node.cosigning import Place
from openline.node.witness import Witness

NAME = "witness.openline.invalid/bench"
_PATIENCE_S = 60.0


class Going:
    """A clock that starts at the time of the bench and goes on with the machine's."""

    def __init__(self, at_ms: int) -> None:
        """Start at `at_ms`."""
        self._machine = SystemClock()
        self._ahead_ms = at_ms - self._machine.elapsed_ms()

    def now_ms(self) -> int:
        """The time of the bench."""
        return self._machine.elapsed_ms() + self._ahead_ms

    def elapsed_ms(self) -> int:
        """As the machine's."""
        return self._machine.elapsed_ms()


@contextmanager
def witness_at_work(folder: Path, at_ms: int) -> Iterator[tuple[Place, str]]:
    """A witness of the bench's ledger on a free port of this machine: where it is asked, and its key."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(folder, at_ms, theirs), name="witness")
    process.start()
    theirs.close()
    try:
        if not ours.poll(_PATIENCE_S):
            message = "the witness does not come up"
            raise TimeoutError(message)
        url = ours.recv()
        yield Place(name=NAME, url=url), format_cosigner_key(cosigner_of(NAME, _signer()))
    finally:
        process.terminate()
        process.join(_PATIENCE_S)


def _work(folder: Path, at_ms: int, connection: Connection) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with closing(WitnessStore(folder / "witness.sqlite")) as store:
        logs = {ORIGIN: [NoteVerifier(ORIGIN, secrets().signer.public_key)]}
        witness = Witness(NAME, _signer(), logs, store, Going(at_ms))
        app = WitnessApp(witness, lambda sentence, error: print(sentence, error, file=sys.stderr))
        asyncio.run(Serving(app, "127.0.0.1", 0, connection.send).run())


def _signer() -> Signer:
    return Signer(derive_seed(SEED, "witness"))
