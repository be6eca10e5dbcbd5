"""Serving the application: one process, one event loop, until somebody asks it to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from ipaddress import ip_address
from typing import cast

import uvicorn

from openline.adapters.http.app import NodeApp
from openline.adapters.http.straight import StraightProtocol
from openline.adapters.http.telling import Telling
from openline.adapters.http.witness import WitnessApp
from openline.core.errors import BadUse

STOP_WITHIN_S = 5
"""Streams end at once when the node stops; whatever else has not ended by then is cut off."""

_PORT_MAX = 65_535
_BACKLOG = 2_048
"""Connections that wait to be taken."""

Started = Callable[[str], None]
"""Told the address once the node answers there."""


def _protocol(notices: Telling) -> type[asyncio.Protocol]:
    """What uvicorn makes a connection with."""
    return cast("type[asyncio.Protocol]", partial(StraightProtocol, notices))


class _Server(uvicorn.Server):
    """Ends the streams before it waits for connections, and says when it has started."""

    def __init__(self, app: NodeApp | WitnessApp, on_start: Started, url: str) -> None:
        config = uvicorn.Config(
            app,
            http=_protocol(app.notices) if isinstance(app, NodeApp) else "auto",
            loop="none",
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            log_level="critical",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
        super().__init__(config)
        self._app = app
        self._on_start = on_start
        self._url = url

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `Serving`, which does not raise them once more at the end."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start(self._url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if isinstance(self._app, NodeApp):
            self._app.feeds.stop()
        await super().shutdown(sockets)


class Serving:
    """A node or a witness that serves, inside an event loop. `run` returns once it has been stopped."""

    def __init__(self, app: NodeApp | WitnessApp, host: str, port: int, on_start: Started | None = None) -> None:
        """Take the address; port 0 takes a free one.

        Raises:
            BadUse: CONFIGURATION_INVALID, when the address is not to be had, or not for a drill.
        """
        self._socket = _bind(host, port, is_drill=app.is_drill)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"
        self._server = _Server(app, on_start or (lambda _: None), self.url)

    async def run(self) -> None:
        """Serve until `stop`, SIGINT or SIGTERM."""
        loop = asyncio.get_running_loop()
        heard: list[signal.Signals] = []
        for number in (signal.SIGINT, signal.SIGTERM):
            # Windows has no signals of the loop, and threads other than the main one have none at all.
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.stop)
                heard.append(number)
        try:
            with closing(self._socket):
                await self._server.serve([self._socket])
        finally:
            for number in heard:
                loop.remove_signal_handler(number)

    def stop(self) -> None:
        """Stop: take nothing new, finish what is under way, end the streams."""
        self._server.should_exit = True


def serve(app: NodeApp, host: str, port: int, on_start: Started | None = None) -> None:
    """Serve until SIGINT or SIGTERM, then return.

    Raises:
        BadUse: CONFIGURATION_INVALID, as `Serving`.
    """
    _run(Serving(app, host, port, on_start))


def serve_witness(app: WitnessApp, host: str, port: int, on_start: Started | None = None) -> None:
    """Serve a witness that runs alone until SIGINT or SIGTERM, then return.

    Raises:
        BadUse: CONFIGURATION_INVALID, as `Serving`.
    """
    _run(Serving(app, host, port, on_start))


def _run(serving: Serving) -> None:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serving.run())


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - there is none for Windows

    return uvloop.new_event_loop


def _bind(host: str, port: int, *, is_drill: bool) -> socket.socket:
    if is_drill and not _is_loopback(host):
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"a drill node serves its own machine only, and {host} is more than that",
            path="host",
            remedy="Use 127.0.0.1: the keys of a drill are public.",
        )
    if not 0 <= port <= _PORT_MAX:
        raise BadUse(
            "CONFIGURATION_INVALID", f"{port} is no port", path="port", remedy=f"Choose one from 1 to {_PORT_MAX}."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named so that the event loop knows TCP when it sees it: a head and its body that wait for each
    # other's acknowledgement cost 40 ms an answer.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"{host} port {port} is not to be had ({error})",
            path="port",
            remedy="Stop what uses it, or choose another.",
        ) from error
    return listening


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
