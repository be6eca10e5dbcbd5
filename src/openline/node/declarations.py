"""What becomes of a declaration: checked before anything changes, told, then followed by what it brings about."""

from __future__ import annotations

from openline.core.declaration import Declaration, Disclosure, Erasure, Sighting
from openline.core.errors import Invalid, NotFound
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
        NotFound: NOT_FOUND, when it opens an entry that its teller neither told nor was told, or erases an attachment
            that it has not named.
        Invalid: VALUE_INVALID, when it opens it to somebody with whom its teller has signed nothing.
    """
    if isinstance(declaration, Sighting):
        open_sighting(declaration, log)
    if isinstance(declaration, Disclosure):
        _check_disclosure(state, declaration)
    elif isinstance(declaration, Erasure):
        state.attached.check_own(declaration.party, declaration.attachment)


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


def _check_disclosure(state: State, disclosure: Disclosure) -> None:
    if not state.has_part_in(disclosure.party, disclosure.entry):
        raise NotFound(
            "NOT_FOUND",
            "no entry of yours has this index",
            path="entry",
            remedy="Disclose what you told or were told, by the index of its receipt or feed event.",
        )
    # whether anybody else is served here is not for its teller to learn
    if disclosure.to and (
        disclosure.to == disclosure.party or not state.register.have_common(disclosure.party, disclosure.to)
    ):
        raise Invalid(
            "VALUE_INVALID",
            f"no agreement of yours has been signed by another party {disclosure.to}",
            path="to",
            remedy="Name a party of one of your agreements; for anybody else say who it is in `inquiry`.",
        )
