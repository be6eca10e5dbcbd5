"""Declarations: a disclosure opens one entry to one reader, is an entry itself, and survives a restart and a replay."""

from __future__ import annotations

from typing import Any

import pytest

from openline.core.errors import Invalid, NotAuthenticated, NotFound
from openline.core.event import Disclosed
from openline.intake.opening import open_declaration
from openline.node.line import Line
from openline.node.replay import replay
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence


def disclosure(entry: int, **reader: str) -> dict[str, Any]:
    return {"type": "disclosure", "entry": entry, **reader}


@pytest.fixture
def town() -> Town:
    town = Town()
    town.tell(NORTH, activity(in_air(NOON_MS)))
    return town


def test_one_entry_is_opened_to_one_party_and_nothing_else(town: Town) -> None:
    told = town.receipts[0][1].index
    other = town.tell(NORTH, activity(in_air(NOON_MS, east_m=50_000.0))).index
    state = town.line.state
    assert not state.may_read(SOUTH, told)
    receipt = town.declare(NORTH, disclosure(told, to=SOUTH))
    assert state.may_read(SOUTH, told)
    assert not state.may_read(SOUTH, other)
    assert not state.may_read(SOUTH, receipt.index)
    (said,) = town.told(SOUTH, Disclosed)
    assert (said.entry, said.declaration) == (told, receipt.index)
    assert not town.told(NORTH, Disclosed)


def test_what_one_was_told_can_be_disclosed_too(town: Town) -> None:
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    warned = town.line.state.entries.feeds[NORTH][0]
    town.declare(NORTH, disclosure(warned, inquiry="A board of inquiry"))
    assert not town.told(SOUTH, Disclosed)


def test_nobody_discloses_what_is_another_s(town: Town) -> None:
    told = town.receipts[0][1].index
    for entry in (told, told + 1_000, 0):
        with pytest.raises(NotFound) as refusal:
            town.declare(SOUTH, disclosure(entry, to=SOUTH))
        assert refusal.value.path == "entry"
    assert not town.line.state.may_read(SOUTH, told)


@pytest.mark.parametrize("reader", [{}, {"to": SOUTH, "inquiry": "both"}])
def test_a_disclosure_has_one_reader(town: Town, reader: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refusal:
        town.declare(NORTH, disclosure(town.receipts[0][1].index, **reader))
    assert refusal.value.path == "to"


def test_the_role_is_that_of_the_key(town: Town) -> None:
    pen = town.pens[NORTH]
    pen.role = "general_staff"
    raw = pen.declaration(disclosure(0, to=SOUTH), identifier="declaration-1", at_ms=NOON_MS)
    with pytest.raises(NotAuthenticated) as refusal:
        open_declaration(raw, keyring=town.line.state.keyring)
    assert refusal.value.path == "role"


def test_the_same_again_is_recorded_once_and_other_words_under_its_id_are_refused(town: Town) -> None:
    told = town.receipts[0][1].index
    raw = town.pens[NORTH].declaration(disclosure(told, to=SOUTH), identifier="declaration-1", at_ms=NOON_MS)
    first, size = town.send(raw), town.line.committed
    assert town.send(raw).index == first.index
    assert town.line.committed == size
    with pytest.raises(Invalid) as refusal:
        town.declare(NORTH, disclosure(told, inquiry="somebody else"), "declaration-1")
    assert refusal.value.code == "NOTICE_ID_REUSED"


def test_it_survives_a_restart_and_a_replay(town: Town) -> None:
    told = town.receipts[0][1].index
    town.declare(NORTH, disclosure(told, to=SOUTH))
    later = Line(town.store, town.secrets, ORIGIN)
    later.open()
    assert later.state.entries.disclosed == town.line.state.entries.disclosed
    assert later.state.declared == town.line.state.declared
    assert later.state.entries.told == town.line.state.entries.told
    assert replay(town.store, town.secrets, ORIGIN).entries.disclosed == town.line.state.entries.disclosed
    assert town.again().store.records == town.store.records
