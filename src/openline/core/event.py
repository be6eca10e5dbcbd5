"""What the line itself does, each an entry of the ledger before it has effect.

An event holds ids, times and words only: no place, no geometry, no identity of another party. `to` names the one party
that is told, and is empty for what stays inside the node.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openline.core.flags import FlagCode
from openline.core.precedence import Precedence


class Reason(StrEnum):
    """Why an alert is raised, from the point of view of the party that it is raised for."""

    PROTECTED_NEARBY = "protected_nearby"
    """Your activity conflicts with something protected."""
    ACTIVITY_NEARBY = "activity_nearby"
    """Your presence or site may be affected by an activity."""
    ACTIVITIES_TOO_NEAR = "activities_too_near"
    """Your activity conflicts with another activity."""
    PRESENCES_TOO_NEAR = "presences_too_near"
    """Your presence is near another presence, nearer than agreed."""
    ZONE_RULE = "zone_rule"
    """Your notice touches a rule of a zone."""
    ZONE_RULE_TOUCHED = "zone_rule_touched"
    """A rule of a zone that you told or guarantee is touched."""
    TOLD_TOO_LATE = "told_too_late"
    """Your notice came with less than the minimum useful lead time."""
    NOTICE_TOO_LATE = "notice_too_late"
    """Somebody's notice under this agreement came with less than the minimum useful lead time."""
    PRESENCE_STALE = "presence_stale"
    """Your presence was not confirmed by its due time."""


class CloseReason(StrEnum):
    """Why an alert ends."""

    CONFLICT_CEASED = "conflict_ceased"
    WINDOW_ENDED = "window_ended"
    CONFIRMED = "confirmed"


class Event(Struct, frozen=True, kw_only=True):
    """What every event has: when it took effect, and whom it tells."""

    at_ms: int
    to: str = ""


class ConflictFound(Event, frozen=True, kw_only=True, tag="conflict"):
    """Two notices nearer than agreed; the full detail, which never leaves the node."""

    reference: str
    agreements: tuple[str, ...]
    first: str
    second: str
    first_start_ms: int
    first_end_ms: int
    second_start_ms: int
    second_end_ms: int
    common_start_ms: int
    common_end_ms: int


class ConflictCeased(Event, frozen=True, kw_only=True, tag="conflict_ceased"):
    """A conflict that no longer is one."""

    reference: str
    reason: CloseReason


class Flagged(Event, frozen=True, kw_only=True, tag="flag"):
    """A remark on a notice; `notice` is empty when it is another party's."""

    notice: str
    flag: FlagCode
    agreement: str


class Alert(Event, frozen=True, kw_only=True, tag="alert"):
    """What one party may be told of a conflict, with an answer due."""

    alert: str
    reference: str
    agreement: str
    reason: Reason
    notice: str
    """The receiver's own notice, empty when the alert concerns none of its own."""
    zone: str
    window_start_ms: int
    window_end_ms: int
    """The window as told, which is also the one that its timers run on; both 0 when none is told."""
    precedence: Precedence
    answer_due_ms: int
    tier: int
    roles: tuple[str, ...]


class AlertChanged(Event, frozen=True, kw_only=True, tag="alert_changed"):
    """The notice or the window of an open alert changed because a notice was superseded."""

    alert: str
    reference: str
    notice: str
    zone: str
    window_start_ms: int
    window_end_ms: int
    precedence: Precedence
    answer_due_ms: int
    tier: int
    roles: tuple[str, ...]
    is_acknowledged: bool


class RepeatChange(StrEnum):
    """What happened to the conflicts that one alert stands for."""

    JOINED = "joined"
    """One more of the same sender touches the same own notice: read the alert again."""
    MOVED = "moved"
    """The window of one of them changed."""
    ENDED = "ended"
    """Some of them are no more; the others go on."""


class Repeated(Event, frozen=True, kw_only=True, tag="repeat"):
    """A FLASH that would repeat an open one of the same sender about the same own notice: counted there, not opened."""

    alert: str
    reference: str
    """The first conflict that the alert stands for: that of the alert, unless it has ended."""
    references: tuple[str, ...]
    """The conflicts that joined, moved or ended."""
    change: RepeatChange
    count: int
    """How many conflicts the alert stands for from now on."""
    notice: str
    zone: str
    part_start_ms: int
    part_end_ms: int
    """The window of what joined or moved, as told."""
    window_start_ms: int
    window_end_ms: int
    """The window of the whole alert, as told."""
    precedence: Precedence
    answer_due_ms: int
    tier: int
    roles: tuple[str, ...]
    is_acknowledged: bool


class EscalationCause(StrEnum):
    """Why an alert climbs or opens again."""

    UNANSWERED = "unanswered"
    GRAVER = "graver"


class Escalation(Event, frozen=True, kw_only=True, tag="escalation"):
    """Nobody acknowledged in time, or the window came nearer."""

    alert: str
    reference: str
    cause: EscalationCause
    notice: str
    precedence: Precedence
    answer_due_ms: int
    """0 at the top of the ladder when the answer is overdue and nobody is left to ask: it stays open."""
    tier: int
    roles: tuple[str, ...]


class Acknowledged(Event, frozen=True, kw_only=True, tag="acknowledgement"):
    """An alert was read by a person on watch: by the receiver's own desk, or by the other side's."""

    alert: str
    """The receiver's own alert with the same reference."""
    reference: str
    by: str
    """`own` or `other`: the other side is not named."""
    role: str
    """The role that read it; empty for the other side's."""
    precedence: Precedence
    is_timer_stopped: bool
    """False when the alert had already risen above the precedence that was read."""


class Closed(Event, frozen=True, kw_only=True, tag="closure"):
    """The alert has ended."""

    alert: str
    reference: str
    notice: str
    reason: CloseReason


class Delivered(Event, frozen=True, kw_only=True, tag="delivery"):
    """Observed: the party's machine took what was addressed to it. Nobody has read it yet."""

    party: str
    entry: int
    channel: str


class Disclosed(Event, frozen=True, kw_only=True, tag="disclosure"):
    """An entry of another party may be read by the receiver from now on: `GET /entries/` gives it."""

    entry: int
    declaration: int
    """Index of the declaration that opened it."""


class ForkSeen(Event, frozen=True, kw_only=True, tag="fork"):
    """A party holds a checkpoint that this node's key signed and that is none of this ledger: two histories exist."""

    size: int
    root: str
    """As the checkpoint says it, base64."""
    own_root: str
    """Of this ledger at that size, base64; empty when it has not so many entries."""
    note: str
    """The checkpoint with the node's signature: whoever holds it can show it."""
    declaration: int
    """Index of the declaration that handed it in."""


class ClockJumped(Event, frozen=True, kw_only=True, tag="clock_skew"):
    """Observed: the node's clock showed another time than the one that was to be expected."""

    clock_ms: int
    expected_ms: int


class Tick(Event, frozen=True, kw_only=True, tag="tick"):
    """Time passed, with effect: something that was due follows."""


class NodeStarted(Event, frozen=True, kw_only=True, tag="node_started"):
    """The node's versions and keys, so that a replay knows what it replays."""

    engine: str
    openline: str
    node_key: str
    origin: str
    is_drill: bool
    resumed_at: int


class KeyEnrolled(Event, frozen=True, kw_only=True, tag="key_enrolled"):
    """An operational key that speaks for a party in a role."""

    party: str
    role: str
    key: str


class RootsEnrolled(Event, frozen=True, kw_only=True, tag="roots_enrolled"):
    """The first roots of a party, which the operator took from its hand. Later ones come from the party itself."""

    party: str
    keys: tuple[str, ...]
    threshold: int


class AgreementLoaded(Event, frozen=True, kw_only=True, tag="agreement"):
    """An agreement as all its parties signed it: the whole envelope, base64."""

    id: str
    version: int
    envelope: str


class Continued(Event, frozen=True, kw_only=True, tag="continuation"):
    """The node went on from a backup, or this ledger was begun in the place of one that was lost."""

    origin: str
    """Of the ledger that it goes on from: its own, or the lost one's."""
    size: int
    """Of the last checkpoint known of that ledger."""
    checkpoint: str
    words: str
    """How the operator knows that nothing was recorded since, where nobody else could be asked."""


class WitnessNamed(Event, frozen=True, kw_only=True, tag="witness"):
    """A witness that the node asks for cosignatures."""

    party: str
    """Whose witness it is."""
    key: str
    """Its verifier key string: name, hash and key."""


class Cosigned(Event, frozen=True, kw_only=True, tag="cosignature"):
    """Observed: a witness has cosigned the checkpoint of this size."""

    witness: str
    party: str
    size: int
    root: str
    """Of the tree of that size, base64."""
    line: str
    """The signature line as it stands in the note, without its newline."""
    signed_ms: int
    """When the witness signed, by its own clock."""


class Witnessed(Event, frozen=True, kw_only=True, tag="witnessed"):
    """So many parties as the agreement asks for have cosigned this size: entries below it are witnessed."""

    agreement: str
    size: int


class WitnessTrouble(StrEnum):
    """What is wrong between the node and a witness."""

    AHEAD = "ahead"
    """It has cosigned more of this ledger than the node has: entries were lost, or somebody shows another history."""
    FORK = "fork"
    """It has cosigned another root, or does not see that the checkpoint continues what it cosigned."""
    WENT_BACK = "went_back"
    """It remembers less than it has cosigned: it was put back from an old copy."""
    WRONG_ANSWER = "wrong_answer"
    """What it answered is no cosignature of its key over the checkpoint that it was asked about."""
    CLOCK = "clock"
    """Its clock and the node's differ by more than ten minutes."""


class WitnessAlarm(Event, frozen=True, kw_only=True, tag="witness_alarm"):
    """Something is wrong between the node and a witness; said once until it is something else, or over."""

    witness: str
    party: str
    trouble: WitnessTrouble
    size: int
    """Of the checkpoint that it was asked about."""
    told: int
    """The size that it spoke of, 0 for none."""


class ChannelEpoch(Event, frozen=True, kw_only=True, tag="channel_epoch"):
    """An exclusive channel begins, or goes on under another secret. The entry lies on the channel itself.

    The first one is on the epoch that it begins, each later one is the last entry of the epoch before.
    """

    agreement: str
    version: int
    channel: str
    """Its id in the agreement."""
    epoch: int
    """0, 1, 2..."""
    first_serial: int
    """The serial of the epoch's first entry; the numbers go on over all epochs."""
    commitment: str
    """SHA-256 of `openline/epoch` and the epoch's secret, hexadecimal."""


class ChannelClosed(Event, frozen=True, kw_only=True, tag="channel_closed"):
    """No agreement in force names the channel any more: from here on its silence says nothing."""

    agreement: str
    channel: str


AnyEvent = (
    ConflictFound
    | ConflictCeased
    | Flagged
    | Alert
    | AlertChanged
    | Repeated
    | Escalation
    | Acknowledged
    | Closed
    | Delivered
    | Disclosed
    | ForkSeen
    | ClockJumped
    | Tick
    | NodeStarted
    | KeyEnrolled
    | RootsEnrolled
    | AgreementLoaded
    | Continued
    | WitnessNamed
    | Cosigned
    | Witnessed
    | WitnessAlarm
    | ChannelEpoch
    | ChannelClosed
)
