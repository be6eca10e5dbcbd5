"""A client that costs little: raw HTTP/1.1 over loopback, one request at a time a connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct


class Posted(Struct, frozen=True):
    """What a run of posts took."""

    seconds: float
    latencies_ms: list[float]
    statuses: dict[int, int]

    @property
    def per_s(self) -> float:
        """Requests answered a second."""
        return len(self.latencies_ms) / self.seconds


class _Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._answer: asyncio.Future[int] | None = None
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        if len(body) < length or self._answer is None:
            return
        self._buffer = b""
        self._answer.set_result(int(head[9:12]))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(f"the server closed the connection ({exc})"))

    def send(self, request: bytes) -> asyncio.Future[int]:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def requests(bodies: Sequence[bytes], path: str = "/notices") -> list[bytes]:
    """Whole requests, written before the watch starts."""
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    return [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]


async def post_all(port: int, sent: Sequence[bytes], connections: int) -> Posted:
    """Send every request once, over so many connections, each waiting for its answer."""
    loop = asyncio.get_running_loop()
    waiting = iter(sent)
    latencies: list[float] = []
    statuses: dict[int, int] = {}

    async def work(connection: _Connection) -> None:
        for request in waiting:
            begun = time.perf_counter()
            status = await connection.send(request)
            latencies.append((time.perf_counter() - begun) * 1e3)
            statuses[status] = statuses.get(status, 0) + 1

    opened = [(await loop.create_connection(_Connection, "127.0.0.1", port))[1] for _ in range(connections)]
    begun = time.perf_counter()
    await asyncio.gather(*(work(connection) for connection in opened))
    seconds = time.perf_counter() - begun
    for connection in opened:
        connection.close()
    return Posted(seconds, latencies, statuses)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of them lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
