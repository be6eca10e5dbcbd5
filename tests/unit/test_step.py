"""One notice's way through all rooms, as the parties hear of it."""

from __future__ import annotations

import pytest

from openline.codec.envelope import to_base64
from openline.core.errors import Invalid, NotFound
from openline.core.event import Alert, AlertChanged, Closed, CloseReason, ConflictFound, Flagged, Reason
from openline.core.flags import FlagCode
from openline.core.precedence import Precedence
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, to_text
from openline.ledger.tree import Tree
from tests.invariants import check_all_invariants
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

SOON_MS = NOON_MS + 3 * HOUR_MS
LATE = (Reason.TOLD_TOO_LATE, Reason.NOTICE_TOO_LATE)


def reasons(town: Town, party: str) -> list[Reason]:
    return [held.reason for held in town.alerts(party)]


def flags(town: Town, party: str) -> list[tuple[str, str]]:
    return [(event.notice, event.flag.value) for event in town.told(party, Flagged)]


def conflict(**more: object) -> Town:
    """SOUTH is there, NORTH flies over it."""
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1")
    town.tell(NORTH, activity(in_air(SOON_MS), **more), "flight-01")
    return town


def test_the_same_bytes_again_change_nothing_and_get_the_same_receipt() -> None:
    town = conflict()
    raw, first = town.receipts[-1]
    town.wait(MINUTE_MS)
    size = town.line.state.size
    again = town.send(raw)
    assert (again.index, again.recorded_ms, again.leaf_hash) == (first.index, first.recorded_ms, first.leaf_hash)
    assert again.is_duplicate
    assert town.line.state.size == size


def test_another_notice_under_the_same_name_is_refused() -> None:
    town = conflict()
    with pytest.raises(Invalid, match="NOTICE_ID_REUSED at id"):
        town.tell(NORTH, withdrawal("flight-01"), "flight-01")
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "flight-01")


def test_an_acknowledgement_is_taken_once() -> None:
    town = conflict()
    pen, held = town.pens[NORTH], town.alert(NORTH)
    raw = pen.acknowledgement(alert=held.alert, precedence="FLASH", identifier="ack-0001", at_ms=town.now_ms)
    first = town.send(raw)
    assert town.send(raw).index == first.index
    other = pen.acknowledgement(alert=held.alert, precedence="ROUTINE", identifier="ack-0001", at_ms=town.now_ms)
    with pytest.raises(Invalid, match="NOTICE_ID_REUSED"):
        town.send(other)
    town.wait(DAY_MS)
    assert town.send(raw).is_duplicate
    with pytest.raises(NotFound, match="ALERT_UNKNOWN"):
        town.acknowledge(held)


def test_both_sides_are_told_of_a_conflict_under_one_reference() -> None:
    town = conflict()
    own, other = town.alert(NORTH), town.alert(SOUTH)
    assert (own.reason, own.notice) == (Reason.PROTECTED_NEARBY, "flight-01")
    assert (other.reason, other.notice) == (Reason.ACTIVITY_NEARBY, "presence-1")
    assert own.reference == other.reference
    assert own.alert != other.alert


@pytest.mark.parametrize(("change", "is_told"), [(20 * MINUTE_MS, False), (DAY_MS, True)])
def test_superseding_tells_the_other_side_only_what_changes_for_it(change: int, *, is_told: bool) -> None:
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1")
    town.tell(NORTH, activity(in_air(SOON_MS, SOON_MS + 4 * MINUTE_MS)), "flight-01")
    town.tell(
        NORTH, activity(in_air(SOON_MS + change, SOON_MS + change + 4 * MINUTE_MS), supersedes="flight-01"), "flight-02"
    )
    assert bool(town.told(SOUTH, AlertChanged)) is is_told
    (changed,) = town.told(NORTH, AlertChanged)
    assert (changed.notice, changed.window_start_ms) == ("flight-02", SOON_MS + change)
    assert town.told(NORTH, Closed) == []


@pytest.mark.parametrize("how", ["withdrawn", "moved", "ended"])
def test_a_conflict_that_ceases_closes_the_alerts_of_both(how: str) -> None:
    town = conflict()
    replacing = {
        "withdrawn": withdrawal("flight-01"),
        "moved": activity(in_air(SOON_MS, east_m=90_000), supersedes="flight-01"),
        "ended": activity(in_air(NOON_MS - DAY_MS), supersedes="flight-01"),
    }
    town.tell(NORTH, replacing[how], "flight-02")
    for party in (NORTH, SOUTH):
        assert town.alerts(party) == []
        assert [closed.reason for closed in town.told(party, Closed)] == [CloseReason.CONFLICT_CEASED]
    assert not town.line.state.conflicts


def test_one_party_cannot_touch_the_notices_of_another() -> None:
    town = conflict()
    town.tell(SOUTH, withdrawal("flight-01"), "taken-back")
    town.tell(SOUTH, activity(in_air(SOON_MS, east_m=90_000), supersedes="flight-01"), "instead-1")
    assert flags(town, SOUTH) == [("taken-back", "REFERENCE_UNKNOWN"), ("instead-1", "REFERENCE_UNKNOWN")]
    assert len(town.alerts(NORTH)) == 1


@pytest.mark.parametrize("name", ["", "flight-77", "flight-01"])
def test_taking_back_what_is_not_there_is_remarked(name: str) -> None:
    town = conflict()
    town.tell(NORTH, withdrawal("flight-01"))
    town.tell(NORTH, withdrawal(name), "taken-back")
    assert ("taken-back", "REFERENCE_UNKNOWN") in flags(town, NORTH)


def test_a_notice_told_too_late_is_flash_to_every_party_of_its_agreement() -> None:
    parties = [NORTH, SOUTH, "EAST", "WEST"]
    three = agreement("town", parties[:3], lead_times='minimum_useful = "3h"\nnormal = "9h"')
    town = Town(three, agreement("other", [NORTH, "WEST"]), parties=parties)
    town.tell(NORTH, activity(in_air(SOON_MS - 1)), "flight-01")
    assert flags(town, NORTH) == [("flight-01", "LATE")]
    for party in parties[:3]:
        held = town.alert(party)
        assert (held.precedence, held.reason) == (Precedence.FLASH, LATE[party != NORTH])
        assert held.notice == ("flight-01" if party == NORTH else "")
    assert town.alerts("WEST") == []
    town.wait(DAY_MS)
    assert {closed.reason for closed in town.told(SOUTH, Closed)} == {CloseReason.WINDOW_ENDED}


@pytest.mark.parametrize("how", ["withdrawn", "in time", "late again"])
def test_what_replaces_a_late_notice_settles_its_alerts(how: str) -> None:
    town = Town()
    town.tell(NORTH, activity(in_air(NOON_MS + MINUTE_MS)), "flight-01")
    replacing = {
        "withdrawn": withdrawal("flight-01"),
        "in time": activity(in_air(SOON_MS), supersedes="flight-01"),
        "late again": activity(in_air(NOON_MS + 2 * MINUTE_MS), supersedes="flight-01"),
    }
    town.tell(NORTH, replacing[how], "flight-02")
    is_open = how == "late again"
    assert [len(town.alerts(NORTH)), len(town.alerts(SOUTH))] == [is_open, is_open]
    assert len(town.told(SOUTH, Alert)) == 1
    if is_open:
        assert town.alert(NORTH).notice == "flight-02"


def test_presence_that_nobody_confirms_is_stale_and_stays_protected() -> None:
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1")
    town.wait(DAY_MS - 1)
    assert flags(town, SOUTH) == []
    town.wait(1)
    assert flags(town, SOUTH) == [("presence-1", "STALE_PRESENCE")]
    assert flags(town, NORTH) == [("", "STALE_PRESENCE")]
    assert reasons(town, SOUTH) == [Reason.PRESENCE_STALE]
    town.tell(NORTH, activity(in_air(town.now_ms + 3 * HOUR_MS)))
    assert reasons(town, NORTH) == [Reason.PROTECTED_NEARBY]
    town.tell(SOUTH, presence(on_ground(NOON_MS), supersedes="presence-1"), "presence-2")
    assert CloseReason.CONFIRMED in [closed.reason for closed in town.told(SOUTH, Closed)]
    assert reasons(town, SOUTH) == [Reason.ACTIVITY_NEARBY]


def test_a_stranger_cannot_send_stale_flags_into_an_agreement() -> None:
    town = Town(parties=[NORTH, SOUTH, "WEST"])
    due = to_text(NOON_MS + MINUTE_MS)
    town.tell("WEST", presence(on_ground(NOON_MS), refresh_due=due), "presence-1", under="town")
    town.wait(HOUR_MS)
    assert flags(town, NORTH) == flags(town, SOUTH) == []
    assert reasons(town, "WEST") == [Reason.PRESENCE_STALE]


def test_a_pair_without_a_common_agreement_is_flagged_to_each_teller() -> None:
    town = Town(
        agreement("a", [NORTH, "EAST"]), agreement("b", [SOUTH, "EAST"]), parties=[NORTH, SOUTH, "EAST", "WEST"]
    )
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1", under="b")
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01", under="a")
    assert ("presence-1", "NO_COMMON_AGREEMENT") in flags(town, SOUTH)
    assert ("flight-01", "NO_COMMON_AGREEMENT") in flags(town, NORTH)
    assert town.alerts(NORTH) == town.alerts(SOUTH) == []
    assert flags(town, "EAST") == []


def test_several_agreements_judge_by_the_strictest_minima() -> None:
    wide = agreement("wide", minima='lateral_m = 9000\nvertical_m = 0\ntime = "0s"', protection_radii_m="troops = 10")
    town = Town(agreement(), wide)
    town.tell(SOUTH, activity(in_air(SOON_MS)))
    town.tell(NORTH, activity(in_air(SOON_MS, east_m=8_000)))
    town.tell(NORTH, activity(in_air(SOON_MS + HOUR_MS + 9 * MINUTE_MS, east_m=8_000)))
    assert len(town.alerts(SOUTH)) == 2
    (found, _) = [output for _, output in town.heard if isinstance(output, ConflictFound)]
    assert found.agreements == ("town", "wide")


def test_humanitarian_objects_are_always_in_scope() -> None:
    narrow = agreement(scope="air_air = false\nair_ground = false\nground_ground = false")
    town = Town(narrow)
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(SOUTH, site(on_ground(NOON_MS)))
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    assert [held.notice for held in town.alerts(SOUTH)] == ["south-0002"]
    assert ("flight-01", "OUT_OF_SCOPE") in flags(town, NORTH)


def test_a_zone_rule_goes_to_its_teller_and_to_guarantors_who_signed() -> None:
    town = Town(agreement("town", [NORTH, SOUTH, "UN"]), parties=[NORTH, SOUTH, "UN", "WEST"])
    town.tell(SOUTH, zone(on_ground(NOON_MS), guarantors=["UN", "WEST", "UN", NORTH]), "zone-0001")
    town.tell(NORTH, presence(on_ground(NOON_MS)))
    assert town.alerts(SOUTH) == []
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    assert [(a.reason, a.notice, a.zone) for a in town.alerts(NORTH)] == [(Reason.ZONE_RULE, "flight-01", "zone-0001")]
    assert town.alert(SOUTH).notice == "zone-0001"
    assert (town.alert("UN").reason, town.alert("UN").notice) == (Reason.ZONE_RULE_TOUCHED, "")
    assert town.alerts("WEST") == []


def test_an_agreement_that_has_not_begun_changes_nothing_yet() -> None:
    town = Town()
    town.load(agreement(version=2, top='in_force_from = "2040-01-01T00:00:00Z"', timers='flash = "1min"'))
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(NORTH, activity(in_air(NOON_MS + 20 * MINUTE_MS)), "flight-01")
    assert flags(town, NORTH) == [("flight-01", "LEAD_TIME_SHORT")]
    assert town.alert(NORTH).ladder.timers.flash_ms == 2 * MINUTE_MS


def test_a_window_of_the_notice_in_force_that_is_over_closes_the_alert() -> None:
    town = conflict()
    town.wait(2 * HOUR_MS)
    over = in_air(NOON_MS, NOON_MS + 10 * MINUTE_MS)
    far = in_air(SOON_MS, east_m=90_000)
    town.tell(NORTH, activity(over, far, supersedes="flight-01"), "flight-02")
    late = [Reason.NOTICE_TOO_LATE], [Reason.TOLD_TOO_LATE]
    assert (reasons(town, SOUTH), reasons(town, NORTH)) == late, "who asks about what is over learns nothing either"
    check_all_invariants(town)


def test_two_flights_that_meet_in_an_instant_alert_both() -> None:
    town = Town()
    town.tell(SOUTH, activity(in_air(SOON_MS)))
    town.tell(NORTH, activity(in_air(SOON_MS + HOUR_MS)))
    for party in (NORTH, SOUTH):
        held = town.alert(party)
        assert held.window_end_ms - held.window_start_ms == 15 * MINUTE_MS


def test_a_conflict_that_is_over_for_one_side_is_told_to_neither() -> None:
    town = Town(now_ms=NOON_MS - HOUR_MS)
    town.tell(NORTH, activity(in_air(NOON_MS - 15 * MINUTE_MS, NOON_MS)))
    town.wait(HOUR_MS + MINUTE_MS)
    town.tell(SOUTH, presence(on_ground(NOON_MS + 5 * MINUTE_MS)))
    assert not [output for _, output in town.heard if isinstance(output, (ConflictFound, Alert))]
    assert not town.line.state.conflicts
    check_all_invariants(town)


def test_as_another_kind_of_thing_a_notice_has_other_alerts() -> None:
    town = conflict()
    town.tell(NORTH, presence(on_ground(NOON_MS), supersedes="flight-01"), "presence-9")
    assert reasons(town, NORTH) == reasons(town, SOUTH) == [Reason.PRESENCES_TOO_NEAR]
    assert [closed.reason for closed in town.told(SOUTH, Closed)] == [CloseReason.CONFLICT_CEASED]


def test_a_checkpoint_of_another_history_is_flagged() -> None:
    town = conflict()
    tree = town.line.journal.tree
    cases = [
        (tree.size, tree.root(), False),
        (3, tree.root(3), False),
        (0, Tree().root(), False),
        (3, bytes(32), True),
        (tree.size + 100, tree.root(), True),
    ]
    for size, root, is_other in cases:
        seen = {"size": size, "root": to_base64(root)}
        receipt = town.tell(NORTH, withdrawal("none-at-all") | {"checkpoint": seen})
        assert (FlagCode.CHECKPOINT_DIFFERS.value in receipt.flags) is is_other


def test_an_old_number_does_not_turn_the_count_back() -> None:
    town = Town()
    pen = town.pens[NORTH]
    for number in (5, 2):
        pen.sequence = number - 1
        assert "SEQUENCE_GAP" in town.tell(NORTH, withdrawal("none-at-all")).flags
    assert town.line.state.chain(NORTH).last.sequence == 5
    pen.sequence = 5
    pen.previous = town.line.state.chain(NORTH).last.digest
    assert town.tell(NORTH, withdrawal("none-at-all")).flags == ("REFERENCE_UNKNOWN",)


NARROW = agreement(protection_radii_m="troops = 10")


@pytest.mark.parametrize("begins", ["at once", "in an hour"])
def test_an_agreement_judges_what_was_told_before_it_began(begins: str) -> None:
    town = Town(NARROW)
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(SOUTH, presence(on_ground(NOON_MS, east_m=90_000)))
    town.tell(NORTH, activity(in_air(SOON_MS, east_m=3_000)))
    top = f'in_force_from = "{to_text(NOON_MS + HOUR_MS)}"' if begins == "in an hour" else ""
    town.load(agreement(version=2, top=top, protection_radii_m="troops = 5000"))
    if top:
        town.wait(HOUR_MS - 1)
        assert town.alerts(NORTH) == town.alerts(SOUTH) == []
        town.wait(1)
    assert reasons(town, NORTH) == [Reason.PROTECTED_NEARBY]
    assert reasons(town, SOUTH) == [Reason.ACTIVITY_NEARBY]
    check_all_invariants(town)


def test_what_is_a_conflict_already_is_not_told_again_when_an_agreement_begins() -> None:
    town = conflict()
    before = [output for _, output in town.heard if isinstance(output, ConflictFound)]
    town.load(agreement(version=2, protection_radii_m="troops = 5000"))
    assert [output for _, output in town.heard if isinstance(output, ConflictFound)] == before
    assert town.told(SOUTH, AlertChanged) == []


def test_an_agreement_that_begins_leaves_nothing_that_a_ledger_does_not_say() -> None:
    town = Town(NARROW)
    town.tell(SOUTH, presence(on_ground(NOON_MS, NOON_MS + HOUR_MS)))
    town.tell(NORTH, activity(in_air(SOON_MS)))
    town.wait(DAY_MS)
    town.load(agreement(version=2, protection_radii_m="troops = 5000"))
    check_all_invariants(town)
