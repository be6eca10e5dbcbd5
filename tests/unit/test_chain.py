"""The question asked again, years later, from first roots and told key documents alone."""

from __future__ import annotations

import msgspec
import pytest

from openline.app import key_documents as written
from openline.codec.envelope import KEY_TYPE, NOTICE_TYPE, from_base64, read_own_envelope
from openline.codec.times import read_instant
from openline.core.event import KeyEnrolled
from openline.core.key_documents import RootSet, Standing
from openline.core.time import DAY_MS, HOUR_MS
from openline.intake.chain import Chain, EnrolledKey, Rests, ToldKey, Verdict
from openline.intake.keyring import OperationalKey
from openline.keys.dsse import sign_envelope
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.told import split_told
from openline.node.recovery import event_of
from tests.key_town import OFFICER_END_MS, KeyTown, name_of
from tests.parties import NORTH, SOUTH, activity, in_air, signer_of


def first_roots(roots: int = 1, threshold: int = 1) -> dict[str, RootSet]:
    return {
        party: RootSet(keys=tuple(KeyTown.root(party, n).public_key for n in range(roots)), threshold=threshold)
        for party in (NORTH, SOUTH)
    }


def told(town: KeyTown) -> list[ToldKey]:
    """Key documents as a mirror of the ledger has them."""
    found = []
    for record in town.store.records:
        if decode_leaf(record.leaf).leaf_class is LeafClass.TOLD:
            text, raw = split_told(record.body)
            if read_own_envelope(raw)[0] == KEY_TYPE:
                found.append(ToldKey(index=record.index, at_ms=read_instant(text, path=""), raw=raw))
    return found


def enrolled(town: KeyTown) -> list[EnrolledKey]:
    found = []
    for record in town.store.records:
        if decode_leaf(record.leaf).leaf_class is LeafClass.ADMIN:
            event = event_of(record.body)
            if isinstance(event, KeyEnrolled):
                key = OperationalKey(party=event.party, role=event.role, public_key=from_base64(event.key))
                found.append(EnrolledKey(index=record.index, key=key))
    return found


def judged(town: KeyTown, number: int = -1, **how: int) -> Verdict:
    """What the chain says of one of the town's envelopes."""
    chain = Chain(first_roots(**how), told(town), enrolled(town))
    assert not chain.faults
    raw, receipt = town.receipts[number]
    return chain.judge(raw, index=receipt.index, at_ms=receipt.recorded_ms)


def tell(town: KeyTown, party: str = NORTH) -> None:
    town.tell(party, activity(in_air(town.now_ms)))


def test_what_a_certified_officer_told_rests_on_the_root_and_names_what_it_rests_on() -> None:
    town = KeyTown()
    town.appoint(town.issue())
    tell(town)
    verdict = judged(town)
    assert (verdict.rests, verdict.party, verdict.role) == (Rests.ON_ROOT, NORTH, "duty_officer")
    assert verdict.entries == tuple(town.line.state.entries.key_documents)
    assert verdict.standing is Standing.IN_FORCE


def test_what_the_operator_enrolled_rests_on_its_word_though_the_party_has_roots() -> None:
    town = KeyTown()
    tell(town)
    verdict = judged(town)
    assert verdict.rests is Rests.ON_OPERATOR
    assert "no root of NORTH vouches" in verdict.why
    chain = Chain(first_roots(), told(town))
    raw, receipt = town.receipts[-1]
    assert chain.judge(raw, index=receipt.index, at_ms=receipt.recorded_ms).rests is Rests.ON_NOTHING


def test_a_revocation_changes_nothing_before_its_entry_and_everything_after() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    tell(town)
    town.revoke(officer, suspected_since_ms=town.now_ms - DAY_MS)
    raw, receipt = town.receipts[-2]
    chain = Chain(first_roots(), told(town))
    assert chain.judge(raw, index=receipt.index, at_ms=receipt.recorded_ms).rests is Rests.ON_ROOT
    after = chain.judge(raw, index=town.line.committed, at_ms=town.now_ms)
    assert (after.rests, after.standing) == (Rests.ON_NOTHING, Standing.REVOKED)


def test_an_expired_key_is_authentic_and_said_to_be_expired() -> None:
    town = KeyTown()
    town.appoint(town.issue())
    town.wait(OFFICER_END_MS - town.now_ms + HOUR_MS)
    tell(town)
    verdict = judged(town)
    assert (verdict.rests, verdict.standing) == (Rests.ON_ROOT, Standing.EXPIRED)
    assert "validity had ended" in verdict.why


def test_a_key_before_its_time_is_not_authentic() -> None:
    town = KeyTown()
    town.appoint(town.issue(), start_ms=town.now_ms + HOUR_MS)
    raw = town.written(NORTH, activity(in_air(town.now_ms)))
    chain = Chain(first_roots(), told(town))
    verdict = chain.judge(raw, index=town.line.committed, at_ms=town.now_ms)
    assert (verdict.rests, verdict.standing) == (Rests.ON_NOTHING, Standing.NOT_YET)


def test_with_other_first_roots_nothing_of_it_holds() -> None:
    town = KeyTown()
    town.appoint(town.issue())
    tell(town)
    others = {NORTH: RootSet(keys=(signer_of(NORTH, "another").public_key,))}
    chain = Chain(others, told(town))
    assert [fault.index for fault in chain.faults] == list(town.line.state.entries.key_documents)
    raw, receipt = town.receipts[-1]
    assert chain.judge(raw, index=receipt.index, at_ms=receipt.recorded_ms).rests is Rests.ON_NOTHING


def test_roots_that_were_replaced_are_followed() -> None:
    town = KeyTown(roots=2, threshold=2)
    fresh = signer_of(NORTH, "fresh")
    town.replace_roots([fresh], [town.root(NORTH, 0), town.root(NORTH, 1), fresh])
    town.appoint(town.issue(root=fresh))
    tell(town)
    assert judged(town, roots=2, threshold=2).rests is Rests.ON_ROOT


def test_a_document_that_the_node_should_have_refused_is_a_fault_and_counts_for_nothing() -> None:
    town = KeyTown()
    issuer = town.issue()
    thief = signer_of("WEST", "thief")
    fields = written.officer_key(thief.public_key, "duty_officer", "no watch", town.now_ms, town.now_ms + DAY_MS)
    raw = town.written_keys(fields, [thief])
    slipped_in = ToldKey(index=town.line.committed, at_ms=town.now_ms, raw=raw)
    chain = Chain(first_roots(), [*told(town), slipped_in])
    assert [(fault.index, "issuer" in fault.why) for fault in chain.faults] == [(slipped_in.index, True)]
    town.hand_over(NORTH, thief)
    notice = town.written(NORTH, activity(in_air(town.now_ms)))
    assert chain.judge(notice, index=slipped_in.index + 1, at_ms=town.now_ms).rests is Rests.ON_NOTHING
    assert chain.keyring_at(slipped_in.index).known(name_of(issuer)) is not None


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"party": SOUTH}, "it speaks for SOUTH"),
        ({"party": NORTH, "role": "political"}, "comes from the role political"),
        ({}, "it speaks for nobody"),
    ],
)
def test_a_payload_that_speaks_for_others_is_not_the_key_s(payload: dict[str, str], why: str) -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    raw = sign_envelope(msgspec.json.encode(payload), NOTICE_TYPE, [(name_of(officer), officer)])
    verdict = Chain(first_roots(), told(town)).judge(raw, index=town.line.committed, at_ms=town.now_ms)
    assert verdict.rests is Rests.ON_NOTHING
    assert why in verdict.why


def test_whatever_it_is_given_it_answers() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    chain = Chain(first_roots(), told(town))
    pair = [(name_of(officer), officer), (name_of(town.root()), town.root())]
    forged = sign_envelope(b'{"party":"NORTH"}', NOTICE_TYPE, [(name_of(officer), town.root())])
    strange = [sign_envelope(b"[]", NOTICE_TYPE, pair[:1]), sign_envelope(b"{}", "x", pair), forged]
    for raw in (b"", b"{}", b"\xff", *strange):
        assert chain.judge(raw, index=town.line.committed, at_ms=town.now_ms).rests is Rests.ON_NOTHING


def test_a_root_on_the_operator_s_word_is_answered_and_vouches_for_nothing() -> None:
    """A forged record: a node enrols no root as if it were an officer."""
    key = signer_of(NORTH, "forged")
    forged = EnrolledKey(index=0, key=OperationalKey(party=NORTH, role="root", public_key=key.public_key))
    raw = sign_envelope(b'{"party":"NORTH"}', NOTICE_TYPE, [(name_of(key), key)])
    assert Chain({}, [], [forged]).judge(raw, index=1, at_ms=0).rests is Rests.ON_NOTHING


def test_a_key_document_that_the_operator_tells_again_is_a_fault() -> None:
    """A window that its party has shortened since would be long again."""
    town = KeyTown()
    issuer = town.issue()
    town.appoint(issuer)
    town.appoint(issuer, end_ms=town.now_ms + HOUR_MS)
    first, again = told(town)[1], town.line.committed
    town.wait(DAY_MS)
    chain = Chain(first_roots(), [*told(town), ToldKey(index=again, at_ms=town.now_ms, raw=first.raw)])
    assert [fault.index for fault in chain.faults] == [again]
    officer = name_of(signer_of(NORTH, "officer"))
    assert chain.keyring_at(again + 1).standing(officer, town.now_ms) is Standing.EXPIRED
