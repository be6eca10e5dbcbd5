"""The node as an ASGI application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Message, Receive, Scope, Send

from openline.adapters.http.attachments import AttachmentPages
from openline.adapters.http.committed import Committed
from openline.adapters.http.evidence import Evidence
from openline.adapters.http.feeds import PULSE_S, Feeds
from openline.adapters.http.following import Following
from openline.adapters.http.health import Health
from openline.adapters.http.known_keys import KnownKeys
from openline.adapters.http.ledger_pages import LedgerPages
from openline.adapters.http.metrics import Metrics
from openline.adapters.http.openapi import Interface
from openline.adapters.http.own import Own
from openline.adapters.http.pages import Pages
from openline.adapters.http.problems import METHOD_NOT_ALLOWED, Problems, Report
from openline.adapters.http.signing_in import SigningIn
from openline.adapters.http.streams import Patience
from openline.adapters.http.telling import Telling
from openline.adapters.http.witness import NoWitness, Witnessing
from openline.adapters.http.zones import Zones
from openline.adapters.memory import MemoryAttachments
from openline.node.attachments import Attachments, AttachmentStore
from openline.node.cosigning import Cosigners
from openline.node.sequencer import Sequencer
from openline.node.sessions import Sessions


class NodeApp:
    """Everything that the node says over HTTP. It starts the sequencer when it starts, and stops it when it stops."""

    def __init__(  # noqa: PLR0913 - the parts that a node is put together from, each by its name
        self,
        sequencer: Sequencer,
        sessions: Sessions,
        *,
        is_drill: bool,
        report: Report,
        patience: Patience,
        pulse_s: float,
        cosigners: Cosigners | None = None,
        witness: Witnessing | None = None,
        attachments: AttachmentStore,
    ) -> None:
        """Nothing runs before the server starts."""
        line = sequencer.line
        self.is_drill = is_drill
        self.feeds = Feeds(sequencer, is_drill=is_drill, pulse_s=pulse_s)
        self.metrics = Metrics(sequencer, self.feeds, cosigners)
        self._sequencer = sequencer
        self._cosigners = cosigners
        self._problems = Problems(report, self.metrics.count_refusal)
        signing_in, committed = SigningIn(line, sessions, sequencer.clock), Committed(line)
        self._notices = Telling(sequencer.hand_in, self.metrics.count_notice, self._problems, is_drill=is_drill)
        count = self.metrics.count_acknowledgement
        acknowledgements = Telling(sequencer.hand_in_acknowledgement, count, self._problems, is_drill=is_drill)
        count = self.metrics.count_declaration
        declarations = Telling(sequencer.hand_in_declaration, count, self._problems, is_drill=is_drill)
        count = self.metrics.count_key_document
        key_documents = Telling(sequencer.hand_in_key_document, count, self._problems, is_drill=is_drill)
        following = Following(line, self.feeds, sessions, signing_in, patience=patience, report=report)
        self._attachments = Attachments(line, attachments, report)
        routes: list[BaseRoute] = [
            *Own(line, committed, signing_in, is_drill=is_drill).routes(),
            *Evidence(line, committed, signing_in, is_drill=is_drill).routes(),
            *Zones(line, sequencer.clock, committed, signing_in, is_drill=is_drill).routes(),
            *AttachmentPages(self._attachments, committed, signing_in, is_drill=is_drill).routes(),
            Route("/notices", self._notices, methods=["POST"]),
            Route("/acknowledgements", acknowledgements, methods=["POST"]),
            Route("/declarations", declarations, methods=["POST"]),
            Route("/keys", key_documents, methods=["POST"]),
            *KnownKeys(line, sequencer.clock, committed, signing_in, is_drill=is_drill).routes(),
            *following.routes(),
            *signing_in.routes(),
            *LedgerPages(line).routes(),
            *Health(line, self.metrics, sequencer.clock, cosigners).routes(),
            *(witness or NoWitness()).routes(),
            *Interface(is_drill=is_drill).routes(),
            *Pages(line.origin, is_drill=is_drill).routes(),
        ]
        self._router = Router(routes, redirect_slashes=False, lifespan=self._lifespan)

    @property
    def notices(self) -> Telling:
        """Where notices are told, for the way that goes past the addresses."""
        return self._notices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the life of the server."""
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        # Starlette raises for what it does not find only when it knows of an application.
        scope["app"] = self
        has_started = False

        async def watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._router(scope, receive, watched)
        except HTTPException as error:
            if error.status_code == METHOD_NOT_ALLOWED:
                error.headers = {"allow": ", ".join(self._methods_at(scope))}
            await self._problems.answer(error).send(send)
        except Exception as error:
            if has_started:
                raise
            await self._problems.answer(error).send(send)

    def _methods_at(self, scope: Scope) -> list[str]:
        """Every method of an address: each of its routes knows only its own."""
        routes = [r for r in self._router.routes if isinstance(r, Route) and r.matches(scope)[0] is not Match.NONE]
        return sorted({method for route in routes for method in route.methods or ()})

    @asynccontextmanager
    async def _lifespan(self, _: object) -> AsyncIterator[None]:
        self._sequencer.start()
        if self._cosigners is not None:
            self._cosigners.start()
        self._attachments.start()
        watch = asyncio.create_task(self.feeds.watch())
        try:
            yield
        finally:
            self.feeds.stop()
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
            if self._cosigners is not None:
                await self._cosigners.stop()
            await self._sequencer.stop()
            self._attachments.close()


def build_app(  # noqa: PLR0913 - as above
    sequencer: Sequencer,
    sessions: Sessions,
    *,
    is_drill: bool,
    report: Report,
    patience: Patience | None = None,
    pulse_s: float = PULSE_S,
    cosigners: Cosigners | None = None,
    witness: Witnessing | None = None,
    attachments: AttachmentStore | None = None,
) -> NodeApp:
    """The application over a sequencer that has not been started; its line has been opened.

    `report` takes a sentence and the exception behind it; `patience` and `pulse_s` say how long feeds wait for what.
    `cosigners` asks the witnesses of this ledger, and `witness` is one for the ledgers of others.
    Without a store of `attachments` they are kept in memory.
    """
    return NodeApp(
        sequencer,
        sessions,
        is_drill=is_drill,
        report=report,
        patience=patience or Patience(),
        pulse_s=pulse_s,
        cosigners=cosigners,
        witness=witness,
        attachments=MemoryAttachments() if attachments is None else attachments,
    )
