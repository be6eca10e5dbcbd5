"""Nothing leaks: what one party is told does not depend on what another has kept to itself.

Each history is lived through twice. Only a secret differs, within what the release table allows to be known of it;
whatever the other party is told must be the same, byte for byte. The names that the node gives to alerts and references
are replaced by their order of appearance, because they follow from the size of the ledger.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from hypothesis import assume, example, given
from hypothesis import strategies as st

from openline.codec.events import write_event
from openline.core.event import Event
from openline.core.place import Outline, Point
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.geo.blur import private_outline
from tests.parties import (
    NOON_MS,
    NORTH,
    SOUTH,
    Town,
    activity,
    agreement,
    circle,
    in_air,
    on_ground,
    presence,
    withdrawal,
    zone,
)

OPENS_MS, ENDS_MS = NOON_MS + 3 * HOUR_MS, NOON_MS + 5 * HOUR_MS
NAMES = re.compile(rb'"([0-9a-f]{20})"')
WAITS_MS = [MINUTE_MS, 9 * MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 4 * HOUR_MS + 48 * MINUTE_MS]
Secret = dict[str, Any]


def heard(town: Town, party: str) -> list[bytes]:
    """Every event that a party is told, as signed, with the node's names replaced by their order of appearance."""
    order: dict[bytes, bytes] = {}

    def renamed(found: re.Match[bytes]) -> bytes:
        return b'"%b"' % order.setdefault(found[1], b"name %d" % len(order))

    events = [output for _, output in town.heard if isinstance(output, Event) and output.to == party]
    return [NAMES.sub(renamed, write_event(event)) for event in events]


minutes = st.integers(0, 29)
metres = st.integers(-200, 200)
flights = st.fixed_dictionaries(
    {
        "start": minutes,
        "end": minutes,
        "east": metres,
        "north": metres,
        "radius": st.integers(1, 300),
        "form": st.integers(0, 2),
    }
)


def flight(secret: Secret, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the document
    """An activity over the town. Its secret: the minutes, the place, the size, and which volume it is that is near."""
    start_ms, end_ms = OPENS_MS + secret["start"] * MINUTE_MS, ENDS_MS - secret["end"] * MINUTE_MS
    near = in_air(start_ms, end_ms, east_m=secret["east"], north_m=secret["north"], radius_m=secret["radius"])
    far = in_air(start_ms, end_ms, east_m=40_000 + secret["east"])
    volumes: list[dict[str, Any]] = [[near, far], [far, near], [far]][secret["form"]]
    return activity(*volumes, hazard_volumes=[near] if secret["form"] == 2 else [], **more)


acts = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from(WAITS_MS)),
        st.tuples(st.just("read"), st.sampled_from([NORTH, SOUTH])),
        st.tuples(st.just("again"), st.tuples(flights, flights)),
        st.tuples(st.just("elsewhere"), st.none()),
        st.tuples(st.just("withdraw"), st.none()),
    ),
    max_size=7,
)


def changed(what: str, how: Any, which: int, last: str) -> dict[str, Any]:  # noqa: ANN401 - as the strategies give it
    """What takes the place of NORTH's last notice."""
    if what == "again":
        return flight(how[which], supersedes=last)
    return (
        withdrawal(last) if what == "withdraw" else activity(in_air(OPENS_MS, ENDS_MS, east_m=90_000), supersedes=last)
    )


def says_the_same_of_both(now_ms: int) -> bool:
    """True while a flight told now is late, or ended, whatever its secret is: that much is told of it."""
    is_early = now_ms <= OPENS_MS - 10 * MINUTE_MS
    return is_early or OPENS_MS + 20 * MINUTE_MS <= now_ms <= ENDS_MS - 30 * MINUTE_MS


def lived(things: list[dict[str, Any]], secret: Secret, history: list[tuple[str, Any]], which: int) -> Town:
    """SOUTH tells `things`, NORTH its flight; then the history, with the secret of this life."""
    town = Town()
    for thing in things:
        town.tell(SOUTH, thing)
    last = "flight-0000"
    town.tell(NORTH, flight(secret), last)
    for number, (what, how) in enumerate(history, 1):
        if what == "wait":
            town.wait(how)
        elif what == "read":
            # NORTH reads while its alert is open in both lives: as long as the shortest flight
            for held in town.alerts(how):
                if how == SOUTH or town.now_ms < ENDS_MS - 30 * MINUTE_MS:
                    town.acknowledge(held)
        elif what != "again" or says_the_same_of_both(town.now_ms):
            town.tell(NORTH, changed(what, how, which, last), f"flight-{number:04}")
            last = f"flight-{number:04}"
    town.wait(12 * HOUR_MS)
    return town


THINGS = [
    presence(on_ground(NOON_MS)),
    zone(on_ground(NOON_MS, radius_m=900)),
    presence(on_ground(NOON_MS, east_m=20_000)),
]


BRIEF = {"start": 0, "end": 29, "east": 0, "north": 0, "radius": 100, "form": 0}
LONG = BRIEF | {"end": 0}


@example(BRIEF, LONG, [("wait", WAITS_MS[-1]), ("elsewhere", None)], [presence(on_ground(NOON_MS))])
@example(BRIEF, LONG, [("wait", WAITS_MS[-1]), ("withdraw", None)], [zone(on_ground(NOON_MS, radius_m=900))])
@given(flights, flights, acts, st.lists(st.sampled_from(THINGS), min_size=1, max_size=3))
def test_of_a_flight_nothing_is_heard_but_its_window_to_half_an_hour(
    one: Secret, other: Secret, history: list[tuple[str, Any]], things: list[dict[str, Any]]
) -> None:
    lives = [lived(things, secret, history, which) for which, secret in enumerate((one, other))]
    assert heard(lives[0], SOUTH) == heard(lives[1], SOUTH)


@given(minutes, minutes, metres, metres)
def test_a_flight_told_too_late_tells_no_minute(one: int, other: int, east_m: int, north_m: int) -> None:
    views = []
    for minute in (one, other):
        town = Town(now_ms=OPENS_MS + 31 * MINUTE_MS)
        start_ms = OPENS_MS - 9 * minute * MINUTE_MS
        town.tell(NORTH, activity(in_air(start_ms, ENDS_MS - minute * MINUTE_MS, east_m=east_m, north_m=north_m)))
        town.wait(12 * HOUR_MS)
        views.append(heard(town, SOUTH))
    assert views[0] == views[1]
    assert len(views[0]) >= 2


@given(minutes, minutes, metres, metres)
def test_who_guarantees_a_zone_hears_of_no_window(one: int, other: int, east_m: int, north_m: int) -> None:
    """Of the same urgency when told, and over in the same half hour, whatever begins when is heard alike."""
    views = []
    for minute in (one, other):
        town = Town(agreement("town", [NORTH, SOUTH, "UN"]), parties=[NORTH, SOUTH, "UN"])
        town.tell(SOUTH, zone(on_ground(NOON_MS, radius_m=900), guarantors=["UN"]))
        start_ms = OPENS_MS + 3 * minute * MINUTE_MS
        town.tell(NORTH, activity(in_air(start_ms, ENDS_MS - minute * MINUTE_MS, east_m=east_m, north_m=north_m)))
        town.wait(12 * HOUR_MS)
        views.append(heard(town, "UN"))
    assert views[0] == views[1]
    assert len(views[0]) >= 2


@given(flights, flights)
def test_what_is_disclosed_to_one_is_heard_by_no_other(one: Secret, other: Secret) -> None:
    """SOUTH is shown NORTH's notice; EAST, in the same agreement, hears the same whatever stands in it."""
    views = []
    for secret in (one, other):
        town = Town(agreement("town", [NORTH, SOUTH, "EAST"]), parties=[NORTH, SOUTH, "EAST"])
        town.tell("EAST", presence(on_ground(NOON_MS, east_m=90_000.0)))
        index = town.tell(NORTH, flight(secret)).index
        town.declare(NORTH, {"type": "disclosure", "entry": index, "to": SOUTH, "reason": str(secret)})
        town.wait(12 * HOUR_MS)
        assert town.line.state.may_read(SOUTH, index)
        assert not town.line.state.may_read("EAST", index)
        views.append(heard(town, "EAST"))
    assert views[0] == views[1]


quarters = st.integers(0, 14)


@given(quarters, quarters, quarters, quarters)
def test_of_two_flights_each_hears_the_common_window_to_a_quarter(a: int, b: int, c: int, d: int) -> None:
    """NORTH's flight begins later and ends later than SOUTH's, so that its start is where the common window begins."""
    views = []
    for start, end in ((a, b), (c, d)):
        town = Town()
        town.tell(SOUTH, activity(in_air(OPENS_MS - HOUR_MS, ENDS_MS)))
        town.tell(NORTH, activity(in_air(OPENS_MS + start * MINUTE_MS, ENDS_MS + HOUR_MS + end * MINUTE_MS)))
        town.wait(12 * HOUR_MS)
        views.append(heard(town, SOUTH))
    assert views[0] == views[1]


hidden = st.fixed_dictionaries(
    {
        "east": st.integers(-4_000, 4_000),
        "north": st.integers(-4_000, 4_000),
        "radius": st.integers(1, 249),
        "top": st.integers(401, 999),
        "mobility": st.sampled_from(["static", "mobile"]),
    }
)
probes = st.lists(
    st.tuples(
        st.integers(-6, 6) | st.integers(-45, 45),
        st.integers(-6, 6) | st.integers(-45, 45),
        st.sampled_from([100, 700, 990, 1_150, 1_400]),
    ),
    min_size=1,
    max_size=10,
)


HERE: Secret = {"east": 0, "north": 0, "radius": 100, "top": 500, "mobility": "static"}


@example(HERE, HERE | {"east": -3_000}, [(0, 0, 450), (-3, 0, 450)])
@example(HERE, HERE | {"radius": 249, "top": 999}, [(0, 0, 100), (0, 0, 700)])
@given(hidden, hidden, probes)
def test_of_a_private_presence_probing_finds_the_cell_and_no_more(
    one: Secret, other: Secret, probing: list[tuple[int, int, int]]
) -> None:
    assume(judged_circle(one) == judged_circle(other))
    views = []
    for secret in (one, other):
        town = Town()
        place = on_ground(NOON_MS, east_m=secret["east"], north_m=secret["north"], radius_m=secret["radius"])
        place |= {
            "altitude_lower": {"reference": "MSL", "value": secret["top"] - 10},
            "altitude_upper": {"reference": "MSL", "value": secret["top"]},
        }
        town.tell(SOUTH, presence(place, private=True, mobility=secret["mobility"]))
        receipts = []
        for east_km, north_km, lower_m in probing:
            probe = in_air(OPENS_MS, east_m=1_000 * east_km, north_m=1_000 * north_km)
            probe |= {
                "altitude_lower": {"reference": "MSL", "value": lower_m},
                "altitude_upper": {"reference": "MSL", "value": lower_m + 50},
            }
            receipts.append(msgspec.json.encode(town.tell(NORTH, activity(probe))))
        views.append((heard(town, NORTH), [msgspec.json.decode(receipt)["flags"] for receipt in receipts]))
    assert views[0] == views[1]


def judged_circle(secret: Secret) -> Outline:
    """Where a presence is judged: a function of its cell and its size class alone."""
    centre = circle(east_m=secret["east"], north_m=secret["north"])["outline_circle"]["center"]
    point = Point(lat_deg=centre["lat"], lng_deg=centre["lng"])
    place = Outline(line=(point,), radius_m=secret["radius"])
    return private_outline(place, grid_m=10_000.0, offset_m=10_000.0, secret=b"any")
