"""A party makes its keys from a terminal, tells a real node of them, and both sides see who vouches for whom."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from openline.adapters import root_files
from openline.adapters.clock import ManualClock, SystemClock
from openline.adapters.key_files import Validity, write_key
from openline.app import passphrases
from openline.app.cli import app
from openline.app.commands import key_making
from openline.app.public_keys import read_public_key
from openline.codec.envelope import from_base64
from openline.codec.times import read_instant
from openline.core.event import RootsEnrolled
from openline.core.key_documents import RootSet
from openline.core.time import DAY_MS
from openline.intake.chain import Chain, Rests, ToldKey
from openline.keys.derive import derive_seed
from tests.key_town import KeyTown, name_of
from tests.parties import NORTH, SOUTH, Town, agreement
from tests.serving import Node


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def said(done: Result) -> str:
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return " ".join((done.stdout + done.stderr).split())


def done(*words: object) -> str:
    result = run(*words)
    assert result.exit_code == 0, said(result)
    return said(result)


@pytest.fixture
def safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a root of NORTH, cheap to open, and the file of its passphrase."""
    monkeypatch.chdir(tmp_path)
    write = root_files.write_root
    monkeypatch.setattr(key_making, "write_root", lambda *a, **k: write(*a, **k, cost=root_files.LEAST))
    words = tmp_path / "words"
    words.write_text("orbit lantern gravel seven\n")
    words.chmod(0o600)
    monkeypatch.setenv(passphrases.FILE_VARIABLE, str(words))
    done("key", "root", "root.key", "--party", NORTH)
    return tmp_path


def town_of(safe: Path) -> Town:
    town = Town()
    key = read_public_key(safe / "root.pub").public_key
    town.administer([RootsEnrolled(at_ms=town.now_ms, party=NORTH, keys=(key,), threshold=1)])
    return town


def officer_seed(party: str) -> bytes:
    """Of the key that the operator enrolled for a party's duty officer."""
    return derive_seed(b"the keys of the town", f"{party}/duty_officer")


FROM = "2026-03-01T10:00:00Z"


def test_from_a_root_to_an_officer_who_tells_and_is_taken_back(safe: Path) -> None:
    town = town_of(safe)
    done("key", "issuer", "issuer.key", "--root", "root.key", "--from", FROM, "--days", 60)
    done("key", "officer", "officer.key", "--issuer", "issuer.key", "--watch", "First watch", "--from", FROM)
    done("key", "revoke", _id_of("officer.json"), "--by", "issuer.key", "--out", "lost.json", "--reason", "Left behind")
    with Node(town) as node:
        for name in ("issuer.json", "officer.json"):
            assert "Recorded as entry" in done("key", "submit", name, "--node", node.url)
        assert "had been told before" in done("key", "submit", "issuer.json", "--node", node.url)
        held = done("key", "show", "officer.key", "--node", node.url)
        assert "First watch" not in held
        assert "duty_officer in force vouched for by" in held
        assert "enrolled by the operator" in held
        (safe / "notice.toml").write_text(NOTICE)
        done("send", "notice.toml", "--key", "officer.key", "--node", node.url)
        done("key", "submit", "lost.json", "--node", node.url)
        refused = run("send", "notice.toml", "--key", "officer.key", "--node", node.url)
        assert refused.exit_code == 2
        assert "KEY_REVOKED" in said(refused)
        assert "KEY_REVOKED" in said(run("key", "show", "officer.key", "--node", node.url))
        keys = node.get("/keys", SOUTH).json()
    check_without_the_node(safe, keys, town)


def test_an_officer_is_told_when_a_key_ends_within_a_day(safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    end_ms = read_instant("2026-03-09T10:00:00Z", path="")
    validity = Validity(not_before=FROM, not_after="2026-03-09T10:00:00Z", watch="First watch")
    write_key(safe / "officer.key", officer_seed(NORTH), party=NORTH, role="duty_officer", validity=validity)
    write_key(safe / "old.key", officer_seed(SOUTH), party=SOUTH, role="duty_officer")
    (safe / "notice.toml").write_text(NOTICE)
    clock = ManualClock(end_ms - DAY_MS)
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: clock.now_ms())
    with Node() as node:
        sent = ("send", "notice.toml", "--node", node.url, "--key")
        assert "Your key" not in done(*sent, "officer.key")
        clock.advance(1)
        within = run(*sent, "officer.key", "--json")
        words = "Your key as duty_officer of NORTH ends at 2026-03-09T10:00:00Z. Have the next one made.\n"
        assert (within.exit_code, within.stderr) == (0, words)
        assert msgspec.json.decode(within.stdout)["alarms"] == []
        clock.move_to(end_ms)
        assert "ended at 2026-03-09T10:00:00Z" in said(run(*sent, "officer.key"))
        assert "Your key" not in done(*sent, "old.key")


def check_without_the_node(safe: Path, keys: dict[str, list[dict[str, object]]], town: Town) -> None:
    """What SOUTH read from the node, and NORTH's root from its own hand, show who told the notice."""
    documents = msgspec.convert(keys["parties"][0]["documents"], list[dict[str, str | int]])
    told = [
        ToldKey(
            index=int(d["index"]),
            at_ms=read_instant(str(d["recorded_at"]), path=""),
            raw=from_base64(str(d["envelope"])),
        )
        for d in documents
    ]
    root = from_base64(read_public_key(safe / "root.pub").public_key)
    chain = Chain({NORTH: RootSet(keys=(root,))}, told)
    assert not chain.faults
    (held,) = town.line.state.held.values()
    record = town.line.record(held.index)
    assert record is not None
    raw = record.body.partition(b"\n")[2]
    assert chain.judge(raw, index=held.index, at_ms=held.recorded_ms).rests is Rests.ON_ROOT


NOTICE = """agreement = "town"
[notice]
type = "ground_presence"
mobility = "static"
protection_class = "troops"
[[notice.volumes]]
time_start = "2026-03-01T12:00:00Z"
outline_circle = { center = { lat = 36.37, lng = 37.516 }, radius = { value = 100, units = "M" } }
"""


def _id_of(document: str) -> str:
    shown = msgspec.json.decode(run("key", "show", document, "--json").stdout)
    return str(shown["key_id"])


def test_roots_are_replaced_by_people_who_sign_one_file_in_turn(safe: Path) -> None:
    done("key", "root", "second.key", "--party", NORTH)
    done("key", "root", "third.key", "--party", NORTH)
    made = ("key", "replace-roots", "change.json", "--root", "second.pub", "--root", "third.pub", "--threshold", 2)
    done(*made, "--key", "root.key")
    with Node(town_of(safe)) as node:
        early = run("key", "submit", "change.json", "--node", node.url)
        assert "KEY_UNVOUCHED" in said(early)
        for name in ("second.key", "third.key"):
            done("key", "replace-roots", "change.json", "--key", name)
        done("key", "submit", "change.json", "--node", node.url)
        held = node.get("/keys", SOUTH).json()["parties"][0]
    assert (len(held["roots"]), held["threshold"]) == (2, 2)
    assert "replaces the roots" in done("key", "show", "change.json")
    assert run(*made, "--key", "root.key").exit_code == 2


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("key", "issuer", "i.key", "--root", "words"), "CONFIGURATION_INVALID"),
        (("key", "issuer", "i.json", "--root", "root.key"), "what is public of a key"),
        (("key", "officer", "o.key", "--issuer", "root.key", "--watch", "w"), "an issuer is asked for"),
        (("key", "revoke", "missing.pub", "--by", "root.key", "--out", "x.json"), "FILE_UNREADABLE"),
        (("key", "replace-roots", "none.json", "--key", "root.key"), "FILE_UNREADABLE"),
        (("key", "submit", "root.pub"), "CONFIGURATION_INVALID"),
        (("key", "issuer", "i.key", "--root", "root.key", "--from", "tomorrow"), "TIME_INVALID"),
        (("key", "issuer", "i.key", "--root", "root.key", "--passphrase-file", "wrong"), "passphrase does not open"),
        (("key", "issuer", "i.key", "--root", "root.key", "--passphrase-file", "open"), "other accounts"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(safe: Path, words: tuple[str, ...], why: str) -> None:
    (safe / "wrong").write_text("another four words here")
    (safe / "wrong").chmod(0o600)
    (safe / "open").write_text("orbit lantern gravel seven")
    (safe / "open").chmod(0o644)
    before = sorted(path.name for path in safe.iterdir())
    refused = run(*words)
    assert refused.exit_code == 2
    assert why in said(refused)
    assert sorted(path.name for path in safe.iterdir()) == before


def test_nobody_to_ask_is_said(safe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(passphrases.FILE_VARIABLE)
    refused = run("key", "issuer", "i.key", "--root", "root.key")
    assert "nobody is there to ask" in said(refused)
    assert safe.exists()


@pytest.mark.usefixtures("safe")
def test_what_a_file_is() -> None:
    done("key", "issuer", "issuer.key", "--root", "root.key", "--from", FROM)
    done("key", "revoke", "root.pub", "--by", "root.key", "--out", "x.json", "--suspected-since", FROM)
    assert "a public key" in done("key", "show", "root.pub")
    assert "closed with a passphrase" in done("key", "show", "root.key")
    shown = done("key", "show", "issuer.key")
    assert "a private key" in shown
    assert "2026-05-30T10:00:00Z" in shown
    assert "seed" not in shown
    assert "takes back a key" in done("key", "show", "x.json")
    assert "vouches for an issuer key" in done("key", "show", "issuer.json")


def test_an_agreement_is_signed_with_a_closed_root(safe: Path) -> None:
    (safe / "terms.toml").write_bytes(agreement())
    done("agreement", "sign", "terms.toml", "--key", "root.key", "--out", "terms.json")


def test_sessions_of_a_key_that_is_taken_back_end() -> None:
    town = KeyTown()
    officer = town.appoint(town.issue())
    with Node(town) as node:
        assert node.get("/alerts", NORTH).status_code == 200
        with node.feed(NORTH) as frames:
            assert next(frames) is None
            raw = town.written_keys({"type": "revocation", "key_id": name_of(officer)}, [town.root()])
            assert node.http.post("/keys", content=raw).status_code == 201
            kinds = [frame.kind for frame in frames if frame is not None]
        assert kinds[-1] == "session_expired"
        assert node.get("/alerts", NORTH).json()["code"] == "SESSION_EXPIRED"
        challenge = node.http.post("/sessions/challenge").json()["challenge"]
        again = node.http.post("/sessions", content=town.pens[NORTH].session(challenge))
        assert (again.status_code, again.json()["code"]) == (403, "KEY_REVOKED")


def test_an_expired_key_reads_for_one_day_more() -> None:
    town = KeyTown()
    town.appoint(town.issue(), end_ms=town.now_ms + DAY_MS)
    with Node(town) as node:
        for days, status in ((1.0, 201), (1.9, 201), (2.1, 403)):
            node.clock.move_to(town.now_ms + int(days * DAY_MS))
            challenge = node.http.post("/sessions/challenge").json()["challenge"]
            opened = node.http.post("/sessions", content=town.pens[NORTH].session(challenge))
            assert opened.status_code == status


def test_keys_of_strangers_are_not_shown() -> None:
    town = KeyTown()
    town.issue()
    town.pens["WEST"] = Town(parties=(NORTH, SOUTH, "WEST")).pens["WEST"]
    with Node(town) as node:
        shown = node.get("/keys", SOUTH).json()
        assert [party["party"] for party in shown["parties"]] == [NORTH, SOUTH]
        assert [len(party["documents"]) for party in shown["parties"]] == [1, 0]
        index = shown["parties"][0]["documents"][0]["index"]
        assert node.get(f"/entries/{index}", SOUTH).status_code == 200
