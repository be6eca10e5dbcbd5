"""Publishing from a data folder, once or beside a running node: it reads only, and nothing waits for it."""

from __future__ import annotations

import json
import threading
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openline.adapters.sqlite_reader import SqliteReader
from openline.app.cli import app
from openline.app.commands.serve import publishing
from openline.app.composition import open_line, open_store
from openline.app.configuration import read_settings
from openline.app.publishing import Publisher, publish_ledger
from openline.node.batch import Delivery
from openline.node.ports import StoreError
from tests.data_folders import keep
from tests.parties import NOON_MS, NORTH, SOUTH, Town, on_ground, presence

SIZE = 300


@cache
def town() -> Town:
    made = Town()
    while len(made.store.records) < SIZE:
        made.tell(NORTH, presence(on_ground(NOON_MS)))
    return made


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def said(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return " ".join((done.stdout + done.stderr).split())


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def size_of(folder: Path) -> int:
    return int((folder / "checkpoint").read_text().split("\n")[1])


def test_publish_writes_a_folder_that_verifies_and_leaves_the_data_folder_as_it_was(tmp_path: Path) -> None:
    keep(town(), tmp_path / "node")
    before = bytes_of(tmp_path / "node")
    done = run("publish", "--data", tmp_path / "node", "--to", tmp_path / "public", "--json")
    assert json.loads(done.stdout)["entries"] == SIZE
    assert run("verify", tmp_path / "public").exit_code == 0
    assert run("verify", tmp_path / "node").exit_code == 0
    assert bytes_of(tmp_path / "node") == before
    assert "0 files were written" in said(run("publish", "--data", tmp_path / "node", "--to", tmp_path / "public"))


def test_publish_works_beside_the_node_that_writes(tmp_path: Path) -> None:
    settings = keep(town(), tmp_path / "node")
    with closing(open_store(tmp_path / "node")) as store:
        line = open_line(tmp_path / "node", settings, store)
        for number in range(3):
            line.commit([Delivery(party=SOUTH, entries=(number,), channel="http")], NOON_MS)
            publish_ledger(tmp_path / "node", settings, tmp_path / "public")
            assert size_of(tmp_path / "public") == line.committed == SIZE + number + 1
    assert run("verify", tmp_path / "public").exit_code == 0


def test_a_reader_sees_one_moment(tmp_path: Path) -> None:
    settings = keep(town(), tmp_path / "node")
    with closing(open_store(tmp_path / "node")) as store:
        line = open_line(tmp_path / "node", settings, store)
        with closing(SqliteReader(tmp_path / "node" / "ledger.sqlite")) as reader:
            line.commit([Delivery(party=SOUTH, entries=(1,), channel="http")], NOON_MS)
            assert store.size() == SIZE + 1
            assert reader.size() == len(list(reader.leaves())) == len(list(reader.read())) == SIZE
            assert reader.checkpoint() == town().store.note
            assert [size for size, _ in reader.checkpoints()][-1] == SIZE
            assert reader.get(SIZE) is None
            assert reader.get(3) == town().store.records[3]


def test_a_node_that_begins_while_a_copy_is_read_is_noticed(tmp_path: Path) -> None:
    keep(town(), tmp_path / "node")
    ledger = tmp_path / "node" / "ledger.sqlite"
    with (
        closing(SqliteReader(ledger)) as reader,
        closing(open_store(tmp_path / "node")),
        pytest.raises(StoreError, match="while it was read"),
    ):
        list(reader.read())


def test_what_is_no_ledger_is_bad_use(tmp_path: Path) -> None:
    keep(Town(), tmp_path / "node")
    settings = read_settings(tmp_path / "node")
    ledger = tmp_path / "node" / "ledger.sqlite"
    for content in (b"", b"no database" * 100):
        ledger.write_bytes(content)
        assert run("publish", "--data", tmp_path / "node", "--to", tmp_path / "public").exit_code == 2
    ledger.unlink()
    assert run("publish", "--data", tmp_path / "node", "--to", tmp_path / "public").exit_code == 2
    open_store(tmp_path / "node").close()
    assert "nothing to publish yet" in said(run("publish", "--data", tmp_path / "node", "--to", tmp_path / "public"))
    assert not (tmp_path / "public").exists()
    assert settings.publish == ""


def test_a_node_keeps_its_folder_up_to_date(tmp_path: Path) -> None:
    settings = keep(town(), tmp_path / "node", publish="public")
    assert read_settings(tmp_path / "node").publish == "public"
    with closing(open_store(tmp_path / "node")) as store:
        line = open_line(tmp_path / "node", settings, store)
        with publishing(tmp_path / "node", settings, line):
            for number in range(5):
                line.commit([Delivery(party=SOUTH, entries=(number,), channel="http")], NOON_MS)
        assert size_of(tmp_path / "node" / "public") == line.committed == SIZE + 5
    assert run("verify", tmp_path / "node" / "public").exit_code == 0


def test_nothing_waits_for_a_folder_that_takes_its_time(tmp_path: Path) -> None:
    settings = keep(town(), tmp_path / "node")
    begun, go = threading.Event(), threading.Event()
    published: list[int] = []

    def slowly() -> None:
        begun.set()
        assert go.wait(30)
        published.append(line.committed)

    publisher = Publisher(slowly, lambda _sentence, _error: None, pause_s=0)
    with closing(open_store(tmp_path / "node")) as store:
        line = open_line(tmp_path / "node", settings, store)
        line.listen(publisher.committed)
        publisher.start()
        assert begun.wait(30)
        for number in range(20):
            line.commit([Delivery(party=SOUTH, entries=(number,), channel="http")], NOON_MS)
        assert published == []
        go.set()
        publisher.stop()
        # all those commits share what is left to do
        assert published[-1] == SIZE + 20
        assert len(published) <= 3


def test_a_folder_that_cannot_be_written_is_reported_once_and_taken_up_when_it_can() -> None:
    reports: list[str] = []
    turns = [OSError("no room"), OSError("no room"), OSError("gone"), None, OSError("no room")]
    done = threading.Semaphore(0)

    def publish() -> None:
        error = turns.pop(0)
        done.release()
        if error is not None:
            raise error

    publisher = Publisher(publish, lambda _sentence, error: reports.append(str(error)), pause_s=0)
    publisher.start()
    for _ in range(4):
        assert done.acquire(timeout=30)
        publisher.committed()
    assert done.acquire(timeout=30)
    turns.append(None)
    publisher.stop()
    assert reports == ["no room", "gone", "no room"]
