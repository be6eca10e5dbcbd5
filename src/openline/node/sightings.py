"""Checkpoints that parties hand in: compared with this ledger, and where they do not fit, everyone is told.

The note that proves it stands in the alarm itself: two histories under one key are shown by the node's own signature.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from msgspec import Struct

from openline.core.declaration import Sighting
from openline.core.errors import Invalid, NotAuthenticated
from openline.core.event import ForkSeen
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from openline.ledger.note import NoteError, NoteUnverified, NoteVerifier, format_note, verify_note
from openline.node.alarms import everyone
from openline.node.emission import Emission

RootAt = Callable[[int], bytes]
"""The root of the ledger at a size, empty for a size that it has not had."""


class Seen(Struct, frozen=True):
    """A checkpoint that the node's key signed."""

    head: Checkpoint
    note: str
    """With that signature alone."""


def open_sighting(sighting: Sighting, log: NoteVerifier) -> Seen:
    """See that it is a checkpoint of this ledger.

    Raises:
        NotAuthenticated: SIGNATURE_INVALID, when the node's key did not sign it.
        Invalid: VALUE_INVALID, when it is no checkpoint, or another ledger's.
    """
    try:
        own = format_note(verify_note(sighting.note, [log]))
        return Seen(open_checkpoint(own, log), own)
    except NoteUnverified as error:
        raise NotAuthenticated(
            "SIGNATURE_INVALID",
            f"the checkpoint is not one that this node signed ({error})",
            path="note",
            remedy="Hand in the note exactly as it was given out, with this ledger's own signature line.",
        ) from error
    except (NoteError, CheckpointError) as error:
        raise Invalid(
            "VALUE_INVALID",
            f"it is no checkpoint of this ledger ({error})",
            path="note",
            remedy="Hand in a signed note with origin, size and root.",
        ) from error


def compare(emission: Emission, seen: Seen, root_at: RootAt, declaration: int) -> None:
    """Tell everyone when a checkpoint that this node signed is none of this ledger; of each such, once."""
    head = seen.head
    own = root_at(head.size)
    root = b64encode(head.root).decode("ascii")
    if own == head.root or (head.size, root) in emission.state.past.forks:
        return
    for party in everyone(emission.state):
        emission.emit(
            ForkSeen(
                at_ms=emission.at_ms,
                to=party,
                size=head.size,
                root=root,
                own_root=b64encode(own).decode("ascii"),
                note=seen.note,
                declaration=declaration,
            )
        )
