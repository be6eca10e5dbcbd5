"""Proofs of absence: what they show, what they do not, and in which words."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.core.errors import Invalid, LedgerFault, NotFound
from openline.core.key_documents import RootSet
from openline.core.notice import Kind
from openline.core.time import DAY_MS, HOUR_MS, to_text
from openline.ledger.absence import Absence, Verdict, WitnessedSize, contradiction, signed_by, verify_absence
from openline.ledger.absence_proof import AbsenceMalformed, AbsenceProof, read_absence, write_absence
from openline.ledger.absence_words import sentences
from openline.node.absence import absence_of, gather_absence, stretch_of
from tests.exclusive import CHANNELS, EAST, FLIGHTS, PARTIES, PRESENCES, checkpoint_of, exclusive_town, flight, text
from tests.parties import NOON_MS, NORTH, SOUTH, Town, on_ground, presence, signer_of, withdrawal

ROOTS = {party: RootSet(keys=(signer_of(party).public_key,)) for party in PARTIES}
FLIGHT = frozenset({Kind.AIR_ACTIVITY})
PRESENCE = frozenset({Kind.GROUND_PRESENCE})


def proof(town: Town, party: str, channel: str = FLIGHTS, start: int = 0, end: int | None = None) -> AbsenceProof:
    """Of the range from `start`, from the channel's beginning when that is later, up to now."""
    begins = town.line.state.channels.chains[channel].epochs[0].index
    until = town.line.committed if end is None else end
    return gather_absence(town.line, party=party, channel=channel, start=max(start, begins), end=until)


def judged(town: Town, shown: AbsenceProof, kinds: frozenset[Kind] = frozenset(), **more: Any) -> Absence:  # noqa: ANN401 - arguments of the call
    size = town.line.committed
    usual: dict[str, Any] = {"terms": signed_by(ROOTS), "witnessed": [WitnessedSize(size=size, at_ms=town.now_ms)]}
    return verify_absence(shown, checkpoint_of(town), kinds=kinds, **(usual | more))


def test_a_receiver_alone_proves_silence() -> None:
    town = exclusive_town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.wait(3 * DAY_MS)
    found = judged(town, proof(town, SOUTH))
    assert (found.verdict, found.reasons, found.is_sound) == (Verdict.COMPLETE, (), True)
    assert (found.sender, found.receivers) == (NORTH, (SOUTH,))
    assert [entry.what for entry in found.entries] == ["epoch"]
    assert sentences(found)[0].startswith("No record, complete: NORTH told nothing on exclusive/town/flights")


def test_what_was_told_in_between_is_counted_and_not_proven_by_who_may_not_open_it() -> None:
    town = exclusive_town()
    told = town.tell(NORTH, flight()).index
    found = judged(town, proof(town, SOUTH), FLIGHT)
    assert (found.verdict, found.is_sound) == (Verdict.NOT_PROVABLE, True)
    assert [entry.index for entry in found.entries if entry.what == "unopened"] == [told]
    assert found.reasons == (f"1 of the channel's entries are not opened: {told}",)
    assert "that proves nothing" in sentences(found)[0]


def test_a_disclosed_entry_can_be_opened_by_the_receiver() -> None:
    town = exclusive_town()
    told = town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1").index
    assert judged(town, proof(town, EAST, PRESENCES), FLIGHT).verdict is Verdict.NOT_PROVABLE
    town.declare(SOUTH, {"type": "disclosure", "entry": told, "to": EAST})
    assert judged(town, proof(town, EAST, PRESENCES), FLIGHT).verdict is Verdict.COMPLETE


def test_what_is_of_another_kind_is_opened_by_its_teller_and_is_no_record() -> None:
    town = exclusive_town()
    told = town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1").index
    town.tell(SOUTH, withdrawal("presence-1"))
    found = judged(town, proof(town, SOUTH, PRESENCES), FLIGHT)
    assert (found.verdict, found.reasons) == (Verdict.COMPLETE, ())
    assert [entry.what for entry in found.entries] == ["epoch", "ground_presence", "withdrawal"]
    assert [entry.recorded_at for entry in found.entries] == [to_text(NOON_MS)] * 3
    found = judged(town, proof(town, SOUTH, PRESENCES), PRESENCE)
    assert found.verdict is Verdict.RECORD
    assert [entry.index for entry in found.records] == [told]
    assert f"{told} (ground_presence" in sentences(found)[0]
    of_any_kind = judged(town, proof(town, SOUTH, PRESENCES))
    assert of_any_kind.verdict is Verdict.RECORD
    assert sentences(of_any_kind)[0].startswith("There is a record on exclusive/")
    assert judged(town, proof(town, SOUTH, PRESENCES, start=told + 1), PRESENCE).verdict is Verdict.COMPLETE


def test_epochs_are_followed_and_only_those_of_the_range_are_revealed() -> None:
    town = exclusive_town()
    days = []
    for _ in range(5):
        days.append(town.tell(NORTH, flight()).index)
        town.tell(EAST, presence(on_ground(NOON_MS, east_m=-90_000.0)))
        town.wait(DAY_MS)
    whole = proof(town, NORTH)
    assert len(whole.secrets) == 5
    assert judged(town, whole, FLIGHT).verdict is Verdict.RECORD
    silent = proof(town, NORTH, start=days[2] + 1, end=days[3] - 1)
    assert silent.secrets == whole.secrets[2:3]
    found = judged(town, silent, FLIGHT)
    assert (found.verdict, [epoch.epoch for epoch in found.epochs]) == (Verdict.COMPLETE, [2])
    crossing = proof(town, NORTH, start=days[1] + 1, end=days[2] + 1)
    assert crossing.secrets == whole.secrets[1:3]
    assert judged(town, crossing, frozenset({Kind.ZONE})).reasons[0].startswith("zone does not go over the channel")
    found = judged(town, crossing, FLIGHT)
    assert [entry.index for entry in found.records] == [days[2]]
    assert [entry.serial for entry in found.entries] == [5, 6]


def test_a_range_that_ends_where_an_epoch_begins_reveals_nothing_of_it() -> None:
    town = exclusive_town()
    town.tell(NORTH, flight())
    town.wait(DAY_MS)
    turned = town.tell(NORTH, flight()).index - 1
    shown = proof(town, NORTH, end=turned + 1)
    assert len(shown.secrets) == 1
    assert [entry.what for entry in judged(town, shown).entries] == ["epoch", "air_activity", "epoch"]
    first = shown.first
    alone = judged(town, proof(town, SOUTH, end=first + 1))
    assert alone.verdict is Verdict.COMPLETE


def test_without_witnesses_of_the_whole_range_it_is_not_provable() -> None:
    town = exclusive_town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    shown, size = proof(town, SOUTH), town.line.committed
    for seen in ([], [WitnessedSize(size=size - 1, at_ms=NOON_MS)], [WitnessedSize(size=size + 1, at_ms=NOON_MS)]):
        found = judged(town, shown, witnessed=seen)
        assert found.verdict is Verdict.NOT_PROVABLE
        assert "no witnesses have cosigned" in found.reasons[0]


def test_witnessed_times_enclose_the_range_when_they_do() -> None:
    town = exclusive_town()
    begins = town.line.committed
    for hours in range(3):
        town.tell(SOUTH, presence(on_ground(NOON_MS, east_m=9_000.0 * hours)))
    ends = town.line.committed
    shown = proof(town, SOUTH, start=begins, end=ends)
    before, after = WitnessedSize(size=begins, at_ms=NOON_MS), WitnessedSize(size=ends, at_ms=NOON_MS + HOUR_MS)
    found = judged(town, shown, witnessed=[before, after])
    assert (found.from_ms, found.until_ms) == (NOON_MS, NOON_MS + HOUR_MS)
    assert "lies in the range" in sentences(found)[2]
    # a size before the range says nothing of its beginning, and one alone encloses nothing
    early = WitnessedSize(size=begins - 1, at_ms=NOON_MS)
    for seen in ([early, after], [after], [WitnessedSize(size=begins, at_ms=NOON_MS + 2 * HOUR_MS), after]):
        found = judged(town, shown, witnessed=seen)
        assert (found.verdict, found.from_ms, found.until_ms) == (Verdict.COMPLETE, None, None)
        assert "only its entries are proven" in sentences(found)[2]


def test_a_channel_that_the_agreement_no_longer_names_proves_nothing() -> None:
    town = exclusive_town()
    town.wait(HOUR_MS)
    town.load(text("", version=2))
    closed = town.line.committed - 2
    town.tell(NORTH, flight())
    assert judged(town, proof(town, SOUTH, end=closed + 1)).verdict is Verdict.COMPLETE
    found = judged(town, proof(town, SOUTH))
    assert found.verdict is Verdict.NOT_PROVABLE
    assert found.reasons == (
        f"the channel is not exclusive from entry {closed + 1} on: no agreement in force names it",
    )
    town.load(text(version=3))
    opened = town.line.state.channels.chains[FLIGHTS].last.index
    assert judged(town, proof(town, SOUTH, start=closed)).verdict is Verdict.NOT_PROVABLE
    assert judged(town, proof(town, SOUTH, start=opened)).verdict is Verdict.COMPLETE


def test_a_channel_that_goes_to_another_party_is_two() -> None:
    town = exclusive_town()
    town.load(text(CHANNELS.replace('from = "NORTH"\nto = ["SOUTH"]', 'from = "EAST"\nto = ["SOUTH"]'), version=2))
    found = judged(town, proof(town, SOUTH))
    assert any("that of EAST" in reason for reason in found.reasons)
    assert found.verdict is Verdict.NOT_PROVABLE


def test_only_whose_channel_it_is_gathers_a_proof() -> None:
    town = exclusive_town()
    size = town.line.committed
    for party, channel in ((EAST, FLIGHTS), (NORTH, "exclusive/town/none"), (NORTH, "NORTH/told"), ("", FLIGHTS)):
        with pytest.raises(NotFound):
            gather_absence(town.line, party=party, channel=channel, start=size - 1, end=size)
    for start, end in ((-1, 2), (2, 2), (3, 2), (0, size + 1), (0, 1)):
        with pytest.raises(Invalid) as refusal:
            gather_absence(town.line, party=NORTH, channel=FLIGHTS, start=start, end=end)
        assert refusal.value.path == "range"
    town.load(text(CHANNELS.replace('to = ["SOUTH"]', 'to = ["EAST"]'), version=2))
    with pytest.raises(NotFound):
        proof(town, SOUTH)
    assert len(proof(town, NORTH).agreements) == 2


def test_a_proof_is_read_beside_a_line_that_goes_on() -> None:
    town = exclusive_town()
    told = town.tell(NORTH, flight()).index
    size, head = town.line.committed, checkpoint_of(town)
    stretch = stretch_of(town.line.state, party=NORTH, channel=FLIGHTS, start=told, end=size, size=size)
    town.wait(DAY_MS)
    town.tell(NORTH, flight())
    line = town.line
    shown = absence_of(stretch, record=line.store.get, salts=line.journal.salts, tree=line.journal.tree)
    found = verify_absence(shown, head, terms=signed_by(ROOTS), witnessed=[WitnessedSize(size=size, at_ms=NOON_MS)])
    assert [entry.index for entry in found.records] == [told]
    with pytest.raises(LedgerFault):
        absence_of(stretch, record=lambda _: None, salts=line.journal.salts, tree=line.journal.tree)


def test_the_form_on_paper_holds_all_of_it_and_takes_nothing_else() -> None:
    town = exclusive_town()
    town.tell(NORTH, flight())
    shown = proof(town, NORTH)
    raw = write_absence(shown)
    assert read_absence(raw) == shown
    for broken in (b"", b"{}", raw[:-1], raw.replace(b'"first"', b'"fisrt"'), b"[" * 100_000, b"\xff"):
        with pytest.raises(AbsenceMalformed):
            read_absence(broken)


def test_an_agreement_counts_when_all_its_parties_have_signed_it() -> None:
    town = exclusive_town()
    shown = proof(town, SOUTH)
    west = signer_of("WEST").public_key
    other, both = RootSet(keys=(west,)), RootSet(keys=(*ROOTS[EAST].keys, west), threshold=2)
    for roots in ({}, ROOTS | {EAST: other}, ROOTS | {EAST: both}, {NORTH: ROOTS[NORTH], SOUTH: ROOTS[SOUTH]}):
        found = judged(town, shown, terms=signed_by(roots))
        assert (found.verdict, found.is_sound) == (Verdict.NOT_PROVABLE, False)
        assert "not signed by all its parties" in found.reasons[0]


def test_proofs_of_one_channel_do_not_contradict_each_other() -> None:
    town = exclusive_town()
    for _ in range(3):
        town.tell(NORTH, flight())
        town.wait(DAY_MS)
    size = town.line.committed
    proofs = [judged(town, proof(town, NORTH, start=start)) for start in range(size)]
    proofs += [judged(town, proof(town, SOUTH, PRESENCES))]
    assert {contradiction(one, other) for one in proofs for other in proofs} == {""}


@given(data=st.data())
def test_whatever_a_prover_sends_is_judged_and_breaks_nothing_off(data: st.DataObject) -> None:
    town, raw = whole_of_a_day()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 3)) :]
    try:
        read = read_absence(raw)
    except AbsenceMalformed:
        return
    sentences(judged(town, read))


@cache
def whole_of_a_day() -> tuple[Town, bytes]:
    town = exclusive_town()
    town.tell(NORTH, flight())
    return town, write_absence(proof(town, NORTH))
