"""Roots vouch for issuers, issuers for officers; what is taken back is so from its entry on, and not before."""

from __future__ import annotations

import pytest

from openline.app import key_documents as written
from openline.core.errors import Invalid, LedgerFault, NotAuthenticated, Refusal
from openline.core.event import Flagged
from openline.core.flags import FlagCode
from openline.core.key_documents import ISSUER_MAX_MS, OFFICER_MAX_MS, Standing
from openline.core.time import DAY_MS, HOUR_MS
from openline.intake.key_opening import open_key_document
from openline.intake.opening import open_notice
from openline.node.examination import examine
from openline.node.line import Line, outcome_of
from openline.node.replay import replay
from openline.node.standing import check_reader
from tests.key_town import OFFICER_END_MS, START_MS, KeyTown, name_of
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, activity, in_air, on_ground, presence, signer_of


def standing(town: KeyTown, name: str) -> Standing:
    return town.line.state.keyring.standing(name, town.now_ms)


def later(town: KeyTown) -> dict[str, object]:
    """Something that can wait."""
    return activity(in_air(town.now_ms + 3 * DAY_MS))


def now(town: KeyTown) -> dict[str, object]:
    """Something that is a FLASH if anything is near."""
    return activity(in_air(town.now_ms))


def test_an_officer_that_an_issuer_vouches_for_tells() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    assert "KEY_EXPIRED" not in town.tell(NORTH, later(town)).flags
    assert standing(town, name_of(officer)) is Standing.IN_FORCE


@pytest.mark.parametrize("who", ["root0", "issuer"])
def test_roots_and_issuers_vouch_and_tell_nothing(who: str) -> None:
    town = KeyTown()
    town.issue()
    town.hand_over(NORTH, signer_of(NORTH, who))
    with pytest.raises(NotAuthenticated) as refused:
        town.tell(NORTH, now(town))
    assert refused.value.code == "KEY_UNKNOWN"


def test_a_key_that_ran_out_carries_what_is_urgent_and_nothing_else() -> None:
    town = KeyTown()
    town.appoint(town.issue())
    town.wait(OFFICER_END_MS - town.now_ms)
    with pytest.raises(NotAuthenticated) as refused:
        town.tell(NORTH, later(town))
    assert refused.value.code == "KEY_EXPIRED"
    receipt = town.tell(NORTH, now(town))
    assert "KEY_EXPIRED" in receipt.flags
    assert [f.flag for f in town.told(NORTH, Flagged) if f.flag is FlagCode.KEY_EXPIRED] == [FlagCode.KEY_EXPIRED]


def test_a_key_that_ran_out_still_answers_alerts_of_its_own_party_and_opens_nothing_else() -> None:
    town = KeyTown()
    town.appoint(town.issue(SOUTH), SOUTH)
    town.tell(SOUTH, presence(on_ground(town.now_ms)))
    town.wait(OFFICER_END_MS - town.now_ms)
    town.tell(NORTH, activity(in_air(town.now_ms + HOUR_MS)))
    alert = town.alerts(SOUTH)[-1]
    receipt = town.acknowledge(alert)
    assert receipt.flags == ("KEY_EXPIRED",)
    assert town.alerts(SOUTH)[-1].is_acknowledged
    with pytest.raises(NotAuthenticated) as refused:
        town.declare(SOUTH, {"type": "disclosure", "entry": receipt.index, "to": NORTH})
    assert refused.value.code == "KEY_EXPIRED"


def test_a_key_of_a_short_watch_reads_for_a_day_after_it_too() -> None:
    town = KeyTown()
    officer = name_of(town.appoint(town.issue(), start_ms=NOON_MS - HOUR_MS, end_ms=NOON_MS + HOUR_MS))
    check_reader(town.line.state, officer, NOON_MS + HOUR_MS)
    check_reader(town.line.state, officer, NOON_MS + HOUR_MS + DAY_MS - 1)
    with pytest.raises(NotAuthenticated) as refused:
        check_reader(town.line.state, officer, NOON_MS + HOUR_MS + DAY_MS)
    assert refused.value.code == "KEY_EXPIRED"


def test_an_officer_does_not_outlive_its_issuer() -> None:
    town = KeyTown()
    issuer = town.issue(end_ms=NOON_MS + DAY_MS)
    with pytest.raises(Invalid) as refused:
        town.appoint(issuer, end_ms=NOON_MS + DAY_MS + 1)
    assert (refused.value.code, refused.value.path) == ("TIME_INVALID", "not_after")
    officer = town.appoint(issuer, end_ms=NOON_MS + DAY_MS)
    town.wait(DAY_MS)
    assert standing(town, name_of(officer)) is Standing.EXPIRED


def test_a_key_whose_time_has_not_come_tells_nothing_not_even_a_flash() -> None:
    town = KeyTown()
    town.appoint(town.issue(), start_ms=NOON_MS + HOUR_MS)
    with pytest.raises(NotAuthenticated) as refused:
        town.tell(NORTH, now(town))
    assert refused.value.code == "KEY_NOT_VALID_YET"
    town.wait(HOUR_MS)
    town.tell(NORTH, now(town))


def test_a_revocation_counts_from_its_entry_and_what_was_told_before_stays() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    before = town.tell(NORTH, activity(in_air(town.now_ms + 5 * HOUR_MS)))
    town.revoke(officer, suspected_since_ms=NOON_MS - 10 * DAY_MS)
    for fields in (later(town), now(town)):
        with pytest.raises(NotAuthenticated) as refused:
            town.tell(NORTH, fields)
        assert refused.value.code == "KEY_REVOKED"
    town.tell(SOUTH, presence(on_ground(town.now_ms)))
    assert [alert.party for alert in town.alerts(NORTH)] == [NORTH]
    assert town.line.record(before.index) is not None


def test_a_revocation_that_is_queued_first_counts_for_a_notice_that_was_opened_before_it() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    keyring = town.line.state.keyring
    notice = open_notice(town.written(NORTH, now(town)), keyring=keyring, offsets_of=town.line.state.offsets_of)
    fields = written.revocation(name_of(officer))
    taken_back = open_key_document(town.written_keys(fields, [town.root()]), keyring=keyring)
    batch = town.line.commit([taken_back, notice], town.now_ms)
    with pytest.raises(NotAuthenticated) as refused:
        outcome_of(batch, 1)
    assert refused.value.code == "KEY_REVOKED"


def test_revoking_an_issuer_takes_its_officers_with_it() -> None:
    town = KeyTown()
    issuer = town.issue()
    officer = town.appoint(issuer)
    town.revoke(issuer)
    assert standing(town, name_of(officer)) is Standing.REVOKED
    with pytest.raises(NotAuthenticated) as refused:
        town.appoint(issuer, label="another")
    assert refused.value.code == "KEY_REVOKED"


def test_an_issuer_takes_back_its_own_officers_and_no_others() -> None:
    town = KeyTown()
    first, second = town.issue(label="first"), town.issue(label="second")
    officer = town.appoint(first)
    with pytest.raises(NotAuthenticated) as refused:
        town.revoke(officer, by=second)
    assert refused.value.code == "KEY_UNVOUCHED"
    town.revoke(officer, by=first)
    assert standing(town, name_of(officer)) is Standing.REVOKED


def test_what_was_taken_back_never_comes_back() -> None:
    town = KeyTown()
    issuer = town.issue()
    town.revoke(town.appoint(issuer))
    with pytest.raises(NotAuthenticated) as refused:
        town.appoint(issuer)
    assert refused.value.code == "KEY_REVOKED"


def test_no_other_issuer_brings_back_what_went_with_its_own() -> None:
    town = KeyTown()
    first, second = town.issue(label="first"), town.issue(label="second")
    town.appoint(first)
    town.revoke(first)
    with pytest.raises(NotAuthenticated) as refused:
        town.appoint(second)
    assert (refused.value.code, refused.value.path) == ("KEY_REVOKED", "key")


def test_a_key_can_be_taken_back_before_anybody_has_seen_it() -> None:
    town = KeyTown()
    stolen = signer_of(NORTH, "issuer")
    town.revoke(stolen)
    with pytest.raises(NotAuthenticated) as refused:
        town.issue()
    assert refused.value.code == "KEY_REVOKED"


def test_a_party_takes_back_what_the_operator_enrolled_for_it() -> None:
    town = KeyTown()
    town.revoke(signer_of(NORTH))
    with pytest.raises(NotAuthenticated) as refused:
        town.tell(NORTH, now(town))
    assert refused.value.code == "KEY_REVOKED"
    town.tell(SOUTH, now(town))


def test_a_key_is_vouched_for_anew_in_its_own_place_only() -> None:
    town = KeyTown()
    issuer = town.issue()
    town.appoint(issuer)
    officer = town.appoint(issuer, end_ms=OFFICER_END_MS + DAY_MS)
    town.wait(OFFICER_END_MS - town.now_ms)
    assert standing(town, name_of(officer)) is Standing.IN_FORCE
    with pytest.raises(Invalid) as refused:
        town.appoint(issuer, role="watch_supervisor", end_ms=OFFICER_END_MS + DAY_MS)
    assert (refused.value.code, refused.value.path) == ("VALUE_INVALID", "key")


def test_validity_has_a_longest_span() -> None:
    town = KeyTown()
    issuer = town.issue(end_ms=START_MS + ISSUER_MAX_MS)
    with pytest.raises(Invalid) as refused:
        town.issue(label="longer", end_ms=START_MS + ISSUER_MAX_MS + 1)
    assert refused.value.code == "LIMIT_EXCEEDED"
    with pytest.raises(Invalid) as refused:
        town.appoint(issuer, end_ms=START_MS + OFFICER_MAX_MS + 1)
    assert refused.value.code == "LIMIT_EXCEEDED"
    with pytest.raises(Invalid) as refused:
        town.issue(label="ended", end_ms=NOON_MS)
    assert refused.value.code == "TIME_INVALID"


@pytest.mark.parametrize("role", ["root", "issuer", "", "a b"])
def test_an_officer_has_the_role_of_a_desk(role: str) -> None:
    town = KeyTown()
    issuer = town.issue()
    with pytest.raises(Refusal):
        town.appoint(issuer, role=role)


def test_roots_are_replaced_by_as_many_as_the_threshold_says() -> None:
    town = KeyTown(roots=3, threshold=2)
    fresh = [signer_of(NORTH, f"fresh{n}") for n in range(2)]
    town.replace_roots([town.root(NORTH, 0), *fresh], [town.root(NORTH, 0), town.root(NORTH, 1), *fresh], threshold=3)
    held = town.line.state.keyring.roots(NORTH)
    assert held is not None
    assert (held.threshold, held.keys) == (3, tuple(k.public_key for k in (town.root(NORTH, 0), *fresh)))
    town.issue(root=fresh[0])
    with pytest.raises(NotAuthenticated) as refused:
        town.issue(label="another", root=town.root(NORTH, 2))
    assert refused.value.code == "KEY_REVOKED"


def test_the_same_again_is_recorded_once_and_other_words_under_its_id_are_refused() -> None:
    town = KeyTown()
    fields = written.revocation("0" * 32)
    raw = town.written_keys(fields, [town.root()], name="keys-again")
    first, size = town.send(raw), town.line.committed
    assert town.send(raw).is_duplicate
    assert (town.send(raw).index, town.line.committed) == (first.index, size)
    with pytest.raises(Invalid) as refused:
        town.tell_keys(written.revocation("1" * 32), town.root(), name="keys-again")
    assert refused.value.code == "NOTICE_ID_REUSED"


def test_it_survives_a_restart_and_a_replay() -> None:
    town = KeyTown(roots=2, threshold=2)
    officer = town.appoint(town.issue())
    town.tell(NORTH, now(town))
    town.revoke(officer)
    fresh = signer_of(NORTH, "fresh")
    town.replace_roots([fresh], [town.root(NORTH, 0), town.root(NORTH, 1), fresh])
    state = town.line.state
    read_back = Line(town.store, town.secrets, ORIGIN)
    read_back.open()
    for other in (read_back.state, replay(town.store, town.secrets, ORIGIN)):
        assert other.keyring == state.keyring
        assert (other.key_documents, other.entries.key_documents) == (state.key_documents, state.entries.key_documents)
    assert town.again().store.records == town.store.records
    examined = examine(town.store, town.secrets, ORIGIN)
    assert (examined.state.keyring, examined.told) == (state.keyring, len(town.receipts))


def test_an_entry_whose_key_was_taken_back_before_is_found_by_whoever_examines_the_ledger() -> None:
    """A node that lets it pass, by mistake or by intent, writes it into its own ledger for all to find."""
    town = KeyTown()
    town.appoint(town.issue())
    raw = town.written(NORTH, now(town))
    state = town.line.state
    opened = open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)
    town.revoke(signer_of(NORTH, "officer"))
    held = state.keyring.copy()
    state.keyring._revoked.clear()  # noqa: SLF001 - the attack is on its inside
    town.line.commit([opened], town.now_ms)
    state.keyring._revoked.update(held._revoked)  # noqa: SLF001 - as above
    with pytest.raises(LedgerFault, match="taken back") as found:
        examine(town.store, town.secrets, ORIGIN)
    assert found.value.path == f"entry {state.entries.told[NORTH][-1]}"
    with pytest.raises(LedgerFault):
        replay(town.store, town.secrets, ORIGIN)


def test_those_who_share_an_agreement_may_read_who_vouches_for_whom() -> None:
    town = KeyTown()
    town.issue()
    (index,) = town.line.state.entries.key_documents
    assert town.line.state.may_read(NORTH, index)
    assert town.line.state.may_read(SOUTH, index)
    assert not town.line.state.may_read("WEST", index)
