"""`/sessions`: a challenge, its signed answer, and who is asking afterwards."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.bodies import read_body
from openline.adapters.http.doors import post
from openline.core.errors import NotAuthenticated
from openline.core.limits import EMPTY_BODY_MAX_BYTES
from openline.core.time import to_text
from openline.intake.opening import open_session
from openline.keys.identify import key_id
from openline.node.line import Line
from openline.node.ports import Clock
from openline.node.sessions import Session, Sessions
from openline.node.standing import check_reader, is_revoked


class SigningIn:
    """Opens sessions and finds them again."""

    def __init__(self, line: Line, sessions: Sessions, clock: Clock) -> None:
        """The keys are those that `line` knows."""
        self._line = line
        self._sessions = sessions
        self._clock = clock
        sessions.end_with(lambda name: is_revoked(line.state, name))

    def routes(self) -> list[BaseRoute]:
        """The addresses under `/sessions`."""
        return [post("/sessions/challenge", self._challenge), post("/sessions", self._open)]

    def session(self, connection: HTTPConnection) -> Session:
        """The session whose token a request carries.

        Raises:
            NotAuthenticated: SESSION_REQUIRED or SESSION_EXPIRED.
        """
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated(
                "SESSION_REQUIRED",
                "this address answers to a session only",
                path="Authorization",
                remedy="Open a session, then send its token as: Authorization: Bearer TOKEN.",
            )
        return self._sessions.find(token.strip())

    async def _challenge(self, request: Request) -> Answer:
        await read_body(request.scope, request.receive, EMPTY_BODY_MAX_BYTES)
        given = self._sessions.challenge()
        return json_answer(
            shapes.ChallengeGiven(challenge=given.text, expires_at=to_text(given.expires_ms)), status=201
        )

    async def _open(self, request: Request) -> Answer:
        raw = await read_body(request.scope, request.receive)
        key, challenge = open_session(raw, keyring=self._line.state.keyring)
        name = key_id(key.public_key)
        check_reader(self._line.state, name, self._clock.now_ms())
        token, session = self._sessions.open(key.party, key.role, challenge, name)
        opened = shapes.SessionOpened(
            token=token, party=session.party, role=session.role, expires_at=to_text(session.expires_ms)
        )
        return json_answer(opened, status=201)
