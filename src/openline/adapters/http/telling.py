"""`POST /notices` and `POST /acknowledgements`: the envelope authenticates itself. Lean, for it is the hot path."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from openline.adapters.http import shapes
from openline.adapters.http.answers import Answer, json_answer
from openline.adapters.http.bodies import read_body
from openline.adapters.http.problems import Problems
from openline.core.time import to_text
from openline.node.line import Receipt

Take = Callable[[bytes], asyncio.Future[Receipt]]
"""Takes an envelope; the receipt follows once it is on disk."""


class Count(Protocol):
    """Told of every envelope that was taken."""

    def __call__(self, *, is_duplicate: bool) -> None: ...


class Telling:
    """An ASGI application that takes one kind of envelope."""

    def __init__(self, take: Take, count: Count, problems: Problems, *, is_drill: bool) -> None:
        """`take` is the sequencer's; receipts of a drill say so."""
        self._take = take
        self._is_drill = is_drill
        self._count = count
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the envelope and answer with its receipt, or with what is wrong with it."""
        try:
            receipt = await self.take(await read_body(scope, receive))
        except Exception as error:  # noqa: BLE001 - whatever it is, its sender is told
            answer = self.refusal(error)
        else:
            answer = self.receipt(receipt)
        await answer.send(send)

    def take(self, raw: bytes) -> asyncio.Future[Receipt]:
        """Hand an envelope in. What is wrong with it is raised, now or through the future."""
        return self._take(raw)

    def receipt(self, receipt: Receipt) -> Answer:
        """The answer to an envelope that is on disk."""
        self._count(is_duplicate=receipt.is_duplicate)
        shape = receipt_shape(receipt, is_drill=self._is_drill)
        return json_answer(shape, 200 if receipt.is_duplicate else 201)

    def refusal(self, error: Exception) -> Answer:
        """The answer to an envelope that was not taken."""
        return self._problems.answer(error)


def receipt_shape(receipt: Receipt, *, is_drill: bool) -> shapes.Receipt:
    """A receipt as JSON has it."""
    return shapes.Receipt(
        index=receipt.index,
        recorded_at=to_text(receipt.recorded_ms),
        leaf=b64encode(receipt.leaf).decode("ascii"),
        leaf_hash=b64encode(receipt.leaf_hash).decode("ascii"),
        salt=b64encode(receipt.salt).decode("ascii"),
        checkpoint=receipt.checkpoint,
        signed=receipt.signed,
        duplicate=receipt.is_duplicate,
        flags=list(receipt.flags),
        drill=is_drill,
    )
