"""The published folder: what a checkpoint costs, what is never written over, and what a crash at any moment leaves."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.adapters import folders, tile_folder
from openline.adapters.tile_files import CHECKPOINT, KEY_FILE, TileFiles
from openline.adapters.tile_folder import TileFolder
from openline.core.errors import BadUse, LedgerFault
from openline.keys.signing import Signer
from openline.ledger.checkpoint import format_checkpoint, open_checkpoint
from openline.ledger.note import Note, format_note, format_verifier_key, parse_note, sign_note
from openline.ledger.tiles import TileName, encode_bundle, format_tile_path, hash_tile, tiles_between
from openline.ledger.verify_tiles import verify_tiles
from tests.logs import Log

LOG = Log(1_300)
SIZES = (1, 2, 255, 256, 257, 511, 512, 513, 767, 768, 1_024, 1_300)


def publish(folder: Path, log: Log, size: int) -> int:
    return TileFolder(folder, log.verifier).publish(log.note(size), log.from_index)


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def expected(log: Log, name: TileName) -> bytes:
    if name.level is not None:
        return hash_tile(log.tree, name)
    return encode_bundle(log.leaves[name.index * 256 : name.index * 256 + name.width])


def verified(folder: Path, log: Log) -> int:
    """The size of the folder's checkpoint, under which all of it verifies; 0 when there is none."""
    files = TileFiles(folder)
    note = files.checkpoint()
    if not note:
        return 0
    head = open_checkpoint(note, log.verifier)
    verify_tiles(files.tile, head, lambda _done, _total: None)
    return head.size


@pytest.mark.parametrize("size", SIZES)
def test_a_folder_made_at_once_holds_every_tile_of_the_tree_and_nothing_else(tmp_path: Path, size: int) -> None:
    written = publish(tmp_path, LOG, size)
    files = {format_tile_path(name): expected(LOG, name) for name in tiles_between(0, size)}
    files |= {CHECKPOINT: LOG.note(size).encode(), KEY_FILE: f"{format_verifier_key(LOG.verifier)}\n".encode()}
    assert content(tmp_path) == files
    assert written == len(files)
    assert verified(tmp_path, LOG) == size


@given(st.lists(st.integers(1, 1_300), min_size=2, max_size=6).map(sorted))
def test_however_it_grew_it_verifies_and_only_new_tiles_were_written(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("grown")
    old = 0
    for size in sizes:
        before = content(folder)
        publish(folder, LOG, size)
        after = content(folder)
        new = {path for path in after if after[path] != before.get(path)} - {CHECKPOINT, KEY_FILE}
        assert new == {format_tile_path(name) for name in tiles_between(old, size)}
        assert all(after[format_tile_path(name)] == expected(LOG, name) for name in tiles_between(0, size))
        assert verified(folder, LOG) == size
        old = size


def test_partial_tiles_go_once_the_full_one_is_there(tmp_path: Path) -> None:
    for size in (3, 200, 256):
        publish(tmp_path, LOG, size)
    assert not list(tmp_path.glob("tile/*/*.p/*[!1]"))
    assert sorted(p for p in content(tmp_path) if p.startswith("tile/")) == [
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/entries/000",
    ]


def test_the_same_checkpoint_again_changes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, LOG, 300)
    before = content(tmp_path)
    assert publish(tmp_path, LOG, 300) == 0
    assert content(tmp_path) == before


def test_a_note_with_more_signatures_takes_the_place_of_one_with_fewer_and_never_the_other_way(tmp_path: Path) -> None:
    publish(tmp_path, LOG, 300)
    text = format_checkpoint(LOG.head(300))
    witness = parse_note(sign_note(text, "witness.example/one", Signer(bytes([1]) * 32)))
    cosigned = format_note(Note(text, (*parse_note(LOG.note(300)).signatures, *witness.signatures)))
    assert TileFolder(tmp_path, LOG.verifier).publish(cosigned, LOG.from_index) == 1
    assert TileFiles(tmp_path).checkpoint() == cosigned
    assert publish(tmp_path, LOG, 300) == 0
    assert TileFiles(tmp_path).checkpoint() == cosigned


def refused(folder: Path, log: Log, size: int, code: str, match: str) -> None:
    before = content(folder)
    with pytest.raises(LedgerFault, match=match) as caught:
        publish(folder, log, size)
    assert caught.value.code == code
    assert content(folder) == before


@pytest.mark.parametrize("size", [255, 256, 300, 513])
def test_what_contradicts_the_folder_is_not_written(tmp_path: Path, size: int) -> None:
    publish(tmp_path, LOG, size)
    refused(tmp_path, LOG, size - 1, "FOLDER_DIFFERS", "holds")
    refused(tmp_path, Log(size, fork_at=size - 1), size, "FOLDER_DIFFERS", "another history")
    refused(tmp_path, Log(900, fork_at=0), 900, "FOLDER_DIFFERS", "another history")
    refused(tmp_path, Log(900, fork_at=size - 1), 900, "FOLDER_DIFFERS", "another history")
    refused(tmp_path, Log(900, origin="line.example/other"), 900, "FOLDER_DIFFERS", "signed")
    refused(tmp_path, Log(900, seed=bytes([1]) * 32), 900, "FOLDER_DIFFERS", "signed")
    publish(tmp_path, Log(900, fork_at=size), 900)


def test_leaves_that_do_not_fit_their_checkpoint_are_not_written(tmp_path: Path) -> None:
    for leaves in (LOG.leaves[:299], [*LOG.leaves[:299], LOG.leaves[0]]):
        with pytest.raises(LedgerFault) as caught:
            TileFolder(tmp_path, LOG.verifier).publish(LOG.note(300), lambda start, kept=leaves: iter(kept[start:]))  # type: ignore[misc]
        assert caught.value.code == "LEDGER_INVALID"
        assert not list(tmp_path.iterdir())


def test_leaves_that_were_changed_since_they_were_published_are_not_written_again(tmp_path: Path) -> None:
    """The bundle at the edge is written anew when it grows; the tree says what its first leaves were."""
    publish(tmp_path, LOG, 300)
    before = content(tmp_path)
    changed = [*LOG.leaves[:290], LOG.leaves[0], *LOG.leaves[291:]]
    with pytest.raises(LedgerFault) as caught:
        TileFolder(tmp_path, LOG.verifier).publish(LOG.note(400), lambda start: iter(changed[start:]))
    assert caught.value.code == "LEDGER_INVALID"
    assert content(tmp_path) == before


def test_a_tile_with_other_bytes_is_never_written_over(tmp_path: Path) -> None:
    publish(tmp_path, LOG, 300)
    for name, size in (("tile/0/001", 600), ("tile/entries/001", 600), ("tile/0/001.p/100", 356)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"other")
        with pytest.raises(LedgerFault, match="other bytes") as caught:
            publish(tmp_path, LOG, size)
        assert (caught.value.code, caught.value.path) == ("FOLDER_DIFFERS", name)
        assert path.read_bytes() == b"other"
        assert verified(tmp_path, LOG) == 300
        path.unlink()


def test_a_folder_whose_own_edge_was_changed_is_left_alone(tmp_path: Path) -> None:
    publish(tmp_path, LOG, 300)
    edge = tmp_path / "tile/0/001.p/44"
    edge.write_bytes(bytes(44 * 32))
    refused(tmp_path, LOG, 400, "LEDGER_INVALID", "its own checkpoint")
    edge.write_bytes(b"")
    refused(tmp_path, LOG, 400, "LEDGER_INVALID", "0 bytes")


class _Crash(BaseException):
    """The machine stops here."""


def crashing(after: int) -> Callable[[Path, bytes], None]:
    """Lay files down until `after` are there, then leave a half-written draft and stop."""
    done = 0
    lay_down = tile_folder._replace

    def stopping(path: Path, data: bytes) -> None:
        nonlocal done
        if done == after:
            path.with_name(f"{path.name}.tmp").write_bytes(data[: len(data) // 2])
            raise _Crash
        done += 1
        lay_down(path, data)

    return stopping


@pytest.mark.parametrize("old", [0, 200, 256, 300])
def test_a_crash_at_any_moment_leaves_what_verifies_and_the_next_run_takes_it_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: int
) -> None:
    crashes = 0
    for after in range(100):
        folder = tmp_path / str(after)
        if old:
            publish(folder, LOG, old)
        with monkeypatch.context() as patched:
            patched.setattr(tile_folder, "_replace", crashing(after))
            try:
                publish(folder, LOG, 800)
            except _Crash:
                crashes += 1
            else:
                break
        assert verified(folder, LOG) == old
        publish(folder, LOG, 900)
        assert verified(folder, LOG) == 900
    assert crashes == len(list(tiles_between(old, 800))) + 1 + (old == 0)


def test_tiles_are_on_disk_before_the_checkpoint_that_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real_sync, lay_down = folders.sync_folder, tile_folder._replace

    def syncing(folder: Path) -> None:
        order.append(f"sync {folder.relative_to(tmp_path).as_posix()}")
        real_sync(folder)

    def laying(path: Path, data: bytes) -> None:
        order.append(path.relative_to(tmp_path).as_posix())
        lay_down(path, data)

    monkeypatch.setattr(tile_folder, "sync_folder", syncing)
    monkeypatch.setattr(tile_folder, "_replace", laying)
    publish(tmp_path, LOG, 300)
    assert order[-2:] == [CHECKPOINT, "sync ."]
    tiles = [step for step in order if step.startswith("tile/")]
    assert len(tiles) == len(list(tiles_between(0, 300)))
    for tile in tiles:
        assert order.index(f"sync {Path(tile).parent.as_posix()}") > order.index(tile)
    assert {"sync tile", "sync .", "sync tile/0", "sync tile/entries"} < set(order)


def test_two_publishers_do_not_meet(tmp_path: Path) -> None:
    def meddling(start: int) -> object:
        with pytest.raises(BadUse, match="another program"):
            publish(tmp_path, LOG, 2)
        return LOG.from_index(start)

    TileFolder(tmp_path, LOG.verifier).publish(LOG.note(300), meddling)  # type: ignore[arg-type]
    assert verified(tmp_path, LOG) == 300


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to the superuser")
def test_a_folder_that_may_not_be_written_is_bad_use(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BadUse):
        publish(tmp_path / "public", LOG, 2)


def test_a_file_in_the_place_of_the_folder_is_bad_use(tmp_path: Path) -> None:
    (tmp_path / "public").write_text("no folder", encoding="utf-8")
    with pytest.raises(BadUse):
        publish(tmp_path / "public", LOG, 2)
