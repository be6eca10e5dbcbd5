"""Whether the node lives, whether it takes notices, and what it counts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.doors import get
from openline.adapters.http.metrics import MEDIA_TYPE, Metrics
from openline.adapters.http.witnessed import witness_view
from openline.node.cosigning import Cosigners
from openline.node.line import Line, fenced
from openline.node.ports import Clock


class Health:
    """For those who watch over the node. Nothing here names a party."""

    def __init__(self, line: Line, metrics: Metrics, clock: Clock, cosigners: Cosigners | None) -> None:
        """Of this line."""
        self._line = line
        self._clock = clock
        self._cosigners = cosigners
        self._metrics = metrics

    def routes(self) -> list[BaseRoute]:
        """The addresses that a supervisor asks."""
        return [get("/healthz", self._healthz), get("/readyz", self._readyz), get("/metrics", self._counts)]

    async def _healthz(self, _: Request) -> Answer:
        return json_answer(shapes.Alive(alive=True))

    async def _readyz(self, _: Request) -> Answer:
        if self._line.is_fenced:
            raise fenced(self._line.fence_reason)
        view = witness_view(self._line, self._clock.now_ms(), self._cosigners)
        entries = self._line.committed
        return json_answer(
            shapes.Ready(ready=True, entries=entries, witnessed=view.witnessed, witnesses=view.witnesses)
        )

    async def _counts(self, _: Request) -> Answer:
        return Answer(200, self._metrics.text(), MEDIA_TYPE)
