"""What may raise a FLASH at once, or answers an alert: no load turns it away.

A notice may raise one when its window has begun, or begins within the lead at which its teller's agreements speak of
FLASH: `flash_before`, for an activity also `minimum_useful` if that is longer, because a late one is a FLASH by itself.
The start is rounded as for those who are told it rounded.
"""

from __future__ import annotations

from collections.abc import Hashable

from openline.core.notice import Acknowledgement, AirActivity, Kind, Notice
from openline.intake.opening import Opened, OpenedAcknowledgement, OpenedNotice
from openline.node.state import State
from openline.release.disclosure import ACTIVITY_WINDOW_STEP_MS, rounded


def subject_of(given: Opened, state: State, at_ms: int) -> Hashable:
    """What something urgent is about; None for what is not urgent. Two with one subject could raise the same alerts."""
    if isinstance(given, OpenedAcknowledgement):
        return _of_acknowledgement(given.acknowledgement, state)
    if not isinstance(given, OpenedNotice):
        return None
    notice = given.notice
    return _of_notice(notice) if may_be_flash(notice, state, at_ms) else None


def may_be_flash(notice: Notice, state: State, at_ms: int) -> bool:
    """True when the notice may raise a FLASH as soon as it is judged."""
    if notice.kind is Kind.WITHDRAWAL or notice.window.end_ms <= at_ms:
        return False
    # most notices are for later than any agreement speaks of
    if notice.window.start_ms - at_ms > state.register.longest_flash_lead_ms + ACTIVITY_WINDOW_STEP_MS:
        return False
    # what a party has in common with itself is all that it has signed, and the register keeps the answer
    signed = state.register.common(notice.party, notice.party, at_ms)
    leads = [agreement.timers.flash_before_ms for agreement in signed]
    if notice.kind is Kind.AIR_ACTIVITY:
        leads += [agreement.lead_times.minimum_useful_ms for agreement in signed]
    return bool(leads) and rounded(notice.window).start_ms - at_ms <= max(leads)


def _of_acknowledgement(ack: Acknowledgement, state: State) -> Hashable:
    held = state.desk.get(ack.alert)
    return (ack.party, ack.alert, ack.precedence) if held is not None and held.party == ack.party else None


def _of_notice(notice: Notice) -> Hashable:
    hazards = notice.hazard_volumes if isinstance(notice, AirActivity) else ()
    rules = tuple(getattr(notice, "rules", ()))
    protection = getattr(notice, "protection_class", ""), getattr(notice, "is_private", False)
    return notice.party, notice.kind, notice.agreement_id, notice.supersedes, notice.volumes, hazards, rules, protection
