"""Towns whose agreement names exclusive channels."""

from __future__ import annotations

from typing import Any

from openline.core.time import DAY_MS
from openline.ledger.checkpoint import Checkpoint, open_checkpoint
from openline.ledger.note import NoteVerifier
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, agreement, in_air

EAST = "EAST"
FLIGHTS = "exclusive/town/flights"
"""What NORTH tells of its flights, and SOUTH may count."""
PRESENCES = "exclusive/town/presences"
"""Everything that SOUTH tells, and NORTH and EAST may count."""

CHANNELS = """
[[exclusive_channels]]
id = "flights"
from = "NORTH"
to = ["SOUTH"]
kinds = ["air_activity"]

[[exclusive_channels]]
id = "presences"
from = "SOUTH"
to = ["NORTH", "EAST"]
"""
PARTIES = (NORTH, SOUTH, EAST)


def text(channels: str = CHANNELS, *, version: int = 1, top: str = "") -> bytes:
    """The agreement of a town with these channels."""
    return agreement(parties=PARTIES, version=version, top=top) + channels.encode()


def exclusive_town(*agreements: bytes) -> Town:
    """A town of three parties and, when nothing else is given, two exclusive channels."""
    return Town(*(agreements or (text(),)), parties=PARTIES)


def flight(east_m: float = 0.0) -> dict[str, Any]:
    """A flight so far ahead that nothing falls due meanwhile."""
    return activity(in_air(NOON_MS + 40 * DAY_MS, east_m=east_m))


def checkpoint_of(town: Town) -> Checkpoint:
    """The head of a town's ledger, as anybody opens it."""
    return open_checkpoint(town.line.checkpoint, NoteVerifier(ORIGIN, town.secrets.signer.public_key))
