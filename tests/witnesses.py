"""Witnesses that really serve: their own threads and loops, free ports of this machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from openline.adapters.clock import ManualClock
from openline.adapters.http.server import Serving
from openline.adapters.http.witness import WitnessApp
from openline.adapters.witness_store import WitnessStore
from openline.ledger.note import NoteVerifier
from openline.node.witness import Witness
from tests.cosigning import name_of, witness_signer
from tests.parties import NOON_MS
from tests.serving import NO_CERTIFICATES, TIMEOUT_S


class Served:
    """A witness that runs alone, in a thread with a loop of its own."""

    def __init__(self, folder: Path, party: str, *verifiers: NoteVerifier) -> None:
        self.store = WitnessStore(folder / f"{party}.sqlite")
        logs: dict[str, list[NoteVerifier]] = {}
        for verifier in verifiers:
            logs.setdefault(verifier.name, []).append(verifier)
        self.reports: list[str] = []
        self.witness = Witness(name_of(party), witness_signer(party), logs, self.store, ManualClock(NOON_MS))
        self.app = WitnessApp(self.witness, lambda sentence, _: self.reports.append(sentence))
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.serving = Serving(self.app, "127.0.0.1", 0, lambda _: self._up.set())
        self._thread = threading.Thread(target=self._run, name="witness")
        self._thread.start()
        assert self._up.wait(TIMEOUT_S)
        self.http = httpx.Client(base_url=self.serving.url, timeout=TIMEOUT_S, verify=NO_CERTIFICATES)

    def add(self, body: bytes) -> httpx.Response:
        return self.http.post("/add-checkpoint", content=body)

    def stop(self) -> None:
        self.http.close()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self.serving.stop)
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()
        self.store.close()

    def _run(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            await self.serving.run()

        asyncio.run(main())


@contextmanager
def served(folder: Path, party: str, *verifiers: NoteVerifier) -> Iterator[Served]:
    witness = Served(folder, party, *verifiers)
    try:
        yield witness
    finally:
        witness.stop()
