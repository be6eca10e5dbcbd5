"""What leaves the node: a status, headers and a body, always with the headers that keep a browser careful."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct
from starlette.types import Send

Header = tuple[bytes, bytes]

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
NOT_KEPT = "no-store"
KEPT_FOR_EVER = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
NOTHING_ALLOWED = "default-src 'none'; frame-ancestors 'none'"

CAREFUL: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


HANG_UP: Header = (b"connection", b"close")


@lru_cache(maxsize=64)
def _usual(media_type: str, cache: str, policy: str) -> tuple[Header, ...]:
    return (
        (b"content-type", media_type.encode()),
        (b"cache-control", cache.encode()),
        (b"content-security-policy", policy.encode()),
        *CAREFUL,
    )


@lru_cache(maxsize=64)
def _usual_head(media_type: str, cache: str, policy: str) -> bytes:
    return b"".join([b"%b: %b\r\n" % header for header in _usual(media_type, cache, policy)])


class Answer(Struct, frozen=True):
    """A whole response."""

    status: int
    body: bytes
    media_type: str = JSON
    cache: str = NOT_KEPT
    policy: str = NOTHING_ALLOWED
    headers: Sequence[Header] = ()

    @property
    def hangs_up(self) -> bool:
        """True when the connection ends with it."""
        return HANG_UP in self.headers

    def head(self) -> list[Header]:
        """Every header of it."""
        usual = _usual(self.media_type, self.cache, self.policy)
        return [(b"content-length", b"%d" % len(self.body)), *usual, *self.headers]

    def head_text(self, more: Iterable[Header]) -> bytes:
        """`more` headers and every header of it, as HTTP/1.1 has them."""
        some = b"".join([b"%b: %b\r\n" % header for header in (*more, *self.headers)])
        usual = _usual_head(self.media_type, self.cache, self.policy)
        return b"%bcontent-length: %d\r\n%b" % (some, len(self.body), usual)

    async def send(self, send: Send) -> None:
        """Send it, whole."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.head()})
        await send({"type": "http.response.body", "body": self.body})


def json_answer(value: Any, status: int = 200, *, headers: Sequence[Header] = ()) -> Answer:  # noqa: ANN401 - any shape
    """An answer in JSON, which nobody keeps."""
    return Answer(status, msgspec.json.encode(value), headers=headers)
