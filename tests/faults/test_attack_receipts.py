"""Nodes that lie to their parties, and desks that were put back: each attack in code, and what catches it."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from openline.adapters.clock import SystemClock
from openline.adapters.http import telling
from openline.adapters.key_files import write_key
from openline.adapters.memory import MemoryStore
from openline.app import receipts as receipts_module
from openline.app.cli import app
from openline.app.fork_evidence import EvidenceError, read_evidence
from openline.core.event import Flagged, ForkSeen
from openline.core.time import DAY_MS, MINUTE_MS
from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.note import NoteVerifier
from openline.ledger.proof_file import verify_proof_file
from openline.ledger.receipt import ReceiptSigner, open_receipt
from openline.node.line import Line, Receipt
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, on_ground, presence
from tests.serving import Node

NOTICE = """
agreement = "town"

[notice]
type = "ground_presence"
mobility = "static"
protection_class = "troops"

[[notice.volumes]]
time_start = "2026-03-01T12:00:00Z"
outline_circle = {{ center = {{ lat = {lat}, lng = 37.5 }}, radius = {{ value = 100, units = "M" }} }}
"""


@pytest.fixture
def node() -> Iterator[Node]:
    with Node() as served:
        yield served


def key_of(folder: Path, party: str = NORTH) -> Path:
    path = folder / f"{party}.key"
    if not path.exists():
        seed = derive_seed(b"the keys of the town", f"{party}/duty_officer")
        write_key(path, seed, party=party, role="duty_officer")
    return path


def run(node: Node, folder: Path, *words: str, party: str = NORTH) -> Result:
    return CliRunner().invoke(app, [*words, "--key", str(key_of(folder, party)), "--node", node.url])


def send(node: Node, folder: Path, *words: str, party: str = NORTH, lat: float = 36.3) -> Result:
    file = folder / f"notice-{lat}.toml"
    file.write_text(NOTICE.format(lat=lat), encoding="utf-8")
    return run(node, folder, "send", str(file), "--json", *words, party=party)


def codes(result: Result) -> list[str]:
    """The alarms of the last line of JSON."""
    document: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return [alarm["code"] for alarm in document["alarms"]]


def twin(town: Town) -> Town:
    """A second node of the same operator: the same secrets, and the same history up to now."""
    other = Town.__new__(Town)
    other.store, other.secrets, other.pens = MemoryStore(), town.secrets, {}
    other.store.records, other.store.note = list(town.store.records), town.store.note
    other.line = Line(other.store, other.secrets, ORIGIN)
    other.line.open()
    other.heard, other.heads, other.receipts, other.done = [], [], [], []
    other.now_ms = town.now_ms
    other.line.listen(other.hear)
    return other


def later(monkeypatch: pytest.MonkeyPatch, by_ms: int) -> None:
    """Let the desk's clock show a later time from now on."""
    now_ms = SystemClock().now_ms() + by_ms
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: now_ms)


def log(node: Node) -> NoteVerifier:
    return NoteVerifier(ORIGIN, node.town.secrets.signer.public_key)


def test_an_honest_node_is_kept_account_of_and_raises_no_alarm(node: Node, tmp_path: Path) -> None:
    sent = send(node, tmp_path)
    assert (sent.exit_code, codes(sent)) == (0, []), sent.output
    index = json.loads(sent.stdout)["index"]
    assert send(node, tmp_path, lat=36.4).exit_code == 0
    shown = run(node, tmp_path, "receipts", "--json")
    assert shown.exit_code == 0, shown.output
    assert [entry["standing"] for entry in json.loads(shown.stdout)["receipts"]] == ["included", "included"]
    folder = tmp_path / "NORTH.receipts"
    kept = json.loads((folder / f"{index:012}.json").read_text())
    proof = (folder / f"{index:012}.tlog-proof").read_text()
    head = verify_proof_file(proof, b64decode(kept["leaf"]), log(node))
    assert head.size > index
    assert open_receipt(kept["receipt"], log(node)).index == index
    assert "ground_presence" in b64decode(json.loads(b64decode(kept["envelope"]))["payload"]).decode()
    assert run(node, tmp_path, "status").exit_code == 0
    spoken = run(node, tmp_path, "receipts")
    assert "included" in spoken.output
    assert "30 seconds" in spoken.output


def test_notices_name_the_checkpoint_that_their_desk_has_verified(node: Node, tmp_path: Path) -> None:
    send(node, tmp_path)
    raw = node.town.store.records[-1]
    told = [r for r in node.town.store.records if b"openline.notice" in r.body]
    payload = json.loads(b64decode(json.loads(told[-1].body.split(b"\n", 1)[1])["payload"]))
    assert payload["checkpoint"]["size"] == told[-1].index
    assert raw.index >= told[-1].index
    flags = [flag.flag.value for flag in node.town.told(NORTH, Flagged)]
    assert "CHECKPOINT_DIFFERS" not in flags


def test_first_contact_shows_the_key_and_another_key_is_refused_before_anything_is_sent(
    node: Node, tmp_path: Path
) -> None:
    file = tmp_path / "notice.toml"
    file.write_text(NOTICE.format(lat=36.3), encoding="utf-8")
    assert "First contact" in run(node, tmp_path, "send", str(file)).output
    assert "First contact" not in run(node, tmp_path, "send", str(file)).output
    stranger = Town()
    stranger.secrets = type(stranger.secrets)(derive_seed(b"another town", "node"))
    with Node() as other:
        other.town.line.secrets = stranger.secrets
        size = other.town.line.committed
        refused = run(other, tmp_path, "send", str(file))
        assert refused.exit_code == 1
        assert "NODE_KEY_DIFFERS" in refused.output
        assert other.town.line.committed == size
    given = run(node, tmp_path, "send", str(file), "--node-key", b64encode(bytes([5]) * 32).decode())
    assert given.exit_code != 0


def test_a_dropped_entry_is_shouted_about_when_its_deadline_has_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Node() as node:
        honest = twin(node.town)
        sent = send(node, tmp_path)
        index = json.loads(sent.stdout)["index"]
    # the operator goes on from before the entry, and shows the history without it
    (tmp_path / "NORTH.checkpoint").unlink()
    with Node(honest) as shortened:
        assert shortened.town.line.committed <= index
        early = run(shortened, tmp_path, "receipts", "--json")
        assert (early.exit_code, codes(early)) == (0, [])
        assert json.loads(early.stdout)["receipts"][0]["standing"] == "promised"
        later(monkeypatch, MINUTE_MS + receipts_module.TOLERANCE_MS + 1)
        due = run(shortened, tmp_path, "receipts", "--json")
        assert (due.exit_code, codes(due)) == (1, ["PROMISE_BROKEN"])
        assert json.loads(due.stdout)["receipts"][0]["standing"] == "broken"
        watched = run(shortened, tmp_path, "status", "--json")
        assert codes(watched) == ["PROMISE_BROKEN"]
    spoken = CliRunner().invoke(app, ["receipts", "--key", str(key_of(tmp_path)), "--node", shortened.url])
    assert spoken.exit_code != 0


def test_an_entry_that_was_replaced_is_shouted_about_at_once(tmp_path: Path) -> None:
    with Node() as node:
        other = twin(node.town)
        sent = send(node, tmp_path)
        index = json.loads(sent.stdout)["index"]
    other.pens = {SOUTH: Town().pens[SOUTH]}
    other.tell(SOUTH, presence(on_ground(NOON_MS)), "in-its-place")
    (tmp_path / "NORTH.checkpoint").unlink()
    with Node(other) as replaced:
        shown = run(replaced, tmp_path, "receipts", "--json")
        assert (shown.exit_code, codes(shown)) == (1, ["PROMISE_BROKEN"])
        assert (tmp_path / "NORTH.receipts" / f"{index:012}.contradiction.txt").read_text().startswith("c2sp.org/")


def test_a_node_that_was_put_back_is_shouted_about_with_evidence(tmp_path: Path) -> None:
    with Node() as node:
        before = twin(node.town)
        send(node, tmp_path)
    with Node(before) as put_back:
        shown = run(put_back, tmp_path, "status", "--json")
        assert (shown.exit_code, codes(shown)) == (1, ["HISTORY_DIFFERS"])
    (evidence,) = tmp_path.glob("fork-evidence-*.txt")
    read = read_evidence(evidence.read_text())
    assert read.first.size > read.second.size
    assert not read.is_proof, "two sizes prove nothing by themselves"


def test_an_earlier_head_is_shouted_about_although_it_is_of_this_history(node: Node, tmp_path: Path) -> None:
    send(node, tmp_path)
    older = (tmp_path / "NORTH.checkpoint").read_text()
    send(node, tmp_path, lat=36.4)
    seen = (tmp_path / "NORTH.checkpoint").read_text()
    node.town.line.checkpoint = older
    shown = run(node, tmp_path, "status", "--json")
    assert (shown.exit_code, codes(shown)) == (1, ["HISTORY_DIFFERS"])
    assert (tmp_path / "NORTH.checkpoint").read_text() == seen, "a desk never moves back"


def test_two_histories_shown_to_two_desks_are_found_by_exchanging_checkpoints(tmp_path: Path) -> None:
    north, south = tmp_path / "north", tmp_path / "south"
    north.mkdir()
    south.mkdir()
    with Node() as first:
        other = twin(first.town)
        with Node(other) as second:
            assert codes(send(first, north)) == []
            assert codes(send(second, south, party=SOUTH, lat=36.4)) == []
            # each desk sees a history that agrees with itself; then SOUTH mails its checkpoint to NORTH
            mailed = (south / "SOUTH.checkpoint").read_text()
            (north / "mailed.txt").write_text(mailed)
            looked = run(first, north, "gossip", str(north / "mailed.txt"), "--check", "--json")
            assert (looked.exit_code, codes(looked)) == (1, ["HISTORY_DIFFERS"])
            assert json.loads(looked.stdout)["entries"] == []
            found = run(first, north, "gossip", str(north / "mailed.txt"), "--json")
            assert found.exit_code == 1
            assert len(json.loads(found.stdout)["entries"]) == 1
            for party in (NORTH, SOUTH):
                assert len(first.town.told(party, ForkSeen)) == 1, "the node's own signature convicts it"
    evidence = max(north.glob("fork-evidence-*.txt"), key=lambda path: path.stat().st_mtime_ns).read_text()
    read = read_evidence(evidence)
    assert read.log == log(first)
    assert (read.first.size, read.first.root) != (read.second.size, read.second.root)


def test_evidence_of_one_size_and_two_roots_proves_the_fork_to_anybody(tmp_path: Path) -> None:
    with Node() as first:
        other = twin(first.town)
        with Node(other) as second:
            north, south = tmp_path / "north", tmp_path / "south"
            north.mkdir()
            south.mkdir()
            send(first, north)
            send(second, south, party=SOUTH, lat=36.4)
            assert first.town.line.committed == second.town.line.committed
            run(first, north, "status")
            run(second, south, "status", party=SOUTH)
            run(first, north, "gossip", str(south / "SOUTH.checkpoint"), "--check")
            (path,) = [p for p in north.glob("fork-evidence-*.txt") if read_evidence(p.read_text()).is_proof]
            judged = run(second, south, "gossip", str(path), "--check", "--json", party=SOUTH)
            assert (judged.exit_code, json.loads(judged.stdout)["proof"]) == (1, True)
            size = read_evidence(path.read_text()).first.size
            for old, new in (
                ("second", "third"),
                (f"\n{size}\n", "\n1\n"),
                ("-----\n", "-----\n\n"),
                ("key ", "key x"),
            ):
                with pytest.raises(EvidenceError):
                    read_evidence(path.read_text().replace(old, new, 1))


def test_a_checkpoint_of_the_same_history_is_no_alarm(node: Node, tmp_path: Path) -> None:
    send(node, tmp_path)
    (tmp_path / "older.txt").write_text((tmp_path / "NORTH.checkpoint").read_text())
    send(node, tmp_path, lat=36.4)
    told = run(node, tmp_path, "gossip", str(tmp_path / "older.txt"), "--json")
    assert (told.exit_code, codes(told)) == (0, []), told.output
    assert node.town.told(SOUTH, ForkSeen) == []
    (tmp_path / "nonsense.txt").write_text("a letter\n")
    assert run(node, tmp_path, "gossip", str(tmp_path / "nonsense.txt")).exit_code == 2


Forger = Any


def forging(monkeypatch: pytest.MonkeyPatch, forge: Forger) -> None:
    """Let the node change every receipt before it answers."""
    shape = telling.receipt_shape
    monkeypatch.setattr(telling, "receipt_shape", lambda receipt, *, is_drill: forge(shape, receipt, is_drill))


def test_a_receipt_for_other_bytes_is_shouted_about(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = node.tell(SOUTH, presence(on_ground(NOON_MS))).json()

    def forge(shape: Any, receipt: Receipt, is_drill: bool) -> Any:  # noqa: ANN401, FBT001 - as the original
        answer = shape(receipt, is_drill=is_drill)
        for name in ("index", "recorded_at", "leaf", "leaf_hash", "salt", "signed"):
            setattr(answer, name, other[name])
        return answer

    forging(monkeypatch, forge)
    sent = send(node, tmp_path)
    assert (sent.exit_code, codes(sent)) == (1, ["RECEIPT_INVALID"])
    assert "other bytes" in json.loads(sent.stdout)["alarms"][0]["text"]
    assert list((tmp_path / "NORTH.receipts").glob("invalid-*.json"))


def test_a_receipt_of_another_key_is_shouted_about(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = ReceiptSigner(ORIGIN, Signer(bytes(32)))

    def forge(shape: Any, receipt: Receipt, is_drill: bool) -> Any:  # noqa: ANN401, FBT001 - as the original
        promise = open_receipt(receipt.signed, log(node))
        signed = stranger.sign(
            index=promise.index,
            leaf_hash=promise.leaf_hash,
            digest=promise.digest,
            recorded_ms=promise.recorded_ms,
            within_ms=MINUTE_MS,
            is_witnessed=False,
        )
        return shape(replace(receipt, signed=signed), is_drill=is_drill)

    forging(monkeypatch, forge)
    assert codes(send(node, tmp_path)) == ["RECEIPT_INVALID"]


@pytest.mark.parametrize("field", ["index", "recorded_at", "leaf", "leaf_hash", "salt"])
def test_a_receipt_replayed_for_another_index_or_with_another_part_is_shouted_about(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    other = node.tell(SOUTH, presence(on_ground(NOON_MS))).json()
    other["recorded_at"] = "2026-03-01T11:59:59Z"

    def forge(shape: Any, receipt: Receipt, is_drill: bool) -> Any:  # noqa: ANN401, FBT001 - as the original
        answer = shape(receipt, is_drill=is_drill)
        setattr(answer, field, other[field])
        return answer

    forging(monkeypatch, forge)
    assert codes(send(node, tmp_path)) == ["RECEIPT_INVALID"]


def test_a_promise_of_next_year_is_none(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = ReceiptSigner(ORIGIN, node.town.secrets.signer)

    def forge(shape: Any, receipt: Receipt, is_drill: bool) -> Any:  # noqa: ANN401, FBT001 - as the original
        promise = open_receipt(receipt.signed, log(node))
        signed = own.sign(
            index=promise.index,
            leaf_hash=promise.leaf_hash,
            digest=promise.digest,
            recorded_ms=promise.recorded_ms,
            within_ms=365 * DAY_MS,
            is_witnessed=False,
        )
        return shape(replace(receipt, signed=signed), is_drill=is_drill)

    forging(monkeypatch, forge)
    assert codes(send(node, tmp_path)) == ["RECEIPT_INVALID"]


def test_a_counter_that_was_put_back_alarms_everyone(node: Node, tmp_path: Path) -> None:
    counter = tmp_path / "NORTH.sequence.json"
    send(node, tmp_path)
    old = counter.read_bytes()
    send(node, tmp_path, lat=36.4)
    counter.write_bytes(old)
    sent = send(node, tmp_path, lat=36.5)
    assert "SEQUENCE_FORK" in json.loads(sent.stdout)["flags"]
    told = [(flag.flag.value, flag.notice) for flag in node.town.told(SOUTH, Flagged)]
    assert ("SEQUENCE_FORK", "") in told
    counter.unlink()
    assert "SEQUENCE_FORK" in json.loads(send(node, tmp_path, lat=36.6).stdout)["flags"]


def test_a_counter_that_is_no_text_is_refused_in_words_and_nothing_is_sent(node: Node, tmp_path: Path) -> None:
    (tmp_path / "NORTH.sequence.json").write_bytes(b'{"previous":"\xff"}')
    before = node.town.line.committed
    sent = send(node, tmp_path)
    assert (sent.exit_code, node.town.line.committed) == (2, before)
    assert "FILE_UNREADABLE" in sent.output
