"""What the standing of a key lets pass, asked in the order of the ledger: a revocation that was first counts.

An expired key that nobody has taken back still carries what is urgent. Whoever sits at the desk when a watch runs over
must not be turned away with a FLASH, and an acknowledgement only stops the alarm of its own party: refused, it would
send the alert up the ladder though a person has read it.
"""

from __future__ import annotations

from collections.abc import Callable

from openline.core.errors import NotAuthenticated
from openline.core.event import Flagged
from openline.core.flags import FlagCode
from openline.core.key_documents import Standing
from openline.core.notice import Acknowledgement
from openline.core.time import DAY_MS
from openline.intake.key_admission import out_of_force
from openline.intake.opening import Opened, OpenedAcknowledgement, OpenedNotice
from openline.keys.identify import key_id
from openline.node.state import State
from openline.node.urgency import may_be_flash

READING_GRACE_MS = DAY_MS
"""How long an expired key still opens sessions: whoever may acknowledge has to see what."""


def check_notice(state: State, opened: OpenedNotice, at_ms: int) -> bool:
    """True when the key has expired and the notice is taken all the same, because it may be a FLASH.

    Raises:
        NotAuthenticated: KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
    """
    return _check(state, opened, at_ms, lambda: may_be_flash(opened.notice, state, at_ms))


def check_acknowledgement(state: State, opened: OpenedAcknowledgement, at_ms: int) -> bool:
    """True when the key has expired and the acknowledgement is taken all the same.

    Raises:
        NotAuthenticated: KEY_REVOKED, KEY_NOT_VALID_YET; KEY_EXPIRED unless it answers an open alert of its own party.
    """

    def is_owed() -> bool:
        held = state.desk.get(opened.acknowledgement.alert)
        return held is not None and held.party == opened.key.party

    return _check(state, opened, at_ms, is_owed)


def check_plain(state: State, opened: Opened, at_ms: int) -> None:
    """Return when the key is in force: for all that can wait for a new key.

    Raises:
        NotAuthenticated: KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
    """
    _check(state, opened, at_ms, lambda: False)


def check_reader(state: State, name: str, at_ms: int) -> None:
    """Return when the key of this id may open a session: until a day after its validity, but for one taken back.

    Raises:
        NotAuthenticated: KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
    """
    standing = state.keyring.standing(name, at_ms)
    # a key of a short watch was not valid yet a day before
    if standing is Standing.EXPIRED and state.keyring.standing(name, at_ms - READING_GRACE_MS) is not standing:
        return
    if standing is not Standing.IN_FORCE:
        raise out_of_force(name, standing)


def is_revoked(state: State, name: str) -> bool:
    """True when the key was taken back: its sessions end."""
    return state.keyring.known(name) is not None and state.keyring.standing(name, 0) is Standing.REVOKED


def expired(state: State, ack: Acknowledgement, at_ms: int) -> Flagged:
    """The flag of an acknowledgement that an expired key has signed."""
    held = state.desk.get(ack.alert)
    agreement = "" if held is None else held.agreement
    return Flagged(at_ms=at_ms, to=ack.party, notice="", flag=FlagCode.KEY_EXPIRED, agreement=agreement)


def _check(state: State, opened: Opened, at_ms: int, is_urgent: Callable[[], bool]) -> bool:
    """Every kind of message that an expired key may still carry says so here, by `is_urgent`."""
    name = key_id(opened.key.public_key)
    if state.keyring.known(name) is None:
        raise NotAuthenticated("KEY_UNKNOWN", "no party here has this key", path="signatures[0].keyid")
    standing = state.keyring.standing(name, at_ms)
    if standing is Standing.IN_FORCE:
        return False
    if standing is Standing.EXPIRED and is_urgent():
        return True
    raise out_of_force(name, standing)
