"""Asking witnesses over HTTP: one kept connection each, short patience, and no more read than a cosignature needs."""

from __future__ import annotations

import asyncio

import httpx

from openline.node.ports import WitnessAnswer, WitnessSilent

PATIENCE_S = 5.0
"""For a whole answer."""
ANSWER_MAX_BYTES = 65_536
_CONNECTIONS = 64


class HttpWitnesses:
    """The way to every witness, in one event loop."""

    def __init__(self, patience_s: float = PATIENCE_S, client: httpx.AsyncClient | None = None) -> None:
        """`client` is another one than the usual, for a machine with its own certificates."""
        self._patience_s = patience_s
        self._client = client

    async def add_checkpoint(self, url: str, body: bytes) -> WitnessAnswer:
        """Submit a request; gives up after the patience.

        Raises:
            WitnessSilent: when nobody answers, not in time, or with more than an answer can be.
        """
        address = f"{url.rstrip('/')}/add-checkpoint"
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._ask(address, body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise WitnessSilent(f"{address}: {type(error).__name__} {error}") from error

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, address: str, body: bytes) -> WitnessAnswer:
        if self._client is None:
            limits = httpx.Limits(max_connections=_CONNECTIONS)
            # A proxy of the environment has no part in this, and a redirection would lead to somebody else.
            self._client = httpx.AsyncClient(timeout=self._patience_s, limits=limits, trust_env=False)
        # What is not packed cannot unpack into more than is read.
        headers = {"accept-encoding": "identity", "content-type": "text/plain"}
        async with self._client.stream("POST", address, content=body, headers=headers) as response:
            read = bytearray()
            async for part in response.aiter_raw():
                read += part
                if len(read) > ANSWER_MAX_BYTES:
                    raise WitnessSilent(f"{address}: it answers with more than {ANSWER_MAX_BYTES} bytes")
        return WitnessAnswer(status=response.status_code, body=bytes(read))
