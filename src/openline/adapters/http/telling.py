"""`POST /notices` and `POST /acknowledgements`: the envelope authenticates itself. Lean, for it is the hot path."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send

from openline.adapters.http import shapes
from openline.adapters.http.answers import json_answer
from openline.adapters.http.bodies import read_body
from openline.adapters.http.problems import Problems
from openline.core.time import to_text
from openline.node.line import Receipt

Take = Callable[[bytes], Awaitable[Receipt]]
"""Takes an envelope; returns once it is on disk."""


class Count(Protocol):
    """Told of every envelope that was taken."""

    def __call__(self, *, is_duplicate: bool) -> None: ...


class Telling:
    """An ASGI application that takes one kind of envelope."""

    def __init__(self, take: Take, count: Count, problems: Problems) -> None:
        """`take` is the sequencer's."""
        self._take = take
        self._count = count
        self._problems = problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the envelope and answer with its receipt, or with what is wrong with it."""
        try:
            receipt = await self._take(await read_body(scope, receive))
        except Exception as error:  # noqa: BLE001 - whatever it is, its sender is told
            answer = self._problems.answer(error)
        else:
            self._count(is_duplicate=receipt.is_duplicate)
            answer = json_answer(receipt_shape(receipt), 200 if receipt.is_duplicate else 201)
        await answer.send(send)


def receipt_shape(receipt: Receipt) -> shapes.Receipt:
    """A receipt as JSON has it."""
    return shapes.Receipt(
        index=receipt.index,
        recorded_at=to_text(receipt.recorded_ms),
        leaf_hash=b64encode(receipt.leaf_hash).decode("ascii"),
        salt=b64encode(receipt.salt).decode("ascii"),
        checkpoint=receipt.checkpoint,
        duplicate=receipt.is_duplicate,
        flags=list(receipt.flags),
    )
