"""What may be a FLASH passes a full queue, once for each thing that it says; everything else waits its turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from openline.core.time import HOUR_MS, MINUTE_MS
from openline.intake.opening import OpenedAcknowledgement, OpenedNotice, open_acknowledgement, open_notice
from openline.node.batch import Tick
from openline.node.lanes import Lanes, Waiting
from openline.node.line import Receipt
from openline.node.urgency import may_be_flash, subject_of
from tests.parties import (
    NOON_MS,
    NORTH,
    SOUTH,
    Town,
    activity,
    agreement,
    in_air,
    on_ground,
    presence,
    site,
    withdrawal,
    zone,
)

LATER = presence(on_ground(NOON_MS + 5 * HOUR_MS))
NOW = presence(on_ground(NOON_MS))


class Queue:
    """Lanes and a town whose parties fill them."""

    loop: asyncio.AbstractEventLoop

    def __init__(self, limit: int = 3, town: Town | None = None) -> None:
        self.town = town or Town()
        self.lanes = Lanes(limit)

    def opened(self, party: str, fields: dict[str, Any]) -> OpenedNotice:
        state = self.town.line.state
        return open_notice(self.town.written(party, fields), keyring=state.keyring, offsets_of=state.offsets_of)

    def put(self, given: OpenedNotice | OpenedAcknowledgement | dict[str, Any], party: str = NORTH) -> bool:
        given = self.opened(party, given) if isinstance(given, dict) else given
        subject = subject_of(given, self.town.line.state, self.town.now_ms)
        return self.lanes.put(Waiting(given, [self.loop.create_future()], subject))

    def taken(self, most: int = 100) -> Sequence[Waiting]:
        return self.loop.run_until_complete(asyncio.wait_for(self.lanes.take(most), 5.0))

    def numbers(self, most: int = 100) -> list[tuple[str, int]]:
        """Party and sequence number of the notices that come next."""
        notices = [waiting.given.notice for waiting in self.taken(most) if isinstance(waiting.given, OpenedNotice)]
        return [(notice.party, notice.sequence) for notice in notices]


@pytest.fixture(autouse=True)
def _loop() -> Iterator[None]:
    Queue.loop = asyncio.new_event_loop()
    yield
    Queue.loop.close()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (presence(on_ground(NOON_MS - HOUR_MS)), True),
        (presence(on_ground(NOON_MS + 30 * MINUTE_MS)), False),
        (site(on_ground(NOON_MS)), True),
        (zone(on_ground(NOON_MS)), True),
        (activity(in_air(NOON_MS + 15 * MINUTE_MS)), True),
        (activity(in_air(NOON_MS + 30 * MINUTE_MS - 1)), True),
        (activity(in_air(NOON_MS + 30 * MINUTE_MS)), False),
        (activity(in_air(NOON_MS + HOUR_MS), in_air(NOON_MS)), True),
        (activity(in_air(NOON_MS - HOUR_MS, NOON_MS + 1)), True),
        (activity(in_air(NOON_MS - HOUR_MS, NOON_MS)), False),
        (withdrawal("anything"), False),
    ],
)
def test_what_may_be_a_flash_at_once(fields: dict[str, Any], *, expected: bool) -> None:
    queue = Queue()
    assert may_be_flash(queue.opened(NORTH, fields).notice, queue.town.line.state, NOON_MS) is expected


def test_the_leads_are_those_of_all_agreements_that_its_teller_signed() -> None:
    long = agreement("long", [NORTH, "EAST"], timers='flash_before = "1h"')
    late = agreement("late", [SOUTH, "EAST"], lead_times='minimum_useful = "1h"')
    town = Town(agreement(), long, late, parties=[NORTH, SOUTH, "EAST", "WEST"])
    queue, state = Queue(town=town), town.line.state
    in_an_hour = {"activity": activity(in_air(NOON_MS + HOUR_MS)), "presence": presence(on_ground(NOON_MS + HOUR_MS))}
    found = {
        (party, what): may_be_flash(queue.opened(party, fields).notice, state, NOON_MS)
        for party in (NORTH, SOUTH, "WEST")
        for what, fields in in_an_hour.items()
    }
    assert {key for key, is_urgent in found.items() if is_urgent} == {
        (NORTH, "activity"),
        (NORTH, "presence"),
        (SOUTH, "activity"),
    }


def test_without_an_agreement_nothing_can_be_raised() -> None:
    town = Town(agreement(), parties=[NORTH, SOUTH, "WEST"])
    queue = Queue(town=town)
    assert not may_be_flash(queue.opened("WEST", NOW).notice, town.line.state, NOON_MS)


def test_a_full_queue_takes_what_may_be_a_flash_and_nothing_else() -> None:
    queue = Queue(limit=2)
    assert [queue.put(LATER, SOUTH) for _ in range(3)] == [True, True, False]
    places = [presence(on_ground(NOON_MS, east_m=10.0 * number)) for number in range(50)]
    assert all(queue.put(place) for place in places)
    assert not queue.put(withdrawal("anything"))
    assert (len(queue.lanes), queue.lanes.urgent, queue.lanes.repeats) == (52, 50, 0)


def test_what_may_be_a_flash_goes_before_what_others_told_and_after_what_its_party_did() -> None:
    queue = Queue(limit=9)
    queue.put(LATER, SOUTH)
    queue.put(NOW, NORTH)
    queue.put(NOW, SOUTH)
    assert queue.numbers() == [(NORTH, 1), (SOUTH, 1), (SOUTH, 2)]
    queue.put(NOW, SOUTH)
    queue.put(LATER, NORTH)
    assert queue.numbers() == [(SOUTH, 3), (NORTH, 2)]


def test_others_have_their_share_of_every_commit() -> None:
    queue = Queue(limit=9)
    for number in range(8):
        queue.put(presence(on_ground(NOON_MS, east_m=10.0 * number)), NORTH)
        queue.put(LATER, SOUTH)
    assert queue.numbers(4) == [(NORTH, 1), (NORTH, 2), (NORTH, 3), (SOUTH, 1)]
    assert queue.numbers(8) == [(NORTH, n) for n in (4, 5, 6, 7, 8)] + [(SOUTH, n) for n in (2, 3, 4)]


def test_the_same_bytes_wait_for_the_same_answer() -> None:
    queue = Queue(limit=0)
    given = queue.opened(NORTH, NOW)
    assert queue.put(given)
    assert queue.put(given)
    assert (len(queue.lanes), queue.lanes.repeats) == (1, 1)
    (waiting,) = queue.taken()
    assert len(waiting.answers) == 2
    assert queue.put(given)


def test_the_same_place_and_time_again_grows_no_lane() -> None:
    queue = Queue(limit=1)
    assert [queue.put(NOW) for _ in range(4)] == [True, True, False, False]
    assert (queue.lanes.urgent, queue.lanes.repeats) == (1, 3)
    assert queue.put(NOW, SOUTH)
    assert queue.numbers() == [(NORTH, 1), (SOUTH, 1), (NORTH, 2)]
    assert queue.put(NOW)


@pytest.mark.parametrize(
    "other",
    [
        presence(on_ground(NOON_MS, radius_m=101.0)),
        presence(on_ground(NOON_MS + 1)),
        presence(on_ground(NOON_MS), protection_class="medical"),
        presence(on_ground(NOON_MS), private=True),
        presence(on_ground(NOON_MS), supersedes="north-0001"),
        site(on_ground(NOON_MS)),
        zone(on_ground(NOON_MS)),
        activity(in_air(NOON_MS)),
        activity(in_air(NOON_MS), hazard_volumes=[in_air(NOON_MS)]),
    ],
)
def test_whatever_could_raise_another_alert_is_no_repeat(other: dict[str, Any]) -> None:
    queue = Queue(limit=0)
    assert queue.put(NOW)
    assert queue.put(other)
    assert queue.lanes.repeats == 0


def test_an_acknowledgement_of_ones_own_open_alert_passes_once_for_each_precedence() -> None:
    town = Town()
    town.tell(SOUTH, NOW)
    town.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)))
    queue, state = Queue(limit=0, town=town), town.line.state

    def read(by: str, alert: str, precedence: str) -> bool:
        name = f"ack-{by}-{precedence}-{len(queue.lanes)}-{queue.lanes.repeats}"
        raw = town.pens[by].acknowledgement(alert=alert, precedence=precedence, identifier=name, at_ms=NOON_MS)
        return queue.put(open_acknowledgement(raw, keyring=state.keyring))

    alert = town.alert(NORTH).alert
    assert [read(NORTH, alert, precedence) for precedence in ("PRIORITY", "FLASH", "FLASH")] == [True, True, False]
    assert not read(SOUTH, alert, "FLASH")
    assert not read(NORTH, "unknown", "FLASH")
    assert queue.lanes.repeats == 1


def test_everything_that_waits_can_be_turned_away_at_once() -> None:
    queue = Queue(limit=2)
    for fields in (NOW, LATER, NOW):
        queue.put(fields)
    assert len(queue.lanes.drain()) == 3
    assert (len(queue.lanes), queue.lanes.urgent) == (0, 0)
    assert queue.put(NOW)
    assert queue.numbers() == [(NORTH, 4)]


def test_whoever_takes_waits_for_the_first() -> None:
    async def scene() -> int:
        lanes = Lanes(1)
        taking = asyncio.create_task(lanes.take(9))
        await asyncio.sleep(0)
        assert not taking.done()
        assert lanes.put(Waiting(Tick(), []))
        assert not lanes.put(Waiting(Tick(), [asyncio.Future[Receipt]()]))
        return len(await taking)

    assert asyncio.run(scene()) == 1
