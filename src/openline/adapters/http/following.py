"""`GET /feed`: a party's own feed as server-sent events, resumed exactly where it was left."""

from __future__ import annotations

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from openline.adapters.http.feeds import Feeds
from openline.adapters.http.problems import Report
from openline.adapters.http.signing_in import SigningIn
from openline.adapters.http.streams import Patience, Stream
from openline.core.errors import Invalid
from openline.node.line import Line
from openline.node.sessions import Sessions

_INDEX_MAX_DIGITS = 18
_FROM_THE_START = -1


class Following:
    """An ASGI application that streams."""

    def __init__(
        self, line: Line, feeds: Feeds, sessions: Sessions, signing_in: SigningIn, *, patience: Patience, report: Report
    ) -> None:
        """`report` is told when a stream breaks off."""
        self._line = line
        self._feeds = feeds
        self._sessions = sessions
        self._signing_in = signing_in
        self._patience = patience
        self._report = report

    def routes(self) -> list[BaseRoute]:
        """The one address. A feed has no head apart from itself."""
        route = Route("/feed", self, methods=["GET"])
        route.methods = {"GET"}
        return [route]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until either end has had enough."""
        connection = HTTPConnection(scope)
        session = self._signing_in.session(connection)
        after = self._after(connection)
        reader = self._feeds.join(session.party)
        stream = Stream(self._feeds, self._sessions, session, after=after, patience=self._patience)
        try:
            await stream.run(reader, receive, send)
        except Exception as error:  # noqa: BLE001 - the reader resumes; the node goes on
            self._report("A feed broke off; its reader resumes it.", error)
        finally:
            self._feeds.leave(reader)

    def _after(self, connection: HTTPConnection) -> int:
        """The entry after which to begin: the header, else the query, else the very start.

        Raises:
            Invalid: VALUE_INVALID, when it is no entry of this ledger.
        """
        path = "Last-Event-ID"
        text = connection.headers.get(path)
        if text is None:
            path = "after"
            text = connection.query_params.get(path, "")
        if text in {"", "-1"}:
            return _FROM_THE_START
        if not (text.isascii() and text.isdigit() and len(text) <= _INDEX_MAX_DIGITS):
            raise Invalid("VALUE_INVALID", "it is not the index of an entry", path=path, remedy="Send a number.")
        if int(text) >= self._line.committed:
            raise Invalid(
                "VALUE_INVALID",
                f"this ledger has {self._line.committed} entries, none of them with this index",
                path=path,
                remedy="If it had one, this is another ledger: compare checkpoints, then begin again without an index.",
            )
        return int(text)
