"""What the agreement remarks of one notice: late, outside its area or scope, out of sequence. Never a refusal."""

from __future__ import annotations

from msgspec import Struct

from openline.agreement.area import is_outside_area, is_outside_height
from openline.core.agreement import Agreement
from openline.core.flags import FlagCode
from openline.core.notice import AirActivity, GroundPresence, HumanitarianSite, Kind, Notice
from openline.core.time import HOUR_MS, MINUTE_MS

CLOCK_TOLERANCE_MS = 5 * MINUTE_MS
"""How far ahead of the node's clock an issue time may lie before it is flagged. Ours: clocks of desks drift."""

SKEW_MS = HOUR_MS
"""How far issue and receipt may lie apart. Ours: no clock drifts so far, and what is stored on the way may be old."""

ALARMS = (
    FlagCode.SEQUENCE_GAP,
    FlagCode.SEQUENCE_FORK,
    FlagCode.PREVIOUS_DIFFERS,
    FlagCode.STALE_VIEW,
    FlagCode.CLOCK_SKEW,
)
"""Flags that all parties of the agreement are told of: what they say may be wrong with the record itself."""


class Last(Struct, frozen=True, gc=False, kw_only=True):
    """The last notice that the party told."""

    sequence: int = 0
    digest: str = ""


def remarks(
    notice: Notice, *, agreement: Agreement | None, last: Last, received_ms: int, is_retold: bool = False
) -> list[FlagCode]:
    """Flags of a notice on its own, in a fixed order. `agreement` is the one that it names, when that one judges it.

    `is_retold` when the party has told another notice under this number.
    """
    flags: list[FlagCode] = []
    if agreement is None:
        flags.append(FlagCode.NO_AGREEMENT)
    elif notice.agreement_version != agreement.version:
        flags.append(FlagCode.VERSION_DIFFERS)
    if notice.is_offset_assumed:
        flags.append(FlagCode.OFFSET_ASSUMED)
    flags += [FlagCode.SEQUENCE_FORK] if is_retold else _order(notice, last)
    if notice.issued_ms > received_ms + CLOCK_TOLERANCE_MS:
        flags.append(FlagCode.ISSUED_AHEAD)
    if abs(notice.issued_ms - received_ms) > SKEW_MS:
        flags.append(FlagCode.CLOCK_SKEW)
    if notice.kind is Kind.WITHDRAWAL:
        return flags
    if notice.window.end_ms <= received_ms:
        flags.append(FlagCode.ALREADY_ENDED)
    elif agreement is not None:
        flags += _timeliness(notice, agreement, received_ms)
    if agreement is not None:
        flags += _scope(notice, agreement)
    return flags


def is_too_late(notice: Notice, agreement: Agreement, received_ms: int) -> bool:
    """True when an activity came with less than the minimum useful lead: nobody could act in the ordinary way."""
    lead_ms = notice.window.start_ms - received_ms
    return notice.kind is Kind.AIR_ACTIVITY and lead_ms < agreement.lead_times.minimum_useful_ms


def view_due_ms(notice: Notice, agreement: Agreement, received_ms: int) -> int:
    """Up to when everything recorded must lie in the teller's view. A clock that is ahead asks no more of it."""
    return min(notice.issued_ms, received_ms) - agreement.stale_view_ms


def refresh_due_ms(notice: Notice, agreement: Agreement | None, *, received_ms: int) -> int | None:
    """When presence or a site must be confirmed: as told, or the agreement's period after it was received."""
    if not isinstance(notice, (GroundPresence, HumanitarianSite)):
        return None
    if agreement is None:
        return notice.refresh_due_ms
    period_ms = received_ms + agreement.presence_refresh_ms
    return period_ms if notice.refresh_due_ms is None else min(notice.refresh_due_ms, period_ms)


def _order(notice: Notice, last: Last) -> list[FlagCode]:
    if notice.sequence != last.sequence + 1:
        return [FlagCode.SEQUENCE_GAP]
    return [FlagCode.PREVIOUS_DIFFERS] if notice.previous != last.digest else []


def _timeliness(notice: Notice, agreement: Agreement, received_ms: int) -> list[FlagCode]:
    if not isinstance(notice, AirActivity):
        return []
    lead_ms = notice.window.start_ms - received_ms
    asked_ms = agreement.lead_times.emergency_ms if notice.is_emergency else agreement.lead_times.normal_ms
    if is_too_late(notice, agreement, received_ms):
        return [FlagCode.LATE]
    return [FlagCode.LEAD_TIME_SHORT] if lead_ms < asked_ms else []


def _scope(notice: Notice, agreement: Agreement) -> list[FlagCode]:
    scope = agreement.scope
    flags: list[FlagCode] = []
    is_out = (notice.kind is Kind.AIR_ACTIVITY and not (scope.air_air or scope.air_ground)) or (
        notice.kind is Kind.GROUND_PRESENCE and not (scope.air_ground or scope.ground_ground)
    )
    if is_out:
        flags.append(FlagCode.OUT_OF_SCOPE)
    match notice:
        case GroundPresence() | HumanitarianSite() if notice.protection_class not in agreement.protection_radii_m:
            flags.append(FlagCode.CLASS_UNKNOWN)
    if is_outside_area(notice, agreement) or is_outside_height(notice, agreement):
        flags.append(FlagCode.OUT_OF_AREA)
    return flags
