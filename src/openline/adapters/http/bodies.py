"""Reading what is sent, never more of it than the limit."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Receive, Scope

from openline.adapters.http.answers import Header
from openline.core.errors import Malformed, Refusal
from openline.core.limits import BODY_MAX_BYTES


async def read_body(scope: Scope, receive: Receive, most: int = BODY_MAX_BYTES) -> bytes:
    """The whole body, of at most so many bytes.

    Raises:
        Malformed: BODY_TOO_LARGE, before it is read when its length was announced.
        Refusal: ENVELOPE_MALFORMED, when the sender hung up in the middle of it.
    """
    check_length(scope["headers"], most)
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and message["type"] == "http.request" and len(body) <= most:
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        if size > most:
            break
        message = await receive()
        body = message.get("body", b"")
        size += len(body)
        parts.append(body)
    if size > most:
        raise too_large(most)
    if message["type"] != "http.request":
        raise hung_up()
    return b"".join(parts)


def check_length(headers: Iterable[Header], most: int = BODY_MAX_BYTES) -> None:
    """Refuse a body whose announced length is beyond the limit.

    Raises:
        Malformed: BODY_TOO_LARGE.
    """
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and int(value) > most:
            raise too_large(most)


def hung_up() -> Refusal:
    """The refusal of a body that broke off; it is counted, and reaches nobody."""
    return Refusal("ENVELOPE_MALFORMED", "the sender hung up before the end", remedy="Send it again, whole.")


def too_large(most: int = BODY_MAX_BYTES) -> Malformed:
    """The refusal of a body beyond the limit."""
    return Malformed(
        "BODY_TOO_LARGE",
        f"the body has more than {most} bytes",
        remedy=f"Send at most {most} bytes.",
    )
