"""From a promise to a witnessed entry: a node, its witnesses and a desk's terminal, all of them really serving."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from openline.adapters.clock import ManualClock, SystemClock
from openline.adapters.key_files import write_key
from openline.adapters.witness_client import HttpWitnesses
from openline.app.cli import app
from openline.app.receipts import TOLERANCE_MS
from openline.codec.envelope import AGREEMENT_TYPE
from openline.core.time import MINUTE_MS
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.ledger.cosignature import confirmed_cosignatures
from openline.ledger.note import NoteVerifier
from openline.ledger.proof_file import parse_proof_file, verify_proof_file
from openline.node.cosigning import BACK_OFF_MAX_MS, Cosigners, Place
from tests.cosigning import name_of, watched, watched_town
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, signer_of
from tests.serving import Node
from tests.witnesses import Served, served

NOTICE = """
agreement = "town"

[notice]
type = "ground_presence"
mobility = "static"
protection_class = "troops"

[[notice.volumes]]
time_start = "2026-03-01T12:00:00Z"
outline_circle = { center = { lat = 36.3, lng = 37.5 }, radius = { value = 100, units = "M" } }
"""


class Scene:
    """A node under an agreement with a quorum of two, the two witnesses, and a desk whose clock is moved by hand."""

    def __init__(self, folder: Path, node: Node, witnesses: dict[str, Served], clock: ManualClock) -> None:
        self.folder = folder
        self.node = node
        self.witnesses = witnesses
        self.clock = clock
        self.log = NoteVerifier(ORIGIN, node.town.secrets.signer.public_key)
        self.key = folder / "north.key"
        write_key(
            self.key, derive_seed(b"the keys of the town", f"{NORTH}/duty_officer"), party=NORTH, role="duty_officer"
        )
        self.agreement = self.signed(watched(2, (NORTH, SOUTH)), "town")
        self.notice = folder / "notice.toml"
        self.notice.write_text(NOTICE, encoding="utf-8")

    def signed(self, agreement: bytes, name: str) -> Path:
        path, signer = self.folder / f"{name}.signed.json", signer_of(NORTH)
        path.write_bytes(sign_envelope(agreement, AGREEMENT_TYPE, [(key_id(signer.public_key), signer)]))
        return path

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--key", str(self.key), "--node", self.node.url])

    def receipts(self, agreement: Path | None = None) -> tuple[int, dict[str, Any], list[str]]:
        """What `openline receipts` ends with, what it says of the one entry, and its alarms."""
        shown = self.run("receipts", "--agreement", str(agreement or self.agreement), "--json")
        document = json.loads(shown.stdout)
        (entry,) = document["receipts"]
        return shown.exit_code, entry, [alarm["code"] for alarm in document["alarms"]]

    def ask(self, *parties: str) -> None:
        """One round of asking, in the node's own loop, of the witnesses of these parties."""

        async def turn() -> None:
            places = [Place(name=name_of(party), url=self.witnesses[party].serving.url) for party in parties]
            cosigners = Cosigners(self.node.sequencer, HttpWitnesses(), places, self.node.report)
            assert await cosigners.turn()
            await cosigners.stop()

        self.node.run(turn())

    def wait(self, span_ms: int) -> None:
        self.clock.advance(span_ms)
        self.node.clock.advance(span_ms)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    town = watched_town(watched(2, (NORTH, SOUTH)), parties=(NORTH, SOUTH))
    verifier = NoteVerifier(ORIGIN, town.secrets.signer.public_key)
    clock = ManualClock(NOON_MS)
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: clock.now_ms())
    with ExitStack() as until:
        witnesses = {party: until.enter_context(served(tmp_path, party, verifier)) for party in (NORTH, SOUTH)}
        yield Scene(tmp_path, until.enter_context(Node(town)), witnesses, clock)


def test_a_promise_is_shown_included_then_witnessed_and_its_proof_is_kept(scene: Scene) -> None:
    sent = json.loads(scene.run("send", str(scene.notice), "--json").stdout)
    assert sent["alarms"] == []
    assert "\nwitnessed_by 2026-03-01T12:01:00Z\n" in sent["signed"]
    assert scene.receipts() == (0, shown("included", "too few of the agreement's witnesses have cosigned it", sent), [])
    scene.ask(NORTH)
    code, entry, alarms = scene.receipts()
    assert (code, entry["standing"], alarms) == (0, "included", [])
    scene.ask(SOUTH)
    scene.wait(10 * MINUTE_MS)
    assert scene.receipts() == (0, shown("witnessed", "", sent), [])
    kept = scene.folder / "north.receipts"
    proof = (kept / f"{sent['index']:012}.tlog-proof").read_text(encoding="utf-8")
    leaf = b64decode(json.loads((kept / f"{sent['index']:012}.json").read_bytes())["leaf"])
    assert verify_proof_file(proof, leaf, scene.log).size == sent["index"] + 1
    known = [witness.witness.cosigner for witness in scene.witnesses.values()]
    assert len(confirmed_cosignatures(parse_proof_file(proof).checkpoint, known)) == 2
    spoken = scene.run("receipts", "--agreement", str(scene.agreement))
    assert (spoken.exit_code, "ALARM" in spoken.output) == (0, False)
    assert scene.node.reports == []


def test_the_desk_counts_cosignatures_by_the_agreement_that_it_holds_itself(scene: Scene) -> None:
    sent = json.loads(scene.run("send", str(scene.notice), "--json").stdout)
    scene.ask(NORTH, SOUTH)
    stricter = scene.signed(watched(3), "stricter")
    remark = "too few of the agreement's witnesses have cosigned it"
    assert scene.receipts(stricter) == (0, shown("included", remark, sent), [])
    scene.wait(10 * MINUTE_MS)
    assert scene.receipts(stricter) == (1, shown("broken", remark, sent), ["PROMISE_BROKEN"])
    assert scene.receipts() == (0, shown("witnessed", "", sent), [])


def test_a_deadline_without_the_quorum_is_shouted_about_until_it_is_witnessed(scene: Scene) -> None:
    sent = json.loads(scene.run("send", str(scene.notice), "--json").stdout)
    scene.ask(NORTH)
    scene.wait(MINUTE_MS + TOLERANCE_MS)
    code, entry, alarms = scene.receipts()
    assert (code, entry["standing"], alarms) == (0, "included", [])
    scene.wait(1)
    remark = "too few of the agreement's witnesses have cosigned it"
    assert scene.receipts() == (1, shown("broken", remark, sent), ["PROMISE_BROKEN"])
    spoken = scene.run("receipts", "--agreement", str(scene.agreement))
    assert spoken.exit_code == 1
    assert "ALARM PROMISE_BROKEN" in spoken.output
    scene.wait(BACK_OFF_MAX_MS)
    scene.ask(SOUTH)
    assert scene.receipts() == (0, shown("witnessed", "", sent), [])


def test_an_agreement_named_once_counts_at_every_later_contact(scene: Scene) -> None:
    scene.run("send", str(scene.notice), "--json")
    scene.ask(NORTH, SOUTH)
    scene.wait(10 * MINUTE_MS)
    stricter = scene.signed(watched(3), "stricter")
    before = json.loads(scene.run("status", "--json").stdout)
    assert before["alarms"] == []
    assert scene.receipts(stricter)[2] == ["PROMISE_BROKEN"]
    after = json.loads(scene.run("status", "--json").stdout)
    assert [alarm["code"] for alarm in after["alarms"]] == ["PROMISE_BROKEN"]
    (kept,) = (scene.folder / "north.agreements").iterdir()
    assert kept.read_bytes() == stricter.read_bytes()


def shown(standing: str, note: str, sent: dict[str, Any]) -> dict[str, Any]:
    return {
        "index": sent["index"],
        "standing": standing,
        "told_at": "2026-03-01T12:00:00Z",
        "promised": "witnessed",
        "deadline": "2026-03-01T12:01:00Z",
        "note": note,
    }
