"""Cosignatures in the ledger: checked, recorded, counted by party, replayed; and what is wrong is said once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openline.codec.agreements import read_agreement
from openline.core.errors import BadUse, NotAuthenticated, OpenlineError
from openline.core.event import Cosigned, Event, WitnessAlarm, Witnessed, WitnessNamed, WitnessTrouble
from openline.core.time import HOUR_MS, SECOND_MS
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.cosignature import confirmed_cosignatures, cosigner_of
from openline.ledger.note import NoteVerifier
from openline.node.line import Line, outcome_of
from openline.node.replay import replay
from openline.node.witnesses import Cosigning, Suspicion
from tests.cosigning import (
    MONITOR,
    cosign_all,
    cosigning,
    name_of,
    watched,
    watched_town,
    witness_key,
    witness_signer,
)
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, agreement, on_ground, presence

TWICE = (
    f'witness_quorum = 1\n[[witnesses]]\nparty = "NORTH"\nkey = "{witness_key(NORTH)}"\n'
    f'[[witnesses]]\nparty = "SOUTH"\nkey = "{witness_key(NORTH).replace("north", "south")}"'
)
"""One key under two names."""


def events_of(town: Town, kind: type[Event]) -> list[Event]:
    return [event for _, event in town.heard if isinstance(event, kind)]


def read_back(town: Town) -> Line:
    """The town's line as a restart finds it; a replay has agreed with every byte."""
    replay(town.store, town.secrets, ORIGIN)
    line = Line(town.store, town.secrets, ORIGIN)
    line.open()
    assert vars(line.state.witnesses).keys() == vars(town.line.state.witnesses).keys()
    for name in ("known", "witnessed", "troubles", "_records", "_quiet_from", "_quiet_to"):
        assert getattr(line.state.witnesses, name) == getattr(town.line.state.witnesses, name)
    return line


def refusal(town: Town, given: Cosigning | Suspicion) -> OpenlineError:
    size = town.line.committed
    with pytest.raises(OpenlineError) as caught:
        outcome_of(town.line.commit([given], town.now_ms), 0)
    assert town.line.committed == size
    return caught.value


def test_a_quorum_of_parties_makes_entries_witnessed() -> None:
    town = watched_town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    size = town.line.committed
    cosign_all(town, NORTH)
    assert town.line.state.witnessed("town") == 0
    # The other one cosigns the same checkpoint, although the ledger has grown by the first one's cosignature.
    town.line.commit([cosigning(town, SOUTH, size)], town.now_ms)
    assert town.line.state.witnessed("town") == size
    assert events_of(town, Witnessed) == [Witnessed(at_ms=town.now_ms, agreement="town", size=size)]
    assert read_back(town).state.witnessed("town") == size


def test_cosignatures_of_different_sizes_do_not_add_up() -> None:
    town = watched_town()
    cosign_all(town, NORTH)
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    cosign_all(town, SOUTH)
    assert town.line.state.witnessed("town") == 0


def test_a_larger_cosignature_does_not_stand_for_a_smaller_one() -> None:
    town = watched_town()
    size = town.line.committed
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    cosign_all(town, NORTH)
    town.line.commit([cosigning(town, SOUTH, size)], town.now_ms)
    assert town.line.state.witnessed("town") == 0
    keys = [cosigner_of(name_of(party), witness_signer(party)) for party in (NORTH, SOUTH)]
    assert [item.name for item in confirmed_cosignatures(town.line.cosigned_note(size), keys)] == [name_of(SOUTH)]


def test_a_party_counts_once_however_many_witnesses_it_has() -> None:
    tables = "".join(
        f'[[witnesses]]\nparty = "{party}"\nkey = "{witness_key(witness)}"\n'
        for party, witness in ((NORTH, NORTH), (NORTH, MONITOR), (SOUTH, SOUTH))
    )
    town = watched_town(agreement(top=f"witness_quorum = 2\n{tables}"))
    size = town.line.committed
    cosign_all(town, NORTH, MONITOR)
    assert town.line.state.witnessed("town") == 0
    town.line.commit([cosigning(town, SOUTH, size)], town.now_ms)
    assert town.line.state.witnessed("town") == size


def test_without_a_quorum_there_is_no_policy() -> None:
    town = watched_town(watched(None), agreement("other"))
    cosign_all(town, NORTH, SOUTH, MONITOR)
    assert events_of(town, Witnessed) == []
    assert len(events_of(town, Cosigned)) == 3


def test_a_witness_that_the_agreement_does_not_name_counts_for_nothing() -> None:
    town = watched_town(watched(2, (NORTH, SOUTH)))
    cosign_all(town, NORTH, MONITOR)
    assert town.line.state.witnessed("town") == 0


def test_the_notes_hold_what_is_recorded_and_convince_a_stranger() -> None:
    town = watched_town()
    size = town.line.committed
    cosign_all(town, NORTH, SOUTH)
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    keys = [cosigner_of(name_of(party), witness_signer(party)) for party in (NORTH, SOUTH, MONITOR)]
    for line in (town.line, read_back(town)):
        note = line.witnessed_note("town")
        assert note == line.cosigned_note(size)
        assert open_checkpoint(note, NoteVerifier(ORIGIN, town.secrets.signer.public_key)).size == size
        found = confirmed_cosignatures(note, keys)
        assert [(item.name, item.time_s) for item in found] == [
            (name_of(party), NOON_MS // SECOND_MS) for party in (NORTH, SOUTH)
        ]
        assert confirmed_cosignatures(line.cosigned_note(line.committed), keys) == ()
        assert line.witnessed_note("other") == ""
        for beyond in (-1, line.committed + 1):
            with pytest.raises(ValueError, match="no checkpoint"):
                line.cosigned_note(beyond)


def test_the_same_size_again_or_a_smaller_one_is_no_news() -> None:
    town = watched_town()
    size = town.line.committed
    cosign_all(town, NORTH)
    before = town.line.committed
    later = cosigning(town, NORTH, size, signed_ms=NOON_MS + SECOND_MS)
    smaller = cosigning(town, NORTH, size - 1)
    assert cosign_all(town).staged is None
    for given in (later, smaller):
        assert outcome_of(town.line.commit([given], town.now_ms), 0).outputs == ()
    assert town.line.committed == before


def test_what_is_no_cosignature_of_a_named_key_is_refused() -> None:
    town = watched_town(parties=(NORTH,))
    good = cosigning(town, NORTH)
    for given in (
        replace(good, size=good.size - 1),
        replace(good, size=good.size + 1),
        replace(good, size=-1),
        replace(good, line=good.line + "\n" + good.line),
        replace(good, line=""),
        replace(good, line=cosigning(town, SOUTH).line),
        cosigning(town, NORTH, signed_ms=1 << 61),
    ):
        assert refusal(town, given).code == "SIGNATURE_INVALID"
    assert refusal(town, cosigning(town, SOUTH)).code == "KEY_UNKNOWN"
    assert refusal(town, Suspicion(witness="x", trouble=WitnessTrouble.FORK, size=1)).code == "KEY_UNKNOWN"


def test_trouble_is_recorded_once_until_it_is_over() -> None:
    town = watched_town()
    fork = Suspicion(witness=name_of(NORTH), trouble=WitnessTrouble.FORK, size=3)
    ahead = Suspicion(witness=name_of(NORTH), trouble=WitnessTrouble.AHEAD, size=3, told=900)
    for given in (fork, fork, ahead, ahead, fork):
        town.line.commit([given], town.now_ms)
    assert [event.trouble for event in events_of(town, WitnessAlarm) if isinstance(event, WitnessAlarm)] == [
        WitnessTrouble.FORK,
        WitnessTrouble.AHEAD,
        WitnessTrouble.FORK,
    ]
    assert read_back(town).state.witnesses.troubles == {name_of(NORTH): WitnessTrouble.FORK}
    cosign_all(town, NORTH)
    assert read_back(town).state.witnesses.troubles == {}


def test_a_clock_that_is_off_by_hours_is_said_and_the_cosignature_counts() -> None:
    town = watched_town(watched(1))
    size = town.line.committed
    town.line.commit([cosigning(town, NORTH, signed_ms=NOON_MS + 3 * HOUR_MS)], town.now_ms)
    assert town.line.state.witnessed("town") == size
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.line.commit([cosigning(town, NORTH, signed_ms=NOON_MS - 3 * HOUR_MS)], town.now_ms)
    alarms = events_of(town, WitnessAlarm)
    assert [alarm.trouble for alarm in alarms if isinstance(alarm, WitnessAlarm)] == [WitnessTrouble.CLOCK]
    read_back(town)
    town.tell(SOUTH, presence(on_ground(NOON_MS, north_m=9000.0)))
    cosign_all(town, NORTH)
    assert read_back(town).state.witnesses.troubles == {}


def test_cosignatures_alone_are_no_news() -> None:
    town = watched_town()
    news = town.line.committed
    assert town.line.state.witnesses.news(news) == news
    cosign_all(town, NORTH, SOUTH)
    assert town.line.state.witnesses.news(town.line.committed) == news
    assert read_back(town).state.witnesses.news(town.line.committed) == news
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    assert town.line.state.witnesses.news(town.line.committed) == town.line.committed


def test_a_witness_is_named_once_and_its_new_key_takes_the_old_ones_place() -> None:
    town = watched_town(parties=(NORTH,))
    size = town.line.committed
    named = WitnessNamed(at_ms=town.now_ms, party=NORTH, key=witness_key(NORTH))
    town.administer([named])
    assert town.line.committed == size
    town.administer([replace(named, party=SOUTH)])
    assert town.line.committed == size + 1
    assert town.line.state.witnesses.known[name_of(NORTH)].party == SOUTH


@pytest.mark.parametrize(
    ("top", "match"),
    [
        ("witness_quorum = 1", "asks for 1"),
        (f'witness_quorum = 2\n[[witnesses]]\nparty = "NORTH"\nkey = "{witness_key(NORTH)}"', "asks for 2"),
        (f'witness_quorum = 0\n[[witnesses]]\nparty = "NORTH"\nkey = "{witness_key(NORTH)}"', "witness_quorum"),
        ('[[witnesses]]\nparty = "NORTH"\nkey = "x"', "witnesses"),
        (TWICE, "twice"),
    ],
)
def test_policies_that_cannot_be(top: str, match: str) -> None:
    with pytest.raises(BadUse, match=match):
        read_agreement(agreement(top=top))


def test_two_witnesses_of_one_party_are_one_voice_in_the_quorum() -> None:
    with pytest.raises(BadUse, match="those of 1"):
        read_agreement(
            agreement(
                top="witness_quorum = 2\n"
                + "".join(f'[[witnesses]]\nparty = "NORTH"\nkey = "{witness_key(p)}"\n' for p in (NORTH, SOUTH))
            )
        )


def test_a_refused_answer_names_who_and_why() -> None:
    town = watched_town(parties=(NORTH,))
    error = refusal(town, replace(cosigning(town, NORTH), size=1))
    assert isinstance(error, NotAuthenticated)
    assert name_of(NORTH) in str(error)
