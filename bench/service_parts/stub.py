"""The peer of the service bench: plain ASGI, one Ed25519 verification, SQLite group commit before the answer.

It checks nothing, decodes only the envelope, and keeps no tree. Run: `python -m bench.service_parts.stub FOLDER`.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn

from bench.service_parts.traffic import ROLE, pens
from openline.keys.derive import derive_seed
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import Signer, verify

_ANSWER = b'{"index":1,"recorded_at":"2026-01-01T00:00:00Z"}'
_BATCH = 256


class Stub:
    """The application."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "stub.sqlite", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute("CREATE TABLE entries (idx INTEGER PRIMARY KEY, body BLOB)")
        signers = [Signer(derive_seed(b"openline bench", f"key/{pen.party}")) for pen in pens(64)]
        self._keys = {key_id(signer.public_key): signer.public_key for signer in signers}
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._disk = ThreadPoolExecutor(1)
        self._wake = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http":
            return
        body = (await receive())["body"]
        envelope = json.loads(body)
        signature = envelope["signatures"][0]
        message = pae(envelope["payloadType"], b64decode(envelope["payload"]))
        verify(self._keys[signature["keyid"]], message, b64decode(signature["sig"]))
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((body, kept))
        self._wake.set()
        await kept
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": _ANSWER})

    async def commit(self) -> None:
        """Commit whatever waits, together."""
        loop = asyncio.get_running_loop()
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                group, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                await loop.run_in_executor(self._disk, self._write, [body for body, _ in group])
                for _, kept in group:
                    kept.set_result(None)

    def _write(self, bodies: list[bytes]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT INTO entries (body) VALUES (?)", [(body,) for body in bodies])
        self._database.execute("COMMIT")


async def main(folder: Path) -> None:
    """Serve on a free port and say which."""
    stub = Stub(folder)
    config = uvicorn.Config(
        stub, http="httptools", ws="none", lifespan="off", access_log=False, log_level="critical", port=0
    )
    server = uvicorn.Server(config)
    committing = asyncio.create_task(stub.commit())
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event to wait for
        await asyncio.sleep(0.01)
    print(f"Serving on http://localhost:{server.servers[0].sockets[0].getsockname()[1]} ({ROLE})", flush=True)
    await serving
    committing.cancel()


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(Path(sys.argv[1])))
