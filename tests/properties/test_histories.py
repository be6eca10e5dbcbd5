"""Random histories of a line: whatever parties tell, and in whatever order, what must always hold does.

Notices of every kind on a small map, under agreements that overlap, with supersession, withdrawal, acknowledgement,
repetition, new versions of an agreement, and time.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from openline.core.errors import Refusal
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, to_text
from tests.invariants import check_all_invariants
from tests.parties import NORTH, SOUTH, Town, activity, agreement, circle, presence, site, withdrawal, zone
from tests.samples import counts

EAST, AID = "EAST", "AID"
PARTIES = (NORTH, SOUTH, EAST, AID)
PLAIN = "terrain_min_m = 0\nterrain_max_m = 500\nisa_deviation_min_c = -10\nisa_deviation_max_c = 10"
AGREEMENTS = (
    agreement("town", (NORTH, SOUTH, EAST), area=PLAIN),
    agreement(
        "pair",
        (NORTH, SOUTH),
        minima='lateral_m = 1500\nvertical_m = 300\ntime = "20min"',
        scope="ground_ground = false",
        presence='refresh = "3h"',
    ),
    agreement("aid", (NORTH, AID), scope="air_air = false\nair_ground = false", lead_times='minimum_useful = "1h"'),
)
NAMES = ("town", "pair", "aid", "new")
LATER = (
    agreement("town", (NORTH, SOUTH, EAST), version=2, minima="lateral_m = 300\nvertical_m = 0", area=PLAIN),
    agreement("pair", (NORTH, SOUTH), version=2, top='legal_status = "ended"'),
    agreement("aid", (NORTH, AID), version=2, top='in_force_from = "2026-03-01T14:00:00Z"'),
    agreement("new", (SOUTH, AID), minima="lateral_m = 2500\nvertical_m = 0"),
)
STARTS_MS = (-3 * HOUR_MS, -5 * MINUTE_MS, 5 * MINUTE_MS, 12 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 30 * HOUR_MS)
LENGTHS_MS = (1, 7 * MINUTE_MS, 40 * MINUTE_MS, 2 * HOUR_MS, 2 * DAY_MS)
WAITS_MS = (1, MINUTE_MS, 2 * MINUTE_MS, 9 * MINUTE_MS, HOUR_MS, 7 * HOUR_MS, 2 * DAY_MS)
HEIGHTS = (
    ({"reference": "SFC"}, {"reference": "AGL", "value": 50}),
    ({"reference": "FL", "value": 290, "units": "FL"}, {"reference": "UNL"}),
)


def volumes(*, is_air: bool) -> st.SearchStrategy[dict[str, Any]]:
    """Places on a coarse grid, so that no distance is near to a limit."""
    return st.fixed_dictionaries(
        {
            "east": st.integers(0, 2),
            "north": st.integers(0, 2),
            "radius": st.sampled_from([100, 450]),
            "start": st.sampled_from(STARTS_MS),
            "length": st.sampled_from(LENGTHS_MS if is_air else (*LENGTHS_MS, None)),
            "height": st.integers(0, 1) if is_air else st.none(),
        }
    )


def told(kind: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """What one step tells: the party, the kind, the volumes and the rest."""
    is_air = kind == "air_activity"
    return st.tuples(
        st.just(kind),
        st.fixed_dictionaries(
            {
                "party": st.sampled_from(PARTIES),
                "under": st.sampled_from(NAMES),
                "volumes": st.lists(volumes(is_air=is_air), min_size=1, max_size=2),
                "private": st.booleans(),
                "class": st.sampled_from(["troops", "medical", "unheard_of"]),
                "refresh": st.sampled_from([None, None, -HOUR_MS, 2 * HOUR_MS]),
                "rules": st.sampled_from([["no_air_activity"], ["no_ground_presence", "no_air_activity"]]),
                "supersedes": st.integers(-3, 3),
            }
        ),
    )


steps = st.one_of(
    told("air_activity"),
    told("air_activity"),
    told("ground_presence"),
    told("humanitarian_site"),
    told("zone"),
    st.tuples(st.just("withdraw"), st.tuples(st.sampled_from(PARTIES), st.integers(0, 3))),
    st.tuples(st.just("acknowledge"), st.tuples(st.integers(0, 9), st.integers(-1, 3))),
    st.tuples(st.just("wait"), st.sampled_from(WAITS_MS)),
    st.tuples(st.just("wait"), st.sampled_from(WAITS_MS)),
    st.tuples(st.just("again"), st.integers(0, 9)),
    st.tuples(st.just("load"), st.sampled_from(LATER)),
    st.tuples(st.just("load"), st.sampled_from(LATER)),
)


class History:
    """Does the steps to a town."""

    def __init__(self) -> None:
        self.town = Town(*AGREEMENTS, parties=PARTIES)
        self.names: dict[str, list[str]] = {party: [] for party in PARTIES}

    def do(self, what: str, how: Any) -> None:  # noqa: ANN401 - as the strategies give it
        town = self.town
        match what:
            case "wait":
                town.wait(how)
            case "load":
                town.load(how)
            case "again" if town.receipts:
                raw, receipt = town.receipts[how % len(town.receipts)]
                repeated = town.send(raw)
                assert (repeated.index, repeated.is_duplicate) == (receipt.index, True)
            case "acknowledge" if len(town.line.state.desk):
                number, read = how
                held = list(town.line.state.desk.all_open())[number % len(town.line.state.desk)]
                town.acknowledge(held, read=Precedence(read).name if read >= 0 else "")
            case "withdraw" if self.names[how[0]]:
                self._tell(how[0], withdrawal(self.names[how[0]][-1 - how[1] % len(self.names[how[0]])]), "town")
            case "air_activity" | "ground_presence" | "humanitarian_site" | "zone":
                self._tell(how["party"], self._fields(what, how), how["under"])

    def _tell(self, party: str, fields: dict[str, Any], under: str) -> None:
        name = f"{party.lower()}-{len(self.names[party]):04}"
        self.town.tell(party, fields, name, under=under)
        self.names[party].append(name)

    def _fields(self, kind: str, how: dict[str, Any]) -> dict[str, Any]:
        places = [self._volume(volume) for volume in how["volumes"]]
        known = self.names[how["party"]]
        more = {"supersedes": known[-how["supersedes"]]} if 0 < how["supersedes"] <= len(known) else {}
        if kind == "air_activity":
            return activity(places[0], hazard_volumes=places[1:], **more)
        if kind == "zone":
            return zone(*places, rules=how["rules"], guarantors=[EAST, SOUTH], **more)
        if how["refresh"] is not None:
            more["refresh_due"] = to_text(self.town.now_ms + how["refresh"])
        make = presence if kind == "ground_presence" else site
        return make(*places, private=how["private"], protection_class=how["class"], **more)

    def _volume(self, how: dict[str, Any]) -> dict[str, Any]:
        start_ms = self.town.now_ms + how["start"]
        fields = circle(east_m=1_300 * how["east"], north_m=1_300 * how["north"], radius_m=how["radius"])
        fields["time_start"] = to_text(start_ms)
        if how["length"] is not None:
            fields["time_end"] = to_text(start_ms + how["length"])
        if how["height"] is not None:
            fields["altitude_lower"], fields["altitude_upper"] = HEIGHTS[how["height"]]
        return fields


@settings(max_examples=counts(100, 5_000))
@given(st.lists(steps, min_size=8, max_size=25))
def test_what_must_always_hold_holds_after_every_step(history: list[tuple[str, Any]]) -> None:
    run = History()
    for what, how in history:
        run.do(what, how)
        check_all_invariants(run.town)
    repeated = run.town.again()
    assert repeated.store.records == run.town.store.records
    assert repeated.heads == run.town.heads


@given(st.lists(steps, min_size=1, max_size=8), st.integers(0, 2**16))
def test_a_refusal_changes_nothing(history: list[tuple[str, Any]], salt: int) -> None:
    run = History()
    for what, how in history:
        run.do(what, how)
    town = run.town
    town.wait(0)
    before = town.line.state.size, town.line.journal.tree.root(), town.store.note
    pen = town.pens[NORTH]
    reused = run.names[NORTH][0] if run.names[NORTH] else ""
    if reused:
        raw = town.written(NORTH, withdrawal(f"anything-{salt}"), reused)
        assert refusal(town, raw) == "NOTICE_ID_REUSED"
    unknown = pen.acknowledgement(alert=f"{salt:020x}", precedence="FLASH", identifier="ack-none", at_ms=town.now_ms)
    assert refusal(town, unknown) == "ALERT_UNKNOWN"
    for other in town.line.state.desk.all_open():
        if other.party != NORTH:
            raw = pen.acknowledgement(alert=other.alert, precedence="FLASH", identifier="ack-other", at_ms=town.now_ms)
            assert refusal(town, raw) == "ALERT_UNKNOWN"
    assert before == (town.line.state.size, town.line.journal.tree.root(), town.store.note)


def refusal(town: Town, raw: bytes) -> str:
    try:
        town.send(raw)
    except Refusal as error:
        return error.code
    return ""
