"""What an evidence bundle holds: what one party may show of a ledger, and what proves it. Nothing is believed yet."""

from __future__ import annotations

from msgspec import Struct, field

from openline.core.time import FOREVER_MS

FORMAT = "openline-evidence/1"
"""Changes whenever a reader of then could misread it."""

DRILL_ORIGIN = "drill.openline.invalid/"
"""How the origin of every drill's ledger begins: the mark that its key signs with each checkpoint."""


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the bundle says of itself."""

    format: str = FORMAT
    origin: str
    """Of the ledger; also the name of the node's key."""
    node_key: str
    """C2SP verifier key of the node: `name+hash+key`."""
    drill: bool
    party: str
    """Whose bundle it is."""
    from_index: int
    to_index: int
    """The range in the ledger, half-open."""
    since: str = field(name="from", default="")
    """The range in time as asked for, RFC 3339 in UTC, half-open; empty when it was asked for by index."""
    until: str = field(name="to", default="")
    inquiry: str = ""
    """Only what the party has disclosed to this inquiry is in it; empty for all that the party may show."""


class OpenedEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An entry whose body is shown."""

    index: int
    leaf: bytes
    body: bytes
    salt: bytes


class EvidenceBundle(Struct, frozen=True, kw_only=True):
    """The whole of it."""

    manifest: Manifest
    checkpoint: str
    """The signed note of the tree that every proof leads to, with its cosignatures."""
    witnessed: str = ""
    """An earlier one that witnesses have cosigned, for the entries that it covers; empty when there is none."""
    consistency: tuple[bytes, ...] = ()
    """Proof that the tree of `checkpoint` begins with the tree of `witnessed`."""
    opened: tuple[OpenedEntry, ...]
    """What the party shows, by index."""
    keys: tuple[OpenedEntry, ...]
    """What the keys and the terms rest on: the node's start, keys, agreements; by index."""
    proofs: dict[int, str]
    """The proof file of every entry in `opened` and `keys`, by index."""
    receipts: dict[int, str] = {}
    """Signed receipts that the party kept, by the index of their entry."""
    absences: tuple[bytes, ...] = ()
    """Proofs that something is not on a channel."""


class Span(Struct, frozen=True, kw_only=True, gc=False):
    """Which part of a ledger is asked for: by index or by time, both half-open."""

    first: int = 0
    end: int | None = None
    since_ms: int = 0
    until_ms: int = FOREVER_MS
