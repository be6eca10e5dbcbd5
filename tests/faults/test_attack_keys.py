"""Attacks on who speaks for a party. Each is made as its attacker would make it, and none has effect."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openline.app import key_documents as written
from openline.codec.envelope import KEY_TYPE, NOTICE_TYPE, read_envelope, to_base64
from openline.core.errors import Refusal
from openline.core.event import KeyEnrolled, RootsEnrolled
from openline.core.key_documents import RootSet, Standing
from openline.core.time import DAY_MS, HOUR_MS
from openline.intake.chain import Chain, EnrolledKey, Rests, ToldKey
from openline.intake.keyring import OperationalKey
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer, WeakKey
from openline.ledger.told import split_told
from tests.key_town import START_MS, KeyTown, name_of
from tests.parties import NOON_MS, NORTH, SOUTH, activity, in_air, signer_of

VECTORS = Path(__file__).parents[1] / "vectors" / "ed25519_edge.json"
ODD = {"low_order_A", "low_order_component_A", "non_canonical_A"}
WEAK = sorted({case["key"] for case in json.loads(VECTORS.read_bytes()) if ODD.intersection(case["flags"] or ())})
"""Keys of low order, with a low-order component, or not canonical (their origin stands beside the vectors)."""
THIEF = signer_of("WEST", "thief")
"""A key of nobody here."""


def refused(town: KeyTown, attack: Callable[[], object]) -> str:
    """The code with which an attack ends; it has changed nothing."""
    size, keyring = town.line.committed, town.line.state.keyring.copy()
    with pytest.raises(Refusal) as found:
        attack()
    assert town.line.committed == size
    assert town.line.state.keyring == keyring
    return found.value.code


def appointing(key: Signer, role: str = "duty_officer") -> dict[str, Any]:
    return written.officer_key(key.public_key, role, "night watch", START_MS, START_MS + 10 * DAY_MS)


def issuing(key: Signer) -> dict[str, Any]:
    return written.issuer_key(key.public_key, START_MS, START_MS + 30 * DAY_MS)


def now(town: KeyTown) -> dict[str, Any]:
    return activity(in_air(town.now_ms))


def later(town: KeyTown) -> dict[str, Any]:
    return activity(in_air(town.now_ms + 3 * DAY_MS))


def test_a_role_that_the_key_has_not() -> None:
    town = KeyTown()
    town.appoint(town.issue())
    town.pens[NORTH].role = "political"
    told = town.tell(NORTH, now(town)).index
    assert refused(town, lambda: town.declare(NORTH, {"type": "disclosure", "entry": told, "to": SOUTH})) == (
        "PARTY_MISMATCH"
    )


def test_an_officer_makes_himself_something_else() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    for fields in (appointing(THIEF), appointing(officer, "political"), issuing(THIEF), issuing(officer)):
        brought = [key for key in (THIEF, officer) if to_base64(key.public_key) == fields["key"]]
        assert refused(town, lambda f=fields, b=brought: town.tell_keys(f, *{officer, *b})) in {  # type: ignore[misc]
            "KEY_UNVOUCHED",
            "VALUE_INVALID",
        }


def test_an_issuer_that_vouches_for_itself() -> None:
    town = KeyTown()
    assert refused(town, lambda: town.tell_keys(issuing(THIEF), THIEF)) == "KEY_UNVOUCHED"
    issuer = town.issue()
    assert refused(town, lambda: town.tell_keys(issuing(issuer), issuer)) == "KEY_UNVOUCHED"
    assert refused(town, lambda: town.tell_keys(issuing(THIEF), issuer, THIEF)) == "KEY_UNVOUCHED"


def test_the_issuer_and_the_root_of_another_party() -> None:
    town = KeyTown()
    theirs = town.issue(SOUTH)
    assert refused(town, lambda: town.tell_keys(appointing(THIEF), theirs, THIEF)) == "PARTY_MISMATCH"
    assert refused(town, lambda: town.tell_keys(issuing(THIEF), town.root(SOUTH), THIEF)) == "PARTY_MISMATCH"
    ours = signer_of(NORTH)
    assert refused(town, lambda: town.revoke(ours, NORTH, by=town.root(SOUTH))) == "PARTY_MISMATCH"
    town.revoke(ours, SOUTH)
    assert town.line.state.keyring.standing(name_of(ours), town.now_ms) is Standing.IN_FORCE


def test_another_s_key_taken_for_one_s_own() -> None:
    """SOUTH has NORTH's officer vouched for as its own, to claim what he signs."""
    town = KeyTown()
    officer = town.appoint(town.issue())
    issuer = town.issue(SOUTH)
    fields = appointing(officer)
    assert refused(town, lambda: town.tell_keys(fields, issuer, party=SOUTH)) == "KEY_UNVOUCHED"
    assert refused(town, lambda: town.tell_keys(fields, issuer, officer, party=SOUTH)) == "VALUE_INVALID"


def test_proofs_of_possession_that_were_swapped() -> None:
    town = KeyTown()
    issuer = town.issue()
    one, other = signer_of(NORTH, "one"), signer_of(NORTH, "other")
    first, second = (town.written_keys(appointing(key), [issuer, key]) for key in (one, other))
    swapped = json.loads(first)
    swapped["signatures"][1]["sig"] = json.loads(second)["signatures"][1]["sig"]
    assert refused(town, lambda: town.send(json.dumps(swapped).encode())) == "SIGNATURE_INVALID"
    swapped["signatures"] = [json.loads(first)["signatures"][0], json.loads(second)["signatures"][1]]
    assert refused(town, lambda: town.send(json.dumps(swapped).encode())) in {"KEY_UNKNOWN", "KEY_UNVOUCHED"}
    assert refused(town, lambda: town.send(town.written_keys(appointing(one), [issuer]))) == "KEY_UNVOUCHED"
    fresh = [signer_of(NORTH, f"fresh{n}") for n in range(2)]
    assert refused(town, lambda: town.replace_roots(fresh, [town.root(), fresh[0]])) == "KEY_UNVOUCHED"


def test_a_threshold_that_is_not_reached_and_one_root_that_signs_twice() -> None:
    town = KeyTown(roots=3, threshold=2)
    first, fresh = town.root(NORTH, 0), signer_of(NORTH, "fresh")
    assert refused(town, lambda: town.replace_roots([fresh], [first, fresh])) == "KEY_UNVOUCHED"
    assert refused(town, lambda: town.replace_roots([fresh], [first, first, fresh])) == "KEY_UNVOUCHED"
    assert refused(town, lambda: town.replace_roots([first], [first])) == "KEY_UNVOUCHED"
    fields = written.root_replacement([first.public_key, first.public_key], 2)
    assert refused(town, lambda: town.tell_keys(fields, first, town.root(NORTH, 1))) == "VALUE_INVALID"
    helped = [first, fresh, town.root(SOUTH, 1)]
    assert refused(town, lambda: town.replace_roots([fresh], helped)) == "PARTY_MISMATCH"
    issuer = town.issue()
    assert refused(town, lambda: town.replace_roots([fresh], [first, fresh, issuer])) == "KEY_UNVOUCHED"
    town.replace_roots([fresh], [first, fresh, town.root(NORTH, 1)])


def test_an_old_root_after_its_replacement() -> None:
    town = KeyTown()
    old, fresh = town.root(), signer_of(NORTH, "fresh")
    town.replace_roots([fresh], [old, fresh])
    assert refused(town, lambda: town.tell_keys(issuing(THIEF), old, THIEF)) == "KEY_REVOKED"
    assert refused(town, lambda: town.revoke(signer_of(NORTH), by=old)) == "KEY_REVOKED"
    assert refused(town, lambda: town.replace_roots([old], [old])) in {"KEY_REVOKED", "KEY_UNVOUCHED"}
    assert refused(town, lambda: town.replace_roots([fresh, old], [fresh, old])) == "VALUE_INVALID"
    replayed = next(raw for raw, _ in town.receipts if b"key+json" in raw)
    assert town.send(replayed).is_duplicate


def test_a_root_is_not_taken_back_by_one_of_several() -> None:
    town = KeyTown(roots=3, threshold=2)
    assert refused(town, lambda: town.revoke(town.root(NORTH, 1))) == "VALUE_INVALID"


def test_a_key_before_and_after_it_was_taken_back() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    overheard = town.written(NORTH, later(town))
    before = town.tell(NORTH, activity(in_air(town.now_ms + 5 * HOUR_MS)))
    town.revoke(officer)
    assert refused(town, lambda: town.send(overheard)) == "KEY_REVOKED"
    assert refused(town, lambda: town.tell(NORTH, now(town))) == "KEY_REVOKED"
    assert before.index in town.line.state.entries.told[NORTH]
    assert len(town.line.state.notices_of(NORTH)) == 1


def test_a_revocation_that_is_dated_back_repudiates_nothing() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    receipt = town.tell(NORTH, now(town))
    raw = town.receipts[-1][0]
    long_ago = NOON_MS - 300 * DAY_MS
    town.revoke(officer, suspected_since_ms=long_ago)
    document = written.signed(
        written.revocation(name_of(signer_of(NORTH)), "", long_ago),
        [town.root()],
        party=NORTH,
        identifier="keys-backdated",
        at_ms=long_ago,
    )
    town.send(document)
    assert town.line.state.notices_of(NORTH)
    chain = Chain({NORTH: RootSet(keys=(town.root().public_key,))}, documents_of(town))
    assert chain.judge(raw, index=receipt.index, at_ms=receipt.recorded_ms).rests is Rests.ON_ROOT


def documents_of(town: KeyTown) -> list[ToldKey]:
    found = []
    for index in town.line.state.entries.key_documents:
        raw = split_told(town.store.records[index].body)[1]
        found.append(ToldKey(index=index, at_ms=town.now_ms, raw=raw))
    return found


def test_an_expired_key_with_something_that_can_wait_and_with_a_flash() -> None:
    town = KeyTown()
    issuer = town.issue(end_ms=NOON_MS + DAY_MS)
    town.appoint(issuer, end_ms=NOON_MS + DAY_MS)
    town.wait(2 * DAY_MS)
    assert refused(town, lambda: town.tell(NORTH, later(town))) == "KEY_EXPIRED"
    assert "KEY_EXPIRED" in town.tell(NORTH, now(town)).flags
    assert refused(town, lambda: town.appoint(issuer, label="late", end_ms=NOON_MS + DAY_MS)) == "KEY_EXPIRED"
    assert refused(town, lambda: town.tell_keys(appointing(THIEF), issuer, THIEF)) == "KEY_EXPIRED"


def test_an_officer_who_is_to_outlive_his_issuer() -> None:
    town = KeyTown()
    issuer = town.issue(end_ms=NOON_MS + DAY_MS)
    assert refused(town, lambda: town.appoint(issuer, end_ms=NOON_MS + DAY_MS + 1)) == "TIME_INVALID"
    assert refused(town, lambda: town.appoint(issuer, start_ms=START_MS - 1, end_ms=NOON_MS)) == "TIME_INVALID"
    officer = town.appoint(issuer, end_ms=NOON_MS + DAY_MS)
    town.issue(start_ms=START_MS, end_ms=NOON_MS + HOUR_MS)
    assert town.line.state.keyring.standing(name_of(officer), NOON_MS + HOUR_MS) is Standing.EXPIRED


@pytest.mark.parametrize("weak", WEAK, ids=lambda key: key[:12])
def test_a_key_that_nobody_may_hold_in_every_place_of_every_document(weak: str) -> None:
    town = KeyTown()
    issuer = town.issue()
    raw = bytes.fromhex(weak)
    forged = {"keyid": key_id(raw), "sig": to_base64(bytes(64))}
    validity = (START_MS, START_MS + DAY_MS)
    for fields, signers in (
        (written.issuer_key(raw, *validity), [town.root()]),
        (written.officer_key(raw, "duty_officer", "watch", *validity), [issuer]),
        (written.root_replacement([raw], 1), [town.root()]),
        (written.root_replacement([town.root().public_key, raw], 1), [town.root()]),
    ):
        document = json.loads(town.written_keys(fields, signers))
        document["signatures"].append(forged)
        assert refused(town, lambda d=document: town.send(json.dumps(d).encode())) == "VALUE_INVALID"  # type: ignore[misc]
    with pytest.raises(WeakKey):
        town.administer([RootsEnrolled(at_ms=town.now_ms, party="WEST", keys=(to_base64(raw),), threshold=1)])


def test_a_signature_of_a_weak_key_that_is_known_nowhere() -> None:
    town = KeyTown()
    town.issue()
    for weak in WEAK:
        fields = appointing(signer_of(NORTH, "new"))
        document = json.loads(town.written_keys(fields, [signer_of(NORTH, "new")]))
        document["signatures"].append({"keyid": key_id(bytes.fromhex(weak)), "sig": to_base64(bytes(64))})
        assert refused(town, lambda d=document: town.send(json.dumps(d).encode())) == "KEY_UNKNOWN"  # type: ignore[misc]


def test_one_kind_of_document_signed_as_another() -> None:
    town = KeyTown()
    issuer, officer = town.issue(), signer_of(NORTH, "officer")
    raw = town.written_keys(appointing(officer), [issuer, officer])
    payload = read_envelope(raw).payload
    pair = [(name_of(key), key) for key in (issuer, officer)]
    relabelled = json.loads(sign_envelope(payload, NOTICE_TYPE, pair)) | {"payloadType": KEY_TYPE}
    assert refused(town, lambda: town.send(json.dumps(relabelled).encode())) == "SIGNATURE_INVALID"
    changed = msgspec.json.decode(payload) | {"party": SOUTH}
    moved = json.loads(raw) | {"payload": to_base64(msgspec.json.encode(changed))}
    assert refused(town, lambda: town.send(json.dumps(moved).encode())) in {"SIGNATURE_INVALID", "PARTY_MISMATCH"}


def test_the_operator_enrols_a_key_for_a_party_that_has_roots() -> None:
    """It is recorded, it speaks, and everyone who asks is told on whose word: the operator's."""
    town = KeyTown()
    enrolled = KeyEnrolled(at_ms=town.now_ms, party=NORTH, role="political", key=to_base64(THIEF.public_key))
    town.administer([enrolled])
    index = town.line.committed - 1
    town.hand_over(NORTH, THIEF, "political")
    receipt = town.tell(NORTH, now(town))
    known = EnrolledKey(index=index, key=OperationalKey(party=NORTH, role="political", public_key=THIEF.public_key))
    chain = Chain({NORTH: RootSet(keys=(town.root().public_key,))}, documents_of(town), [known])
    verdict = chain.judge(town.receipts[-1][0], index=receipt.index, at_ms=town.now_ms)
    assert (verdict.rests, verdict.entries) == (Rests.ON_OPERATOR, (index,))
    assert "the operator of the node enrolled its key" in verdict.why
    town.revoke(THIEF)
    assert refused(town, lambda: town.tell(NORTH, now(town))) == "KEY_REVOKED"


def test_the_operator_moves_a_key_or_puts_back_what_a_party_took_back() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    for party, key in ((SOUTH, officer), (SOUTH, town.root()), (SOUTH, signer_of(NORTH))):
        before = town.line.state.keyring.copy()
        town.administer([KeyEnrolled(at_ms=town.now_ms, party=party, role="clerk", key=to_base64(key.public_key))])
        assert town.line.state.keyring == before
    town.revoke(officer)
    again = KeyEnrolled(at_ms=town.now_ms, party=NORTH, role="duty_officer", key=to_base64(officer.public_key))
    town.administer([again])
    assert refused(town, lambda: town.tell(NORTH, now(town))) == "KEY_REVOKED"
