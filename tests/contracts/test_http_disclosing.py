"""Disclosure over a node that serves: who may open what before it and after it, and the command that does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from typer.testing import CliRunner, Result

from openline.adapters.key_files import write_key
from openline.app.cli import app
from openline.codec.envelope import read_envelope
from openline.keys.derive import derive_seed
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.leaf import commitment, decode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import verify_inclusion
from openline.ledger.told import split_told
from openline.ledger.tree import leaf_hash
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, agreement, in_air
from tests.serving import Node, b64

WEST, EAST = "WEST", "EAST"


@pytest.fixture
def node() -> Iterator[Node]:
    """NORTH and SOUTH have one agreement, SOUTH and WEST another; EAST has signed none."""
    parties = [NORTH, SOUTH, WEST, EAST]
    town = Town(agreement(), agreement("other", [SOUTH, WEST]), parties=parties)
    town.tell(NORTH, activity(in_air(NOON_MS)), "the-first")
    town.tell(NORTH, activity(in_air(NOON_MS, east_m=60_000.0)), "the-second")
    with Node(town) as served:
        yield served


def told_by(node: Node, name: str) -> int:
    return node.town.line.state.held[f"{NORTH}/{name}"].index


def declare(node: Node, party: str, fields: dict[str, Any], name: str) -> httpx.Response:
    pen = node.town.pens[party]
    raw = pen.declaration({"type": "disclosure", **fields}, identifier=name, at_ms=node.clock.now_ms())
    return node.http.post("/declarations", content=raw)


def open_to(node: Node, party: str) -> set[int]:
    size = node.town.line.committed
    return {index for index in range(size) if node.get(f"/entries/{index}", party).status_code == 200}


def test_the_entry_is_open_to_its_reader_with_its_proof_and_nothing_else(node: Node) -> None:
    entry = told_by(node, "the-first")
    before = {party: open_to(node, party) for party in (NORTH, SOUTH, WEST, EAST)}
    assert entry not in before[SOUTH]
    receipt = declare(node, NORTH, {"entry": entry, "to": SOUTH, "reason": "the crossing"}, "disclosure-1")
    assert receipt.status_code == 201, receipt.text
    declared = receipt.json()["index"]
    after = {party: open_to(node, party) for party in before}
    said = {index for index in after[SOUTH] - before[SOUTH] if index > declared}
    assert after[SOUTH] - before[SOUTH] == {entry} | said
    assert len(said) == 1
    assert after[NORTH] == before[NORTH] | {declared}
    assert (after[WEST], after[EAST]) == (before[WEST], before[EAST])
    shown = node.get(f"/entries/{entry}", SOUTH).json()
    body, leaf = b64(shown["body"]), b64(shown["leaf"])
    assert commitment(b64(shown["salt"]), body) == decode_leaf(leaf).commitment
    head = open_checkpoint(shown["checkpoint"], NoteVerifier(ORIGIN, node.town.secrets.signer.public_key))
    proof = [b64(digest) for digest in shown["proof"]]
    verify_inclusion(index=entry, size=head.size, leaf_hash=leaf_hash(leaf), proof=proof, root=head.root)
    notice = msgspec.json.decode(read_envelope(split_told(body)[1]).payload)
    assert (notice["party"], notice["id"]) == (NORTH, "the-first")
    frame = next(frame for frame in node.told(SOUTH) if frame.kind == "disclosure")
    assert (frame.data["entry"], frame.data["declaration"]) == (entry, declared)
    assert "the crossing" not in str(frame.data)


def test_to_an_inquiry_the_node_opens_nothing(node: Node) -> None:
    entry = told_by(node, "the-first")
    before = [open_to(node, party) for party in (SOUTH, WEST, EAST)]
    answer = declare(node, NORTH, {"entry": entry, "inquiry": "A board"}, "disclosure-1")
    assert answer.status_code == 201
    assert [open_to(node, party) for party in (SOUTH, WEST, EAST)] == before


@pytest.mark.parametrize("to", [WEST, EAST, "NOBODY", NORTH])
def test_who_has_signed_nothing_with_its_teller_is_refused_alike_and_nothing_changes(node: Node, to: str) -> None:
    entry, size = told_by(node, "the-first"), node.town.line.committed
    answer = declare(node, NORTH, {"entry": entry, "to": to}, "disclosure-1")
    assert (answer.status_code, answer.json()["code"], answer.json()["path"]) == (422, "VALUE_INVALID", "to")
    assert answer.json()["detail"] == f"no agreement of yours has been signed by another party {to}"
    assert node.town.line.committed == size
    assert not node.town.line.state.entries.disclosed
    assert declare(node, NORTH, {"entry": entry, "to": SOUTH}, "disclosure-1").status_code == 201


def test_what_is_another_s_and_what_is_not_there_are_refused_alike(node: Node) -> None:
    entry, size = told_by(node, "the-first"), node.town.line.committed
    answers = [declare(node, SOUTH, {"entry": which, "to": WEST}, "disclosure-1") for which in (entry, 0, 999_999)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert node.town.line.committed == size


def test_what_was_disclosed_to_one_is_not_its_own_to_pass_on(node: Node) -> None:
    entry = told_by(node, "the-first")
    assert declare(node, NORTH, {"entry": entry, "to": SOUTH}, "disclosure-1").status_code == 201
    assert declare(node, SOUTH, {"entry": entry, "to": WEST}, "disclosure-1").status_code == 404
    assert entry not in open_to(node, WEST)


def run(node: Node, folder: Path, *words: str) -> Result:
    key = folder / f"{NORTH}.key"
    if not key.exists():
        write_key(key, derive_seed(b"the keys of the town", f"{NORTH}/duty_officer"), party=NORTH, role="duty_officer")
    return CliRunner().invoke(app, ["disclose", *words, "--key", str(key), "--node", node.url])


def test_the_command_discloses_and_says_what_that_means(node: Node, tmp_path: Path) -> None:
    entry = told_by(node, "the-first")
    done = run(node, tmp_path, str(entry), "--to", SOUTH, "--reason", "the crossing")
    assert done.exit_code == 0, done.output
    assert done.output.startswith("DRILL")
    assert f"SOUTH may read entry {entry} from now on, and nothing else by this." in done.output
    assert entry in open_to(node, SOUTH)
    outside = run(node, tmp_path, str(entry), "--inquiry", "A board of inquiry")
    assert "the node shows it to nobody" in outside.output
    assert b'"index":' in run(node, tmp_path, str(entry), "--inquiry", "Another", "--json").stdout_bytes


@pytest.mark.parametrize("reader", [(), ("--to", SOUTH, "--inquiry", "A board")])
def test_the_command_asks_for_one_reader(node: Node, tmp_path: Path, reader: tuple[str, ...]) -> None:
    size = node.town.line.committed
    done = run(node, tmp_path, "7", *reader)
    assert (done.exit_code, "a disclosure has one reader" in done.stderr) == (2, True)
    assert node.town.line.committed == size
