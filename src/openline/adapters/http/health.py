"""Whether the node lives, whether it takes notices, and what it counts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.doors import get
from openline.adapters.http.metrics import MEDIA_TYPE, Metrics
from openline.node.line import Line, fenced


class Health:
    """For those who watch over the node. Nothing here names a party."""

    def __init__(self, line: Line, metrics: Metrics) -> None:
        """Of this line."""
        self._line = line
        self._metrics = metrics

    def routes(self) -> list[BaseRoute]:
        """The addresses that a supervisor asks."""
        return [get("/healthz", self._healthz), get("/readyz", self._readyz), get("/metrics", self._counts)]

    async def _healthz(self, _: Request) -> Answer:
        return json_answer(shapes.Alive(alive=True))

    async def _readyz(self, _: Request) -> Answer:
        if self._line.is_fenced:
            raise fenced(self._line.fence_reason)
        return json_answer(shapes.Ready(ready=True, entries=self._line.committed))

    async def _counts(self, _: Request) -> Answer:
        return Answer(200, self._metrics.text(), MEDIA_TYPE)
