"""From a handler that gives an answer to a route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from openline.adapters.http.answers import Answer

Handler = Callable[[Request], Awaitable[Answer]]


class Door:
    """An ASGI application around a handler."""

    def __init__(self, handler: Handler) -> None:
        """`handler` raises what it refuses."""
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._handler(Request(scope, receive))
        await answer.send(send)


def get(path: str, handler: Handler) -> Route:
    """A route that is read."""
    return Route(path, Door(handler), methods=["GET"])


def post(path: str, handler: Handler) -> Route:
    """A route that is sent to."""
    return Route(path, Door(handler), methods=["POST"])
