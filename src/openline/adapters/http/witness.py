"""A witness over HTTP (https://c2sp.org/tlog-witness): `POST /add-checkpoint`, and a page that says what it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Router
from starlette.types import Receive, Scope, Send

from openline.adapters.http.answers import Answer
from openline.adapters.http.bodies import read_body
from openline.adapters.http.doors import get, post
from openline.core.errors import OpenlineError
from openline.ledger.cosignature import format_cosigner_key
from openline.ledger.witnessing import CONFLICT, MAX_REQUEST_BYTES, SIZE_TYPE, UNKNOWN_LOG, Declined
from openline.node.ports import StoreError
from openline.node.witness import Witness

Report = Callable[[str, Exception], None]
"""Takes a sentence and the exception behind it."""

TEXT = "text/plain; charset=utf-8"
_BUSY_S = b"1"
_AT_ONCE = 32
"""Requests that are looked at together; the others wait, and the machine is not taken from the node beside it."""


class Witnessing:
    """The addresses of a witness, on their own or beside those of a node."""

    def __init__(self, witness: Witness, report: Report) -> None:
        """`report` is told of a log that contradicts itself, and of a disk that refuses."""
        self.witness = witness
        self._report = report
        self._room = asyncio.Semaphore(_AT_ONCE)

    def routes(self) -> list[BaseRoute]:
        """Where checkpoints are submitted."""
        return [post("/add-checkpoint", self._add_checkpoint)]

    async def _add_checkpoint(self, request: Request) -> Answer:
        body = await read_body(request.scope, request.receive, MAX_REQUEST_BYTES)
        try:
            async with self._room:
                # The answer waits for the disk; whoever else is served on this loop must not.
                line = await asyncio.to_thread(self.witness.add_checkpoint, body)
        except Declined as declined:
            if declined.is_evidence:
                self._report("A log that this witness watches contradicts itself; both heads are kept.", declined)
            return _declined(declined)
        except StoreError as error:
            self._report("The witness could not keep a checkpoint, so it cosigned nothing.", error)
            headers = ((b"retry-after", _BUSY_S),)
            return Answer(503, b"the witness cannot keep anything at the moment\n", TEXT, headers=headers)
        return Answer(200, line.encode(), TEXT)


class NoWitness:
    """The same address at a node that watches no log: every origin is unknown to it."""

    def routes(self) -> list[BaseRoute]:
        """Where checkpoints are submitted in vain."""
        return [post("/add-checkpoint", self._add_checkpoint)]

    async def _add_checkpoint(self, request: Request) -> Answer:
        await read_body(request.scope, request.receive, MAX_REQUEST_BYTES)
        return _text(UNKNOWN_LOG, "this node is a witness of no log")


class WitnessApp:
    """A witness that runs alone, as an ASGI application."""

    is_drill = False

    def __init__(self, witness: Witness, report: Report) -> None:
        """Nothing runs before the server starts."""
        self.witness = witness
        alive = [get(path, self._alive) for path in ("/healthz", "/readyz")]
        routes = [*Witnessing(witness, report).routes(), get("/", self._front), *alive]
        self._router = Router(routes, redirect_slashes=False, lifespan=_lifespan)
        self._page = _page(witness)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        # Starlette raises for what it does not find only when it knows of an application.
        scope["app"] = self
        try:
            await self._router(scope, receive, send)
        except HTTPException as error:
            headers = tuple((k.lower().encode(), v.encode()) for k, v in (error.headers or {}).items())
            await _text(error.status_code, error.detail, headers).send(send)
        except OpenlineError as error:
            # The body is too large, or broke off.
            await _text(413 if error.code == "BODY_TOO_LARGE" else 400, error.reason).send(send)

    async def _front(self, _: Request) -> Answer:
        return Answer(200, self._page, TEXT)

    async def _alive(self, _: Request) -> Answer:
        return _text(200, "alive")


@asynccontextmanager
async def _lifespan(_: object) -> AsyncIterator[None]:
    yield


def _declined(declined: Declined) -> Answer:
    if declined.status == CONFLICT:
        return Answer(CONFLICT, f"{declined.size}\n".encode(), SIZE_TYPE)
    return _text(declined.status, declined.reason)


def _text(status: int, sentence: str, headers: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    return Answer(status, f"{sentence}\n".encode(), TEXT, headers=headers)


def _page(witness: Witness) -> bytes:
    logs = "".join(f"  {origin}\n" for origin in sorted(witness.logs))
    return (
        "This is a witness: it cosigns checkpoints of these logs, and never two that contradict each other.\n\n"
        f"{logs}\nIts key, for agreements and settings:\n  {format_cosigner_key(witness.cosigner)}\n\n"
        "Checkpoints are submitted to /add-checkpoint (https://c2sp.org/tlog-witness).\n"
    ).encode()
