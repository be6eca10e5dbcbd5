"""`GET /zones`: every party knows the zones that it is judged by, and no other."""

from __future__ import annotations

from typing import Any

from openline.core.time import DAY_MS, HOUR_MS
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
from tests.serving import Node

EAST, WEST = "EAST", "WEST"
LOW = {"altitude_lower": {"reference": "SFC"}, "altitude_upper": {"reference": "FL", "value": 100, "units": "FL"}}


def served() -> Node:
    """NORTH and SOUTH share one agreement, SOUTH and EAST another, WEST shares none."""
    agreements = agreement("town", [NORTH, SOUTH]), agreement("river", [SOUTH, EAST])
    return Node(Town(*agreements, parties=[NORTH, SOUTH, EAST, WEST]))


def known(node: Node, party: str) -> list[str]:
    zones: list[dict[str, Any]] = node.http.get("/zones", headers=node.session(party)).json()["zones"]
    return [found["id"] for found in zones]


def test_a_zone_is_shown_as_it_was_told() -> None:
    with served() as node:
        volumes = [on_ground(NOON_MS, east_m=12.5) | LOW, on_ground(NOON_MS, NOON_MS + DAY_MS, north_m=900.0)]
        fields = zone(*volumes, name="The bank", rules=["no_air_activity"], guarantors=[NORTH, "UN"])
        index = node.tell(SOUTH, fields, "zone-0001").json()["index"]
        first = node.get("/zones", NORTH)
        shown = first.json()
        assert shown["as_of"] >= index
        (found,) = shown["zones"]
        assert found.pop("volumes") == volumes
        assert found == {
            "id": "zone-0001",
            "teller": SOUTH,
            "agreement": "town",
            "name": "The bank",
            "rules": ["no_air_activity"],
            "guarantors": [NORTH, "UN"],
            "window_start": "2026-03-01T12:00:00Z",
            "window_end": "unbounded",
        }
        assert node.get("/zones", NORTH).text == first.text


def test_a_zone_is_shown_to_whoever_shares_an_agreement_with_its_teller_and_to_no_stranger() -> None:
    with served() as node:
        node.tell(NORTH, zone(on_ground(NOON_MS)), "north-zone")
        node.tell(SOUTH, zone(on_ground(NOON_MS)), "south-zone")
        node.tell(WEST, zone(on_ground(NOON_MS)), "west-zone")
        assert known(node, NORTH) == known(node, SOUTH) == ["north-zone", "south-zone"]
        assert known(node, EAST) == ["south-zone"]
        assert known(node, WEST) == ["west-zone"]
        text = node.get("/zones", EAST).text + node.get("/zones", WEST).text
        assert NORTH not in text.replace("north-zone", "")


def test_only_zones_in_force_are_shown() -> None:
    with served() as node:
        node.tell(SOUTH, zone(on_ground(NOON_MS, NOON_MS + HOUR_MS)), "over-soon")
        node.tell(SOUTH, zone(on_ground(NOON_MS + DAY_MS)), "next-day")
        node.tell(SOUTH, zone(on_ground(NOON_MS)), "replaced")
        node.tell(SOUTH, zone(on_ground(NOON_MS), supersedes="replaced"), "withdrawn")
        assert known(node, NORTH) == ["over-soon", "next-day", "withdrawn"]
        node.tell(SOUTH, withdrawal("withdrawn"))
        node.clock.advance(HOUR_MS)
        assert known(node, NORTH) == ["next-day"]


def test_nothing_but_zones_is_shown() -> None:
    with served() as node:
        for fields in (presence(on_ground(NOON_MS)), site(on_ground(NOON_MS)), activity(in_air(NOON_MS))):
            node.tell(SOUTH, fields)
        assert known(node, NORTH) == []


def test_an_agreement_that_has_ended_shows_nothing_more() -> None:
    top = 'in_force_from = "2020-01-01T00:00:00Z"\nin_force_until = "2026-03-01T13:00:00Z"'
    with Node(Town(agreement(top=top))) as node:
        node.tell(SOUTH, zone(on_ground(NOON_MS)), "zone-0001")
        assert known(node, NORTH) == ["zone-0001"]
        node.clock.advance(HOUR_MS - 1)
        assert known(node, NORTH) == ["zone-0001"]
        node.clock.advance(1)
        assert known(node, NORTH) == []
        assert known(node, SOUTH) == ["zone-0001"]
