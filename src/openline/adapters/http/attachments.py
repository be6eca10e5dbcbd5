"""`/attachments`: what travels beside a notice, from its teller and to those who may read the notice."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.bodies import read_body
from openline.adapters.http.committed import Committed
from openline.adapters.http.doors import get, post
from openline.adapters.http.problems import not_found
from openline.adapters.http.signing_in import SigningIn
from openline.node.attachments import Attachments

_OCTETS = "application/octet-stream"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SAVED = (b"content-disposition", b"attachment")


class AttachmentPages:
    """Sending and reading, each in a session."""

    def __init__(
        self, attachments: Attachments, committed: Committed, signing_in: SigningIn, *, is_drill: bool
    ) -> None:
        """Who may do what is judged by what is on disk."""
        self._attachments = attachments
        self._committed = committed
        self._signing_in = signing_in
        self._is_drill = is_drill

    def routes(self) -> list[BaseRoute]:
        """The one address, for both."""
        return [get("/attachments/{digest}", self._read), post("/attachments/{digest}", self._send)]

    async def _send(self, request: Request) -> Answer:
        party, digest = self._signing_in.session(request).party, _digest_of(request)
        content = await read_body(request.scope, request.receive)
        await self._committed.look(lambda line: line.state.attached.check_sending(party, digest))
        is_new = await self._attachments.put(party, digest, content)
        kept = shapes.AttachmentKept(digest=digest, duplicate=not is_new, drill=self._is_drill)
        return json_answer(kept, 201 if is_new else 200)

    async def _read(self, request: Request) -> Answer:
        party, digest = self._signing_in.session(request).party, _digest_of(request)
        names = await self._committed.look(lambda line: line.state.attached.open_to(party, digest, line.state.may_read))
        return Answer(200, await self._attachments.get(names), _OCTETS, headers=(_SAVED,))


def _digest_of(request: Request) -> str:
    digest: str = request.path_params["digest"]
    if not _DIGEST.fullmatch(digest):
        raise not_found()
    return digest
