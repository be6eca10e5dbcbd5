"""From what the engine finds to what the parties are told: conflicts opened, carried over and ceased."""

from __future__ import annotations

from collections.abc import Iterator

from openline.core.agreement import Agreement
from openline.core.event import CloseReason, ConflictCeased, ConflictFound, Event, Flagged
from openline.core.flags import FlagCode
from openline.core.time import Window
from openline.engine.words import Encounter
from openline.hotline.alerts import Request
from openline.hotline.decisions import parting
from openline.node.emission import Emission
from openline.node.judging import PairRules
from openline.node.state import Conflict, Held, State, notice_key, roots_of
from openline.release.disclosure import Disclosure, Side, disclose, disclose_late


class ConflictStep:
    """What one notice does to the conflicts of its line."""

    def __init__(self, step: Emission, held: Held, key: str) -> None:
        """`held` has been taken into the state under `key`."""
        self._step = step
        self._state = step.state
        self._held = held
        self._key = key

    def run(self, earlier: Held | None) -> None:
        """Find, tell, and end what is no longer so of `earlier`, which this notice has replaced."""
        found = self._find() if self._held.is_in_force else []
        standing = {roots_of(self._state.held[e.first], self._state.held[e.second]) for e in found}
        if earlier is not None:
            for conflict in self._state.conflicts_of(earlier.root):
                if conflict.roots not in standing:
                    self._cease(conflict)
        for encounter in found:
            self._tell(encounter)

    def run_anew(self) -> None:
        """An agreement has begun: tell of what it makes a conflict. What is one already stays as it was told."""
        for encounter in self._find():
            roots = roots_of(self._state.held[encounter.first], self._state.held[encounter.second])
            if roots not in self._state.conflicts:
                self._tell(encounter)

    def _find(self) -> list[Encounter]:
        state, at_ms = self._state, self._step.at_ms
        rules = PairRules(state.register, at_ms)
        found: list[Encounter] = []
        for encounter in state.engine.find_in_force(self._key, rules):
            one, other = state.objects[encounter.first], state.objects[encounter.second]
            agreements = rules.judging(one, other)
            if agreements:
                if not self._is_over(encounter, agreements):
                    found.append(encounter)
            else:
                self._flag_strangers(encounter)
        return found

    def _flag_strangers(self, encounter: Encounter) -> None:
        """Both tellers learn that their own notice lies near something that no agreement of theirs judges."""
        for key in (encounter.second, encounter.first):
            held = self._state.held[key]
            self._step.emit(
                Flagged(
                    at_ms=self._step.at_ms,
                    to=held.party,
                    notice=held.id,
                    flag=FlagCode.NO_COMMON_AGREEMENT,
                    agreement=held.agreement,
                )
            )

    def _tell(self, encounter: Encounter) -> None:
        state, at_ms = self._state, self._step.at_ms
        first, second = state.held[encounter.first], state.held[encounter.second]
        roots = roots_of(first, second)
        standing = state.conflicts.get(roots)
        reference = standing.reference if standing else state.secrets.token("conflict", *roots, str(state.size))
        agreements = _judging(state, first, second, at_ms)
        self._step.emit(_conflict_found(encounter, reference, agreements, at_ms))
        for disclosure in self._disclosed(encounter, agreements):
            for event in _alerting(state, disclosure, reference, agreements[0].id, at_ms):
                self._step.emit(event)

    def _is_over(self, encounter: Encounter, agreements: list[Agreement]) -> bool:
        """True when a window that somebody would be told has ended: if not all can be told, nobody is."""
        return any(told.window.end_ms <= self._step.at_ms for told in self._disclosed(encounter, agreements))

    def _disclosed(self, encounter: Encounter, agreements: list[Agreement]) -> tuple[Disclosure, ...]:
        guarantors = {g for a in agreements for g in a.parties}
        return disclose(
            self._side(self._state.held[encounter.first], encounter.first_window, guarantors),
            self._side(self._state.held[encounter.second], encounter.second_window, guarantors),
            encounter.common_window,
        )

    def _side(self, held: Held, touched: Window, signed: set[str]) -> Side:
        zone = self._state.zones.get(notice_key(held.party, held.id))
        guarantors = () if zone is None else tuple(g for g in zone.guarantors if g in signed)
        return Side(
            party=held.party,
            notice=held.id,
            kind=held.kind,
            whole=held.window,
            touched=touched,
            guarantors=guarantors,
        )

    def _cease(self, conflict: Conflict) -> None:
        at_ms, reference = self._step.at_ms, conflict.reference
        open_alerts = self._state.desk.of_reference(reference)
        self._step.emit(ConflictCeased(at_ms=at_ms, reference=reference, reason=CloseReason.CONFLICT_CEASED))
        for held in open_alerts:
            self._step.emit(parting(held, reference, CloseReason.CONFLICT_CEASED, at_ms))


def late_alerts(state: State, held: Held, agreement: Agreement, at_ms: int) -> Iterator[Event]:
    """The alerts that a notice told too late raises by itself: to its teller and to the others who signed."""
    side = Side(party=held.party, notice=held.id, kind=held.kind, whole=held.window, touched=held.window)
    others = tuple(party for party in agreement.parties if party != held.party)
    reference = state.late_reference(held)
    for disclosure in disclose_late(side, others):
        yield from _alerting(state, disclosure, reference, agreement.id, at_ms)


def _judging(state: State, first: Held, second: Held, at_ms: int) -> list[Agreement]:
    rules = PairRules(state.register, at_ms)
    one = state.objects[notice_key(first.party, first.id)]
    other = state.objects[notice_key(second.party, second.id)]
    return rules.judging(one, other)


def _alerting(state: State, told: Disclosure, reference: str, agreement: str, at_ms: int) -> list[Event]:
    """Open the alert of one side, or change the one that is open already."""
    name = state.secrets.token("alert", reference, told.party)
    if state.desk.get(name) is not None:
        name = state.secrets.token("alert", reference, told.party, str(state.size))
    held = state.desk.standing(reference, told.party)
    request = Request(
        alert=name,
        reference=reference,
        agreement=agreement,
        party=told.party,
        reason=told.reason,
        notice=told.notice,
        zone=told.zone,
        window_start_ms=told.window.start_ms,
        window_end_ms=told.window.end_ms,
        is_window_told=told.is_window_told,
    )
    if held is None:
        return [state.desk.raising(request, at_ms)]
    return state.desk.changing(held, request, at_ms)


def _conflict_found(encounter: Encounter, reference: str, agreements: list[Agreement], at_ms: int) -> ConflictFound:
    return ConflictFound(
        at_ms=at_ms,
        reference=reference,
        agreements=tuple(a.id for a in agreements),
        first=encounter.first,
        second=encounter.second,
        first_start_ms=encounter.first_window.start_ms,
        first_end_ms=encounter.first_window.end_ms,
        second_start_ms=encounter.second_window.start_ms,
        second_end_ms=encounter.second_window.end_ms,
        common_start_ms=encounter.common_window.start_ms,
        common_end_ms=encounter.common_window.end_ms,
    )
