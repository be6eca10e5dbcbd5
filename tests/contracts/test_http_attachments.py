"""Attachments over a node that serves a data folder: sent, read, refused, erased, and what the commands say of it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from openline.adapters.attachments import FileAttachments
from openline.adapters.key_files import write_key
from openline.app.cli import app
from openline.core.time import to_text
from openline.keys.derive import derive_seed
from openline.node.ports import StoreError
from tests.folders import make_folder, served
from tests.parties import NOON_MS, NORTH, SOUTH, activity, circle, in_air, withdrawal
from tests.serving import Node

SALT = bytes(range(100, 132))
CREW = SALT + b"Crew: J. Doe, +41 79 000 00 00"
DIGEST = sha256(CREW).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "node")


@pytest.fixture
def node(folder: Path) -> Iterator[Node]:
    with served(folder) as node:
        yield node


def named(digest: str = DIGEST, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the document
    return {"digest": digest, "media_type": "text/plain"} | more


def with_crew(*digests: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    attachments = [named(digest) for digest in digests or (DIGEST,)]
    return activity(in_air(NOON_MS), attachments=attachments, **more)


def send(node: Node, party: str = NORTH, content: bytes = CREW, digest: str = DIGEST) -> httpx.Response:
    return node.http.post(f"/attachments/{digest}", content=content, headers=node.held(party))


def declare(node: Node, party: str, fields: dict[str, Any], name: str) -> httpx.Response:
    raw = node.town.pens[party].declaration(fields, identifier=name, at_ms=NOON_MS)
    return node.http.post("/declarations", content=raw)


def erase(node: Node, party: str = NORTH, name: str = "erasure-1") -> httpx.Response:
    return declare(node, party, {"type": "erasure", "attachment": DIGEST}, name)


def disclose(node: Node, entry: int) -> None:
    assert declare(node, NORTH, {"type": "disclosure", "entry": entry, "to": SOUTH}, "disclosure-1").status_code == 201


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_it_is_kept_for_its_teller_and_for_whom_the_notice_was_disclosed_to(node: Node, folder: Path) -> None:
    told = node.tell(NORTH, with_crew()).json()
    assert told["flags"] == node.tell(NORTH, activity(in_air(NOON_MS, east_m=9e4))).json()["flags"]
    assert send(node).status_code == 201
    again = send(node)
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    answer = node.get(f"/attachments/{DIGEST}", NORTH)
    assert (answer.status_code, answer.content) == (200, CREW)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["cache-control"] == "no-store"
    refused = node.get(f"/attachments/{DIGEST}", SOUTH)
    assert code(refused) == (404, "NOT_FOUND")
    assert refused.content == node.get(f"/attachments/{'0' * 64}", SOUTH).content
    assert refused.content == node.get("/attachments/none", SOUTH).content
    disclose(node, told["index"])
    assert node.get(f"/attachments/{DIGEST}", SOUTH).content == CREW
    assert b"J. Doe" not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_naming_the_digest_of_another_s_attachment_gives_nothing_of_it(node: Node) -> None:
    node.tell(NORTH, with_crew())
    send(node)
    node.tell(SOUTH, with_crew())
    assert code(node.get(f"/attachments/{DIGEST}", SOUTH)) == (404, "NOT_FOUND")
    assert erase(node, SOUTH).status_code == 201
    assert node.get(f"/attachments/{DIGEST}", NORTH).content == CREW
    assert code(node.get(f"/attachments/{DIGEST}", SOUTH)) == (410, "ATTACHMENT_ERASED")


@pytest.mark.parametrize("content", [b"", CREW[:31], CREW + b".", CREW[:-1], SALT[::-1] + CREW[32:]])
def test_other_bytes_than_the_notice_names_are_refused(node: Node, content: bytes) -> None:
    node.tell(NORTH, with_crew())
    assert code(send(node, content=content)) == (422, "VALUE_INVALID")
    assert code(node.get(f"/attachments/{DIGEST}", NORTH)) == (404, "NOT_FOUND")


def test_bytes_without_a_salt_are_refused_though_they_hash_to_it(node: Node) -> None:
    short = sha256(b"short").hexdigest()
    node.tell(NORTH, with_crew(short))
    assert code(send(node, content=b"short", digest=short)) == (422, "VALUE_INVALID")


def test_nobody_sends_what_no_notice_of_its_own_names(node: Node) -> None:
    assert code(send(node)) == (404, "NOT_FOUND")
    node.tell(NORTH, with_crew())
    assert code(send(node, SOUTH)) == (404, "NOT_FOUND")
    assert send(node).status_code == 201
    assert code(node.http.post(f"/attachments/{DIGEST}", content=CREW)) == (401, "SESSION_REQUIRED")
    assert code(node.http.get(f"/attachments/{DIGEST}")) == (401, "SESSION_REQUIRED")
    large = node.http.post(f"/attachments/{DIGEST}", content=bytes((1 << 20) + 1), headers=node.held(NORTH))
    assert code(large) == (413, "BODY_TOO_LARGE")


@pytest.mark.parametrize(
    "attachments",
    [
        [named("0" * 63)],
        [named(DIGEST.upper())],
        [named(media_type="text")],
        [named(media_type="a/b; c=d")],
        [named(name="J. Doe")],
        [named() for _ in range(17)],
        [{"media_type": "text/plain"}],
    ],
)
def test_a_malformed_reference_is_refused_with_its_path(node: Node, attachments: list[dict[str, Any]]) -> None:
    answer = node.tell(NORTH, activity(in_air(NOON_MS), attachments=attachments))
    assert code(answer) == (400, "PAYLOAD_MALFORMED")
    assert node.town.line.state.attached.named == {}


def test_every_kind_of_notice_names_attachments(node: Node) -> None:
    node.tell(NORTH, with_crew(), "notice-1")
    other = sha256(b"other").hexdigest()
    assert node.tell(NORTH, withdrawal("notice-1") | {"attachments": [named(other)]}).status_code == 201
    assert set(node.town.line.state.attached.named) == {DIGEST, other}


def test_an_erased_attachment_is_gone_for_everyone_and_does_not_come_back(node: Node) -> None:
    told = node.tell(NORTH, with_crew()).json()
    send(node)
    disclose(node, told["index"])
    receipt = erase(node)
    assert receipt.status_code == 201
    for party in (NORTH, SOUTH):
        assert code(node.get(f"/attachments/{DIGEST}", party)) == (410, "ATTACHMENT_ERASED")
    assert code(send(node)) == (410, "ATTACHMENT_ERASED")
    node.tell(NORTH, with_crew())
    assert code(send(node)) == (410, "ATTACHMENT_ERASED")
    assert erase(node).json()["duplicate"]
    assert erase(node, name="erasure-2").status_code == 201
    assert node.get(f"/entries/{told['index']}", SOUTH).status_code == 200
    assert node.get(f"/entries/{receipt.json()['index']}", SOUTH).status_code == 404


def test_nobody_erases_what_is_another_s(node: Node) -> None:
    node.tell(NORTH, with_crew())
    send(node)
    size = node.town.line.committed
    answer = erase(node, SOUTH)
    assert code(answer) == (404, "NOT_FOUND")
    assert (answer.json()["path"], node.town.line.committed) == ("attachment", size)
    assert node.get(f"/attachments/{DIGEST}", NORTH).content == CREW


def run(node: Node, folder: Path, *words: object, party: str = NORTH) -> Result:
    key = folder / f"{party}.key"
    if not key.exists():
        write_key(key, derive_seed(b"the keys of the town", f"{party}/duty_officer"), party=party, role="duty_officer")
    return CliRunner().invoke(app, [*map(str, words), "--key", str(key), "--node", node.url])


def test_the_commands_send_get_and_erase(node: Node, tmp_path: Path) -> None:
    notice, crew = tmp_path / "notice.toml", tmp_path / "J. Doe.txt"
    place = circle()["outline_circle"]
    notice.write_text(
        'agreement = "town"\n[notice]\ntype = "ground_presence"\nmobility = "static"\nprotection_class = "troops"\n'
        f"[[notice.volumes]]\ntime_start = {to_text(NOON_MS)!r}\n"
        f"outline_circle = {{ center = {{ lat = {place['center']['lat']}, lng = {place['center']['lng']} }}, "
        'radius = { value = 30, units = "M" } }\n',
        encoding="utf-8",
    )
    crew.write_bytes(b"J. Doe")
    told = run(node, tmp_path, "send", notice, "--attach", crew, "--attach", crew)
    assert told.exit_code == 0, told.output
    digests = [line.split()[1] for line in told.output.splitlines() if "attached" in line]
    assert len(set(digests)) == 2
    assert list((tmp_path / f"{NORTH}.attachments").iterdir()) == []
    held = node.town.line.state.held
    body = node.town.line.store.get(next(iter(held.values())).index)
    assert body is not None
    assert b"Doe" not in body.body
    (tmp_path / "got").touch(mode=0o644)
    got = run(node, tmp_path, "attachment", "get", digests[0], "--out", tmp_path / "got", "--salt", tmp_path / "salt")
    assert {(tmp_path / name).stat().st_mode & 0o077 for name in ("got", "salt")} == {0}
    assert got.exit_code == 0, got.output
    assert (tmp_path / "got").read_bytes() == b"J. Doe"
    assert sha256((tmp_path / "salt").read_bytes() + b"J. Doe").hexdigest() == digests[0]
    gone = run(node, tmp_path, "attachment", "erase", digests[0], "--reason", "asked for")
    assert "the node destroys it" in gone.output
    after = run(node, tmp_path, "attachment", "get", digests[0], "--out", tmp_path / "got")
    assert (after.exit_code, "ATTACHMENT_ERASED" in after.stderr) == (1, True)
    assert run(node, tmp_path, "attachment", "get", digests[1], "--out", tmp_path / "got").exit_code == 0
    assert run(node, tmp_path, "attachment", "send", digests[1]).exit_code == 2


def test_a_digest_is_no_path_to_other_files_of_the_desk(node: Node, tmp_path: Path) -> None:
    """Neither is the key sent to the node, nor does the file go when the node says that it has it."""
    folder, key = tmp_path / f"{NORTH}.attachments", tmp_path / f"{NORTH}.key"
    folder.mkdir()
    for text in (f"../{NORTH}.key", str(key)):
        done = run(node, tmp_path, "attachment", "send", text)
        assert (done.exit_code, "no digest" in " ".join(done.stderr.split())) == (2, True)
    assert key.exists()


def test_erasing_takes_what_still_waits_at_the_desk_too(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice, crew = tmp_path / "notice.toml", tmp_path / "crew.txt"
    notice.write_text('agreement = "town"\n[notice]\ntype = "withdrawal"\nwithdraws = "nothing"\n', encoding="utf-8")
    crew.write_bytes(b"J. Doe")
    with monkeypatch.context() as broken:
        broken.setattr(FileAttachments, "put", fails)
        run(node, tmp_path, "send", notice, "--attach", crew)
    (waiting,) = (tmp_path / f"{NORTH}.attachments").iterdir()
    assert run(node, tmp_path, "attachment", "erase", waiting.name).exit_code == 0
    assert not waiting.exists()


def fails(*_: object) -> bool:
    raise StoreError("the disk is full")


def test_what_could_not_be_sent_is_kept_and_sent_later(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice, crew = tmp_path / "notice.toml", tmp_path / "crew.txt"
    notice.write_text('agreement = "town"\n[notice]\ntype = "withdrawal"\nwithdraws = "nothing"\n', encoding="utf-8")
    crew.write_bytes(b"J. Doe")
    with monkeypatch.context() as broken:
        broken.setattr(FileAttachments, "put", fails)
        told = run(node, tmp_path, "send", notice, "--attach", crew)
    assert told.exit_code == 1
    assert "The notice is recorded" in told.stderr
    (waiting,) = (tmp_path / f"{NORTH}.attachments").iterdir()
    assert run(node, tmp_path, "attachment", "send", waiting.name).exit_code == 0
    assert not waiting.exists()
    assert node.get(f"/attachments/{waiting.name}", NORTH).content[32:] == b"J. Doe"
