"""`openline zones` and what a desk shows of a drill, of repeats and of zones, against a node that serves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openline.adapters.key_files import write_key
from openline.app.cli import app
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.keys.derive import derive_seed
from openline.release.phrases import CAVEAT
from tests.parties import NOON_MS, NORTH, SOUTH, activity, in_air, on_ground, presence, zone
from tests.serving import Node

OUTLINES = {
    "outline_corridor": {
        "vertices": [{"lat": 36.0, "lng": 37.0}, {"lat": 36.1, "lng": 37.1}],
        "half_width": {"value": 500, "units": "M"},
    },
    "outline_multipolygon": [{"vertices": [{"lat": 36, "lng": 37}, {"lat": 36, "lng": 38}, {"lat": 37, "lng": 38}]}],
}
LEVELS = {
    "altitude_lower": {"reference": "MSL", "value": 300},
    "altitude_upper": {"reference": "FL", "value": 60, "units": "FL"},
}


@pytest.fixture
def node() -> Iterator[Node]:
    with Node() as served:
        yield served


def run(node: Node, folder: Path, *words: str, party: str = NORTH) -> Result:
    key = folder / f"{party}.key"
    if not key.exists():
        write_key(key, derive_seed(b"the keys of the town", f"{party}/duty_officer"), party=party, role="duty_officer")
    return CliRunner().invoke(app, [*words, "--key", str(key), "--node", node.url])


def test_zones_are_shown_with_rules_places_heights_and_guarantors(node: Node, tmp_path: Path) -> None:
    assert "No zone in force" in run(node, tmp_path, "zones").output
    assert "Aucune zone" in run(node, tmp_path, "zones", "--lang", "fr").output
    along = {"time_start": "2026-03-01T12:00:00Z", "outline_corridor": OUTLINES["outline_corridor"]} | LEVELS
    within = {"time_start": "2026-03-01T12:00:00Z", "outline_multipolygon": OUTLINES["outline_multipolygon"]}
    rules = ["no_air_activity", "no_ground_presence"]
    fields = zone(on_ground(NOON_MS), along, within, name="The bank", rules=rules, guarantors=[NORTH])
    node.tell(SOUTH, fields, "zone-0001")
    done = run(node, tmp_path, "zones")
    assert done.exit_code == 0
    lines = [" ".join(line.split()) for line in done.output.splitlines()]
    assert lines[0].startswith("DRILL")
    assert lines[1:] == [
        "zone-0001 The bank: no air activity, no presence on the ground",
        "told by SOUTH 2026-03-01T12:00:00Z - unbounded",
        "within 100 m of 36.37000, 37.51600 SFC - UNL",
        "within 500 m of a line from 36.00000, 37.00000 300 M MSL - FL060",
        "an area that begins at 36.00000, 37.00000 SFC - UNL",
        "guarantors: NORTH",
        CAVEAT["en"],
    ]
    french = run(node, tmp_path, "zones", "--lang", "fr").output
    assert "pas d'activité aérienne, pas de présence au sol" in french
    assert "annoncée par SOUTH" in french
    assert '"teller":"SOUTH"' in run(node, tmp_path, "zones", "--json").output


def test_a_repeated_flash_shows_its_count_and_a_drill_its_mark(node: Node, tmp_path: Path) -> None:
    node.tell(SOUTH, presence(on_ground(NOON_MS)))
    for minute in (11, 12, 13):
        node.tell(NORTH, activity(in_air(NOON_MS + minute * MINUTE_MS)))
    status = run(node, tmp_path, "status", party=SOUTH)
    assert status.exit_code == 1
    assert "activity_nearby x3" in " ".join(status.output.split())
    assert "DRILL" in status.output
    watched = run(node, tmp_path, "watch", "--count", "3", party=SOUTH)
    lines = watched.output.splitlines()
    assert [line.startswith("DRILL") for line in lines] == [True] * 3
    assert "stands for 3 warnings" in lines[2]


def test_a_receipt_of_a_drill_is_marked(node: Node, tmp_path: Path) -> None:
    (tmp_path / "notice.toml").write_text(
        'agreement = "town"\n[notice]\ntype = "ground_presence"\nmobility = "static"\nprotection_class = "troops"\n'
        "[[notice.volumes]]\n"
        'outline_circle = { center = { lat = 36.0, lng = 37.0 }, radius = { value = 30, units = "M" } }\n'
        'time_start = "2026-03-01T12:00:00Z"\n',
        encoding="utf-8",
    )
    node.clock.advance(HOUR_MS)
    told = run(node, tmp_path, "send", str(tmp_path / "notice.toml"))
    assert told.exit_code == 0, told.output
    assert told.output.startswith("DRILL")
