"""The newest witnessed head in a published folder: what a monitor finds beside the checkpoint."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openline.adapters.sqlite_reader import SqliteReader
from openline.app import witnessed_head
from openline.app.cli import app
from openline.app.composition import LEDGER_NAME
from openline.app.publishing import publish_ledger
from openline.app.witnessed_head import witnessed_note
from openline.core.errors import LedgerFault
from openline.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from openline.ledger.cosignature import confirmed_cosignatures, cosigner_of
from openline.ledger.note import NoteVerifier
from tests.cosigning import MONITOR, cosign_all, cosigning, name_of, watched_town, witness_signer
from tests.data_folders import keep
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, on_ground, presence

COSIGNERS = [cosigner_of(name_of(party), witness_signer(party)) for party in (NORTH, SOUTH, MONITOR)]


def publish(town: Town, folder: Path, name: str = "node") -> tuple[int, int]:
    """Publish a town's ledger as it is now; gives the witnessed size in the folder, and its cosignatures."""
    (folder / name / LEDGER_NAME).unlink(missing_ok=True)
    settings = keep(town, folder / name)
    publish_ledger(folder / name, settings, folder / "public")
    path = folder / "public" / "checkpoint.witnessed"
    if not path.exists():
        return 0, 0
    note = path.read_text(encoding="utf-8")
    head = open_checkpoint(note, NoteVerifier(ORIGIN, town.secrets.signer.public_key))
    return head.size, len(confirmed_cosignatures(note, COSIGNERS))


def verify(folder: Path) -> Result:
    return CliRunner().invoke(app, ["verify", str(folder / "public"), "--json"])


def test_the_newest_head_that_is_witnessed_lies_beside_the_checkpoint(tmp_path: Path) -> None:
    town = watched_town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    assert publish(town, tmp_path) == (0, 0)
    first = town.line.committed
    late = cosigning(town, MONITOR, first)
    one, other = cosigning(town, NORTH, first), cosigning(town, SOUTH, first)
    town.line.commit([one], town.now_ms)
    assert publish(town, tmp_path) == (0, 0)
    town.line.commit([other], town.now_ms)
    assert publish(town, tmp_path) == (first, 2)
    assert publish(town, tmp_path) == (first, 2)
    town.line.commit([late], town.now_ms)
    assert publish(town, tmp_path) == (first, 3)
    town.tell(SOUTH, presence(on_ground(NOON_MS, north_m=9_000.0)))
    second = town.line.committed
    assert publish(town, tmp_path) == (first, 3)
    cosign_all(town, NORTH, SOUTH)
    assert publish(town, tmp_path) == (second, 2)
    assert town.line.committed > second
    assert json.loads(verify(tmp_path).stdout)["checks"]["witnessed"] == second


def test_a_folder_that_is_begun_late_has_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    town = watched_town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    size = town.line.committed
    cosign_all(town, NORTH, SOUTH)
    town.tell(SOUTH, presence(on_ground(NOON_MS, north_m=9_000.0)))
    assert publish(town, tmp_path) == (size, 2)
    monkeypatch.setattr(witnessed_head, "_FAR", 1)
    with closing(SqliteReader(tmp_path / "node" / LEDGER_NAME)) as reader:
        assert witnessed_note(reader, 0, 0) == ""


def test_a_witnessed_head_of_another_tree_or_of_more_than_is_there_is_refused(tmp_path: Path) -> None:
    town = watched_town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    size = town.line.committed
    cosign_all(town, NORTH, SOUTH)
    assert publish(town, tmp_path) == (size, 2)
    path = tmp_path / "public" / "checkpoint.witnessed"
    good = path.read_bytes()
    signer = town.secrets.signer
    for bad in (
        sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), signer),
        sign_checkpoint(Checkpoint(ORIGIN, size + 500, bytes(32)), signer),
        sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), witness_signer(NORTH)),
    ):
        path.write_text(bad, encoding="utf-8")
        assert verify(tmp_path).exit_code == 1
    with pytest.raises(LedgerFault, match=r"checkpoint\.witnessed"):
        publish(town, tmp_path)
    path.write_bytes(good)
    assert verify(tmp_path).exit_code == 0
