"""The step of the state machine: one input in, outputs in their order, each applied as it is made.

notice          -> told, flags, what its predecessor's conflicts become, new conflicts and their alerts; where it goes
                   over an exclusive channel, a new epoch of that may come first
acknowledgement -> told, both sides learn that it was read
declaration     -> told, what it opens is open, what it saw is compared
key document    -> told, the keys that it speaks of
tick            -> tick, channels opened and closed, stale presences, overdue answers, graver windows, ended windows
observation     -> delivery, a jump of the clock, cosignature and what is witnessed by it, trouble with a witness
administration  -> node start, keys, agreements and the channels that they open and close
"""

from __future__ import annotations

from msgspec import Struct

from openline.agreement.remarks import is_too_late, remarks, view_due_ms
from openline.core.agreement import Agreement, ExclusiveChannel
from openline.core.errors import Invalid
from openline.core.event import AgreementLoaded, ClockJumped, CloseReason, Delivered, Event, Flagged, Reason, Tick
from openline.core.flags import FlagCode
from openline.core.notice import Kind, Notice
from openline.core.precedence import Precedence
from openline.core.time import FOREVER_MS
from openline.hotline.alerts import Request
from openline.hotline.decisions import parting
from openline.intake.key_admission import admit
from openline.intake.key_opening import OpenedKeyDocument
from openline.intake.opening import OpenedAcknowledgement, OpenedDeclaration, OpenedNotice
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.note import NoteVerifier
from openline.node import declarations, standing
from openline.node.alarms import alarms, everyone
from openline.node.conflicts import ConflictStep, late_alerts
from openline.node.emission import Emission
from openline.node.journal import Output
from openline.node.pledges import PUBLISHED, Pledge
from openline.node.recovery import apply_administration
from openline.node.sightings import RootAt
from openline.node.state import Held, State, notice_key
from openline.node.witnesses import Cosigning, Suspicion


class Accepted(Struct, frozen=True, kw_only=True):
    """What a step made of an input; `outputs` is empty when the same bytes had been told before."""

    index: int
    recorded_ms: int
    outputs: tuple[Output, ...]
    digest: str = ""
    """SHA-256 of the payload that was told, hex; empty for what nobody told."""
    pledge: Pledge = PUBLISHED

    @property
    def is_duplicate(self) -> bool:
        """True when nothing new was recorded."""
        return not self.outputs


class Step(Emission):
    """One input's way through the rooms."""

    def __init__(self, state: State, at_ms: int, root_at: RootAt, origin: str = "") -> None:
        """`root_at` lets what others saw of this ledger, whose name is `origin`, be compared with ours."""
        super().__init__(state, at_ms)
        self._root_at = root_at
        self._origin = origin

    def notice(self, opened: OpenedNotice) -> Accepted:
        """A notice is told.

        Raises:
            Invalid: NOTICE_ID_REUSED, before anything has changed.
            NotAuthenticated: KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
        """
        notice, state = opened.notice, self.state
        key = notice_key(notice.party, notice.id)
        known = state.held.get(key)
        if known is not None:
            return _same_again(known.digest, known.index, known.recorded_ms, opened.digest, known.pledge)
        is_expired = standing.check_notice(state, opened, self.at_ms)
        state.expire(self.at_ms)
        flags = self._flags(notice)
        if is_expired:
            flags.append(FlagCode.KEY_EXPIRED)
        earlier = self.state.earlier(notice)
        channel = self._exclusive(notice)
        held = state.take_notice(notice, digest=opened.digest, at_ms=self.at_ms)
        index = self.tell(notice.party, opened.raw, channel)
        for flag in flags:
            self._flag(held, flag)
            for alarm in alarms(state, notice.party, flag, state.agreement_of(notice, self.at_ms), self.at_ms):
                self.emit(alarm)
        if FlagCode.LATE in flags:
            self._too_late(notice, held)
        if earlier is not None:
            self._settle(earlier, by=held, is_late=FlagCode.LATE in flags)
        ConflictStep(self, held, key).run(earlier)
        return self._accepted(index, opened.digest, held.pledge)

    def acknowledgement(self, opened: OpenedAcknowledgement) -> Accepted:
        """A person on watch has read an alert.

        Raises:
            NotFound: ALERT_UNKNOWN.
            Invalid: NOTICE_ID_REUSED.
            NotAuthenticated: KEY_REVOKED, KEY_NOT_VALID_YET.
        """
        ack = opened.acknowledgement
        key = notice_key(ack.party, ack.id)
        known = self.state.acknowledged.get(key)
        if known is not None:
            return _same_again(*known, opened.digest, self.state.pledges.of(known[1]))
        is_expired = standing.check_acknowledgement(self.state, opened, self.at_ms)
        events = self.state.desk.acknowledging(
            ack.alert, party=ack.party, role=ack.role, read=Precedence(ack.precedence), at_ms=self.at_ms
        )
        self.state.acknowledged[key] = (opened.digest, self.state.size, self.at_ms)
        self.state.take_pledge(ack.party, self.at_ms)
        index = self.tell(ack.party, opened.raw)
        if is_expired:
            self.emit(standing.expired(self.state, ack, self.at_ms))
        for event in events:
            self.emit(event)
        return self._accepted(index, opened.digest, self.state.pledges.of(index))

    def declaration(self, opened: OpenedDeclaration) -> Accepted:
        """A party says how its own entries may be used.

        Raises:
            NotFound: NOT_FOUND.
            NotAuthenticated: KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET; SIGNATURE_INVALID, of what is handed in.
            Invalid: NOTICE_ID_REUSED; VALUE_INVALID, of what is handed in.
        """
        known = self.state.declared.get(declarations.key_of(opened.declaration))
        if known is not None:
            return _same_again(*known, opened.digest, self.state.pledges.of(known[1]))
        standing.check_plain(self.state, opened, self.at_ms)
        log = NoteVerifier(self._origin, self.state.secrets.signer.public_key)
        declarations.check(self.state, opened.declaration, log)
        index = declarations.run(self, opened, log, self._root_at)
        return self._accepted(index, opened.digest, self.state.pledges.of(index))

    def key_document(self, opened: OpenedKeyDocument) -> Accepted:
        """A party says which keys speak for it. It holds from its entry on, and for nothing before.

        Raises:
            Invalid: NOTICE_ID_REUSED, VALUE_INVALID, TIME_INVALID.
            NotAuthenticated: KEY_UNVOUCHED, KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
        """
        document, signers, state = opened.document, opened.signers, self.state
        known = state.key_documents.get(notice_key(document.party, document.id))
        if known is not None:
            return _same_again(*known, opened.digest, state.pledges.of(known[1]))
        admit(document, signers, keyring=state.keyring, at_ms=self.at_ms)
        state.take_key_document(document, signers, digest=opened.digest, at_ms=self.at_ms)
        index = self.tell(document.party, opened.raw)
        return self._accepted(index, opened.digest, state.pledges.of(index))

    def tick(self) -> Accepted:
        """Time has passed; nothing is recorded when nothing was due."""
        state, index = self.state, self.state.size
        due_ms = state.next_due_ms()
        if due_ms is None or due_ms > self.at_ms:
            return Accepted(index=index, recorded_ms=self.at_ms, outputs=())
        begun = state.beginning(self.at_ms)
        self.emit(Tick(at_ms=self.at_ms))
        self._judge_anew(begun)
        if begun:
            self._settle_channels()
        while (stale := state.stale(self.at_ms)) is not None:
            self._go_stale(stale)
        while (held := state.desk.due(self.at_ms)) is not None:
            self.emit(state.desk.falling_due(held, self.at_ms))
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=tuple(self.outputs))

    def delivery(self, *, party: str, entries: tuple[int, ...], channel: str) -> Accepted:
        """The party's machine took these entries."""
        index = self.state.size
        for entry in entries:
            self.emit(Delivered(at_ms=self.at_ms, party=party, entry=entry, channel=channel))
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=tuple(self.outputs))

    def clock_jump(self, *, clock_ms: int, expected_ms: int) -> Accepted:
        """The clock of the node shows another time than was to be expected: everyone is told."""
        index = self.state.size
        self.emit(ClockJumped(at_ms=self.at_ms, clock_ms=clock_ms, expected_ms=expected_ms))
        for party in everyone(self.state):
            self.emit(Flagged(at_ms=self.at_ms, to=party, notice="", flag=FlagCode.NODE_CLOCK, agreement=""))
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=tuple(self.outputs))

    def administration(self, events: tuple[Event, ...]) -> Accepted:
        """What the operator changed; the caller has verified it."""
        index = self.state.size
        for event in events:
            apply_administration(self.state, event)
            self.emit(event)
            if isinstance(event, AgreementLoaded):
                self._judge_anew([event.id])
                self._settle_channels()
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=tuple(self.outputs))

    def of_witness(self, given: Cosigning | Suspicion) -> Accepted:
        """A witness has cosigned, or something is wrong with it; nothing is recorded when that is no news.

        Raises:
            NotAuthenticated: KEY_UNKNOWN or SIGNATURE_INVALID.
        """
        witnesses = self.state.witnesses
        event: Event | None
        if isinstance(given, Suspicion):
            event = witnesses.alarm(given, self.at_ms)
        else:
            checkpoint = Checkpoint(self._origin, given.size, self._root_at(given.size))
            event = witnesses.confirm(given, checkpoint, at_ms=self.at_ms)
        if event is not None:
            self.emit(event)
            for following in witnesses.following(event, self.state.register, self.at_ms):
                self.emit(following)
        # Where nothing is new, the entry before is named: at least that of the witness itself is there.
        index = self.state.size - max(len(self.outputs), 1)
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=tuple(self.outputs))

    def turn(self, agreement: str, channel: str) -> Accepted:
        """A new epoch of an exclusive channel, if one is due: what follows a notice's arrival, done by itself."""
        index = self.state.size
        held = self.state.register.judging(agreement, self.at_ms)
        for rule in () if held is None else held.exclusive_channels:
            if held is not None and rule.id == channel:
                self._turn(held, rule)
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=tuple(self.outputs))

    def _exclusive(self, notice: Notice) -> str:
        """The exclusive channel of a notice, its epoch begun; empty when the notice goes over none."""
        agreement = self.state.agreement_of(notice, self.at_ms)
        rule = None if agreement is None else agreement.channel_of(notice.party, notice.kind)
        if agreement is None or rule is None:
            return ""
        self._turn(agreement, rule)
        return self.state.channels.of(notice, agreement)

    def _turn(self, agreement: Agreement, rule: ExclusiveChannel) -> None:
        begun = self.state.channels.turning(agreement, rule, self.at_ms)
        if begun is not None:
            self.emit(begun)

    def _settle_channels(self) -> None:
        for event in self.state.channels.settling(self.at_ms):
            self.emit(event)

    def _judge_anew(self, agreements: list[str]) -> None:
        """Agreements have begun: every notice in force of their parties is searched again."""
        begun = [a for a in (self.state.register.judging(name, self.at_ms) for name in agreements) if a is not None]
        parties = {party for agreement in begun for party in agreement.parties}
        if not parties:
            return
        for key, held in list(self.state.held.items()):
            if held.is_in_force and held.party in parties:
                ConflictStep(self, held, key).run_anew()

    def _flags(self, notice: Notice) -> list[FlagCode]:
        agreement = self.state.agreement_of(notice, self.at_ms)
        chain = self.state.chain(notice.party)
        is_retold = chain.has_told(notice.sequence)
        flags = remarks(notice, agreement=agreement, last=chain.last, received_ms=self.at_ms, is_retold=is_retold)
        if agreement is not None and self._is_view_stale(notice, agreement):
            flags.append(FlagCode.STALE_VIEW)
        if self._has_other_history(notice):
            flags.append(FlagCode.CHECKPOINT_DIFFERS)
        refers = bool(notice.supersedes) or notice.kind is Kind.WITHDRAWAL
        if refers and self.state.earlier(notice) is None:
            flags.append(FlagCode.REFERENCE_UNKNOWN)
        return flags

    def _has_other_history(self, notice: Notice) -> bool:
        seen = notice.checkpoint
        if seen is None:
            return False
        return self._root_at(seen.size) != seen.root

    def _is_view_stale(self, notice: Notice, agreement: Agreement) -> bool:
        if notice.checkpoint is None:
            return False
        due_ms = view_due_ms(notice, agreement, self.at_ms)
        return notice.checkpoint.size < self.state.past.size_at(due_ms)

    def _accepted(self, index: int, digest: str, pledge: Pledge) -> Accepted:
        outputs = tuple(self.outputs)
        return Accepted(index=index, recorded_ms=self.at_ms, outputs=outputs, digest=digest, pledge=pledge)

    def _flag(self, held: Held, flag: FlagCode) -> None:
        self.emit(Flagged(at_ms=self.at_ms, to=held.party, notice=held.id, flag=flag, agreement=held.agreement))

    def _too_late(self, notice: Notice, held: Held) -> None:
        agreement = self.state.agreement_of(notice, self.at_ms)
        if agreement is not None and is_too_late(notice, agreement, self.at_ms):
            for alert in late_alerts(self.state, held, agreement, self.at_ms):
                self.emit(alert)

    def _go_stale(self, held: Held) -> None:
        self._flag(held, FlagCode.STALE_PRESENCE)
        agreement = self.state.agreement_with(held.party, held.agreement, self.at_ms)
        for party in () if agreement is None else agreement.parties:
            if party != held.party:
                flag = FlagCode.STALE_PRESENCE
                self.emit(Flagged(at_ms=self.at_ms, to=party, notice="", flag=flag, agreement=held.agreement))
        secrets = self.state.secrets
        reference = secrets.token("stale", notice_key(held.party, held.id))
        request = Request(
            alert=secrets.token("alert", reference, held.party),
            reference=reference,
            agreement=held.agreement,
            party=held.party,
            reason=Reason.PRESENCE_STALE,
            notice=held.id,
            zone="",
            window_start_ms=self.at_ms,
            window_end_ms=held.window.end_ms or FOREVER_MS,
        )
        self.emit(self.state.desk.opening(request, self.at_ms))

    def _settle(self, earlier: Held, *, by: Held, is_late: bool) -> None:
        """What was owed for the notice itself, stale or late, is settled by the one that replaces it."""
        reference = self.state.secrets.token("stale", notice_key(earlier.party, earlier.id))
        for alert in self.state.desk.of_reference(reference):
            self.emit(parting(alert, reference, CloseReason.CONFIRMED, self.at_ms))
        late = self.state.late_reference(earlier)
        if is_late and late == self.state.late_reference(by):
            return
        for alert in self.state.desk.of_reference(late):
            self.emit(parting(alert, late, CloseReason.CONFLICT_CEASED, self.at_ms))


def _same_again(known_digest: str, index: int, recorded_ms: int, digest: str, pledge: Pledge) -> Accepted:
    if known_digest == digest:
        return Accepted(index=index, recorded_ms=recorded_ms, outputs=(), digest=digest, pledge=pledge)
    raise Invalid(
        "NOTICE_ID_REUSED",
        "you have told something else under this id",
        path="id",
        remedy="Give every document a new id; to change a notice, supersede it.",
    )
