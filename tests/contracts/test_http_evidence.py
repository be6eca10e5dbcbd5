"""A party asks the node for its own bundle, and gets that and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest
from typer.testing import CliRunner

from openline.adapters.bundle_file import pack, unpack
from openline.adapters.http.evidence import WAITING_MAX, WAITING_OF_A_PARTY
from openline.adapters.key_files import write_key
from openline.app.cli import app
from openline.app.desk import Desk
from openline.core.ladder import TIER_ROLES
from openline.core.time import MINUTE_MS, to_text
from openline.keys.derive import derive_seed
from tests.bundles import EXCLUSIVE, FLIGHTS, INQUIRY, BundleTown, bundle_of, examined, payload_of, pins_of, story
from tests.parties import NOON_MS, NORTH, SOUTH, on_ground, presence
from tests.serving import NO_CERTIFICATES, TIMEOUT_S, Node

ROLE = TIER_ROLES[0]


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node(story()) as served:
        yield served


def test_the_bundle_is_the_one_that_the_ledger_gives(node: Node) -> None:
    for party in (NORTH, SOUTH):
        answer = node.get("/evidence", party)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.content == pack(bundle_of(node.town.line, party))
        assert not examined(unpack(answer.content), pins_of(node.town.line)).faults


def test_without_a_session_nothing_is_given(node: Node) -> None:
    answer = node.http.get("/evidence")
    assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_REQUIRED")


def test_no_body_of_another_party_is_in_it(node: Node) -> None:
    for party, other in ((NORTH, "the-presence"), (SOUTH, "far-away")):
        bundle = unpack(node.get("/evidence", party).content)
        assert all(other.encode() not in payload_of(entry.body) for entry in (*bundle.opened, *bundle.keys))
        for entry in bundle.opened:
            readable = node.get(f"/entries/{entry.index}", party).status_code == 200
            assert readable or b'"kind":"delivery"' in payload_of(entry.body)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("from=yesterday", "TIME_INVALID"),
        ("to=2026-03-01T12:00:00", "TIME_INVALID"),
        ("from_index=-1", "VALUE_INVALID"),
        ("to_index=1e3", "VALUE_INVALID"),
        ("to_index=99999999999999999999", "VALUE_INVALID"),
        (f"inquiry={'x' * 101}", "VALUE_INVALID"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_field(node: Node, query: str, code: str) -> None:
    answer = node.get(f"/evidence?{query}", NORTH)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["path"] == query.partition("=")[0]


def test_a_range_and_an_inquiry_narrow_it(node: Node) -> None:
    later = unpack(node.get(f"/evidence?from={to_text(NOON_MS + MINUTE_MS)}&to_index=1000", SOUTH).content)
    assert later.manifest.from_index > 0
    early = {entry.index for entry in later.opened if entry.index < later.manifest.from_index}
    assert early == {s.entry for s in examined(later).subjects if s.is_disclosed}, "it was disclosed in the range"
    board = unpack(node.get(f"/evidence?inquiry={INQUIRY}", SOUTH).content)
    assert [subject.id for subject in examined(board).subjects] == ["the-presence", "to-the-board"]
    assert unpack(node.get("/evidence?from_index=900", SOUTH).content).opened == ()


def test_a_proof_of_absence_comes_with_it_for_a_channel_of_ones_own() -> None:
    with Node(BundleTown(more=EXCLUSIVE)) as served:
        assert served.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence").status_code == 201
        bundle = unpack(served.get(f"/evidence?absence={FLIGHTS}", SOUTH).content)
        assert bundle.absences == bundle_of(served.town.line, SOUTH, absences=(FLIGHTS,)).absences
        assert len(examined(bundle).silences) == 1
        unknown = served.get("/evidence?absence=exclusive/town/others", SOUTH)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "NOT_FOUND")
        both = served.get(f"/evidence?absence={FLIGHTS}&inquiry={INQUIRY}", SOUTH)
        assert (both.status_code, both.json()["path"]) == (422, "absence")


def test_who_asks_for_much_at_once_is_asked_to_come_back_and_keeps_nobody_out(node: Node) -> None:
    asking = [node.session(SOUTH)] * (3 * WAITING_MAX) + [node.session(NORTH)] * WAITING_OF_A_PARTY

    async def asked() -> list[httpx.Response]:
        async with httpx.AsyncClient(base_url=node.url, timeout=TIMEOUT_S, verify=NO_CERTIFICATES) as http:
            return await asyncio.gather(*(http.get("/evidence", headers=headers) for headers in asking))

    answers = asyncio.run(asked())
    greedy, others = answers[: 3 * WAITING_MAX], answers[3 * WAITING_MAX :]
    assert {answer.status_code for answer in others} == {200}
    assert {answer.status_code for answer in greedy} == {200, 503}
    served = [answer.content for answer in greedy if answer.status_code == 200]
    assert len(served) >= WAITING_OF_A_PARTY
    assert len(set(served)) == 1
    assert {answer.json()["code"] for answer in greedy if answer.status_code == 503} == {"NODE_BUSY"}


def test_the_ledger_goes_on_while_a_bundle_is_made(node: Node) -> None:
    before = node.town.line.committed
    assert node.tell(NORTH, presence(on_ground(NOON_MS, north_m=90_000.0)), "meanwhile").status_code == 201
    bundle = unpack(node.get("/evidence", NORTH).content)
    assert bundle.manifest.to_index == node.town.line.committed > before
    assert not examined(bundle).faults


def test_a_party_far_from_the_machine_exports_and_what_it_wrote_verifies(node: Node, tmp_path: Path) -> None:
    key = tmp_path / "south.key"
    write_key(key, derive_seed(b"the keys of the town", f"{SOUTH}/officer of {SOUTH}"), party=SOUTH, role=ROLE)
    file = tmp_path / "mine.zip"
    words = ["export", "--key", str(key), "--node", node.url, "--out", str(file)]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "verified" in done.stdout
    assert file.read_bytes() == pack(bundle_of(node.town.line, SOUTH))
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 2, "no file is written over"
    assert CliRunner().invoke(app, ["verify", str(file)]).exit_code == 0
    asked = [*words[:-1], str(tmp_path / "inquiry.zip"), "--inquiry", "a board that was shown nothing"]
    assert "Nothing was disclosed to this inquiry in these words" in CliRunner().invoke(app, asked).stdout


def test_the_receipts_that_a_desk_has_kept_go_with_what_it_exports(tmp_path: Path) -> None:
    with Node(story()) as served:
        path = tmp_path / "south.key"
        write_key(path, derive_seed(b"the keys of the town", f"{SOUTH}/officer of {SOUTH}"), party=SOUTH, role=ROLE)
        with Desk(path, served.url) as desk:
            raw = served.town.written(SOUTH, presence(on_ground(NOON_MS, north_m=9_000.0)), "with-a-receipt")
            desk.custody.take(desk.tell(raw), raw, served.town.now_ms)
        file = tmp_path / "mine.zip"
        done = CliRunner().invoke(
            app, ["export", "--key", str(path), "--node", served.url, "--out", str(file), "--json"]
        )
        assert done.exit_code == 0, done.output
        report = msgspec.json.decode(done.stdout)
        assert [receipt["shown"] for receipt in report["receipts"]] == [True]
        assert report["trust"][0]["given_by"] == "reader", "the key that the desk met the node by"
