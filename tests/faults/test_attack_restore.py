"""Attacks with old copies: whoever goes on from one would sign a second history, and the node refuses to start."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openline.adapters.clock import ManualClock
from openline.adapters.head_file import HEAD_NAME, HeadFile
from openline.adapters.sqlite_reader import SqliteReader
from openline.app.backups import back_up
from openline.app.cli import app
from openline.app.composition import LEDGER_NAME, SECRET_NAME
from openline.app.configuration import read_settings
from openline.app.continuing import check_continues, go_on
from openline.app.publishing import publish_ledger
from openline.app.restored import MARK_NAME, read_mark
from openline.app.witness_settings import WitnessSettings
from openline.codec.envelope import read_own_envelope
from openline.codec.events import read_event
from openline.core.errors import LedgerFault
from openline.core.event import Continued
from openline.ledger.note import NoteVerifier
from openline.ledger.witnessing import Request, format_request
from openline.node.ports import WitnessAnswer
from openline.node.replay import replay
from tests.cosigning import witness_key
from tests.folders import make_folder, town_in, with_setting
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence
from tests.witnesses import Served, served


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def no_bar(_: int, __: int) -> None:
    """Nobody watches."""


def say_nothing(_: str) -> None:
    """Nobody hears."""


def size_of(folder: Path) -> int:
    reader = SqliteReader(folder / LEDGER_NAME)
    try:
        return reader.size()
    finally:
        reader.close()


def cosign(town: Town, witness: Served, old: int = 0) -> None:
    """The witness cosigns what the town has signed last."""
    size = town.line.committed
    proof = town.line.journal.tree.consistency_proof(old, size) if old else []
    body = format_request(Request(old_size=old, proof=tuple(proof), note=town.line.checkpoint))
    assert witness.add(body).status_code == 200


def live(folder: Path, witness: Served | None = None, *, notices: int = 1, old: int = 0) -> int:
    """A node lives for a while; gives the size of its ledger."""
    town = town_in(folder)
    for number in range(notices):
        town.tell(NORTH, activity(in_air(NOON_MS, east_m=1_000.0 * number)))
    if witness is not None:
        cosign(town, witness, old)
    size = town.line.committed
    town.line.store.close()
    return size


def refused(folder: Path, *words: str) -> str:
    """`openline serve` refuses to start, and has recorded nothing; gives what it says."""
    size, mark = size_of(folder), (folder / MARK_NAME).exists()
    done = run("serve", "--data", folder, *words)
    assert done.exit_code == 1, done.output
    assert "LEDGER_BEHIND" in done.stderr
    assert (size_of(folder), (folder / MARK_NAME).exists()) == (size, mark)
    return " ".join(done.stderr.split())


def goes_on(folder: Path, words: str = "") -> list[object]:
    """What a node records of going on from a folder."""
    town = town_in(folder)
    try:
        return list(go_on(folder, read_settings(folder), town.line, words, NOON_MS, say_nothing))
    finally:
        town.line.store.close()


@pytest.fixture
def witness(node: Path, tmp_path: Path) -> Iterator[Served]:
    """A witness that knows the town's ledger, and that the node is set to ask."""
    key = town_key(node)
    with served(tmp_path, SOUTH, NoteVerifier(ORIGIN, key)) as alone:
        setting = WitnessSettings(party=SOUTH, key=witness_key(SOUTH), url=alone.serving.url)
        with_setting(node, witnesses=[setting])
        yield alone


def town_key(folder: Path) -> bytes:
    town = town_in(folder)
    town.line.store.close()
    return town.secrets.signer.public_key


@pytest.fixture
def node(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "node")


def backup_of(node: Path, to: Path) -> Path:
    back_up(node, to, with_secret=True, at_ms=NOON_MS, progress=no_bar)
    return to


def restored(backup: Path, to: Path) -> Path:
    done = run("restore", backup, "--data", to)
    assert done.exit_code == 0, done.output
    return to


def test_a_restored_node_that_is_behind_its_witness_refuses_to_start(
    node: Path, witness: Served, tmp_path: Path
) -> None:
    first = live(node, witness)
    backup = backup_of(node, tmp_path / "backup")
    then = live(node, witness, notices=3, old=first)
    new = restored(backup, tmp_path / "new")
    said = refused(new)
    assert f"has {first} entries" in said
    assert f"has seen {then} signed: {then - first} are missing" in said
    assert "--new-origin" in said
    assert "LEDGER_BEHIND" in run("serve", "--data", new, "--trust-backup", "I know better").stderr
    assert goes_on(node) == []


def test_a_copied_folder_without_a_mark_refuses_too(node: Path, witness: Served, tmp_path: Path) -> None:
    first = live(node, witness)
    shutil.copytree(node, tmp_path / "copy")
    live(node, witness, old=first)
    assert not (tmp_path / "copy" / MARK_NAME).exists()
    assert "missing" in refused(tmp_path / "copy")


def test_of_two_nodes_from_one_backup_the_second_refuses(node: Path, witness: Served, tmp_path: Path) -> None:
    size = live(node, witness)
    backup = backup_of(node, tmp_path / "backup")
    one, two = restored(backup, tmp_path / "one"), restored(backup, tmp_path / "two")
    assert goes_on(one) == goes_on(two)
    live(one, witness, old=size)
    assert "missing" in refused(two)


def test_a_second_history_of_the_same_length_or_longer_is_refused(node: Path, witness: Served, tmp_path: Path) -> None:
    """Somebody has gone on without asking: the witness has seen the one, and the other is not its continuation."""
    size = live(node, witness)
    backup = backup_of(node, tmp_path / "backup")
    for number, more in enumerate((0, 2)):
        fork = restored(backup, tmp_path / f"fork-{number}")
        town = town_in(fork)
        town.tell(SOUTH, presence(on_ground(NOON_MS)))
        for step in range(more):
            town.tell(SOUTH, presence(on_ground(NOON_MS, east_m=9_000.0 * step)))
        town.line.store.close()
    live(node, witness, old=size)
    assert "another history" in refused(tmp_path / "fork-0")
    assert "another history" in refused(tmp_path / "fork-1")


def test_the_node_s_key_with_an_empty_ledger_is_refused(node: Path, witness: Served) -> None:
    size = live(node, witness)
    for path in node.glob("ledger.sqlite*"):
        path.unlink()
    done = run("serve", "--data", node)
    assert done.exit_code == 1
    assert f"has 0 entries, and the witness at {witness.serving.url} has seen {size}" in " ".join(done.stderr.split())


def test_the_node_s_key_with_another_ledger_is_refused(node: Path, tmp_path: Path) -> None:
    live(node)
    other = make_folder(tmp_path / "other")
    (other / SECRET_NAME).write_bytes(b"another secret of 32 bytes, so.."[:32])
    town = town_in(other)
    town.line.store.close()
    shutil.copy(node / SECRET_NAME, other / SECRET_NAME)
    done = run("serve", "--data", other)
    assert (done.exit_code, "LEDGER_INVALID" in done.stderr) == (1, True)


def test_a_database_put_back_alone_is_found_by_the_file_beside_it(node: Path, tmp_path: Path) -> None:
    live(node)
    shutil.copy(node / LEDGER_NAME, tmp_path / "old.sqlite")
    town = town_in(node)
    HeadFile(node, town.line, ManualClock(NOON_MS))
    town.tell(NORTH, activity(in_air(NOON_MS)))
    town.line.store.close()
    assert read_head_size(node) == town.line.committed
    assert goes_on(node) == []
    shutil.copy(tmp_path / "old.sqlite", node / LEDGER_NAME)
    assert "the file head beside it has seen" in refused(node)


def read_head_size(folder: Path) -> int:
    return int((folder / HEAD_NAME).read_text(encoding="utf-8").split("\n")[1])


def test_a_longer_published_folder_shows_it_too(node: Path, tmp_path: Path) -> None:
    live(node)
    backup = backup_of(node, tmp_path / "backup")
    live(node, notices=2)
    with_setting(node, publish="../public")
    publish_ledger(node, read_settings(node), tmp_path / "public")
    assert goes_on(node) == []
    new = with_setting(restored(backup, tmp_path / "new"), publish="../public")
    assert "the published folder has seen" in refused(new)


def test_without_anybody_to_ask_a_restored_node_needs_words_and_they_are_recorded(node: Path, tmp_path: Path) -> None:
    size = live(node)
    new = restored(backup_of(node, tmp_path / "backup"), tmp_path / "new")
    assert "no witness and no mirror is set" in refused(new)
    (event,) = goes_on(new, "the disk burned the same minute")
    assert isinstance(event, Continued)
    assert (event.origin, event.size, event.words) == (ORIGIN, size, "the disk burned the same minute")
    town = town_in(new)
    town.administer([event])
    town.tell(NORTH, activity(in_air(NOON_MS)))
    replay(town.line.store, town.secrets, ORIGIN)
    town.line.store.close()
    assert run("verify", new).exit_code == 0


def test_a_silent_witness_vouches_for_nothing(node: Path, witness: Served, tmp_path: Path) -> None:
    """A marked folder waits for it; one that was never put back goes on, and it is said."""
    live(node, witness)
    new = restored(backup_of(node, tmp_path / "backup"), tmp_path / "new")
    silent = WitnessSettings(party=SOUTH, key=witness_key(SOUTH), url="http://127.0.0.1:9")
    for folder in (node, new):
        with_setting(folder, witnesses=[silent])
    assert "gave no answer" in refused(new)
    town = town_in(node)
    heard: list[str] = []
    assert go_on(node, read_settings(node), town.line, "", NOON_MS, heard.append) == []
    town.line.store.close()
    assert heard == ["the witness at http://127.0.0.1:9"]


def test_a_witness_that_has_never_seen_the_ledger_vouches_for_nothing(
    node: Path, witness: Served, tmp_path: Path
) -> None:
    live(node)
    new = restored(backup_of(node, tmp_path / "backup"), tmp_path / "new")
    assert witness.store.head(ORIGIN).size == 0
    for _ in range(2):  # having been asked once makes it no better a witness of what came before
        with pytest.raises(LedgerFault, match="gave no answer"):
            goes_on(new)


def test_a_head_that_this_node_did_not_sign_stops_nobody(node: Path, tmp_path: Path) -> None:
    """Garbage, half a file, or a note of somebody else beside the database is no reason not to serve."""
    live(node)
    other = make_folder(tmp_path / "other")
    (other / SECRET_NAME).write_bytes(b"another secret of 32 bytes, so.."[:32])
    town = town_in(other)
    for _ in range(5):
        town.tell(NORTH, activity(in_air(NOON_MS)))
    forged = town.line.checkpoint
    town.line.store.close()
    for text in ("", "garbage", forged[:40], forged):
        (node / HEAD_NAME).write_text(text, encoding="utf-8")
        assert goes_on(node) == []
    (node / HEAD_NAME).write_bytes(b"\xff\xfe")
    assert goes_on(node) == []


def test_a_witness_that_lies_about_its_size_can_stop_a_node_and_cannot_make_it_fork(node: Path) -> None:
    """What a witness says unsigned stops a start: its operator is asked, and taken out of the settings if need be."""
    live(node)

    class Liar:
        async def add_checkpoint(self, url: str, body: bytes) -> WitnessAnswer:
            assert url.startswith("http://127")
            assert body.startswith(b"old ")
            return WitnessAnswer(status=409, body=b"999999\n")

        async def close(self) -> None:
            """Nothing is open."""

    setting = WitnessSettings(party=SOUTH, key=witness_key(SOUTH), url="http://127.0.0.1:9")
    settings = read_settings(with_setting(node, witnesses=[setting]))
    town = town_in(node)
    try:
        with pytest.raises(LedgerFault, match="999999"):
            check_continues(node, settings, town.line, Liar())
    finally:
        town.line.store.close()


def test_a_restored_node_that_its_witness_vouches_for_is_served_and_says_so_on_the_record(
    node: Path, witness: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole of `openline serve` but for the serving."""
    size = live(node, witness)
    new = restored(backup_of(node, tmp_path / "backup"), tmp_path / "new")
    monkeypatch.setattr("openline.app.commands.serve.serve_app", lambda *_: None)
    for _ in range(2):
        done = run("serve", "--data", new)
        assert done.exit_code == 0, done.output
        assert not (new / MARK_NAME).exists()
        assert read_head_size(new) == size_of(new)
    reader = SqliteReader(new / LEDGER_NAME)
    bodies = [read_own_envelope(record.body) for record in reader.read(size)]
    reader.close()
    events = [read_event(payload) for _, payload in bodies]
    (said,) = [event for event in events if isinstance(event, Continued)]
    assert (said.size, said.words) == (size, "")
    assert run("verify", new).exit_code == 0


def test_a_new_ledger_names_the_last_checkpoint_of_the_lost_one(node: Path, witness: Served, tmp_path: Path) -> None:
    first = live(node, witness)
    backup = backup_of(node, tmp_path / "backup")
    then = live(node, witness, old=first)
    last = tmp_path / "last"
    last.write_text(witness.store.note(ORIGIN), encoding="utf-8")
    same = run("restore", backup, "--data", tmp_path / "new", "--new-origin", ORIGIN)
    assert (same.exit_code, "second history" in same.stderr) == (2, True)
    done = run("restore", backup, "--data", tmp_path / "new", "--new-origin", f"{ORIGIN}-2", "--checkpoint", last)
    assert done.exit_code == 0, done.output
    new = tmp_path / "new"
    mark = read_mark(new)
    assert mark is not None
    assert (mark.origin, mark.size) == (ORIGIN, then)
    assert (new / SECRET_NAME).read_bytes() != (node / SECRET_NAME).read_bytes()
    assert not (new / LEDGER_NAME).exists()
    (event,) = goes_on(new)
    assert isinstance(event, Continued)
    assert event.checkpoint == last.read_text(encoding="utf-8")
    forged = tmp_path / "forged"
    forged.write_text(last.read_text(encoding="utf-8").replace(f"\n{then}\n", f"\n{then + 1}\n"), encoding="utf-8")
    wrong = run("restore", backup, "--data", tmp_path / "x", "--new-origin", f"{ORIGIN}-3", "--checkpoint", forged)
    assert (wrong.exit_code, (tmp_path / "x").exists()) == (1, False)
