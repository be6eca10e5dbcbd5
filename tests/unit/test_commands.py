"""What the commands refuse, each with a code, what to do and exit status 2 (or 1 for a finding), never a traceback."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from openline.app.cli import app
from openline.app.composition import open_store
from openline.app.console import printable

SCENARIO = str(Path(__file__).parents[2] / "scenarios" / "al-bab-2017.toml")
TERMS = """id = "first"
version = 1
title = "First"
in_force_from = "2026-01-01T00:00:00Z"
[[parties]]
code = "ALPHA"
name = "Alpha"
[[parties]]
code = "BRAVO"
name = "Bravo"
[minima]
lateral_m = 1000
vertical_m = 150
[protection_radii_m]
troops = 1000
"""

LEDGER_KEY = "line.example/north+f6e55cd0+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def said(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return " ".join(done.stderr.split())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for party in ("ALPHA", "BRAVO"):
        for role in ("duty_officer", "root"):
            assert run("key", "new", f"{party}-{role}.key", "--party", party, "--role", role).exit_code == 0
    (tmp_path / "first.toml").write_text(TERMS, encoding="utf-8")
    return tmp_path


def test_a_private_key_is_not_written_where_the_public_one_goes(desk: Path) -> None:
    done = run("key", "new", "alpha.pub", "--party", "ALPHA")
    assert (done.exit_code, (desk / "alpha.pub").exists()) == (2, False)
    assert "ends in .pub" in said(done)
    assert run("key", "new", "x.key", "--party", "a b;$").exit_code == 2


def test_only_a_root_key_signs_an_agreement(desk: Path) -> None:
    done = run("agreement", "sign", "first.toml", "--key", "ALPHA-duty_officer.key", "--out", "s.json")
    assert (done.exit_code, (desk / "s.json").exists()) == (2, False)
    assert "only a root key signs" in said(done)


def test_a_node_is_not_made_of_an_agreement_that_lacks_a_signature(desk: Path) -> None:
    assert run("agreement", "sign", "first.toml", "--key", "ALPHA-root.key", "--out", "s.json").exit_code == 0
    keys = [word for path in sorted(desk.glob("*.pub")) for word in ("--public-key", path)]
    done = run("init", "node", "--origin", "line.example/x", "--agreement", "s.json", *keys)
    assert (done.exit_code, (desk / "node").exists()) == (2, False)
    assert "AGREEMENT_UNSIGNED" in said(done)
    assert run("agreement", "sign", "s.json", "--key", "BRAVO-root.key", "--out", "s.json").exit_code == 0
    assert run("init", "bad", "--origin", "a b\n", "--agreement", "s.json", *keys).exit_code == 2
    assert run("init", "node", "--origin", "line.example/x", "--agreement", "s.json", *keys).exit_code == 0


def test_a_place_that_cannot_be_written_is_said(desk: Path) -> None:
    (desk / "file").write_text("", encoding="utf-8")
    assert "FILE_UNREADABLE" in said(run("replay", SCENARIO, "--data", "file/x"))
    out = run("agreement", "sign", "first.toml", "--key", "ALPHA-root.key", "--out", "file/x")
    assert (out.exit_code, "FILE_UNREADABLE" in said(out)) == (2, True)


def test_a_file_that_is_nested_too_deeply_is_said(desk: Path) -> None:
    (desk / "deep.toml").write_text("a=" + "[" * 5_000, encoding="utf-8")
    for words in (["replay", "deep.toml"], ["agreement", "show", "deep.toml"]):
        done = run(*words)
        assert done.exit_code == 2
        assert said(done)


def test_settings_that_deny_the_drill_are_a_finding(desk: Path) -> None:
    assert run("replay", SCENARIO, "--data", "drill").exit_code == 0
    settings = desk / "drill" / "openline.toml"
    settings.write_text(settings.read_text(encoding="utf-8").replace("drill = true", "drill = false"), encoding="utf-8")
    done = run("verify", "drill")
    assert done.exit_code == 1
    assert "the ledger is a drill's" in said(done)


def test_a_drill_that_is_being_served_is_not_replaced(desk: Path) -> None:
    assert run("replay", SCENARIO, "--data", "drill").exit_code == 0
    store = open_store(desk / "drill")
    try:
        done = run("demo", "--exit", "--scenario", SCENARIO, "--data", "drill")
        assert done.exit_code == 2
        assert "another node" in said(done)
        assert store.size() > 0
    finally:
        store.close()


def test_an_empty_ledger_is_not_called_forged(desk: Path) -> None:
    assert run("replay", SCENARIO, "--data", "drill").exit_code == 0
    for path in (desk / "drill").glob("ledger.sqlite*"):
        path.unlink()
    open_store(desk / "drill").close()
    done = run("verify", "drill")
    assert (done.exit_code, "nothing has been recorded" in said(done)) == (2, True)


def test_a_place_where_nothing_is_to_verify_is_said_without_other_advice(desk: Path) -> None:
    done = run("verify", desk / "nowhere")
    assert (done.exit_code, "nothing is there Check the path." in said(done)) == (2, True)


def test_a_witness_without_a_ledger_says_so_and_what_to_do(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openline.app.commands.witness.serve_witness", lambda *_: None)
    alone = run("witness", "--data", desk / "w", "--name", "alpha.example/w1")
    assert alone.exit_code == 0, said(alone)
    assert "It watches no ledger yet, and cosigns nothing. Add the key of one to witness.toml" in alone.stdout
    with (desk / "w" / "witness.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[[logs]]\nkey = "{LEDGER_KEY}"\n')
    watching = run("witness", "--data", desk / "w")
    assert "It watches line.example/north." in watching.stdout
    assert "no ledger yet" not in watching.stdout


def test_nothing_that_comes_from_elsewhere_steers_the_terminal() -> None:
    assert printable("a\x1b[31mb\x00é\n") == "a\\x1b[31mb\\x00é\n"


@pytest.mark.parametrize(
    "node", ["garbage", "", "localhost:8460", "ftp://localhost", "http://", "http://a b", "http://[1"]
)
def test_an_address_that_is_none_is_said_before_anything_is_sent(desk: Path, node: str) -> None:
    (desk / "notice.toml").write_text("", encoding="utf-8")
    key = ("--key", "ALPHA-duty_officer.key")
    commands = (["send", "notice.toml", *key], ["watch", *key], ["ack", "x", *key], ["zones", *key], ["status"])
    for words in commands:
        done = run(*words, "--node", node)
        assert done.exit_code == 2, words
        assert "is not the address of a node" in said(done)
        assert "http://localhost:8460" in said(done)


@pytest.mark.parametrize("option", [("--count", "-1"), ("--after", "-2"), ("--count", "many")])
def test_numbers_that_mean_nothing_are_bad_use(desk: Path, option: tuple[str, str]) -> None:
    done = run("watch", "--key", desk / "ALPHA-duty_officer.key", *option)
    assert done.exit_code == 2
    assert option[0] in said(done)


def test_a_private_key_in_the_place_of_a_public_one_is_called_so(desk: Path) -> None:
    done = run("init", "n", "--origin", "o.example/x", "--agreement", "first.toml", "--public-key", "ALPHA-root.key")
    assert (done.exit_code, (desk / "n").exists()) == (2, False)
    assert "this is a private key" in said(done)
    assert "Give ALPHA-root.pub" in said(done)
    other = run("init", "n", "--origin", "o.example/x", "--agreement", "first.toml", "--public-key", "first.toml")
    assert (other.exit_code, "private key" in said(other)) == (2, False)


def spoiled(ledger: Path, how: str) -> None:
    if how == "damaged":
        ledger.write_bytes(b"SQLite format 3\x00" + bytes(range(256)) * 64)
        return
    changes = {
        "newer": "INSERT INTO migrations VALUES (999, '0999_from_next_year.sql', '00')",
        "other schema": "UPDATE migrations SET sha256 = '00'",
        "other program": "DROP TABLE migrations",
    }
    with closing(sqlite3.connect(ledger)) as held, held:
        held.execute(changes[how])


@pytest.mark.parametrize(
    ("how", "remedy"),
    [
        ("damaged", "put a copy back from a backup"),
        ("newer", "Update Openline"),
        ("other schema", "the version of Openline that has written it"),
        ("other program", "Name the data folder of a node"),
    ],
)
def test_a_ledger_that_cannot_be_opened_says_what_helps(desk: Path, how: str, remedy: str) -> None:
    assert run("replay", SCENARIO, "--data", "drill").exit_code == 0
    for path in (desk / "drill").glob("ledger.sqlite-*"):
        path.unlink()
    spoiled(desk / "drill" / "ledger.sqlite", how)
    for command in (["verify", "drill"], ["serve", "--data", "drill"]):
        done = run(*command)
        assert done.exit_code == 2
        assert remedy in said(done)
        assert "Stop the other" not in said(done)
        assert "disk" not in said(done)


def test_a_ledger_that_another_node_uses_is_not_served_but_verified(desk: Path) -> None:
    assert run("replay", SCENARIO, "--data", "drill").exit_code == 0
    store = open_store(desk / "drill")
    try:
        assert "Stop it first, or give this one its own folder." in said(run("serve", "--data", "drill"))
        assert run("verify", "drill").exit_code == 0
    finally:
        store.close()
