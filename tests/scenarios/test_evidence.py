"""What each side of al-Bab could show years later, with one file and nothing else.

The report of every bundle equals the file beside it. After a change that is meant: `OPENLINE_GOLDEN=write pytest
tests/scenarios`, and read the difference before keeping it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from openline.adapters.bundle_file import pack
from openline.adapters.memory import MemoryStore
from openline.app.evidence_report import to_document
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay
from openline.codec.envelope import to_base64
from openline.core.evidence import EvidenceBundle
from openline.node.bundle_examination import Pins
from tests.bundles import bundle_of, examined, payload_of

SCENARIO = Path(__file__).parents[2] / "scenarios" / "al-bab-2017.toml"
GOLDEN = Path(__file__).parent / "golden_evidence"
BRANCHES, PARTIES = ("ignored", "acknowledged", "answered"), ("RUS", "TUR")
Report = dict[str, Any]

OFFLINE = """
import socket, sys
def refuse(*_, **__):
    raise OSError("there is no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
from openline.app.cli import app
sys.argv = ["openline", *sys.argv[1:]]
app()
"""


@pytest.fixture(scope="module")
def bundles() -> dict[tuple[str, str], tuple[EvidenceBundle, Pins]]:
    """The bundle of each party after each branch, and what a careful reader knows."""
    found = {}
    for branch in BRANCHES:
        replay = Replay(load_scenario(SCENARIO, branch=branch), MemoryStore())
        list(replay.run())
        roots = {party: (replay.drill.signer(party, "root").public_key,) for party in PARTIES}
        pins = Pins(node_key=replay.drill.secrets().signer.public_key, roots=roots)
        for party in PARTIES:
            found[branch, party] = (bundle_of(replay.line, party), pins)
    return found


@pytest.fixture(scope="module")
def reports(bundles: dict[tuple[str, str], tuple[EvidenceBundle, Pins]]) -> dict[tuple[str, str], Report]:
    return {name: to_document(examined(bundle, pins)) for name, (bundle, pins) in bundles.items()}


def _subject(report: Report, kind: str) -> Report:
    (found,) = [subject for subject in report["subjects"] if subject["kind"] == kind]
    return dict(found)


def _claims(subject: Report, claim: str, by: str = "") -> list[tuple[str, str, str]]:
    return [
        (finding["standing"], finding["precedence"], finding["at"] or "")
        for finding in subject["findings"]
        if finding["claim"] == claim and (not by or finding["by"] == by)
    ]


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("party", PARTIES)
def test_the_report_equals_the_golden_one(reports: dict[tuple[str, str], Report], branch: str, party: str) -> None:
    report = msgspec.json.format(msgspec.json.encode(reports[branch, party])) + b"\n"
    golden = GOLDEN / f"al-bab-2017.{branch}.{party}.json"
    if os.environ.get("OPENLINE_GOLDEN") == "write":
        golden.write_bytes(report)
    assert report.decode() == golden.read_text(encoding="utf-8")


def test_a_report_begins_with_the_drill_mark_and_what_it_rests_on(reports: dict[tuple[str, str], Report]) -> None:
    report = reports["ignored", "TUR"]
    assert next(iter(report)) == "drill"
    assert report["drill"] is True
    assert report["verifies"] is True
    assert {trust["given_by"] for trust in report["trust"]} == {"reader"}


def test_turkey_shows_that_it_told_where_its_people_were_and_when(reports: dict[tuple[str, str], Report]) -> None:
    for branch in BRANCHES:
        notice = _subject(reports[branch, "TUR"], "notice")
        assert (notice["type"], notice["at"]) == ("ground_presence", "2017-02-08T20:11:00Z")
        ((_, _, at),) = _claims(notice, "told", "TUR")
        assert at == "2017-02-08T20:11:00Z"


def test_russias_machine_took_the_alert_and_nobody_is_shown_to_have_read_it(
    reports: dict[tuple[str, str], Report],
) -> None:
    alert = _subject(reports["ignored", "RUS"], "alert")
    assert alert["type"] == "protected_nearby"
    assert _claims(alert, "told", "line") == [("proven", "", "2017-02-09T01:00:00Z")]
    assert _claims(alert, "received", "RUS") == [("on the line's word", "", "2017-02-09T01:00:00Z")]
    assert _claims(alert, "acknowledged") == [
        ("no record, not provable", "FLASH", ""),
        ("no record, not provable", "", ""),
    ]


def test_who_read_it_in_time_and_that_nobody_read_it_when_it_rose(reports: dict[tuple[str, str], Report]) -> None:
    alert = _subject(reports["acknowledged", "RUS"], "alert")
    own, missing = _claims(alert, "acknowledged", "RUS")
    assert own[1:] == ("PRIORITY", "2017-02-09T01:06:00Z")
    assert missing == ("no record, not provable", "FLASH", "")
    (finding, *_) = [f for f in alert["findings"] if f["claim"] == "acknowledged"]
    assert finding["role"] == "duty_officer"
    assert finding["text"]["en"].startswith("A person on watch of RUS, in the role duty_officer, read it at PRIORITY")
    ((standing, precedence, _),) = _claims(alert, "acknowledged", "other side")
    assert (standing, precedence) == ("on the line's word", "PRIORITY")


def test_no_side_learns_the_others_name_notice_or_place_from_a_bundle(
    bundles: dict[tuple[str, str], tuple[EvidenceBundle, Pins]], reports: dict[tuple[str, str], Report]
) -> None:
    for branch in BRANCHES:
        for party, other in (("RUS", "TUR"), ("TUR", "RUS")):
            theirs = [s["id"].encode() for s in reports[branch, other]["subjects"]]
            bundle = bundles[branch, party][0]
            words = [payload_of(entry.body) for entry in (*bundle.opened, *bundle.keys)]
            assert theirs
            assert not [word for word in words for name in theirs if name in word]
            assert not {s["party"] for s in reports[branch, party]["subjects"]} - {party}


def test_a_third_party_verifies_it_with_the_file_alone(
    bundles: dict[tuple[str, str], tuple[EvidenceBundle, Pins]],
    reports: dict[tuple[str, str], Report],
    tmp_path: Path,
) -> None:
    bundle, pins = bundles["acknowledged", "TUR"]
    file = tmp_path / "given.zip"
    file.write_bytes(pack(bundle))
    roots = [word for party, keys in pins.roots.items() for word in ("--root", f"{party}={to_base64(keys[0])}")]
    words = ["verify", "given.zip", "--node-key", to_base64(pins.node_key), *roots]
    run = _alone(tmp_path, *words, "--json")
    assert run.returncode == 0, run.stderr
    assert msgspec.json.decode(run.stdout) == reports["acknowledged", "TUR"]
    said = _alone(tmp_path, *words).stdout.decode()
    assert said.startswith("DRILL. EXERCICE.")
    assert said.index("What it rests on") < said.index("Everything shown verifies.") < said.index("Notice ")
    french = _alone(tmp_path, *words, "--lang", "fr").stdout.decode()
    assert "Une personne de quart de TUR, dans le rôle duty_officer" in french
    assert [path.name for path in tmp_path.iterdir()] == ["given.zip"], "nothing is left behind"


def test_a_file_that_was_touched_and_one_that_lacks_a_proof_have_their_exit_status(
    bundles: dict[tuple[str, str], tuple[EvidenceBundle, Pins]], tmp_path: Path
) -> None:
    bundle, _ = bundles["ignored", "TUR"]
    (tmp_path / "touched.zip").write_bytes(pack(bundle)[:-1] + b"\x01")
    touched = _alone(tmp_path, "verify", "touched.zip")
    assert touched.returncode == 2
    assert touched.stderr.startswith(b"BUNDLE_MALFORMED")
    first = bundle.opened[0].index
    proofs = {index: text for index, text in bundle.proofs.items() if index != first}
    (tmp_path / "lacking.zip").write_bytes(pack(msgspec.structs.replace(bundle, proofs=proofs)))
    lacking = _alone(tmp_path, "verify", "lacking.zip")
    assert lacking.returncode == 1
    assert f"entry {first}: no proof shows that it is in the ledger" in lacking.stdout.decode()


def _alone(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """The command in a process without network, in an empty folder, with nothing in its environment."""
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", OFFLINE, *words]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, check=False)
