"""Settings about witnesses: written as they are read, and refused where they cannot be followed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from openline.adapters.clock import ManualClock
from openline.app.cli import app
from openline.app.commands.desk import witness_sentence
from openline.app.configuration import Settings, read_settings, write_settings
from openline.app.witness_settings import LogSettings, WitnessSettings, named_witnesses, read_witness_file
from openline.app.witnessing import make_witness, witness_alone
from openline.core.errors import BadUse
from openline.ledger.note import NoteVerifier, format_verifier_key
from openline.ledger.witnessing import Declined
from tests.cosigning import witness_key
from tests.growing_log import ORIGIN, Log
from tests.parties import NOON_MS, NORTH, SOUTH

LOG = Log(20)
LOG_KEY = format_verifier_key(LOG.verifier)


def witness(party: str = NORTH, **more: str) -> WitnessSettings:
    return WitnessSettings(
        party=party, key=more.get("key", witness_key(party)), url=more.get("url", "http://[::1]:1/x")
    )


def test_the_settings_of_a_node_are_written_and_read(tmp_path: Path) -> None:
    settings = Settings(
        origin="line.example/town",
        drill=True,
        witness_name="town.example/w",
        witnesses=[witness(), witness(SOUTH, url="http://localhost:8461")],
        witnessed_logs=[LogSettings(key=LOG_KEY)],
    )
    write_settings(tmp_path, settings)
    assert read_settings(tmp_path) == settings
    named = named_witnesses(settings.witnesses, NOON_MS)
    assert [(event.party, event.key) for event in named] == [(p, witness_key(p)) for p in (NORTH, SOUTH)]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (Settings(origin="a", witnesses=[witness(key=LOG_KEY)]), "0x01"),
        (Settings(origin="a", witnesses=[witness(), witness()]), "two witnesses"),
        (Settings(origin="a", drill=True, witnesses=[witness(url="https://witness.example")]), "drill"),
        (Settings(origin="a", drill=True, witnesses=[witness(url="http://localhost.example")]), "drill"),
        (Settings(origin="a", witnesses=[witness(url="http://a:99999")]), "address"),
        (Settings(origin="a", witnesses=[witness(url="http://[a")]), "address"),
        (Settings(origin="a", witnessed_logs=[LogSettings(key=witness_key(NORTH))]), "Ed25519"),
        (Settings(origin="a", witnessed_logs=[LogSettings(key="x")]), "logs"),
        (Settings(origin="a", witness_name="two words"), "name"),
    ],
)
def test_settings_that_cannot_be_followed(tmp_path: Path, wrong: Settings, match: str) -> None:
    write_settings(tmp_path, wrong)
    with pytest.raises(BadUse, match=match) as caught:
        read_settings(tmp_path)
    assert caught.value.code == "CONFIGURATION_INVALID"


def test_a_witness_is_made_once_and_remembers(tmp_path: Path) -> None:
    folder = tmp_path / "w"
    make_witness(folder, "alpha.example/w1", [LOG_KEY, LOG_KEY], "127.0.0.1", 0)
    assert read_witness_file(folder).logs == [LogSettings(key=LOG_KEY)] * 2
    keys = set()
    for old, size in ((0, 7), (7, 20)):
        _, served, store = witness_alone(folder, ManualClock(NOON_MS), lambda *_: None)
        assert served.witness.logs == {ORIGIN: (LOG.verifier,)}
        served.witness.add_checkpoint(LOG.body(old, size))
        with pytest.raises(Declined):
            served.witness.add_checkpoint(LOG.body(0, 7))
        keys.add(served.witness.cosigner)
        store.close()
    assert len(keys) == 1


def test_a_log_that_changes_its_key_is_watched_under_both(tmp_path: Path) -> None:
    new = Log(20, seed=bytes([3] * 32))
    keys = [LOG_KEY, format_verifier_key(NoteVerifier(ORIGIN, new.signer.public_key))]
    make_witness(tmp_path, "alpha.example/w1", keys, "127.0.0.1", 0)
    _, served, store = witness_alone(tmp_path, ManualClock(NOON_MS), lambda *_: None)
    served.witness.add_checkpoint(LOG.body(0, 7))
    served.witness.add_checkpoint(new.body(7))
    store.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no settings of a witness"),
        (["--log", LOG_KEY], "no settings of a witness"),
        (["--name", "two words"], "name"),
        (["--name", "a.example/w", "--log", "x"], "logs"),
    ],
)
def test_the_command_refuses_calmly(tmp_path: Path, arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["witness", "--data", str(tmp_path / "w"), *arguments])
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())


def test_a_witness_is_not_made_over_another(tmp_path: Path) -> None:
    make_witness(tmp_path, "alpha.example/w1", [], "127.0.0.1", 0)
    before = (tmp_path / "witness.toml").read_bytes()
    result = CliRunner().invoke(app, ["witness", "--data", str(tmp_path), "--name", "bravo.example/w1"])
    assert result.exit_code == 2
    assert (tmp_path / "witness.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("ready", "says"),
    [
        (
            {"entries": 8, "witnessed": 7, "witnesses": {"answering": 2, "silent": 1}},
            "7 of 8 entries; 2 of 3",
        ),
        ({"entries": 8, "witnessed": 0, "witnesses": {"trouble": 1}}, "something is wrong"),
        ({"entries": 8, "witnessed": None, "witnesses": {"answering": 0}}, ""),
        ({"entries": 8, "witnessed": None, "witnesses": {"answering": 1}}, "1 of 1 witnesses answer"),
        ({"entries": 8}, ""),
    ],
)
def test_status_says_how_far_the_record_is_witnessed(ready: dict[str, object], says: str) -> None:
    said = witness_sentence(ready)
    assert says in said
    assert bool(says) == bool(said)
