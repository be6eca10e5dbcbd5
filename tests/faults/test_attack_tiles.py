"""An operator or a mirror changes a ledger that was published or kept: `verify` finds it and names the place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from msgspec import structs
from typer.testing import CliRunner, Result

from openline.adapters.tile_folder import TileFolder
from openline.app.cli import app
from openline.codec.envelope import EVENT_TYPE, read_envelope, to_base64
from openline.codec.events import write_event
from openline.core.event import Cosigned, KeyEnrolled
from openline.core.time import HOUR_MS
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.ledger.note import format_verifier_key
from openline.ledger.tiles import encode_bundle
from openline.ledger.tree import leaf_hash
from openline.node.journal import Journal, Output, Staged, Told
from tests.cosigning import cosign_all, watched_town
from tests.data_folders import keep
from tests.logs import Log
from tests.parties import NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence, signer_of

LOG = Log(700)
Attack = Callable[[Path], object]


def verify(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["verify", str(folder), *words])


def said(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return " ".join(done.stderr.split())


def published(folder: Path, log: Log = LOG, size: int | None = None) -> Path:
    TileFolder(folder, log.verifier).publish(log.note(size), log.from_index)
    return folder


def _write(name: str, content: bytes) -> Attack:
    def attack(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    return attack


def _bundle(change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return encode_bundle(change(LOG.leaves[256:512]))


def _edited(leaves: list[bytes]) -> list[bytes]:
    return [*leaves[:7], LOG.leaves[0], *leaves[8:]]


def _swapped(leaves: list[bytes]) -> list[bytes]:
    return [*leaves[:7], leaves[8], leaves[7], *leaves[9:]]


def _all_levels(edited: Log) -> Attack:
    """Change a leaf and every tile above it: only the root gives it away."""

    def attack(folder: Path) -> None:
        note = (folder / "checkpoint").read_bytes()
        for path in folder.rglob("*"):
            if path.is_file():
                path.unlink()
        published(folder, edited)
        (folder / "checkpoint").write_bytes(note)

    return attack


TILE_1 = LOG.tree.tile(0, 1, 256)
ATTACKS: dict[str, tuple[Attack, str]] = {
    "a tile cut short": (_write("tile/0/001", TILE_1[:-1]), "tile/0/001: the ledger"),
    "a tile cut by whole hashes": (_write("tile/0/001", TILE_1[: 188 * 32]), "tile/0/001"),
    "a tile grown": (_write("tile/0/001", TILE_1 + bytes(32)), "tile/0/001"),
    "an empty tile": (_write("tile/0/001", b""), "tile/0/001"),
    "a tile swapped for its neighbour": (_write("tile/0/001", LOG.tree.tile(0, 0, 256)), "entry 256"),
    "one hash of a tile": (_write("tile/0/001", TILE_1[:96] + bytes(32) + TILE_1[128:]), "hash 3"),
    "a tile of a higher level": (_write("tile/1/000.p/2", LOG.tree.tile(1, 0, 1) + bytes(32)), "tile/1/000.p/2"),
    "a partial tile passed off as full": (_write("tile/0/002", LOG.tree.tile(0, 2, 188)), "tile/0/002"),
    "a partial tile grown": (_write("tile/0/002.p/188", LOG.tree.tile(0, 2, 188) + bytes(32)), "tile/0/002.p/188"),
    "a partial tile of another history": (_write("tile/0/002.p/3", bytes(96)), "tile/0/002.p/3"),
    "a full tile of another history": (_write("tile/0/002", bytes(8192)), "tile/0/002"),
    "a missing tile": (
        lambda folder: (folder / "tile/0/001").unlink(),
        "tile/0/001: the folder does not verify: it is",
    ),
    "an edited leaf": (_write("tile/entries/001", _bundle(_edited)), "entry 263"),
    "a dropped leaf": (_write("tile/entries/001", _bundle(lambda leaves: leaves[:-1])), "tile/entries/001"),
    "a leaf too many": (
        _write("tile/entries/001", _bundle(lambda x: x) + b"\x00\x01a"),
        "tile/entries/001",
    ),
    "reordered leaves": (_write("tile/entries/001", _bundle(_swapped)), "entry 263"),
    "a bundle cut short": (_write("tile/entries/001", _bundle(lambda x: x)[:-1]), "tile/entries/001"),
    "a leaf of no known form": (
        _write("tile/entries/001", _bundle(lambda leaves: [b"\x09" + leaves[0][1:], *leaves[1:]])),
        "entry 256",
    ),
    "a leaf and every tile above it": (_all_levels(Log(700, fork_at=699)), "checkpoint"),
    "a smaller checkpoint of another size": (
        _write("checkpoint", LOG.note(500).replace("\n500\n", "\n501\n").encode()),
        "not one that the node's key signed",
    ),
    "a checkpoint of another key": (
        _write("checkpoint", Log(700, seed=bytes([1]) * 32).note().encode()),
        "not one that the node's key signed",
    ),
    "a checkpoint larger than the folder": (_write("checkpoint", Log(701).note().encode()), "tile/entries/002.p/189"),
    "no checkpoint": (lambda folder: (folder / "checkpoint").unlink(), "no checkpoint"),
    "a checkpoint that is no text": (_write("checkpoint", b"\xff\xfe"), "UTF-8"),
    "a checkpoint that is no note": (_write("checkpoint", b"hello\n"), "cannot be read"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_changed_folder_is_found_out(tmp_path: Path, name: str) -> None:
    attack, where = ATTACKS[name]
    folder = published(tmp_path)
    key = format_verifier_key(LOG.verifier)
    assert verify(folder, "--node-key", key).exit_code == 0
    attack(folder)
    done = verify(folder, "--node-key", key)
    assert done.exit_code == 1, done.stdout
    assert said(done).startswith("LEDGER_INVALID")
    assert where.replace(": the ledger", ":") in said(done)


def test_a_leaf_of_no_known_form_is_named_though_the_tree_holds_it(tmp_path: Path) -> None:
    strange = Log(0)
    strange.leaves = [*LOG.leaves[:5], b"\x09" * 58, *LOG.leaves[6:300]]
    for leaf in strange.leaves:
        strange.tree.append(leaf_hash(leaf))
    done = verify(published(tmp_path, strange))
    assert (done.exit_code, "entry 5: leaf version 9" in said(done)) == (1, True)


def test_an_older_checkpoint_verifies_and_says_what_it_does_not_name(tmp_path: Path) -> None:
    """A mirror that is behind is no forgery. That there was a newer head, only witnesses or other readers can say."""
    folder = published(published(tmp_path, size=600))
    (folder / "checkpoint").write_text(LOG.note(600), encoding="utf-8")
    report = json.loads(verify(folder, "--node-key", format_verifier_key(LOG.verifier), "--json").stdout)
    assert report["entries"] == 600
    assert any("another checkpoint" in sentence for sentence in report["not_checked"])
    assert any("2 more files" in sentence for sentence in report["not_checked"])


def test_a_folder_that_brings_its_own_key_is_said_to(tmp_path: Path) -> None:
    folder = published(tmp_path)
    report = json.loads(verify(folder, "--json").stdout)
    assert (report["key_given"], report["what"], report["checks"]["leaves"]) == (False, "tiles", 700)
    assert any("taken from the folder itself" in sentence for sentence in report["not_checked"])
    for key in (format_verifier_key(LOG.verifier), to_base64(LOG.verifier.public_key)):
        report = json.loads(verify(folder, "--node-key", key, "--json").stdout)
        assert report["key_given"]
        assert not any("taken from the folder itself" in sentence for sentence in report["not_checked"])
    assert verify(folder, "--node-key", format_verifier_key(Log(1, origin="a.example/b").verifier)).exit_code == 1
    assert verify(folder, "--node-key", "nonsense").exit_code == 2
    (folder / "log.vkey").unlink()
    assert verify(folder).exit_code == 2


@cache
def town() -> Town:
    made = Town()
    start_ms = made.now_ms + 3 * HOUR_MS
    made.tell(SOUTH, presence(on_ground(made.now_ms)))
    made.tell(NORTH, activity(in_air(start_ms)))
    made.acknowledge(made.alerts(NORTH)[0])
    made.wait(HOUR_MS)
    return made


def outputs() -> list[Output]:
    return [output for _, output in town().heard]


TOLD = [i for i, output in enumerate(outputs()) if isinstance(output, Told)]


@pytest.mark.parametrize("words", [(), ("--tree-only",), ("--no-replay",)])
def test_an_untouched_ledger_verifies_and_names_what_it_did_not_look_at(tmp_path: Path, words: tuple[str, ...]) -> None:
    settings = keep(town(), tmp_path)
    report = json.loads(verify(tmp_path, "--json", "--node-key", settings.node_key, *words).stdout)
    size = len(town().store.records)
    checks = {"checkpoint": 1, "leaves": size, "tree": 1, "earlier_checkpoints": len(town().heads) - 1}
    if words != ("--tree-only",):
        checks |= {"bodies": size, "signatures": size, "told": len(TOLD), "node": size - len(TOLD)}
    if words == ():
        checks["replayed"] = size
    assert report["checks"] == checks
    unchecked = " ".join(report["not_checked"])
    assert ("Nothing was replayed" in unchecked) == (words != ())
    assert ("not asked for" in unchecked) == (words == ("--tree-only",))


def test_without_the_nodes_secret_it_says_so(tmp_path: Path) -> None:
    keep(town(), tmp_path)
    (tmp_path / "node.secret").unlink()
    done = verify(tmp_path)
    assert done.exit_code == 0
    assert "the node's secret is not in this folder" in done.stdout


EXCHANGED = """
CREATE TABLE exchanged AS SELECT 15 - idx AS idx, leaf, body FROM entries WHERE idx IN (7, 8);
DELETE FROM entries WHERE idx IN (7, 8);
INSERT INTO entries SELECT * FROM exchanged;
"""


@pytest.mark.parametrize("words", [(), ("--tree-only",), ("--no-replay",)])
@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE idx = 8) WHERE idx = 7", "7"),
        ("DELETE FROM entries WHERE idx = 7", "7"),
        ("DELETE FROM entries WHERE idx >= 7", "7"),
        ("UPDATE entries SET idx = -1 WHERE idx = 7; UPDATE entries SET idx = 7 WHERE idx = 8", "7"),
        (EXCHANGED, "7"),
        ("DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)", ""),
        ("UPDATE checkpoints SET note = (SELECT note FROM checkpoints ORDER BY size LIMIT 1) WHERE size > 8", ""),
        ("UPDATE checkpoints SET size = 5 WHERE size = (SELECT min(size) FROM checkpoints)", "is kept for size 5"),
    ],
)
def test_a_changed_file_is_found_out_at_every_thoroughness(
    tmp_path: Path, change: str, path: str, words: tuple[str, ...]
) -> None:
    keep(town(), tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript(change)
    done = verify(tmp_path, *words)
    assert done.exit_code == 1, done.stdout
    assert path in said(done)


def _forged(outputs: list[Output]) -> Staged:
    """What an operator makes who has the node's key: every hash and checkpoint fits."""
    return Journal(town().secrets, ORIGIN).stage(outputs)


def _kept(folder: Path, staged: Staged) -> Path:
    forged = Town.__new__(Town)
    forged.secrets, forged.heads, forged.store = town().secrets, [staged.checkpoint], town().store.__class__()
    forged.store.records = staged.records
    keep(forged, folder)
    return folder


def _resigned(told: Told, key: str, signer: Signer) -> bytes:
    envelope = read_envelope(told.raw)
    return sign_envelope(envelope.payload, envelope.payload_type, [(key, signer)])


def test_words_that_a_party_never_signed_are_found_though_every_hash_fits(tmp_path: Path) -> None:
    nobody = Signer(bytes([3]) * 32)
    for number, index in enumerate(TOLD):
        told = outputs()[index]
        assert isinstance(told, Told)
        keys = [
            (read_envelope(told.raw).signatures[0].key_id, nobody),
            (key_id(nobody.public_key), nobody),
            (key_id(signer_of(SOUTH).public_key), signer_of(SOUTH)),
            (key_id(signer_of(NORTH).public_key), signer_of(NORTH)),
        ]
        for way, (key, signer) in enumerate(keys):
            raw = _resigned(told, key, signer)
            if raw == told.raw:
                continue
            other = Told(at_ms=told.at_ms, party=told.party, raw=raw)
            staged = _forged([*outputs()[:index], other, *outputs()[index + 1 :]])
            folder = _kept(tmp_path / f"{number}-{way}", staged)
            assert verify(folder, "--tree-only").exit_code == 0
            done = verify(folder, "--no-replay")
            assert done.exit_code == 1
            assert f"entry {index}:" in said(done)


def test_a_key_counts_from_the_entry_that_enrols_it_on(tmp_path: Path) -> None:
    """Words moved to before the entry that enrols their key."""
    enrolled = [i for i, output in enumerate(outputs()) if isinstance(output, KeyEnrolled)]
    moved = [outputs()[TOLD[0]], *outputs()[: TOLD[0]], *outputs()[TOLD[0] + 1 :]]
    assert enrolled[0] < TOLD[0]
    done = verify(_kept(tmp_path, _forged(moved)), "--no-replay")
    assert (done.exit_code, "entry 0:" in said(done)) == (1, True)


def test_an_entry_of_the_node_that_another_key_signed_is_found(tmp_path: Path) -> None:
    index = len(outputs()) - 1
    last = outputs()[index]
    assert not isinstance(last, Told)
    for way, signer in enumerate((Signer(bytes([3]) * 32), signer_of(NORTH))):
        for name in (key_id(signer.public_key), key_id(town().secrets.signer.public_key)):
            journal = Journal(town().secrets, ORIGIN)
            body = sign_envelope(write_event(last), EVENT_TYPE, [(name, signer)])
            _sign_last_with(journal, body, index)
            staged = journal.stage(outputs())
            folder = _kept(tmp_path / f"{way}-{name[:4]}", staged)
            assert verify(folder, "--tree-only").exit_code == 0
            done = verify(folder, "--no-replay")
            assert (done.exit_code, f"entry {index}:" in said(done)) == (1, True)


def test_a_cosignature_that_the_witness_never_gave_is_found(tmp_path: Path) -> None:
    watched = watched_town()
    cosign_all(watched, NORTH, SOUTH)
    heard = [output for _, output in watched.heard]
    given = {i: output for i, output in enumerate(heard) if isinstance(output, Cosigned)}
    assert verify(_kept(tmp_path / "sound", _forged(heard)), "--no-replay").exit_code == 0
    (one, other), index = list(given.values()), next(iter(given))
    for way, forged in enumerate(
        (
            structs.replace(one, line=other.line),
            structs.replace(one, witness=other.witness, party=other.party),
            structs.replace(one, size=one.size - 1),
            structs.replace(one, size=one.size + 5),
            structs.replace(one, witness="nobody.example/w"),
            structs.replace(one, line=one.line[:-4] + "AAA="),
        )
    ):
        folder = _kept(tmp_path / str(way), _forged([*heard[:index], forged, *heard[index + 1 :]]))
        assert verify(folder, "--tree-only").exit_code == 0
        done = verify(folder, "--no-replay")
        assert (done.exit_code, f"entry {index}:" in said(done)) == (1, True), way


def _sign_last_with(journal: Journal, body: bytes, index: int) -> None:
    own = journal.body_of
    journal.body_of = lambda output: body if journal.tree.size == index else own(output)  # type: ignore[method-assign]


def test_another_history_under_the_same_key_is_not_seen_by_one_reader_alone(tmp_path: Path) -> None:
    """The limit of what can be checked here, said in the report: two heads need witnesses, or readers who compare."""
    staged = _forged(outputs()[:-1])
    done = verify(_kept(tmp_path, staged), "--no-replay", "--json")
    assert done.exit_code == 0
    assert any("Whether others were shown another checkpoint" in s for s in json.loads(done.stdout)["not_checked"])


def test_a_folder_with_another_nodes_secret_is_refused(tmp_path: Path) -> None:
    keep(town(), tmp_path)
    (tmp_path / "node.secret").write_bytes(bytes(range(32)))
    done = verify(tmp_path)
    assert (done.exit_code, "node.secret" in said(done)) == (1, True)
