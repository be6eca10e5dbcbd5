"""What follows from entries that were held against their proofs and signatures: claim by claim, and never more.

The words of the field are kept apart: what was *told*, what a machine has *received*, what a person has *acknowledged*,
what was *disseminated* to those who act. Whatever a bundle does not hold is no record, and that alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from openline.core.declaration import Declaration, Disclosure
from openline.core.event import (
    Acknowledged,
    Alert,
    AlertChanged,
    Closed,
    Delivered,
    Escalation,
    Event,
    Flagged,
    Repeated,
)
from openline.core.notice import Acknowledgement, Notice
from openline.core.precedence import Precedence
from openline.record.findings import (
    LINE,
    OTHER_SIDE,
    Case,
    Claim,
    Finding,
    Ground,
    Said,
    Standing,
    Subject,
    Why,
    Witnessing,
)


def judge(case: Case) -> tuple[Subject, ...]:
    """Everything that the bundle shows, in the order of the ledger."""
    return tuple(sorted(_subjects(case), key=lambda subject: subject.entry))


def _subjects(case: Case) -> Iterator[Subject]:
    alerts: dict[str, list[Said]] = {}
    for said in case.said:
        if isinstance(said.word, Notice):
            yield _notice(case, said, said.word)
        elif isinstance(said.word, Declaration):
            yield _declaration(case, said, said.word)
        elif isinstance(said.word, (Acknowledgement, Alert, AlertChanged, Repeated, Escalation, Acknowledged, Closed)):
            alerts.setdefault(said.word.alert, []).append(said)
    for alert, steps in alerts.items():
        yield _alert(case, alert, steps)


def _notice(case: Case, said: Said, notice: Notice) -> Subject:
    words = (one.word for one in case.said)
    flags = [w.flag.value for w in words if isinstance(w, Flagged) and (w.to, w.notice) == (said.party, notice.id)]
    return Subject(
        kind="notice",
        id=notice.id,
        type=notice.kind.value,
        party=said.party,
        entry=said.index,
        at_ms=said.at_ms,
        agreement=notice.agreement_id,
        agreement_version=notice.agreement_version,
        is_disclosed=said.party != case.party,
        flags=tuple(flags),
        findings=(_told(said), disseminated(), _witnessed(case, notice.agreement_id, said.index, said.party)),
    )


def _declaration(case: Case, said: Said, declaration: Declaration) -> Subject:
    return Subject(
        kind="declaration",
        id=declaration.id,
        type=type(declaration).__name__.lower(),
        party=said.party,
        entry=said.index,
        at_ms=said.at_ms,
        about=str(declaration.entry) if isinstance(declaration, Disclosure) else "",
        is_disclosed=said.party != case.party,
        findings=(_told(said),),
    )


def _alert(case: Case, alert: str, steps: list[Said]) -> Subject:
    opening = next((said.word for said in steps if isinstance(said.word, Alert)), None)
    events = [said for said in steps if isinstance(said.word, Event)]
    first = events[0] if events else steps[0]
    party = first.word.to if isinstance(first.word, Event) else first.party
    agreement = opening.agreement if opening else ""
    rose = [
        said.word.precedence for said in events if isinstance(said.word, (Alert, AlertChanged, Escalation, Repeated))
    ]
    return Subject(
        kind="alert",
        id=alert,
        type=opening.reason.value if opening else "",
        party=party,
        entry=first.index,
        at_ms=first.at_ms,
        agreement=agreement,
        about=opening.notice if opening else "",
        reference=opening.reference if opening else "",
        precedence=max(rose).name if rose else "",
        is_closed=any(isinstance(said.word, Closed) for said in events),
        is_disclosed=party != case.party,
        findings=(
            *(_told(said) for said in events if isinstance(said.word, Alert)),
            _received(case, party, events),
            *_acknowledged(party, steps, max(rose, default=None)),
            disseminated(),
            _witnessed(case, agreement, first.index, party),
        ),
    )


def _told(said: Said) -> Finding:
    why = Why.NONE if said.is_agreed else Why.AGREEMENT_UNKNOWN
    why = Why.OPERATORS_KEY if said.ground is Ground.OPERATOR else why
    return Finding(
        claim=Claim.TOLD,
        standing=Standing.PROVEN if why is Why.NONE else Standing.LINES_WORD,
        by=said.party or LINE,
        role=said.role,
        entry=said.index,
        at_ms=said.at_ms,
        why=why,
        ground=said.ground,
    )


def _received(case: Case, party: str, events: list[Said]) -> Finding:
    """The first delivery of anything that the line said of the alert."""
    entries = {said.index for said in events}
    for said in case.said:
        word = said.word
        if isinstance(word, Delivered) and word.party == party and word.entry in entries:
            return Finding(
                claim=Claim.RECEIVED,
                standing=Standing.LINES_WORD,
                by=party,
                entry=said.index,
                at_ms=said.at_ms,
                ground=said.ground,
            )
    return _none(Claim.RECEIVED, party)


def _acknowledged(party: str, steps: list[Said], highest: Precedence | None) -> Iterator[Finding]:
    """Every acknowledgement by the receiver, what is missing of it, and the other side's."""
    signed = [said for said in steps if isinstance(said.word, Acknowledgement) and said.party == party]
    for said in signed:
        yield _signed_acknowledgement(said)
    read = [said.word.precedence for said in signed if isinstance(said.word, Acknowledgement)]
    others = False
    for said in steps:
        word = said.word
        if not isinstance(word, Acknowledged):
            continue
        is_own = word.by == "own"
        others = others or not is_own
        if is_own and word.precedence in read:
            continue
        read += [word.precedence] if is_own else []
        yield Finding(
            claim=Claim.ACKNOWLEDGED,
            standing=Standing.LINES_WORD,
            by=party if is_own else OTHER_SIDE,
            role=word.role,
            entry=said.index,
            at_ms=said.at_ms,
            precedence=word.precedence.name,
            ground=said.ground,
        )
    if highest is None or max(read, default=-1) < highest:
        yield _none(Claim.ACKNOWLEDGED, party, highest)
    if not others:
        yield _none(Claim.ACKNOWLEDGED, OTHER_SIDE)


def _signed_acknowledgement(said: Said) -> Finding:
    told = _told(said)
    precedence = Precedence(said.word.precedence).name if isinstance(said.word, Acknowledgement) else ""
    return Finding(
        claim=Claim.ACKNOWLEDGED,
        standing=told.standing,
        by=said.party,
        role=said.role,
        entry=said.index,
        at_ms=said.at_ms,
        precedence=precedence,
        why=told.why,
        ground=said.ground,
    )


def disseminated() -> Finding:
    """Whether it reached those who act. The one place to change once parties can attest that."""
    return Finding(claim=Claim.DISSEMINATED, standing=Standing.NO_RECORD, why=Why.NO_SUCH_ATTESTATION)


def _witnessed(case: Case, agreement: str, index: int, party: str) -> Finding:
    seen = case.witnessing.get(agreement)
    if seen is None or party not in seen.signatories:
        return _not_witnessed(Why.AGREEMENT_NOT_SHOWN)
    if not seen.quorum:
        return _not_witnessed(Why.NO_POLICY)
    if not seen.is_reached:
        return _not_witnessed(Why.NO_QUORUM, seen)
    if index >= seen.size:
        return _not_witnessed(Why.AFTER_THE_WITNESSED, seen)
    is_operators = seen.ground is Ground.OPERATOR
    return Finding(
        claim=Claim.WITNESSED,
        standing=Standing.LINES_WORD if is_operators else Standing.PROVEN,
        why=Why.OPERATORS_POLICY if is_operators else Why.NONE,
        ground=seen.ground,
        at_ms=seen.at_ms,
        witnesses=seen.parties,
        quorum=seen.quorum,
    )


def _not_witnessed(why: Why, seen: Witnessing | None = None) -> Finding:
    return Finding(
        claim=Claim.WITNESSED,
        standing=Standing.NOT_PROVEN,
        why=why,
        witnesses=seen.parties if seen else (),
        quorum=seen.quorum if seen else 0,
    )


def _none(claim: Claim, by: str, precedence: Precedence | None = None) -> Finding:
    return Finding(
        claim=claim,
        standing=Standing.NO_RECORD,
        by=by,
        precedence=precedence.name if precedence is not None else "",
        why=Why.NO_PROOF_OF_ABSENCE,
    )
