"""One reader's stream, from its first frame to its end: written as fast as the reader takes it, never faster."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from msgspec import Struct
from starlette.types import Receive, Send

from openline.adapters.http.answers import CAREFUL, NOT_KEPT, NOTHING_ALLOWED, Header
from openline.adapters.http.feeds import Feeds, Reader, notice_frame
from openline.core.time import to_text
from openline.node.sessions import Session, Sessions
from openline.release.phrases import LANGUAGES, witnessed_words

KEEP_ALIVE_S = 15.0
"""A comment goes out when nothing else has for this long, so that both ends see a dead line."""
STALLED_S = 60.0
"""A reader that takes nothing for this long is hung up on; it resumes where it was."""

_KEEP_ALIVE = b": the line is open\n\n"
_OPENING = b"retry: 2000\n\n"

_HEAD: list[Header] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", NOT_KEPT.encode()),
    (b"content-security-policy", NOTHING_ALLOWED.encode()),
    (b"x-accel-buffering", b"no"),
    *CAREFUL,
]


class Patience(Struct, frozen=True, kw_only=True):
    """How long a stream waits for what."""

    keep_alive_s: float = KEEP_ALIVE_S
    stalled_s: float = STALLED_S


class Stream:
    """A party's feed on its way to one reader."""

    def __init__(self, feeds: Feeds, sessions: Sessions, session: Session, *, after: int, patience: Patience) -> None:
        """Begin after the entry `after`."""
        self._feeds = feeds
        self._sessions = sessions
        self._session = session
        self._at = after
        self._patience = patience
        self._said_fenced = False
        self._said_witnessed: dict[str, int] = {}

    async def run(self, reader: Reader, receive: Receive, send: Send) -> None:
        """Write until the reader is gone, its session has run out or the node stops."""
        gone = asyncio.create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: reader.bell.set())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
            await self._write(send, _OPENING)
            while not gone.done():
                reader.bell.clear()
                if (farewell := self._farewell()) is not None:
                    await self._write(send, farewell, is_last=True)
                    return
                if not await self._write_news(send):
                    await self._wait(reader, send)
        except TimeoutError:
            return
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    def _farewell(self) -> bytes | None:
        """The last frame, once there is a reason to end."""
        if self._sessions.has_expired(self._session):
            return self._notice("session_expired", at=to_text(self._session.expires_ms))
        if self._feeds.is_stopping:
            return self._notice("node_stopping", remedy="Resume in a few seconds; telephone meanwhile.")
        return None

    async def _write_news(self, send: Send) -> bool:
        """Write what there is; False when there is nothing."""
        is_fenced = bool(self._feeds.fence_reason)
        if is_fenced != self._said_fenced:
            self._said_fenced = is_fenced
            kind = "node_fenced" if is_fenced else "node_resumed"
            await self._write(send, self._notice(kind, reason=self._feeds.fence_reason))
        party = self._session.party
        await self._write_witnessed(send, party)
        indexes = self._feeds.after(party, self._at)
        if not indexes:
            return False
        await self._write(send, b"".join([self._feeds.frame(party, index) for index in indexes]))
        self._at = indexes[-1]
        self._feeds.hand_over(party, indexes)
        # A long way to catch up is shared with everybody else's requests.
        await asyncio.sleep(0)
        return True

    async def _write_witnessed(self, send: Send, party: str) -> None:
        """Say how far the record is witnessed, when that is further than was said."""
        for agreement, size in self._feeds.witnessed(party).items():
            if size > self._said_witnessed.get(agreement, 0):
                self._said_witnessed[agreement] = size
                text: dict[str, str] = {language: witnessed_words(agreement, size, language) for language in LANGUAGES}
                await self._write(send, self._notice("witnessed", agreement=agreement, size=size, text=text))

    def _notice(self, kind: str, **fields: str | int | dict[str, str]) -> bytes:
        return notice_frame(kind, is_drill=self._feeds.is_drill, **fields)

    async def _wait(self, reader: Reader, send: Send) -> None:
        left_s = self._sessions.left_ms(self._session) / 1000
        try:
            async with asyncio.timeout(min(self._patience.keep_alive_s, left_s)):
                await reader.bell.wait()
        except TimeoutError:
            await self._write(send, _KEEP_ALIVE)

    async def _write(self, send: Send, chunk: bytes, *, is_last: bool = False) -> None:
        async with asyncio.timeout(self._patience.stalled_s):
            await send({"type": "http.response.body", "body": chunk, "more_body": not is_last})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
