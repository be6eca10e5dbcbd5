"""What is erased is nowhere: no file of the data folder holds bytes, salt or key, whenever the node stopped."""

from __future__ import annotations

import asyncio
import os
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from openline.adapters.attachment_keys import read_lines
from openline.adapters.attachments import FileAttachments
from openline.app.cli import app
from openline.core.errors import NotFound
from openline.node.attached import Name
from openline.node.attachments import Attachments
from openline.node.ports import StoreError
from tests.folders import make_folder, town_in, with_setting
from tests.parties import NOON_MS, NORTH, Town, activity, in_air

SALT = sha256(b"a salt").digest()
PLATE = b"ZH 000042"
CONTENT = SALT + PLATE
DIGEST = sha256(CONTENT).hexdigest()
OTHER = sha256(b"another salt").digest() + b"ZH 000043"
OTHER_DIGEST = sha256(OTHER).hexdigest()
NAMES: list[Name] = [(NORTH, DIGEST), (NORTH, OTHER_DIGEST)]


class Silent:
    """Takes reports and keeps them."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __call__(self, sentence: str, error: Exception) -> None:
        self.said.append(f"{sentence} {error}")


def told(town: Town) -> int:
    """A notice with two attachments."""
    attachments = [{"digest": digest, "media_type": "text/plain"} for _, digest in NAMES]
    return town.tell(NORTH, activity(in_air(NOON_MS), attachments=attachments)).index


def erase(town: Town) -> None:
    town.declare(NORTH, {"type": "erasure", "attachment": DIGEST})


def traces(folder: Path, secrets: list[bytes]) -> list[str]:
    """Files that hold any of some bytes, as they are, in hexadecimal or in base64."""
    forms = {form for secret in secrets for form in (secret, secret.hex().encode(), b64encode(secret).rstrip(b"="))}
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [f"{path.name}: {form!r}" for path in files for form in forms if form in path.read_bytes()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "node")


def test_neither_bytes_nor_salt_nor_key_are_in_any_file_afterwards(folder: Path) -> None:
    town, store = town_in(folder), FileAttachments(folder)
    desk = Attachments(town.line, store, Silent())
    index = told(town)
    for name, content in zip(NAMES, (CONTENT, OTHER), strict=True):
        store.put(name, content)
    (key, other_key) = (key for _, key in read_lines(folder / "attachment-keys"))
    box = store.path(NAMES[0]).read_bytes()
    assert traces(folder, [key])
    assert traces(folder, [box])
    erase(town)
    desk.close()
    assert traces(folder, [key, SALT, PLATE, CONTENT, box, box[24:56]]) == []
    assert store.get(NAMES[0]) is None
    assert FileAttachments(folder).get(NAMES[1]) == OTHER
    assert traces(folder, [other_key])
    town.line.store.close()
    assert traces(folder, [key, SALT, PLATE, box]) == []
    done = CliRunner().invoke(app, ["verify", str(folder)])
    assert done.exit_code == 0, done.output
    record = town_after(folder, index)
    assert DIGEST.encode() in record


def town_after(folder: Path, index: int) -> bytes:
    """The payload of a told entry, read from the disk afresh."""
    town = town_in(folder)
    record = town.line.store.get(index)
    town.line.store.close()
    assert record is not None
    from openline.codec.envelope import read_envelope  # noqa: PLC0415
    from openline.ledger.told import split_told  # noqa: PLC0415

    return read_envelope(split_told(record.body)[1]).payload


def test_what_is_sent_after_its_erasure_was_followed_is_not_kept(folder: Path) -> None:
    """Its sender was let in while it was not erased, and comes to the disk behind the destruction."""
    town, store = town_in(folder), FileAttachments(folder)
    desk = Attachments(town.line, store, Silent())
    told(town)
    town.line.state.attached.check_sending(*NAMES[0])
    erase(town)
    with pytest.raises(NotFound) as refused:
        asyncio.run(desk.put(*NAMES[0], CONTENT))
    assert refused.value.code == "ATTACHMENT_ERASED"
    desk.close()
    assert store.get(NAMES[0]) is None
    town.line.store.close()


def test_what_stays_confirms_no_guess(folder: Path) -> None:
    """A plate has a million values: with the salt each is tried in a second, without it none is confirmed."""
    town, store = town_in(folder), FileAttachments(folder)
    Attachments(town.line, store, Silent())
    told(town)
    store.put(NAMES[0], CONTENT)
    guesses = [b"ZH %06d" % number for number in range(2_000)]
    assert [g for g in guesses if sha256(SALT + g).hexdigest() == DIGEST] == [PLATE]
    erase(town)
    town.line.store.close()
    stays = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    salts = [
        b"",
        *(stays[at : at + 32] for at in range(0, len(stays) - 32, 997)),
        (folder / "node.secret").read_bytes(),
    ]
    assert not any(sha256(salt + g).hexdigest() == DIGEST for salt in salts for g in (guesses[41:44]))


@pytest.mark.parametrize("stop", ["before the key", "after the key", "in the ciphertext"])
def test_a_stop_in_between_leaves_nothing_after_the_next_start(
    folder: Path, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town, store = town_in(folder), FileAttachments(folder)
    told(town)
    store.put(NAMES[0], CONTENT)
    key = next(key for _, key in read_lines(folder / "attachment-keys"))
    box = store.path(NAMES[0]).read_bytes()
    erase(town)
    if stop != "before the key":
        with monkeypatch.context() as cut:
            cut.setattr("openline.adapters.attachments._shred", _cut if stop == "after the key" else _half)
            with pytest.raises(StoreError):
                store.destroy([NAMES[0]])
    assert traces(folder, [box[-40:]])
    town.line.store.close()
    again = town_in(folder)
    Attachments(again.line, FileAttachments(folder), Silent()).start()
    again.line.store.close()
    assert traces(folder, [key, SALT, PLATE, box, box[-40:]]) == []


def _cut(_: Path) -> None:
    raise OSError(5, "the power went")


def _half(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(10))
    raise OSError(5, "the power went")


def test_a_key_that_a_power_cut_tore_opens_nothing_and_is_taken_away(folder: Path) -> None:
    store = FileAttachments(folder)
    for name, content in zip(NAMES, (CONTENT, OTHER), strict=True):
        store.put(name, content)
    lines = folder / "attachment-keys"
    whole = lines.read_bytes()
    lines.write_bytes(whole[:-20])
    torn = FileAttachments(folder)
    assert (torn.get(NAMES[0]), torn.get(NAMES[1])) == (CONTENT, None)
    assert torn.put(NAMES[1], OTHER)
    assert FileAttachments(folder).get(NAMES[1]) == OTHER
    whole = lines.read_bytes()
    lines.write_bytes(b" " * 120 + whole[120:])
    half = FileAttachments(folder)
    assert half.get(NAMES[0]) is None
    assert half.get(NAMES[1]) == OTHER
    assert whole[120:142] not in lines.read_bytes()


def test_the_escrow_file_holds_the_living_keys_only(folder: Path, tmp_path: Path) -> None:
    escrow = tmp_path / "stick" / "keys"
    escrow.parent.mkdir()
    with_setting(folder, attachment_escrow=str(escrow))
    town, store, silent = town_in(folder), FileAttachments(folder, escrow), Silent()
    Attachments(town.line, store, silent)
    told(town)
    for name, content in zip(NAMES, (CONTENT, OTHER), strict=True):
        store.put(name, content)
    keys = [key for _, key in read_lines(folder / "attachment-keys")]
    store.write_escrow()
    assert [name for name, _ in read_lines(escrow)] == NAMES
    assert escrow.stat().st_mode & 0o777 == 0o600 or os.name == "nt"
    with escrow.open("rb") as earlier:
        erase(town)
        assert traces(escrow.parent, [keys[0]]) == []
        assert earlier.read().strip() == b""
    assert read_lines(escrow) == [(NAMES[1], keys[1])]
    assert silent.said == []
    town.line.store.close()


def test_an_escrow_file_that_cannot_be_reached_is_said_and_mended_at_the_next_start(
    folder: Path, tmp_path: Path
) -> None:
    stick, away = tmp_path / "stick", tmp_path / "away"
    stick.mkdir()
    escrow = stick / "keys"
    town, store, silent = town_in(folder), FileAttachments(folder, escrow), Silent()
    Attachments(town.line, store, silent)
    told(town)
    store.put(NAMES[0], CONTENT)
    store.write_escrow()
    stick.rename(away)
    erase(town)
    assert "the escrow file" in silent.said[0]
    assert store.get(NAMES[0]) is None
    town.line.store.close()
    away.rename(stick)
    assert read_lines(escrow) != []
    again = town_in(folder)
    Attachments(again.line, FileAttachments(folder, escrow), silent).start()
    again.line.store.close()
    assert read_lines(escrow) == []
    assert len(silent.said) == 1


@pytest.mark.parametrize("sync", range(4))
def test_a_full_disk_keeps_nothing_of_an_attachment_that_was_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, sync: int
) -> None:
    """Whichever sync it is that fails: of the ciphertext, its folder, the keys, theirs."""
    store = FileAttachments(folder)
    if sync < 3:
        store.put(NAMES[1], OTHER)
    before = contents(folder)
    calls = iter(range(100))

    def full(_: int) -> None:
        if next(calls) == sync:
            raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(StoreError):
            store.put(NAMES[0], CONTENT)
    assert store.get(NAMES[0]) is None
    after = contents(folder)
    after.pop("attachment-keys", None) if not before.get("attachment-keys") else None
    assert after == before
    assert store.put(NAMES[0], CONTENT)
    assert FileAttachments(folder).get(NAMES[0]) == CONTENT


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_damage_is_called_so(folder: Path) -> None:
    store = FileAttachments(folder)
    store.put(NAMES[0], CONTENT)
    path = store.path(NAMES[0])
    path.write_bytes(path.read_bytes()[:-1] + b"\x00\x01")
    with pytest.raises(StoreError, match="damaged"):
        store.get(NAMES[0])


def test_keys_that_others_may_read_are_refused(folder: Path) -> None:
    FileAttachments(folder).put(NAMES[0], CONTENT)
    (folder / "attachment-keys").chmod(0o644)
    with pytest.raises(StoreError, match="other accounts"):
        FileAttachments(folder)
