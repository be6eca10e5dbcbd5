"""What is said of one method of one address."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from openline.adapters.http.answers import JSON
from openline.ledger.witnessing import SIZE_TYPE

EVENT_STREAM = "text/event-stream"
HTML = "text/html"
OCTETS = "application/octet-stream"
ZIP = "application/zip"
TEXT = "text/plain"
SIZE = SIZE_TYPE


class Good(Struct, frozen=True, kw_only=True):
    """An answer that is no problem."""

    status: int
    says: str
    media: str = JSON
    shape: str = ""
    """Name of its schema; empty for what is not JSON."""


class Operation(Struct, frozen=True, kw_only=True):
    """One method of one address."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    answers: tuple[Good, ...]
    codes: tuple[str, ...] = ()
    sends: str = ""
    """Name of the schema of its body; empty when it takes none, or text."""
    sends_text: str = ""
    """What the text is that it takes."""
    sends_octets: bool = False
    """True when its body is bytes of any kind."""
    parameters: tuple[dict[str, Any], ...] = ()
    needs_session: bool = False
