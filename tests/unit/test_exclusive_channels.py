"""Exclusive channels: named by the agreement, counted by those whom it names, cut into epochs, the same in a replay."""

from __future__ import annotations

import pytest

from openline.codec.agreements import read_agreement
from openline.core.errors import BadUse
from openline.core.event import ChannelClosed, ChannelEpoch, Tick
from openline.core.notice import Kind
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS
from openline.ledger.epochs import epoch_commitment, epoch_secret, exclusive_name, secret_name, split_name
from openline.ledger.leaf import ChannelTags, LeafClass, decode_leaf
from openline.node.journal import Told
from openline.node.line import Line
from openline.node.replay import replay
from tests.exclusive import CHANNELS, EAST, FLIGHTS, PRESENCES, exclusive_town, flight, text
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, on_ground, presence, withdrawal


def told_over(town: Town) -> list[str]:
    return [output.channel for _, output in town.heard if isinstance(output, Told)]


def turned(town: Town) -> list[tuple[int, ChannelEpoch]]:
    return [(index, output) for index, output in town.heard if isinstance(output, ChannelEpoch)]


def closed(town: Town) -> list[str]:
    return [output.channel for _, output in town.heard if isinstance(output, ChannelClosed)]


def secret_of(town: Town, name: str, epoch: int = 0, *, version: int = 1) -> bytes:
    return epoch_secret(town.secrets.channel(secret_name(name, version)), epoch)


def seen(town: Town, secret: bytes) -> dict[int, int]:
    """Serials of an epoch by index, as somebody finds them who has its secret."""
    tags = ChannelTags(secret)
    serials = ((r.index, tags.serial_of(decode_leaf(r.leaf))) for r in town.store.records)
    return {index: serial for index, serial in serials if serial is not None}


def is_rebuilt(town: Town) -> None:
    """A restart, a replay and the same done again give the same channels."""
    later = Line(town.store, town.secrets, ORIGIN)
    later.open()
    replayed = replay(town.store, town.secrets, ORIGIN)
    again = town.again()
    assert again.store.records == town.store.records
    for state in (later.state, replayed, again.line.state):
        assert state.channels.chains == town.line.state.channels.chains
        assert state.channels.readable == town.line.state.channels.readable
        assert state.entries.told == town.line.state.entries.told
    town.line = later
    town.tell(NORTH, flight(90_000.0))
    replay(town.store, town.secrets, ORIGIN)


def test_notices_of_its_kinds_go_over_it_and_others_do_not() -> None:
    town = exclusive_town()
    town.tell(NORTH, flight())
    town.tell(NORTH, presence(on_ground(NOON_MS, east_m=50_000.0)))
    town.tell(NORTH, withdrawal("north-0001"))
    town.tell(SOUTH, presence(on_ground(NOON_MS, east_m=-50_000.0)))
    town.tell(SOUTH, withdrawal("south-0001"))
    town.tell(EAST, presence(on_ground(NOON_MS, east_m=99_000.0)))
    town.tell(NORTH, flight(), under="another")
    assert told_over(town) == [FLIGHTS, "", "", PRESENCES, PRESENCES, "", ""]
    is_rebuilt(town)


def test_a_channel_is_open_as_soon_as_its_agreement_is_in_force() -> None:
    town = exclusive_town()
    assert [(e.channel, e.epoch, e.first_serial) for _, e in turned(town)] == [("flights", 0, 1), ("presences", 0, 1)]
    (index, event), _ = turned(town)
    secret = secret_of(town, FLIGHTS)
    assert seen(town, secret) == {index: 1}
    assert event.commitment == epoch_commitment(secret)
    assert decode_leaf(town.store.records[index].leaf).leaf_class is LeafClass.NODE


def test_an_agreement_that_begins_later_opens_its_channels_then_and_closes_them_at_its_end() -> None:
    top = 'in_force_from = "2026-03-01T13:00:00Z"\nin_force_until = "2026-03-01T15:00:00Z"'
    town = exclusive_town(text(top=top))
    assert not turned(town)
    town.wait(HOUR_MS - 1)
    assert not turned(town)
    town.tell(NORTH, flight())
    town.wait(1)
    assert len(turned(town)) == 2
    town.tell(NORTH, flight())
    town.wait(2 * HOUR_MS)
    assert closed(town) == ["flights", "presences"]
    town.tell(NORTH, flight())
    assert told_over(town) == ["", FLIGHTS, ""]
    assert len([1 for _, output in town.heard if isinstance(output, Tick)]) == 2
    is_rebuilt(town)


def test_an_epoch_ends_before_the_first_notice_of_a_new_day_and_only_then() -> None:
    town = exclusive_town()
    opened = turned(town)[0][0]
    first = town.tell(NORTH, flight()).index
    town.wait(12 * HOUR_MS - 1)
    second = town.tell(NORTH, flight()).index
    town.wait(1)
    assert len(turned(town)) == 2
    third = town.tell(NORTH, flight()).index
    town.wait(5 * DAY_MS)
    assert len(turned(town)) == 3
    fourth = town.tell(NORTH, flight()).index
    fifth = town.tell(NORTH, flight()).index
    assert seen(town, secret_of(town, FLIGHTS, 0)) == {opened: 1, first: 2, second: 3, third - 1: 4}
    assert seen(town, secret_of(town, FLIGHTS, 1)) == {third: 5, fourth - 1: 6}
    assert seen(town, secret_of(town, FLIGHTS, 2)) == {fourth: 7, fifth: 8}
    assert [e.first_serial for _, e in turned(town)] == [1, 1, 5, 7]
    assert [e.epoch for _, e in turned(town)] == [0, 0, 1, 2]
    is_rebuilt(town)


def test_what_is_told_twice_turns_nothing() -> None:
    town = exclusive_town()
    raw = town.written(NORTH, flight(), "north-0001")
    town.send(raw)
    town.wait(2 * DAY_MS)
    size = town.line.committed
    assert town.send(raw).is_duplicate
    assert town.line.committed == size


def test_a_new_version_goes_on_with_another_secret_and_one_without_the_channel_closes_it() -> None:
    town = exclusive_town()
    town.tell(NORTH, flight())
    town.load(text(CHANNELS.replace('to = ["SOUTH"]', 'to = ["EAST"]'), version=2))
    told = town.tell(NORTH, flight(), under="town").index
    secret = secret_of(town, FLIGHTS, 1, version=2)
    assert seen(town, secret) == {told: 4}
    assert not seen(town, secret_of(town, FLIGHTS, 1))
    (turn,) = [index for index, e in turned(town) if e.version == 2 and e.channel == "flights"]
    assert [town.line.state.may_read(party, turn) for party in (NORTH, SOUTH, EAST)] == [True, True, True]
    town.load(text("", version=3))
    assert closed(town) == ["flights", "presences"]
    town.tell(NORTH, flight())
    town.load(text(version=4))
    town.tell(NORTH, flight())
    assert told_over(town) == [FLIGHTS, FLIGHTS, "", FLIGHTS]
    assert [e.epoch for _, e in turned(town) if e.channel == "flights"] == [0, 1, 2]
    is_rebuilt(town)


def test_those_whom_the_channel_names_read_its_turns_and_nobody_else() -> None:
    town = exclusive_town()
    (flights, _), (presences, _) = turned(town)
    may_read = town.line.state.may_read
    assert [may_read(party, flights) for party in (NORTH, SOUTH, EAST)] == [True, True, False]
    assert [may_read(party, presences) for party in (NORTH, SOUTH, EAST)] == [True, True, True]
    told = town.tell(NORTH, flight()).index
    assert [may_read(party, told) for party in (NORTH, SOUTH, EAST)] == [True, False, False]


def test_one_epoch_s_secret_says_nothing_of_the_others() -> None:
    town = exclusive_town()
    for _ in range(4):
        town.tell(NORTH, flight())
        town.wait(DAY_MS + MINUTE_MS)
    found = [seen(town, secret_of(town, FLIGHTS, epoch)) for epoch in range(4)]
    assert all(found)
    for number, one in enumerate(found):
        for other in found[number + 1 :]:
            assert not one.keys() & other.keys()


def test_names_are_taken_apart_again() -> None:
    assert split_name(FLIGHTS) == ("town", "flights")
    assert exclusive_name("town", "flights") == FLIGHTS
    for name in ("NORTH/told", "exclusive/town", "town/flights", "admin", ""):
        assert split_name(name) is None
    with pytest.raises(ValueError, match="32 bytes"):
        epoch_commitment(b"short")


def test_the_agreement_says_what_goes_over_it() -> None:
    agreement = read_agreement(text())
    flights, presences = agreement.exclusive_channels
    assert (flights.sender, flights.receivers) == (NORTH, (SOUTH,))
    assert flights.kinds == {Kind.AIR_ACTIVITY}
    assert presences.receivers == (NORTH, EAST)
    assert all(presences.carries(kind) for kind in Kind)
    assert agreement.channel_of(SOUTH, Kind.ZONE) is presences
    assert agreement.channel_of(NORTH, Kind.ZONE) is None


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('from = "NORTH"', 'from = "WEST"', "no party"),
        ('to = ["SOUTH"]', 'to = ["WEST"]', "no party"),
        ('to = ["SOUTH"]', 'to = ["NORTH"]', "twice"),
        ('to = ["SOUTH"]', 'to = ["SOUTH", "SOUTH"]', "twice"),
        ('id = "presences"', 'id = "flights"', "twice"),
        ('from = "SOUTH"\nto = ["NORTH", "EAST"]', 'from = "NORTH"\nto = ["EAST"]', "same kinds"),
        ('to = ["SOUTH"]', "to = []", "to"),
        ('"air_activity"', '"air_activty"', "kinds"),
        ('id = "flights"', 'id = ""', "id"),
        ('id = "flights"', 'id = "a/b"', "id"),
    ],
)
def test_what_cannot_be_agreed_is_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(BadUse) as refusal:
        read_agreement(text(CHANNELS.replace(old, new)))
    assert refusal.value.code == "AGREEMENT_INVALID"
    assert says in f"{refusal.value.path} {refusal.value.reason}"
