"""Fields of an agreement that change no check: its channel, its suspension, capacities, and versions that are named."""

from __future__ import annotations

import pytest

from openline.core.event import Alert, Escalation, Event, Flagged, Reason
from openline.core.flags import FlagCode
from openline.core.time import HOUR_MS, MINUTE_MS
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, agreement, in_air, on_ground, presence

SOON_MS = NOON_MS + 3 * HOUR_MS


@pytest.mark.parametrize("channel", ["open", "degraded", "closed"])
@pytest.mark.parametrize("text", ["in_force", "suspended"])
def test_neither_a_suspended_text_nor_a_closed_channel_silences_anything(text: str, channel: str) -> None:
    told = {}
    for top in ("", f'legal_status = "{text}"\nchannel_status = "{channel}"'):
        town = Town(agreement(top=top))
        town.tell(SOUTH, presence(on_ground(NOON_MS)))
        town.tell(NORTH, activity(in_air(NOON_MS + MINUTE_MS)))
        town.wait(HOUR_MS)
        told[top] = [type(event) for party in (NORTH, SOUTH) for event in town.told(party, Event)]
    one, other = told.values()
    assert one == other
    assert one.count(Alert) == 4
    assert Escalation in one


def test_in_whatever_capacity_a_party_has_signed_it_is_warned() -> None:
    terms = agreement().decode().replace('name = "The south"', 'name = "The south"\ncapacity = "monitor"')
    town = Town(terms.encode())
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(NORTH, activity(in_air(SOON_MS)))
    assert [held.reason for held in town.alerts(SOUTH)] == [Reason.ACTIVITY_NEARBY]


def test_another_version_of_the_agreement_is_flagged_and_the_one_in_force_judges() -> None:
    town = Town(agreement(version=2))
    town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-1")
    town.tell(NORTH, activity(in_air(SOON_MS)), "flight-01")
    assert [(flag.notice, flag.flag) for flag in town.told(NORTH, Flagged)] == [("flight-01", FlagCode.VERSION_DIFFERS)]
    assert [held.reason for held in town.alerts(NORTH)] == [Reason.PROTECTED_NEARBY]
