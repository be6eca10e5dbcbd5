"""What the sequencer owns. It changes by `take_*` and `apply` only, the same way when live and when read back."""

from __future__ import annotations

import heapq
from collections.abc import Callable

import msgspec
from msgspec import Struct

from openline.agreement.chain import Chain
from openline.agreement.pairs import Object
from openline.agreement.register import Register
from openline.agreement.remarks import refresh_due_ms
from openline.codec.times import Offsets
from openline.core.agreement import Agreement
from openline.core.declaration import Declaration
from openline.core.event import ConflictCeased, ConflictFound, Delivered, Event, Flagged, Reason, Tick
from openline.core.flags import FlagCode
from openline.core.key_documents import KeyDocument
from openline.core.notice import Kind, Notice, Withdrawal, Zone
from openline.core.time import FOREVER_MS, Window
from openline.engine.finder import Engine
from openline.hotline.alerts import Ladder
from openline.hotline.desk import Desk
from openline.intake.keyring import Keyring
from openline.node.attached import Attached
from openline.node.channels import Channels
from openline.node.entries import Entries, holds
from openline.node.judging import judged
from openline.node.past import Past
from openline.node.pledges import PUBLISHED, Pledge, Pledges, pledge_under
from openline.node.repeats import LineSide, fold_of_conflict, fold_of_late
from openline.node.secrets import NodeSecrets
from openline.node.witnesses import Witnesses
from openline.release.disclosure import ACTIVITY_WINDOW_STEP_MS, rounded

EngineMaker = Callable[[], Engine]
"""Makes an engine with nothing in force: which search it has changes no answer."""


class Held(Struct, kw_only=True, gc=False):
    """What stays in memory of a notice that was told."""

    id: str
    party: str
    kind: Kind
    agreement: str
    digest: str
    index: int
    recorded_ms: int
    window: Window
    root: str
    """Key of the first notice of its line of supersession: an alert follows the line."""
    is_in_force: bool = True
    refresh_due_ms: int = 0
    """0 when it need not be confirmed."""
    is_stale: bool = False
    pledge: Pledge = PUBLISHED


class Conflict(Struct, frozen=True, kw_only=True, gc=False):
    """An open conflict, by the roots of its two lines."""

    reference: str
    roots: tuple[str, str]


class State:
    """Agreements, keys, notices, the engine, the desk."""

    def __init__(self, secrets: NodeSecrets, make_engine: EngineMaker = Engine) -> None:
        """Nothing told yet."""
        self.secrets = secrets
        self.register = Register()
        self.channels = Channels(secrets, self.register)
        self.keyring = Keyring()
        self.engine = make_engine()
        self.desk = Desk(self.ladder_of, self.fold_of)
        self.witnesses = Witnesses()
        self.past = Past()
        self.pledges = Pledges()
        self.size = 0
        self.held: dict[str, Held] = {}
        self.objects: dict[str, Object] = {}
        self.zones: dict[str, Zone] = {}
        self.chains: dict[str, Chain] = {}
        self.acknowledged: dict[str, tuple[str, int, int]] = {}
        """Acknowledgements by party and id: digest, index, when recorded."""
        self.declared: dict[str, tuple[str, int, int]] = {}
        """Declarations, in the same way."""
        self.key_documents: dict[str, tuple[str, int, int]] = {}
        """Key documents, in the same way."""
        self.entries = Entries()
        self.attached = Attached()
        self.conflicts: dict[tuple[str, str], Conflict] = {}
        self.references: dict[str, tuple[str, str]] = {}
        self.touching: dict[str, set[tuple[str, str]]] = {}
        """Open conflicts by root."""
        self.lates: dict[str, str] = {}
        """Who told too late, by the reference of the alerts that say so."""
        self.keys_enrolled: set[tuple[str, str, str]] = set()
        self.started: tuple[str, str, str, str, bool] | None = None
        """Versions, key, origin and drill mark as the ledger last said them."""
        self.delivered: dict[str, int] = {}
        """The last entry that a party's machine is known to have taken, by party."""
        self._refreshes: list[tuple[int, str]] = []
        self._awaited: list[tuple[int, str]] = []
        """Agreements loaded that have not begun, or whose channels end with them: when, and their ids."""

    def ladder_of(self, agreement: str, party: str, at_ms: int) -> Ladder:
        """The timers and desks that an agreement gives a party; the defaults when it knows neither."""
        held = self.register.judging(agreement, at_ms) or self.register.get(agreement)
        if held is None:
            return Ladder()
        signatory = held.signatory(party)
        return Ladder(timers=held.timers) if signatory is None else Ladder(timers=held.timers, roles=signatory.roles)

    def fold_of(self, reference: str, party: str, reason: Reason, agreement: str) -> str:
        """The token that FLASHes to one party share when they repeat each other; empty for what repeats none."""
        if reason is Reason.NOTICE_TOO_LATE and reference in self.lates:
            return fold_of_late(self.secrets, party, self.lates[reference], agreement)
        roots = self.references.get(reference)
        if roots is None:
            return ""
        sides = [LineSide(root=root, party=self.held[root].party, kind=self.held[root].kind) for root in roots]
        return fold_of_conflict(self.secrets, party, (reason.value, agreement), sides)

    def late_reference(self, held: Held) -> str:
        """The reference of the alerts that say: a notice of this line was told too late under its agreement."""
        return self.secrets.token("late", held.root, held.agreement)

    def chain(self, party: str) -> Chain:
        """The numbers that a party has told."""
        return self.chains.get(party) or Chain()

    def take_pledge(self, party: str, at_ms: int) -> None:
        """The next entry is told by `party` and is no notice: note what its agreements promise."""
        self.pledges.take(self.size, self.register.of_party(party, at_ms))

    def offsets_of(self, agreement: str) -> Offsets:
        """The UTC offsets that a time without one may have under an agreement."""
        return Offsets(*self.register.offsets_of(agreement))

    def agreement_of(self, notice: Notice, at_ms: int) -> Agreement | None:
        """The agreement that a notice names, when its teller signed it and it is in force."""
        return self.agreement_with(notice.party, notice.agreement_id, at_ms)

    def agreement_with(self, party: str, identifier: str, at_ms: int) -> Agreement | None:
        """The agreement of this id, when the party signed it and it is in force."""
        agreement = self.register.judging(identifier, at_ms)
        return None if agreement is None or agreement.signatory(party) is None else agreement

    def take_notice(self, notice: Notice, *, digest: str, at_ms: int) -> Held:
        """Put a notice in force and whatever it supersedes or withdraws out of it."""
        key = notice_key(notice.party, notice.id)
        agreement = self.agreement_of(notice, at_ms)
        earlier = self.earlier(notice)
        held = Held(
            id=notice.id,
            party=notice.party,
            kind=notice.kind,
            agreement=notice.agreement_id,
            digest=digest,
            index=self.size,
            recorded_ms=at_ms,
            window=notice.window,
            root=earlier.root if earlier is not None and _follows(notice, earlier) else key,
            refresh_due_ms=refresh_due_ms(notice, agreement, received_ms=at_ms) or 0,
            pledge=pledge_under(*(() if agreement is None else (agreement,))),
            is_in_force=notice.kind is not Kind.WITHDRAWAL and notice.window.end_ms > at_ms,
        )
        self.held[key] = held
        self.chains.setdefault(notice.party, Chain()).take(notice, digest)
        self.attached.take_notice(notice, self.size)
        if earlier is not None:
            self.retire(earlier)
        if held.is_in_force:
            self._enforce(notice, key, held, agreement)
        return held

    def take_told(self, party: str, at_ms: int, channel: str = "") -> None:
        """The next entry is what a party told, over an exclusive channel when one is named."""
        self.past.take(at_ms, self.size)
        self.entries.take_told(party, self.size)
        if channel:
            self.channels.tell(channel, self.size)

    def take_declaration(self, declaration: Declaration, *, digest: str, at_ms: int) -> None:
        """Take a declaration that the next entry tells."""
        self.declared[notice_key(declaration.party, declaration.id)] = (digest, self.size, at_ms)
        self.take_pledge(declaration.party, at_ms)
        self.entries.take_declaration(declaration)
        self.attached.take_declaration(declaration, self.size)

    def take_key_document(self, document: KeyDocument, signers: frozenset[bytes], *, digest: str, at_ms: int) -> None:
        """Take a key document, signed by these public keys, that the next entry tells."""
        self.key_documents[notice_key(document.party, document.id)] = (digest, self.size, at_ms)
        self.entries.key_documents[self.size] = document.party
        self.take_pledge(document.party, at_ms)
        self.keyring.take(document, signers, self.size)

    def has_part_in(self, party: str, index: int) -> bool:
        """True for an entry that a party told, that was addressed to it, or that turns a channel of its own."""
        return self.entries.concerns(party, index) or holds(self.channels.readable.get(party), index)

    def may_read(self, party: str, index: int) -> bool:
        """True for an entry that a party has part in, that was disclosed to it, or that says who speaks for another."""
        teller = self.entries.key_documents.get(index)
        is_known = teller is not None and self.register.have_common(party, teller)
        return is_known or self.has_part_in(party, index) or self.entries.is_disclosed_to(party, index)

    def retire(self, held: Held) -> None:
        """Take a notice out of force."""
        if not held.is_in_force:
            return
        held.is_in_force = False
        key = notice_key(held.party, held.id)
        if key in self.engine:
            self.engine.remove(key)
        self.objects.pop(key, None)
        self.zones.pop(key, None)

    def expire(self, at_ms: int) -> None:
        """Take out of force whatever ended so long ago that neither a separation in time nor an open alert reaches it.

        An alert runs to the rounded end of a window. Were a notice gone before that, what becomes of the alert when the
        notice is replaced would tell the minute.
        """
        reach_ms = max(self.register.longest_separation_ms, ACTIVITY_WINDOW_STEP_MS)
        for key in self.engine.expire(at_ms - reach_ms):
            self.held[key].is_in_force = False
            self.objects.pop(key, None)
            self.zones.pop(key, None)

    def apply(self, event: Event) -> None:
        """Take what the line did, as the entry at the present size."""
        self.entries.apply(event, self.size)
        self.past.apply(event, self.size)
        self.witnesses.apply(event, self.size)
        ended = self.desk.references_ended(event)
        self.desk.apply(event)
        self.channels.apply(event, self.size)
        for reference in ended:
            if not self.desk.of_reference(reference):
                self._forget(reference)
        if isinstance(event, ConflictFound):
            self._open(event)
        elif isinstance(event, ConflictCeased):
            self._forget(event.reference)
        elif isinstance(event, Flagged) and event.notice:
            self._flag(event, self.held[notice_key(event.to, event.notice)])
        elif isinstance(event, Tick):
            while self._awaited and self._awaited[0][0] <= event.at_ms:
                heapq.heappop(self._awaited)
        elif isinstance(event, Delivered):
            self.delivered[event.party] = max(event.entry, self.delivered.get(event.party, -1))

    def witnessed(self, agreement: str) -> int:
        """Entries below this size are witnessed under an agreement; 0 when none is."""
        return self.witnesses.witnessed.get(agreement, 0)

    def stale(self, at_ms: int) -> Held | None:
        """A presence in force whose confirmation is overdue at `at_ms` and that was not yet said to be stale."""
        due_ms = self.next_refresh_ms()
        if due_ms is None or due_ms > at_ms:
            return None
        return self.held[self._refreshes[0][1]]

    def next_refresh_ms(self) -> int | None:
        """When the next confirmation falls due, or None."""
        while self._refreshes:
            due_ms, key = self._refreshes[0]
            held = self.held[key]
            if held.is_in_force and not held.is_stale and due_ms < held.window.end_ms:
                return due_ms
            heapq.heappop(self._refreshes)
        return None

    def load(self, agreement: Agreement, at_ms: int) -> None:
        """Take an agreement that all its parties have signed."""
        self.register.load(agreement)
        if agreement.window.start_ms > at_ms:
            heapq.heappush(self._awaited, (agreement.window.start_ms, agreement.id))
        if agreement.exclusive_channels and at_ms < agreement.window.end_ms < FOREVER_MS:
            heapq.heappush(self._awaited, (agreement.window.end_ms, agreement.id))

    def beginning(self, at_ms: int) -> list[str]:
        """Ids of the agreements that have begun by `at_ms`, or whose channels end, without a tick that says so."""
        return [name for start_ms, name in sorted(self._awaited) if start_ms <= at_ms]

    def next_due_ms(self) -> int | None:
        """When a tick next has an effect, or None."""
        begins_ms = self._awaited[0][0] if self._awaited else None
        dues = [due for due in (self.desk.next_due_ms(), self.next_refresh_ms(), begins_ms) if due is not None]
        return min(dues, default=None)

    def notices_of(self, party: str) -> list[Held]:
        """Notices of a party that are in force, in the order told."""
        return [held for held in self.held.values() if held.party == party and held.is_in_force]

    def conflicts_of(self, root: str) -> list[Conflict]:
        """Open conflicts of a line, in a fixed order."""
        return [self.conflicts[roots] for roots in sorted(self.touching.get(root, ()))]

    def earlier(self, notice: Notice) -> Held | None:
        """The notice in force that this one supersedes or withdraws, or None."""
        name = notice.withdraws if isinstance(notice, Withdrawal) else notice.supersedes
        held = self.held.get(notice_key(notice.party, name)) if name else None
        return held if held is not None and held.is_in_force else None

    def _enforce(self, notice: Notice, key: str, held: Held, agreement: Agreement | None) -> None:
        self.objects[key] = Object(
            party=notice.party, kind=notice.kind, protection_class=getattr(notice, "protection_class", "")
        )
        if isinstance(notice, Zone):
            self.zones[key] = msgspec.structs.replace(notice, volumes=())
        self.engine.insert(judged(notice, key=key, agreement=agreement, secrets=self.secrets))
        if held.refresh_due_ms and held.refresh_due_ms < min(held.window.end_ms, FOREVER_MS):
            heapq.heappush(self._refreshes, (held.refresh_due_ms, key))

    def _open(self, event: ConflictFound) -> None:
        roots = roots_of(self.held[event.first], self.held[event.second])
        self.conflicts[roots] = Conflict(reference=event.reference, roots=roots)
        self.references[event.reference] = roots
        for root in roots:
            self.touching.setdefault(root, set()).add(roots)
        if self.held[event.second].kind is Kind.ZONE:
            touched = Window(start_ms=event.first_start_ms, end_ms=event.first_end_ms)
        elif self.held[event.first].kind is Kind.ZONE:
            touched = Window(start_ms=event.second_start_ms, end_ms=event.second_end_ms)
        else:
            return
        self.desk.know_end(event.reference, rounded(touched).end_ms)

    def _flag(self, event: Flagged, held: Held) -> None:
        if event.flag is FlagCode.STALE_PRESENCE:
            held.is_stale = True
        elif event.flag is FlagCode.LATE:
            reference = self.late_reference(held)
            self.lates[reference] = held.party
            self.desk.know_end(reference, rounded(held.window).end_ms)

    def _forget(self, reference: str) -> None:
        self.lates.pop(reference, None)
        roots = self.references.pop(reference, None)
        if roots is None:
            return
        del self.conflicts[roots]
        for root in roots:
            self.touching[root].discard(roots)
            if not self.touching[root]:
                del self.touching[root]


def _follows(notice: Notice, earlier: Held) -> bool:
    """True when a notice stays in the line of its predecessor: as another kind of thing it has other alerts."""
    return notice.kind in {earlier.kind, Kind.WITHDRAWAL}


def notice_key(party: str, notice: str) -> str:
    """The key of a notice inside the node: ids are a party's own, two parties may use the same."""
    return f"{party}/{notice}"


def roots_of(first: Held, second: Held) -> tuple[str, str]:
    """The roots of two lines, in a fixed order."""
    return (first.root, second.root) if first.root <= second.root else (second.root, first.root)
