"""What becomes of a declaration: checked before anything changes, told, then followed by what it brings about."""

from __future__ import annotations

from openline.core.declaration import Declaration, Disclosure, Sighting
from openline.core.errors import NotFound
from openline.core.event import Disclosed
from openline.intake.opening import OpenedDeclaration
from openline.ledger.note import NoteVerifier
from openline.node.emission import Emission
from openline.node.sightings import RootAt, compare, open_sighting
from openline.node.state import State, notice_key


def check(state: State, declaration: Declaration, log: NoteVerifier) -> None:
    """See that a declaration can be followed; `log` is the key of this ledger.

    Raises:
        NotAuthenticated, Invalid: when it hands in what is no checkpoint of this ledger.
        NotFound: NOT_FOUND, when it opens an entry that its teller neither told nor was told.
    """
    if isinstance(declaration, Sighting):
        open_sighting(declaration, log)
    if isinstance(declaration, Disclosure) and not state.has_part_in(declaration.party, declaration.entry):
        raise NotFound(
            "NOT_FOUND",
            "no entry of yours has this index",
            path="entry",
            remedy="Disclose what you told or were told, by the index of its receipt or feed event.",
        )


def run(emission: Emission, opened: OpenedDeclaration, log: NoteVerifier, root_at: RootAt) -> int:
    """Tell a declaration that was checked, and what follows; gives its index."""
    declaration, state = opened.declaration, emission.state
    state.take_declaration(declaration, digest=opened.digest, at_ms=emission.at_ms)
    index = emission.tell(declaration.party, opened.raw)
    if isinstance(declaration, Disclosure) and declaration.to:
        emission.emit(Disclosed(at_ms=emission.at_ms, to=declaration.to, entry=declaration.entry, declaration=index))
    if isinstance(declaration, Sighting):
        compare(emission, open_sighting(declaration, log), root_at, index)
    return index


def key_of(declaration: Declaration) -> str:
    """The key of a declaration inside the node."""
    return notice_key(declaration.party, declaration.id)
