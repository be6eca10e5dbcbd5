"""Reading what is sent, never more of it than the limit."""

from __future__ import annotations

from starlette.types import Receive, Scope

from openline.core.errors import Malformed, Refusal
from openline.core.limits import BODY_MAX_BYTES


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The whole body.

    Raises:
        Malformed: BODY_TOO_LARGE, before it is read when its length was announced.
        Refusal: ENVELOPE_MALFORMED, when the sender hung up in the middle of it.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit() and int(value) > BODY_MAX_BYTES:
            raise _too_large()
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False) and message["type"] == "http.request" and len(body) <= BODY_MAX_BYTES:
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body", False):
        if size > BODY_MAX_BYTES:
            break
        message = await receive()
        body = message.get("body", b"")
        size += len(body)
        parts.append(body)
    if size > BODY_MAX_BYTES:
        raise _too_large()
    if message["type"] != "http.request":
        raise Refusal("ENVELOPE_MALFORMED", "the sender hung up before the end", remedy="Send it again, whole.")
    return b"".join(parts)


def _too_large() -> Malformed:
    return Malformed(
        "BODY_TOO_LARGE",
        f"the body has more than {BODY_MAX_BYTES} bytes",
        remedy=f"Send at most {BODY_MAX_BYTES} bytes.",
    )
