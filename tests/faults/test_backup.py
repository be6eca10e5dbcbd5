"""Backups of a node that runs, restored, damaged, broken off and on a full disk."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from openline.adapters.attachment_keys import read_lines, write_escrow
from openline.adapters.attachments import FileAttachments
from openline.adapters.backup_files import MANIFEST_NAME, Manifest, read_manifest, write_manifest
from openline.adapters.sqlite_reader import SqliteReader
from openline.app.backups import back_up, restore_into
from openline.app.cli import app
from openline.app.composition import LEDGER_NAME, SECRET_NAME, open_attachments
from openline.app.configuration import read_settings
from openline.app.restored import MARK_NAME, read_mark
from openline.core.errors import BadUse, LedgerFault
from openline.ledger.checkpoint import parse_checkpoint
from openline.ledger.note import parse_note
from openline.node.attachments import Attachments
from tests.faults.test_erasure import CONTENT, NAMES, OTHER, erase, told, traces
from tests.folders import make_folder, served, town_in, with_setting
from tests.parties import NOON_MS, NORTH, activity, in_air


def no_bar(_: int, __: int) -> None:
    """Nobody watches."""


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A data folder whose node has stopped: notices, attachments, an escrow file outside."""
    folder = with_setting(make_folder(tmp_path / "node"), attachment_escrow=str(tmp_path / "escrow"))
    town = town_in(folder)
    told(town)
    store = FileAttachments(folder, tmp_path / "escrow")
    for name, content in zip(NAMES, (CONTENT, OTHER), strict=True):
        store.put(name, content)
    town.line.store.close()
    return folder


@pytest.fixture
def backup(node: Path, tmp_path: Path) -> Path:
    back_up(node, tmp_path / "backup", with_secret=True, at_ms=NOON_MS, progress=no_bar)
    return tmp_path / "backup"


def test_every_receipt_given_before_the_checkpoint_of_the_backup_is_in_it(node: Path, tmp_path: Path) -> None:
    """Five backups while notices pour in: each is one moment, and the node answers all the while."""
    receipts: list[tuple[int, str]] = []
    with served(node) as serving:
        is_over = threading.Event()

        def pour() -> None:
            while not is_over.is_set():
                answer = serving.tell(NORTH, activity(in_air(NOON_MS, east_m=90_000.0)))
                assert answer.status_code == 201, answer.text
                receipts.append((answer.json()["index"], answer.json()["leaf_hash"]))

        pouring = threading.Thread(target=pour)
        pouring.start()
        try:
            for number in range(5):
                before = len(receipts)
                made = back_up(node, tmp_path / f"b{number}", with_secret=False, at_ms=NOON_MS, progress=no_bar)
                head = parse_checkpoint(parse_note(made.checkpoint).text)
                assert head.size == made.entries
                assert all(index < head.size for index, _ in receipts[:before])
                reader = SqliteReader(tmp_path / f"b{number}" / LEDGER_NAME)
                assert [r.index for r in reader.read()] == list(range(head.size))
                reader.close()
        finally:
            is_over.set()
            pouring.join(30)
    assert len(receipts) > 5
    restored = restore_into(tmp_path / "b4", tmp_path / "new", secret=node / SECRET_NAME, keys=None, progress=no_bar)
    assert restored.has_secret


def test_a_backup_holds_no_key_and_the_secret_only_when_asked(node: Path, tmp_path: Path) -> None:
    done = run("backup", "--data", node, "--to", tmp_path / "plain")
    assert done.exit_code == 0, done.output
    assert "secret is not in it" in done.output
    assert "only there" in done.output
    keys = [key for _, key in read_lines(node / "attachment-keys")]
    secret = (node / SECRET_NAME).read_bytes()
    assert traces(tmp_path / "plain", [*keys, secret, CONTENT]) == []
    assert [name for name, _ in read_lines(tmp_path / "escrow")] == NAMES
    done = run("backup", "--data", node, "--to", tmp_path / "whole", "--with-secret")
    assert "It holds the node's secret" in done.output
    assert (tmp_path / "whole" / SECRET_NAME).stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    assert traces(tmp_path / "whole", keys) == []
    assert run("verify", tmp_path / "whole").exit_code == 0


def test_what_was_backed_up_is_restored_and_verifies(node: Path, backup: Path, tmp_path: Path) -> None:
    done = run("restore", backup, "--data", tmp_path / "new", "--attachment-keys", tmp_path / "escrow")
    assert done.exit_code == 0, done.output
    assert "Every body fits its leaf" in done.output
    assert "2 attachments can be read" in done.output
    assert FileAttachments(tmp_path / "new").get(NAMES[0]) == CONTENT
    assert (tmp_path / "new" / MARK_NAME).exists()
    assert run("verify", tmp_path / "new").exit_code == 0
    old, new = SqliteReader(node / LEDGER_NAME), SqliteReader(tmp_path / "new" / LEDGER_NAME)
    assert list(old.read()) == list(new.read())
    assert old.checkpoint() == new.checkpoint()
    old.close()
    new.close()


def test_without_secret_or_keys_it_says_what_is_missing(node: Path, tmp_path: Path) -> None:
    back_up(node, tmp_path / "backup", with_secret=False, at_ms=NOON_MS, progress=no_bar)
    done = run("restore", tmp_path / "backup", "--data", tmp_path / "new")
    assert done.exit_code == 0
    assert "put node.secret there" in done.stderr
    assert "of 2 the key is not here" in done.output
    other = make_folder(tmp_path / "other") / SECRET_NAME
    other.write_bytes(b"x" * 32)
    wrong = run("restore", tmp_path / "backup", "--data", tmp_path / "new-2", "--secret", other)
    assert (wrong.exit_code, (tmp_path / "new-2").exists()) == (2, False)
    assert "the secret of another node" in wrong.stderr
    right = run("restore", tmp_path / "backup", "--data", tmp_path / "new-3", "--secret", node / SECRET_NAME)
    assert right.exit_code == 0, right.output


@pytest.mark.parametrize("new_origin", ["", "line.example/again"])
def test_a_restored_node_writes_over_no_escrow_file(backup: Path, tmp_path: Path, new_origin: str) -> None:
    """It has fewer keys than the file: were it to keep that up to date, they would be lost with the lost node."""
    before = (tmp_path / "escrow").read_bytes()
    assert before
    new = tmp_path / "new"
    done = run("restore", backup, "--data", new, *(["--new-origin", new_origin] if new_origin else []))
    assert done.exit_code == 0, done.output
    town = town_in(new)
    town.tell(NORTH, activity(in_air(NOON_MS)))
    town.line.store.close()
    store = open_attachments(new, read_settings(new))
    store.destroy([NAMES[0]])
    back_up(new, tmp_path / "next", with_secret=False, at_ms=NOON_MS, progress=no_bar)
    assert (tmp_path / "escrow").read_bytes() == before
    assert "attachment_escrow" in done.stderr


def test_an_erasure_reaches_a_backup_that_was_made_before_it(node: Path, backup: Path, tmp_path: Path) -> None:
    """The old backup is not touched, and what was erased is nowhere in what is restored from it."""
    files = {path: path.read_bytes() for path in backup.rglob("*") if path.is_file()}
    key = next(key for _, key in read_lines(node / "attachment-keys"))
    town, store = town_in(node), FileAttachments(node, tmp_path / "escrow")
    Attachments(town.line, store, lambda *_: None)
    erase(town)
    town.line.store.close()
    assert {path: path.read_bytes() for path in backup.rglob("*") if path.is_file()} == files
    restore_into(backup, tmp_path / "new", secret=None, keys=tmp_path / "escrow", progress=no_bar)
    again = FileAttachments(tmp_path / "new")
    assert (again.get(NAMES[0]), again.get(NAMES[1])) == (None, OTHER)
    assert traces(tmp_path, [key]) == []
    later = tmp_path / "later"
    back_up(node, later, with_secret=True, at_ms=NOON_MS, progress=no_bar)
    assert not any(NAMES[0][1] in path.name for path in later.rglob("*"))


def test_an_erasure_in_the_ledger_is_followed_though_an_old_escrow_file_is_given(node: Path, tmp_path: Path) -> None:
    town, store = town_in(node), FileAttachments(node, tmp_path / "escrow")
    store.write_escrow()
    old = tmp_path / "old-escrow"
    old.touch(mode=0o600)
    old.write_bytes((tmp_path / "escrow").read_bytes())
    box = store.path(NAMES[0]).read_bytes()
    erase(town)
    town.line.store.close()
    back_up(node, tmp_path / "backup", with_secret=True, at_ms=NOON_MS, progress=no_bar)
    assert box in {path.read_bytes() for path in (tmp_path / "backup").rglob("*.box")}
    done = restore_into(tmp_path / "backup", tmp_path / "new", secret=None, keys=old, progress=no_bar)
    assert (done.attachments, done.without_key) == (1, 0)
    key = next(key for name, key in read_lines(old) if name == NAMES[0])
    assert traces(tmp_path / "new", [key, box]) == []


def flips(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_damaged_backup_is_refused_by_the_name_of_the_file(backup: Path, tmp_path: Path) -> None:
    """One bit of each file, at its beginning, in its middle, at its end; and each file gone."""
    assert len(list(flips(backup))) == 7
    for path in flips(backup):
        name, whole = path.relative_to(backup).as_posix(), path.read_bytes()
        for at in (0, len(whole) // 2, len(whole) - 1):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            done = run("restore", backup, "--data", tmp_path / "new")
            assert (done.exit_code, "BACKUP_DAMAGED" in done.stderr, name in done.stderr) == (1, True, True), (
                done.stderr
            )
            path.write_bytes(whole)
        path.unlink()
        gone = run("restore", backup, "--data", tmp_path / "new")
        assert gone.exit_code in {1, 2}
        assert name in gone.stderr
        path.write_bytes(whole)
        assert not (tmp_path / "new").exists()
    assert run("restore", backup, "--data", tmp_path / "new").exit_code == 0


def test_a_manifest_that_names_files_outside_is_refused(backup: Path) -> None:
    manifest = read_manifest(backup)
    for name in ("../escrow", "/etc/passwd", "a/b/c", "attachments/../../x", "..\\x"):
        bad = msgspec.structs.replace(manifest, files=manifest.files | {name: manifest.files[SECRET_NAME]})
        (backup / MANIFEST_NAME).unlink()
        write_manifest(backup, bad)
        with pytest.raises(LedgerFault, match="outside"):
            read_manifest(backup)


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("what", ["No space left on device", "the power went"])
def test_what_breaks_off_leaves_nothing_that_looks_like_a_backup(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, what: str
) -> None:
    """Whichever sync fails: the place is as it was, the node goes on, and the same command works afterwards."""
    calls = iter(range(1_000))

    def fsync(_: int) -> None:
        if next(calls) == number:
            raise OSError(28, what) if what.startswith("No") else KeyboardInterrupt

    before = sorted(path.name for path in tmp_path.iterdir())
    with monkeypatch.context() as cut:
        cut.setattr(os, "fsync", fsync)
        with pytest.raises((BadUse, KeyboardInterrupt)):
            back_up(node, tmp_path / "backup", with_secret=True, at_ms=NOON_MS, progress=no_bar)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    back_up(node, tmp_path / "backup", with_secret=True, at_ms=NOON_MS, progress=no_bar)
    calls = iter(range(1_000))
    with monkeypatch.context() as cut:
        cut.setattr(os, "fsync", fsync)
        with pytest.raises((BadUse, KeyboardInterrupt)):
            restore_into(tmp_path / "backup", tmp_path / "new", secret=None, keys=None, progress=no_bar)
    assert not (tmp_path / "new").exists()
    restore_into(tmp_path / "backup", tmp_path / "new", secret=None, keys=None, progress=no_bar)


def test_a_backup_that_does_not_verify_is_not_kept(node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk gives other bytes than were written to it."""

    def spoil(folder: Path, manifest: Manifest) -> None:
        write_manifest(folder, manifest)
        ledger = folder / LEDGER_NAME
        body = ledger.read_bytes()
        ledger.write_bytes(body.replace(b"\x02\x01", b"\x02\x02"))

    monkeypatch.setattr("openline.app.backups.write_manifest", spoil)
    with pytest.raises((BadUse, LedgerFault)):
        back_up(node, tmp_path / "backup", with_secret=False, at_ms=NOON_MS, progress=no_bar)
    assert not (tmp_path / "backup").exists()


def test_nothing_is_written_over(node: Path, backup: Path, tmp_path: Path) -> None:
    for words in (["backup", "--data", node, "--to", backup], ["restore", backup, "--data", node]):
        done = run(*words)
        assert (done.exit_code, "nothing is written over" in done.stderr) == (2, True)
    with served(node):
        assert run("restore", backup, "--data", node).exit_code == 2
        assert run("backup", "--data", node, "--to", tmp_path / "while-served").exit_code == 0
    assert run("restore", node, "--data", tmp_path / "new").exit_code == 2
    assert run("restore", backup, "--data", tmp_path / "new", "--checkpoint", backup).exit_code == 2


def test_a_key_that_is_destroyed_while_the_escrow_file_is_written_does_not_come_back(
    node: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileAttachments(node, tmp_path / "escrow")
    erasing = iter([True])

    def meanwhile(path: Path, lines: bytes) -> None:
        if next(erasing, False):
            store.destroy([NAMES[0]])
        write_escrow(path, lines)

    monkeypatch.setattr("openline.app.backups.write_escrow", meanwhile)
    back_up(node, tmp_path / "backup", with_secret=False, at_ms=NOON_MS, progress=no_bar)
    assert [name for name, _ in read_lines(tmp_path / "escrow")] == [NAMES[1]]


@pytest.mark.parametrize("content", [b"", b"\xff", b'{"origin":"\xff"}', b"[]"])
def test_a_mark_that_cannot_be_read_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MARK_NAME).write_bytes(content)
    with pytest.raises(BadUse, match="cannot be read"):
        read_mark(tmp_path)
