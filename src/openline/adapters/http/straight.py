"""The hot path: `POST /notices` goes straight from its connection to the sequencer, without a task and ASGI's messages.

The protocol is uvicorn's, which does all the rest: other addresses, and whatever is unusual about a notice, such as a
request behind another that is still being answered, or one that waits for `100 Continue`. Both ways answer alike.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from openline.adapters.http.answers import Answer
from openline.adapters.http.bodies import check_length, hung_up, too_large
from openline.adapters.http.telling import Telling
from openline.core.errors import Refusal
from openline.core.limits import BODY_MAX_BYTES
from openline.node.line import Receipt

_PATH = b"/notices"


class _Nobody:
    """Stands where a task would wait for the rest of a body."""

    def set(self) -> None:
        """Wake nobody."""


_NOBODY = _Nobody()


class Exchange:
    """A notice and its answer: what stands in the place of uvicorn's own cycle of a connection."""

    __slots__ = (
        "_connection",
        "_parts",
        "_size",
        "_telling",
        "disconnected",
        "keep_alive",
        "message_event",
        "response_complete",
    )

    def __init__(self, connection: StraightProtocol, telling: Telling, *, keep_alive: bool) -> None:
        """`keep_alive`, `disconnected`, `response_complete` and `message_event` are looked at by uvicorn's protocol."""
        self._connection = connection
        self._telling = telling
        self._parts: list[bytes] = []
        self._size = 0
        self.keep_alive = keep_alive
        self.disconnected = False
        self.response_complete = False
        self.message_event = _NOBODY

    def add(self, part: bytes) -> None:
        """The next part of the body."""
        self._parts.append(part)
        self._size += len(part)
        if self._size > BODY_MAX_BYTES:
            self.refuse(too_large())

    def take(self) -> None:
        """The body is whole: hand it in, and answer once it is on disk."""
        try:
            told = self._telling.take(b"".join(self._parts))
        except Exception as error:  # noqa: BLE001 - whatever it is, its sender is told
            self.refuse(error)
        else:
            told.add_done_callback(self._settle)

    def refuse(self, error: Exception) -> None:
        """Answer with what is wrong."""
        self._answer(self._telling.refusal(error))

    def _settle(self, told: asyncio.Future[Receipt]) -> None:
        try:
            answer = self._telling.receipt(told.result())
        except Exception as error:  # noqa: BLE001 - as above
            answer = self._telling.refusal(error)
        self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        self.response_complete = True
        if not self.disconnected:
            self._connection.answer(answer, keep_alive=self.keep_alive)


class StraightProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, telling: Telling, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - they are uvicorn's
        """`telling` takes the notices."""
        super().__init__(*args, **kwargs)
        self._telling = telling
        self._exchange: Exchange | None = None
        """The notice whose body is being received."""

    def on_headers_complete(self) -> None:
        """The head of a request is there: choose its way."""
        if not self._is_straight():
            self._exchange = None
            super().on_headers_complete()
            return
        keep_alive = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        exchange = Exchange(self, self._telling, keep_alive=keep_alive)
        self._exchange = self.cycle = exchange  # type: ignore[assignment]
        try:
            check_length(self.headers)
        except Refusal as refusal:
            exchange.refuse(refusal)

    def on_body(self, body: bytes) -> None:
        """A part of a body is there."""
        if self._exchange is None:
            super().on_body(body)
        elif not self._exchange.response_complete:
            self._exchange.add(body)

    def on_message_complete(self) -> None:
        """A request is there, whole."""
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            super().on_message_complete()
        elif not exchange.response_complete:
            exchange.take()

    def connection_lost(self, exc: Exception | None) -> None:
        """The sender is gone, perhaps in the middle of a body."""
        super().connection_lost(exc)
        if self._exchange is not None and not self._exchange.response_complete:
            self._exchange.refuse(hung_up())

    def answer(self, answer: Answer, *, keep_alive: bool) -> None:
        """Write an answer, whole."""
        if self.transport.is_closing():
            return
        is_last = answer.hangs_up or not keep_alive
        head = [STATUS_LINE[answer.status], answer.head_text(self.server_state.default_headers)]
        if is_last and not answer.hangs_up:
            head.append(b"connection: close\r\n")
        self.transport.write(b"".join([*head, b"\r\n", answer.body]))
        if is_last:
            self.transport.close()
        self.on_response_complete()

    def _is_straight(self) -> bool:
        return (
            self.url == _PATH
            and self.parser.get_method() == b"POST"
            and (self.cycle is None or self.cycle.response_complete)  # type: ignore[redundant-expr]
            and not (self.expect_100_continue or self.flow.write_paused or self.parser.should_upgrade())
        )
