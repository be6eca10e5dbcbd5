"""What a party tells beside notices and acknowledgements: how its entries may be used, and what it saw of the ledger.

Each is an entry itself.
"""

from __future__ import annotations

from msgspec import Struct


class Declaration(Struct, frozen=True, kw_only=True):
    """What every declaration carries."""

    id: str
    party: str
    role: str
    issued_ms: int


class Disclosure(Declaration, frozen=True, kw_only=True):
    """Opens one entry of its teller to one reader, and nothing else by it."""

    entry: int
    """Index of an entry that the teller told or was told."""
    to: str = ""
    """The party that may read it from now on; empty for a reader outside the line."""
    inquiry: str = ""
    """The reader outside the line, in words: an inquiry, a court. It is shown an evidence bundle."""
    reason: str = ""


class Sighting(Declaration, frozen=True, kw_only=True):
    """Hands in a checkpoint of this ledger that its teller holds, from wherever it came."""

    note: str
    """The signed note, not yet believed."""


class Erasure(Declaration, frozen=True, kw_only=True):
    """Has the bytes and the salt of an attachment of its teller destroyed. What refers to them stays."""

    attachment: str
    """Its digest, as the notice has it."""
    reason: str = ""
