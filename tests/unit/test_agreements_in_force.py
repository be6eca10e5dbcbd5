"""Agreements that begin late, set their own timers and ladders, and must be signed by all their parties."""

from __future__ import annotations

import pytest

from openline.app.agreements import add_signature, check_signatures, read_signed
from openline.app.pen import Pen
from openline.codec.envelope import to_base64
from openline.core.errors import BadUse, NotAuthenticated
from openline.core.event import Alert, Escalation, KeyEnrolled, Reason
from openline.core.key_documents import RootSet
from openline.core.precedence import Precedence
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.node.replay import replay
from tests.invariants import check_all_invariants
from tests.parties import (
    NOON_MS,
    NORTH,
    ORIGIN,
    SOUTH,
    Town,
    activity,
    agreement,
    in_air,
    on_ground,
    presence,
    signer_of,
    site,
)

LATER = agreement(top='in_force_from = "2026-03-01T14:00:00Z"')


def _told_before(town: Town) -> None:
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(NORTH, activity(in_air(NOON_MS + 5 * HOUR_MS)))


def test_an_agreement_that_begins_judges_what_was_told_before() -> None:
    town = Town(LATER)
    _told_before(town)
    assert not town.told(SOUTH, Alert)
    town.wait(2 * HOUR_MS)
    assert [alert.reason for alert in town.told(SOUTH, Alert)] == [Reason.ACTIVITY_NEARBY]
    assert [alert.at_ms for alert in town.told(NORTH, Alert)] == [NOON_MS + 2 * HOUR_MS]
    replay(town.store, town.secrets, ORIGIN)


def test_an_agreement_that_is_loaded_judges_what_was_told_before() -> None:
    town = Town(agreement("other", parties=(NORTH, "EAST")), parties=(NORTH, SOUTH, "EAST"))
    _told_before(town)
    town.load(agreement())
    assert [alert.reason for alert in town.told(NORTH, Alert)] == [Reason.PROTECTED_NEARBY]
    replay(town.store, town.secrets, ORIGIN)


def test_what_is_a_conflict_already_is_told_once() -> None:
    town = Town()
    _told_before(town)
    town.load(agreement(version=2))
    assert len(town.told(SOUTH, Alert)) == len(town.told(NORTH, Alert)) == 1
    check_all_invariants(town)


def test_the_timers_are_those_of_the_agreement() -> None:
    timers = 'priority = "7min"\nimmediate_before = "90min"'
    town = Town(agreement(timers=timers))
    _told_before(town)
    alert = town.alert(SOUTH)
    assert (alert.precedence, alert.answer_due_ms) == (Precedence.PRIORITY, NOON_MS + 7 * MINUTE_MS)
    town.wait(7 * MINUTE_MS)
    assert [climb.tier for climb in town.told(SOUTH, Escalation)] == [1]
    town.wait(3 * HOUR_MS + 15 * MINUTE_MS)
    assert town.alert(SOUTH).precedence is Precedence.PRIORITY
    town.wait(8 * MINUTE_MS)
    assert town.alert(SOUTH).precedence is Precedence.IMMEDIATE


def test_a_role_that_is_on_no_tier_does_not_answer() -> None:
    town = Town()
    _told_before(town)
    clerk = Pen(SOUTH, "filing_clerk", signer_of(SOUTH, "filing_clerk"))
    key = to_base64(signer_of(SOUTH, "filing_clerk").public_key)
    town.administer([KeyEnrolled(at_ms=town.now_ms, party=SOUTH, role="filing_clerk", key=key)])
    town.pens[SOUTH] = clerk
    size = town.line.committed
    with pytest.raises(NotAuthenticated) as refused:
        town.acknowledge(town.alert(SOUTH))
    assert refused.value.code == "ROLE_UNQUALIFIED"
    assert (town.line.committed, town.alert(SOUTH).is_acknowledged) == (size, False)


def test_a_private_site_is_judged_on_its_circle() -> None:
    town = Town()
    town.tell(SOUTH, site(on_ground(NOON_MS), private=True))
    town.tell(NORTH, activity(in_air(NOON_MS + 5 * HOUR_MS, east_m=3_500)))
    assert [alert.reason for alert in town.told(SOUTH, Alert)] == [Reason.ACTIVITY_NEARBY]
    plain = Town()
    plain.tell(SOUTH, site(on_ground(NOON_MS)))
    plain.tell(NORTH, activity(in_air(NOON_MS + 5 * HOUR_MS, east_m=3_500)))
    assert not plain.told(SOUTH, Alert)


def test_an_agreement_needs_the_signature_of_every_party() -> None:
    roots = {party: RootSet(keys=(signer_of(party, "root").public_key,)) for party in (NORTH, SOUTH)}
    once = add_signature(agreement(), signer_of(NORTH, "root"), name="terms")
    with pytest.raises(BadUse, match="SOUTH has not signed") as refused:
        check_signatures(read_signed(once, name="terms"), roots, name="terms")
    assert refused.value.code == "AGREEMENT_UNSIGNED"
    twice = add_signature(once, signer_of(SOUTH, "root"), name="terms")
    check_signatures(read_signed(twice, name="terms"), roots, name="terms")
    with pytest.raises(BadUse, match="no root key of SOUTH"):
        check_signatures(read_signed(twice, name="terms"), {NORTH: roots[NORTH]}, name="terms")


def test_a_signature_over_other_terms_is_none() -> None:
    roots = {party: RootSet(keys=(signer_of(party, "root").public_key,)) for party in (NORTH, SOUTH)}
    signed = add_signature(
        add_signature(agreement(), signer_of(NORTH, "root"), name=""), signer_of(SOUTH, "root"), name=""
    )
    other = add_signature(agreement(version=2), signer_of(SOUTH, "root"), name="")
    payload, changed = (read_signed(raw, name="").envelope for raw in (signed, other))
    forged = signed.replace(to_base64(payload.payload).encode(), to_base64(changed.payload).encode())
    with pytest.raises(BadUse, match="does not verify"):
        check_signatures(read_signed(forged, name="terms"), roots, name="terms")
