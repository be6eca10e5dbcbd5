"""What a party shows of an exclusive channel to prove silence on it, and the JSON that it is kept in.

Everything but a stretch of public leaves is what the channel's parties alone have: the secrets of the epochs that the
stretch touches, and the bodies that they may open.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from openline.ledger.leaf import LEAF_BYTES


class AbsenceMalformed(ValueError):
    """The bytes are no such proof."""


class OpenedEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """An entry of the stretch whose body is shown."""

    index: int
    body: bytes
    salt: bytes


class AbsenceProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is shown. Nothing of it is believed before `verify_absence`."""

    channel: str
    """`exclusive/`, the agreement's id, `/`, the channel's id."""
    start: int
    end: int
    """The range that is asked about: entries from `start` up to, and not including, `end`."""
    first: int
    """Where the stretch of leaves begins: the entry that began the epoch in which the range begins."""
    leaves: bytes
    """Every leaf from `first` up to `end`, 58 bytes each."""
    path: tuple[bytes, ...]
    """The span proof of these leaves in the tree of `size`."""
    size: int
    secrets: tuple[bytes, ...]
    """Of the epoch that the entry at `first` begins and of those that follow, as far as the range reaches."""
    opened: tuple[OpenedEntry, ...]
    """Every entry that begins an epoch or closes the channel, and what else the prover may open."""
    agreements: tuple[bytes, ...]
    """The envelopes of the agreements that name the channel, as their parties signed them."""

    def leaf_at(self, index: int) -> bytes:
        """The leaf of an entry of the stretch."""
        at = (index - self.first) * LEAF_BYTES
        return self.leaves[at : at + LEAF_BYTES]


_DECODER = msgspec.json.Decoder(AbsenceProof)


def write_absence(proof: AbsenceProof) -> bytes:
    """The proof as JSON; bytes are standard base64."""
    return msgspec.json.encode(proof)


def read_absence(raw: bytes) -> AbsenceProof:
    """Take a proof apart; believe nothing yet. Raises AbsenceMalformed."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise AbsenceMalformed(f"it is no proof of absence ({error})") from None
