"""What concerns the record itself is told to every party: gaps, forks, stale views, clocks, and other histories."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from openline.core.errors import Invalid, NotAuthenticated
from openline.core.event import ClockJumped, Flagged, ForkSeen
from openline.core.flags import FlagCode
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.note import NoteVerifier
from openline.ledger.receipt import open_receipt
from openline.node.line import Line, Receipt
from openline.node.replay import replay
from openline.release.phrases import phrase
from tests.invariants import check_all_invariants
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, agreement, on_ground, presence

EAST = "EAST"
ALARMS = {"SEQUENCE_GAP", "SEQUENCE_FORK", "PREVIOUS_DIFFERS", "STALE_VIEW", "CLOCK_SKEW", "CHECKPOINT_DIFFERS"}


def town_of_three(**more: Any) -> Town:  # noqa: ANN401 - lines of the agreement
    return Town(agreement(parties=(NORTH, SOUTH, EAST), **more), parties=(NORTH, SOUTH, EAST))


def tell(town: Town, name: str, party: str = NORTH, **more: Any) -> Receipt:  # noqa: ANN401 - fields of the document
    return town.tell(party, presence(on_ground(NOON_MS), **more), name)


def heard(town: Town, party: str) -> list[tuple[str, str]]:
    """The alarms that a party was told: the flag, and its own notice if it is one."""
    return [(flag.flag.value, flag.notice) for flag in town.told(party, Flagged) if flag.flag.value in ALARMS]


def checkpoint_of(town: Town, size: int) -> dict[str, object]:
    return {"size": size, "root": b64encode(town.line.journal.tree.root(size)).decode()}


def log(town: Town) -> NoteVerifier:
    return NoteVerifier(ORIGIN, town.secrets.signer.public_key)


def test_a_gap_is_told_to_every_party_once() -> None:
    town = town_of_three()
    tell(town, "presence-1")
    town.pens[NORTH].sequence = 4
    receipt = tell(town, "presence-5")
    assert receipt.flags == ("SEQUENCE_GAP",)
    assert heard(town, NORTH) == [("SEQUENCE_GAP", "presence-5")]
    assert heard(town, SOUTH) == heard(town, EAST) == [("SEQUENCE_GAP", "")], "that it is so, not who"
    tell(town, "presence-6")
    assert len(heard(town, SOUTH)) == 1
    check_all_invariants(town)


def test_a_number_told_twice_is_a_fork_that_every_party_learns_of() -> None:
    town = town_of_three()
    tell(town, "presence-1")
    pen = town.pens[NORTH]
    counter = pen.sequence, pen.previous
    tell(town, "presence-2")
    pen.sequence, pen.previous = counter
    assert tell(town, "another-2").flags == ("SEQUENCE_FORK",)
    assert heard(town, NORTH) == [("SEQUENCE_FORK", "another-2")]
    assert heard(town, SOUTH) == heard(town, EAST) == [("SEQUENCE_FORK", "")]
    pen.sequence, pen.previous = 2, "0" * 64
    assert tell(town, "presence-3").flags == ("PREVIOUS_DIFFERS",)
    assert heard(town, EAST)[1:] == [("PREVIOUS_DIFFERS", "")]
    check_all_invariants(town)


def test_the_same_bytes_again_are_no_fork() -> None:
    town = town_of_three()
    raw = town.written(NORTH, presence(on_ground(NOON_MS)))
    town.send(raw)
    assert town.send(raw).is_duplicate
    assert heard(town, SOUTH) == []


def test_a_missing_number_that_comes_later_is_no_fork() -> None:
    town = town_of_three()
    pen = town.pens[NORTH]
    pen.sequence = 1
    tell(town, "presence-2")
    pen.sequence = 0
    assert tell(town, "presence-1").flags == ("SEQUENCE_GAP",)
    pen.sequence = 0
    assert tell(town, "another-1").flags == ("SEQUENCE_FORK",)


@pytest.mark.parametrize(("age_ms", "is_stale"), [(14 * MINUTE_MS, False), (17 * MINUTE_MS, True)])
def test_a_view_that_lacks_what_is_old_is_stale(age_ms: int, *, is_stale: bool) -> None:
    town = town_of_three()
    size = town.line.committed
    town.wait(HOUR_MS)
    tell(town, "of-others", SOUTH)
    town.wait(age_ms)
    receipt = tell(town, "presence-1", checkpoint=checkpoint_of(town, size))
    assert receipt.flags == (("STALE_VIEW",) if is_stale else ())
    assert heard(town, EAST) == ([("STALE_VIEW", "")] if is_stale else [])
    town.wait(DAY_MS // 2)
    assert tell(town, "presence-2", checkpoint=checkpoint_of(town, town.line.committed)).flags == ()
    check_all_invariants(town)


def test_how_old_a_view_may_be_stands_in_the_agreement() -> None:
    town = town_of_three(top='stale_view = "2h"')
    size = town.line.committed
    tell(town, "of-others", SOUTH)
    town.wait(HOUR_MS)
    assert tell(town, "presence-1", checkpoint=checkpoint_of(town, size)).flags == ()
    town.wait(2 * HOUR_MS)
    assert tell(town, "presence-2", checkpoint=checkpoint_of(town, size)).flags == ("STALE_VIEW",)


@pytest.mark.parametrize("off_ms", [-3 * HOUR_MS, 3 * HOUR_MS])
def test_a_clock_off_by_hours_is_told_to_every_party(off_ms: int) -> None:
    town = town_of_three()
    raw = town.pens[NORTH].notice(
        presence(on_ground(NOON_MS)), identifier="presence-1", agreement=("town", 1), at_ms=NOON_MS + off_ms
    )
    ahead = ("ISSUED_AHEAD",) if off_ms > 0 else ()
    assert town.send(raw).flags == (*ahead, "CLOCK_SKEW")
    assert heard(town, SOUTH) == heard(town, EAST) == [("CLOCK_SKEW", "")]
    check_all_invariants(town)


def test_a_clock_off_by_half_an_hour_is_nobodys_business() -> None:
    town = town_of_three()
    raw = town.pens[NORTH].notice(
        presence(on_ground(NOON_MS)), identifier="presence-1", agreement=("town", 1), at_ms=NOON_MS - HOUR_MS // 2
    )
    assert town.send(raw).flags == ()


def test_another_history_is_told_to_the_parties_of_every_agreement_of_its_teller() -> None:
    two = agreement(), agreement("harbour", (NORTH, EAST))
    town = Town(*two, parties=(NORTH, SOUTH, EAST))
    tell(town, "presence-1", checkpoint={"size": 2, "root": b64encode(bytes(32)).decode()})
    assert heard(town, SOUTH) == heard(town, EAST) == [("CHECKPOINT_DIFFERS", "")]
    assert {flag.agreement for flag in town.told(EAST, Flagged)} == {"harbour"}


def test_the_clock_of_the_node_that_jumps_back_is_told_to_everyone_once() -> None:
    town = town_of_three()
    town.wait(HOUR_MS)
    tell(town, "presence-1")
    town.now_ms -= HOUR_MS // 2
    receipt = tell(town, "presence-2")
    assert receipt.recorded_ms == NOON_MS + HOUR_MS, "recorded times never run backwards"
    tell(town, "presence-3")
    for party in (NORTH, SOUTH, EAST):
        assert [f.flag for f in town.told(party, Flagged) if not f.notice] == [FlagCode.NODE_CLOCK]
    (jump,) = [event for _, event in town.heard if isinstance(event, ClockJumped)]
    assert (jump.clock_ms, jump.expected_ms) == (NOON_MS + HOUR_MS // 2, NOON_MS + HOUR_MS)
    town.now_ms += HOUR_MS
    tell(town, "presence-4")
    town.now_ms -= 2 * HOUR_MS
    tell(town, "presence-5")
    assert sum(isinstance(event, ClockJumped) for _, event in town.heard) == 2
    replay(town.store, town.secrets, ORIGIN)
    check_all_invariants(town)


def test_times_do_not_run_backwards_over_a_restart() -> None:
    town = town_of_three()
    town.wait(HOUR_MS)
    tell(town, "presence-1")
    later = Line(town.store, town.secrets, ORIGIN)
    later.open()
    town.line, town.now_ms = later, NOON_MS
    later.listen(town.hear)
    assert tell(town, "presence-2").recorded_ms == NOON_MS + HOUR_MS
    assert sum(isinstance(event, ClockJumped) for _, event in town.heard) == 1
    again = Line(town.store, town.secrets, ORIGIN)
    again.open()
    assert not again.has_jumped_back(NOON_MS), "everyone was told"
    replay(town.store, town.secrets, ORIGIN)


def test_a_step_of_seconds_is_no_jump() -> None:
    town = town_of_three()
    town.wait(HOUR_MS)
    town.now_ms -= 30 * SECOND_MS
    tell(town, "presence-1")
    assert not any(isinstance(event, ClockJumped) for _, event in town.heard)


def sighting(town: Town, note: str, name: str = "", party: str = SOUTH) -> Receipt:
    return town.declare(party, {"type": "sighting", "note": note}, name)


def signed_head(town: Town, size: int, root: bytes, origin: str = ORIGIN, signer: Signer | None = None) -> str:
    return sign_checkpoint(Checkpoint(origin, size, root), signer or town.secrets.signer)


def test_a_checkpoint_of_this_ledger_is_recorded_and_no_more() -> None:
    town = town_of_three()
    tell(town, "presence-1")
    size = town.line.committed
    sighting(town, signed_head(town, 3, town.line.journal.tree.root(3)))
    assert town.line.committed == size + 1
    check_all_invariants(town)


def test_two_histories_under_one_key_are_told_to_everyone_with_the_proof() -> None:
    town = town_of_three()
    tell(town, "presence-1")
    note = signed_head(town, 4, bytes(32))
    index = sighting(town, note).index
    for party in (NORTH, SOUTH, EAST):
        (fork,) = town.told(party, ForkSeen)
        assert (fork.size, fork.root, fork.declaration) == (4, b64encode(bytes(32)).decode(), index)
        assert fork.own_root == b64encode(town.line.journal.tree.root(4)).decode()
        assert fork.note == note
        assert "TWO HISTORIES" in phrase(fork)
        assert "DEUX HISTOIRES" in phrase(fork, "fr")
    sighting(town, note, "declaration-again", NORTH)
    assert len(town.told(EAST, ForkSeen)) == 1, "of each once"
    check_all_invariants(town)


def test_a_size_that_never_was_is_another_history_too() -> None:
    town = town_of_three()
    sighting(town, signed_head(town, 10_000, bytes(32)))
    (fork,) = town.told(EAST, ForkSeen)
    assert (fork.size, fork.own_root) == (10_000, "")
    check_all_invariants(town)


def test_what_this_node_did_not_sign_is_refused_and_changes_nothing() -> None:
    town = town_of_three()
    size = town.line.committed
    stranger = Signer(derive_seed(b"the keys of the town", "stranger"))
    for note, code in [
        (signed_head(town, 3, bytes(32), signer=stranger), "SIGNATURE_INVALID"),
        (signed_head(town, 3, bytes(32)).replace("\n3\n", "\n4\n"), "SIGNATURE_INVALID"),
        (signed_head(town, 3, bytes(32), origin="drill.openline/other"), "SIGNATURE_INVALID"),
        ("a note\n", "VALUE_INVALID"),
        (tell(town_of_three(), "presence-1").signed, "VALUE_INVALID"),
    ]:
        with pytest.raises((NotAuthenticated, Invalid)) as refused:
            sighting(town, note)
        assert (refused.value.code, refused.value.path) == (code, "note")
    assert town.line.committed == size


def test_a_receipt_promises_what_the_agreement_says() -> None:
    town = Town(agreement(top='witness_deadline = "5min"'))
    receipt = tell(town, "presence-1")
    promise = open_receipt(receipt.signed, log(town))
    assert promise.deadline_ms == promise.recorded_ms + 5 * MINUTE_MS
    assert (promise.index, promise.leaf_hash) == (receipt.index, receipt.leaf_hash)
    declared = sighting(town, signed_head(town, 3, town.line.journal.tree.root(3)))
    assert open_receipt(declared.signed, log(town)).deadline_ms == NOON_MS + 5 * MINUTE_MS


def test_the_same_bytes_get_the_same_promise_also_under_new_terms_and_after_a_restart() -> None:
    town = Town(agreement(top='witness_deadline = "5min"'))
    told = town.written(NORTH, presence(on_ground(NOON_MS)))
    first = town.send(told)
    declared = town.pens[SOUTH].declaration(
        {"type": "sighting", "note": signed_head(town, 3, town.line.journal.tree.root(3))},
        identifier="declaration-1",
        at_ms=town.now_ms,
    )
    second = town.send(declared)
    town.load(agreement(version=2, top='witness_deadline = "9min"'))
    town.wait(HOUR_MS)
    later = Line(town.store, town.secrets, ORIGIN)
    later.open()
    for line in (town.line, later):
        town.line = line
        for raw, before in ((told, first), (declared, second)):
            again = town.send(raw)
            assert again.is_duplicate
            assert (again.signed, again.leaf, again.salt) == (before.signed, before.leaf, before.salt)


def test_an_alarm_of_the_nodes_clock_is_said_in_both_languages() -> None:
    flag = Flagged(at_ms=NOON_MS, to=NORTH, notice="", flag=FlagCode.NODE_CLOCK, agreement="")
    assert phrase(flag).startswith("NODE_CLOCK: the node's clock")
    assert phrase(flag, "fr").startswith("NODE_CLOCK: l'horloge")
