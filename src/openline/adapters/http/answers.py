"""What leaves the node: a status, headers and a body, always with the headers that keep a browser careful."""

from __future__ import annotations

from collections.abc import Sequence
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


class Answer(Struct, frozen=True):
    """A whole response."""

    status: int
    body: bytes
    media_type: str = JSON
    cache: str = NOT_KEPT
    policy: str = NOTHING_ALLOWED
    headers: Sequence[Header] = ()

    def head(self) -> list[Header]:
        """Every header of it."""
        return [
            (b"content-type", self.media_type.encode()),
            (b"content-length", b"%d" % len(self.body)),
            (b"cache-control", self.cache.encode()),
            (b"content-security-policy", self.policy.encode()),
            *CAREFUL,
            *self.headers,
        ]

    async def send(self, send: Send) -> None:
        """Send it, whole."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.head()})
        await send({"type": "http.response.body", "body": self.body})


def json_answer(value: Any, status: int = 200, *, headers: Sequence[Header] = ()) -> Answer:  # noqa: ANN401 - any shape
    """An answer in JSON, which nobody keeps."""
    return Answer(status, msgspec.json.encode(value), headers=headers)
