"""Attacks on proofs of absence: by whoever shows one, and by whoever keeps the ledger. Each fails, and is seen to."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from openline.app.pen import Pen
from openline.codec.envelope import AGREEMENT_TYPE, DECLARATION_TYPE, NOTICE_TYPE
from openline.core.errors import LedgerFault
from openline.core.key_documents import RootSet
from openline.core.notice import Kind
from openline.core.time import DAY_MS
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.ledger.absence import Absence, Verdict, WitnessedSize, contradiction, signed_by, verify_absence
from openline.ledger.absence_proof import AbsenceProof
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.epochs import epoch_secret, secret_name
from openline.ledger.leaf import LEAF_BYTES, ChannelTags, LeafClass, decode_leaf
from openline.ledger.span import span_proof
from openline.ledger.told import told_body
from openline.node.absence import gather_absence
from openline.node.line import Line
from openline.node.replay import replay
from tests.exclusive import CHANNELS, FLIGHTS, PARTIES, PRESENCES, checkpoint_of, exclusive_town, flight, text
from tests.forging import Forged, agreements_of, beginning
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, agreement, on_ground, presence, signer_of

ROOTS = {party: RootSet(keys=(signer_of(party).public_key,)) for party in PARTIES}
FLIGHT = frozenset({Kind.AIR_ACTIVITY})
OWN = derive_seed(b"a secret of the attacker's own", "epoch")


def judged(given: AbsenceProof, head: Checkpoint, **more: Any) -> Absence:  # noqa: ANN401 - arguments of the call
    usual: dict[str, Any] = {"terms": signed_by(ROOTS), "witnessed": [WitnessedSize(size=head.size, at_ms=NOON_MS)]}
    return verify_absence(given, head, kinds=FLIGHT, **(usual | more))


def refused(given: AbsenceProof, head: Checkpoint, says: str, *, is_sound: bool = False, **more: Any) -> None:  # noqa: ANN401 - as above
    found = judged(given, head, **more)
    assert found.verdict is Verdict.NOT_PROVABLE
    assert says in " / ".join(found.reasons)
    assert found.is_sound is is_sound


def secret_of(town: Town, epoch: int = 0, name: str = FLIGHTS) -> bytes:
    return epoch_secret(town.secrets.channel(secret_name(name, 1)), epoch)


def whole(town: Town, party: str = NORTH, channel: str = FLIGHTS) -> AbsenceProof:
    first = town.line.state.channels.chains[channel].epochs[0].index
    return gather_absence(town.line, party=party, channel=channel, start=first, end=town.line.committed)


@pytest.fixture
def town() -> Town:
    """NORTH told one flight on the second of three days; SOUTH told something on each."""
    town = exclusive_town()
    for day in range(3):
        town.tell(SOUTH, presence(on_ground(NOON_MS, east_m=9_000.0 * day)))
        if day == 1:
            town.tell(NORTH, flight())
        town.wait(DAY_MS)
    return town


@pytest.fixture
def told(town: Town) -> int:
    """The entry of the flight, which every attack wants to be gone."""
    (index,) = (i for i in town.line.state.entries.told[NORTH])
    found = judged(whole(town), checkpoint_of(town))
    assert (found.verdict, [entry.index for entry in found.records]) == (Verdict.RECORD, [index])
    return index


def without(given: AbsenceProof, *indexes: int) -> AbsenceProof:
    return replace(given, opened=tuple(entry for entry in given.opened if entry.index not in indexes))


# by whoever shows a proof


def test_a_leaf_is_left_out(town: Town, told: int) -> None:
    given, head = without(whole(town), told), checkpoint_of(town)
    at = (told - given.first) * LEAF_BYTES
    shorter = given.leaves[:at] + given.leaves[at + LEAF_BYTES :]
    refused(replace(given, leaves=shorter), head, "every leaf")
    refused(replace(given, leaves=shorter, end=given.end - 1), head, "not those of the ledger")
    other = given.leaves[:at] + given.leaves[at - LEAF_BYTES : at] + given.leaves[at + LEAF_BYTES :]
    refused(replace(given, leaves=other), head, "not those of the ledger")


def test_what_lies_between_is_not_opened(town: Town, told: int) -> None:
    given = without(whole(town), told)
    refused(given, checkpoint_of(town), f"1 of the channel's entries are not opened: {told}", is_sound=True)


def test_an_epoch_s_secret_is_forged(town: Town, told: int) -> None:
    given, head = without(whole(town), told), checkpoint_of(town)
    first, second = given.secrets
    for forged in (OWN, secret_of(town, 2), secret_of(town, 0, PRESENCES), b"", OWN + b"\x00"):
        for shown in ((forged, second), (first, forged), (second, first)):
            refused(replace(given, secrets=shown), head, "is not the one that entry")


def test_a_new_epoch_is_hidden(town: Town, told: int) -> None:
    given, head, turn = without(whole(town), told), checkpoint_of(town), told - 1
    first_only = replace(given, secrets=given.secrets[:1])
    refused(first_only, head, "the secret of epoch 1", is_sound=True)
    refused(without(first_only, turn), head, f"not opened: {turn}", is_sound=True)
    # also when the range begins behind the hidden turn: the entry that may have ended the epoch is asked for
    refused(replace(without(first_only, turn), start=told), head, f"not opened: {turn}", is_sound=True)
    (opening,) = (entry for entry in given.opened if entry.index == given.first)
    refused(replace(given, opened=(opening, replace(opening, index=turn))), head, "is not the one that was recorded")


def test_the_proof_of_another_channel_is_shown(town: Town, told: int) -> None:
    head, other, own = checkpoint_of(town), whole(town, SOUTH, PRESENCES), without(whole(town), told)
    refused(replace(other, channel=FLIGHTS), head, "does not begin where an epoch of exclusive/town/fl", is_sound=True)
    refused(replace(own, secrets=other.secrets), head, "is not the one that entry")
    refused(replace(own, opened=other.opened), head, "does not begin where an epoch", is_sound=True)
    refused(replace(own, channel="NORTH/told"), head, "not the name of an exclusive channel")


def test_the_stretch_is_shortened(town: Town, told: int) -> None:
    given, head = whole(town), checkpoint_of(town)
    cut = replace(given, leaves=given.leaves[: (told - given.first) * LEAF_BYTES])
    refused(without(cut, told), head, "every leaf")
    refused(replace(without(cut, told), end=told), head, "not those of the ledger")
    # with a path of its own it is a sound proof, of a shorter range, and says so
    tree = town.line.journal.tree
    honest = replace(without(cut, told), end=told, path=tuple(span_proof(tree, given.first, told, tree.size)))
    found = judged(honest, head)
    assert (found.verdict, found.end) == (Verdict.COMPLETE, told)
    later = told + 1
    late = replace(
        without(given, *range(later)),
        first=later,
        start=given.first,
        leaves=given.leaves[(later - given.first) * LEAF_BYTES :],
        path=tuple(span_proof(tree, later, given.end, tree.size)),
    )
    refused(late, head, "does not begin where an epoch", is_sound=True)


def test_the_range_begins_before_the_channel(town: Town) -> None:
    found = judged(replace(whole(town), start=0), checkpoint_of(town))
    assert any("begins before" in reason for reason in found.reasons)


def test_another_body_is_opened(town: Town, told: int) -> None:
    given, head = whole(town), checkpoint_of(town)
    (true,) = (entry for entry in given.opened if entry.index == told)
    kind = true.body.replace(b"2026-03-0", b"2026-03-1")
    for false in (replace(true, body=kind), replace(true, salt=bytes(32)), replace(true, salt=b"")):
        refused(replace(without(given, told), opened=(*without(given, told).opened, false)), head, f"{told}")
    refused(replace(given, opened=(*given.opened, true)), head, "opened twice")


def test_a_proof_is_shown_against_another_head(town: Town, told: int) -> None:
    given, head = without(whole(town), told), checkpoint_of(town)
    other = exclusive_town()
    while other.line.committed < head.size:
        other.tell(SOUTH, presence(on_ground(NOON_MS, east_m=9_000.0)))
    assert other.line.committed == head.size
    refused(given, checkpoint_of(other), "not those of the ledger")
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    refused(given, checkpoint_of(town), "the checkpoint is of")
    refused(replace(given, size=town.line.committed), checkpoint_of(town), "not those of the ledger")


def test_a_channel_that_no_agreement_calls_exclusive(town: Town) -> None:
    given, head = without(whole(town)), checkpoint_of(town)
    signers = [(key_id(signer_of(party).public_key), signer_of(party)) for party in PARTIES]
    plain = sign_envelope(agreement(parties=PARTIES), AGREEMENT_TYPE, signers)
    later = sign_envelope(text(version=2), AGREEMENT_TYPE, signers)
    for shown in ((), (plain,), (later,)):
        found = judged(replace(given, agreements=shown), head)
        assert any("not exclusive" in reason for reason in found.reasons)
    wider = text(CHANNELS.replace('kinds = ["air_activity"]', ""))
    alone = sign_envelope(wider, AGREEMENT_TYPE, signers[:1])
    notice = sign_envelope(wider, NOTICE_TYPE, signers)
    renamed = sign_envelope(text(), AGREEMENT_TYPE, signers).replace(AGREEMENT_TYPE.encode(), NOTICE_TYPE.encode())
    for forged in (alone, notice, renamed, b"{}", b""):
        refused(replace(given, agreements=(forged,)), head, "not signed by all its parties")


# by whoever keeps the ledger


def test_the_operator_leaves_an_entry_out_and_goes_on_counting(town: Town) -> None:
    town.line.journal._channel(FLIGHTS).serial += 1  # noqa: SLF001 - the operator's hands are everywhere
    town.wait(DAY_MS)
    town.tell(NORTH, flight(5_000.0))
    refused(without(whole(town, SOUTH)), checkpoint_of(town), "the serials have a gap")
    with pytest.raises(LedgerFault):
        Line(town.store, town.secrets, ORIGIN).open()
    with pytest.raises(LedgerFault):
        replay(town.store, town.secrets, ORIGIN)


def test_the_operator_leaves_an_entry_out_and_counts_as_if_nothing_had_been(town: Town) -> None:
    """Its teller has a receipt: a signed head of the same size, with another root."""
    rewritten = Forged(town)
    receipt = town.tell(NORTH, flight(7_000.0))
    promised = checkpoint_of(town)
    while len(rewritten.records) < promised.size:
        rewritten.add(LeafClass.NODE, b"anything", ChannelTags(OWN), len(rewritten.records))
    shown = rewritten.checkpoint()
    assert (shown.origin, shown.size) == (promised.origin, promised.size)
    assert shown.root != promised.root
    assert rewritten.tree().leaf_hash_at(receipt.index) != receipt.leaf_hash


def test_the_operator_puts_what_was_told_on_another_channel(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(town.line.state.channels), "of", lambda *_: "")
    index = town.tell(NORTH, flight(5_000.0)).index
    monkeypatch.undo()
    # its teller sees by the leaf of its receipt that the channel does not count it
    leaf = decode_leaf(town.store.records[index].leaf)
    epochs = town.line.state.channels.chains[FLIGHTS].epochs
    assert all(ChannelTags(secret_of(town, e.epoch)).serial_of(leaf) is None for e in epochs)
    with pytest.raises(LedgerFault) as fault:
        Line(town.store, town.secrets, ORIGIN).open()
    assert fault.value.path == f"entry {index}"
    with pytest.raises(LedgerFault):
        replay(town.store, town.secrets, ORIGIN)


def test_the_operator_opens_the_channel_twice(town: Town, told: int) -> None:
    """One chain for NORTH, on which it told, and a silent one to show to others: either is sound alone."""
    forged = Forged(town)
    tags = ChannelTags(OWN)
    again = forged.add(LeafClass.NODE, beginning(OWN, epoch=0, first_serial=1), tags, 1)
    forged.add(LeafClass.NODE, b"anything", ChannelTags(secret_of(town, 0, PRESENCES)), 99)
    head = forged.checkpoint()
    shown = judged(forged.proof(first=again, secrets=[OWN], opened=[again]), head)
    assert shown.verdict is Verdict.COMPLETE
    first = town.line.state.channels.chains[FLIGHTS].epochs
    opened = [first[0].index, first[1].index, told]
    held = judged(
        forged.proof(first=first[0].index, secrets=[secret_of(town), secret_of(town, 1)], opened=opened), head
    )
    assert held.verdict is Verdict.RECORD
    assert "kept it twice" in contradiction(shown, held)
    assert "kept it twice" in contradiction(held, shown)
    assert not contradiction(held, held)


def test_the_operator_turns_the_channel_aside(town: Town, told: int) -> None:
    """A turn that does not lie on the epoch before it: only whoever holds the true chain can tell, and does."""
    forged = Forged(town)
    aside = forged.add(LeafClass.NODE, beginning(OWN, epoch=2, first_serial=5), ChannelTags(OWN), 4)
    forged.add(LeafClass.NODE, b"anything", ChannelTags(secret_of(town, 0, PRESENCES)), 99)
    head = forged.checkpoint()
    shown = judged(forged.proof(first=aside, secrets=[OWN], opened=[aside]), head)
    assert shown.verdict is Verdict.COMPLETE
    last = town.line.state.channels.chains[FLIGHTS].last
    true = judged(forged.proof(first=last.index, secrets=[secret_of(town, 1)], opened=[last.index, told]), head)
    assert true.is_sound
    assert "kept it twice" in contradiction(shown, true)


@pytest.mark.parametrize(
    ("epoch", "first_serial", "serial"),
    [(2, 5, 4), (1, 6, 4), (1, 4, 4), (0, 5, 4), (1, 5, 5)],
)
def test_the_operator_begins_an_epoch_that_does_not_follow(
    town: Town, epoch: int, first_serial: int, serial: int
) -> None:
    opening = town.line.state.channels.chains[FLIGHTS].epochs[0].index
    forged = Forged(town)
    forged.records = forged.records[: opening + 1]
    tags = ChannelTags(secret_of(town))
    for number in (2, 3):
        forged.add(LeafClass.TOLD, b"whatever", tags, number)
    turn = forged.add(LeafClass.NODE, beginning(OWN, epoch=epoch, first_serial=first_serial), tags, serial)
    forged.add(LeafClass.NODE, b"anything", ChannelTags(secret_of(town, 0, PRESENCES)), 99)
    given = forged.proof(first=opening, secrets=[secret_of(town), OWN], opened=[opening, turn], start=turn)
    found = judged(given, forged.checkpoint())
    assert (found.verdict, found.is_sound) == (Verdict.NOT_PROVABLE, False)


def test_what_does_not_belong_on_the_channel_fills_no_serial(town: Town) -> None:
    """Something else in the place of what was told: not the sender's, not of its kinds, no notice, no told entry."""
    opening = town.line.state.channels.chains[FLIGHTS].epochs[0].index
    other = told_body(town.written(SOUTH, flight(), "south-flight"), NOON_MS)
    kind = told_body(town.written(NORTH, presence(on_ground(NOON_MS)), "north-presence"), NOON_MS)
    under = told_body(town.written(NORTH, flight(), "north-under", under="river"), NOON_MS)
    pen = Pen(NORTH, "duty_officer", signer_of(NORTH))
    said = told_body(
        pen.declaration({"type": "disclosure", "entry": 1}, identifier="d-0000001", at_ms=NOON_MS), NOON_MS
    )
    event = town.line.journal.body_of(beginning(OWN, epoch=1, first_serial=3))
    true = told_body(town.written(NORTH, flight(), "north-true"), NOON_MS)
    as_other = told_body(true.partition(b"\n")[2].replace(NOTICE_TYPE.encode(), DECLARATION_TYPE.encode()), NOON_MS)
    for leaf_class, body in (
        (LeafClass.ADMIN, true),
        (LeafClass.TOLD, as_other),
        (LeafClass.TOLD, other),
        (LeafClass.TOLD, kind),
        (LeafClass.TOLD, under),
        (LeafClass.TOLD, said),
        (LeafClass.TOLD, event),
        (LeafClass.TOLD, b"recorded_at nothing"),
        (LeafClass.ADMIN, event),
        (LeafClass.NODE, other),
        (LeafClass.NODE, b"{}"),
    ):
        forged = Forged(town)
        forged.records = forged.records[: opening + 1]
        entry = forged.add(leaf_class, body, ChannelTags(secret_of(town)), 2)
        given = forged.proof(first=opening, secrets=[secret_of(town)], opened=[opening, entry])
        found = judged(given, forged.checkpoint())
        assert (found.verdict is Verdict.COMPLETE, found.is_sound) == (False, False), body


def test_the_channel_s_first_entry_is_on_it(town: Town) -> None:
    opening = town.line.state.channels.chains[FLIGHTS].epochs[0].index
    for tags, serial, first_serial in (
        (ChannelTags(OWN), 2, 1),
        (ChannelTags(secret_of(town)), 1, 1),
        (ChannelTags(OWN), 1, 2),
    ):
        forged = Forged(town)
        forged.records = forged.records[:opening]
        entry = forged.add(LeafClass.NODE, beginning(OWN, epoch=0, first_serial=first_serial), tags, serial)
        forged.add(LeafClass.NODE, b"anything", ChannelTags(secret_of(town)), 99)
        given = forged.proof(first=entry, secrets=[OWN], opened=[entry])
        refused(given, forged.checkpoint(), "is not the first of the channel")


@pytest.mark.parametrize("leaf_class", [LeafClass.TOLD, LeafClass.ADMIN])
def test_a_party_cannot_begin_an_epoch_by_telling_it(town: Town, leaf_class: LeafClass) -> None:
    forged = Forged(town)
    entry = forged.add(leaf_class, beginning(OWN, epoch=2, first_serial=5), ChannelTags(secret_of(town, 1)), 6)
    forged.add(LeafClass.NODE, b"anything", ChannelTags(secret_of(town, 0, PRESENCES)), 99)
    given = forged.proof(first=entry, secrets=[OWN], opened=[entry])
    refused(given, forged.checkpoint(), "does not begin where an epoch", is_sound=True)


# by whoever only looks


def test_outsiders_see_no_channel_in_the_leaves(town: Town, told: int) -> None:
    """Only classes are open: with other secrets the same history gives leaves that share nothing else."""
    leaves = [decode_leaf(record.leaf) for record in town.store.records]
    assert len({leaf.channel_tag for leaf in leaves}) == len(leaves)
    assert len({leaf.serial_field for leaf in leaves}) == len(leaves)
    assert min(leaf.serial_field for leaf in leaves) > 1 << 40
    own = [decode_leaf(town.store.records[index].leaf) for index in town.line.state.channels.chains[FLIGHTS].entries]
    assert len(own) == 3
    others = [
        town.secrets.channel(name)
        for name in (f"{NORTH}/told", FLIGHTS, secret_name(FLIGHTS, 1), secret_name(FLIGHTS, 2))
    ]
    others += [secret_of(town, 2), secret_of(town, 0, PRESENCES), OWN]
    for secret in others:
        assert all(ChannelTags(secret).serial_of(leaf) is None for leaf in own)
    assert told


def test_a_revealed_epoch_says_nothing_of_the_others(town: Town, told: int) -> None:
    revealed = ChannelTags(secret_of(town, 0))
    recognised = [r.index for r in town.store.records if revealed.serial_of(decode_leaf(r.leaf)) is not None]
    first, second = town.line.state.channels.chains[FLIGHTS].epochs
    assert recognised == [first.index, second.index]
    assert told not in recognised


def test_an_agreement_of_the_proof_is_the_one_that_was_signed(town: Town) -> None:
    assert len(agreements_of(town)) == len(whole(town).agreements) == 1
    assert list(whole(town).agreements) == agreements_of(town)
