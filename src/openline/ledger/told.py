"""The body of what a party told: one line with the time of recording, then the envelope exactly as received."""

from __future__ import annotations

from openline.core.time import to_text

_RECORDED = b"recorded_at "


def told_body(raw: bytes, at_ms: int) -> bytes:
    """The body of a told entry: one line with the time of recording, then the envelope exactly as received."""
    return _RECORDED + to_text(at_ms).encode("ascii") + b"\n" + raw


def split_told(body: bytes) -> tuple[str, bytes]:
    """The time text and the envelope of a told entry.

    Raises:
        ValueError: when the body is none.
    """
    head, found, raw = body.partition(b"\n")
    if not found or not head.startswith(_RECORDED):
        message = "a told entry begins with the line recorded_at"
        raise ValueError(message)
    return head[len(_RECORDED) :].decode("ascii"), raw
