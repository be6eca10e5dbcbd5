from __future__ import annotations

import os
import stat
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from openline.adapters.key_files import new_seed, read_key, read_or_create_node_secret, write_key
from openline.core.errors import BadUse
from openline.keys.signing import Signer, verify

SEED = bytes(range(32))
PUBLIC = b64encode(Signer(SEED).public_key).decode()
TEXT = f'party = "TUR"\nrole = "duty_officer"\npublic_key = "{PUBLIC}"\nseed = "{b64encode(SEED).decode()}"\n'

needs_modes = pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")


def refusal(path: Path) -> BadUse:
    with pytest.raises(BadUse) as caught:
        read_key(path)
    return caught.value


def private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_a_key_is_read_as_it_was_written(tmp_path: Path) -> None:
    seed = new_seed()
    written = write_key(tmp_path / "new" / "tur.key", seed, party="TUR", role="duty_officer")
    held = read_key(tmp_path / "new" / "tur.key")
    assert (held.party, held.role) == (written.party, written.role) == ("TUR", "duty_officer")
    verify(Signer(seed).public_key, b"message", held.signer.sign(b"message"))


@pytest.mark.parametrize("party", ["Türkiye", 'a "quoted" \\ name', "line\nbreak", "\x01", "鳥"])
def test_every_name_comes_back(tmp_path: Path, party: str) -> None:
    write_key(tmp_path / "a.key", SEED, party=party, role="duty_officer")
    assert read_key(tmp_path / "a.key").party == party


@pytest.mark.parametrize(("party", "role"), [("", "duty_officer"), ("TUR", ""), ("a\x7fb", "duty_officer")])
def test_a_name_that_a_file_cannot_keep_is_refused(tmp_path: Path, party: str, role: str) -> None:
    with pytest.raises(BadUse) as caught:
        write_key(tmp_path / "a.key", SEED, party=party, role=role)
    assert caught.value.code == "CONFIGURATION_INVALID"
    assert list(tmp_path.iterdir()) == []


@needs_modes
def test_only_the_owner_may_read_what_is_written_whatever_the_usual_rights_are(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_key(tmp_path / "tur.key", SEED, party="TUR", role="duty_officer")
        read_or_create_node_secret(tmp_path / "node.secret")
    finally:
        os.umask(before)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["node.secret", "tur.key"]


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "tur.key"
    write_key(path, SEED, party="TUR", role="duty_officer")
    before = path.read_bytes()
    with pytest.raises(BadUse, match="never written over") as caught:
        write_key(path, new_seed(), party="TUR", role="duty_officer")
    assert caught.value.code == "FILE_UNREADABLE"
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["tur.key"]


@needs_modes
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o644, 0o777])
def test_a_secret_that_others_may_use_is_refused_with_what_to_run(tmp_path: Path, mode: int) -> None:
    path = private(tmp_path / "tur.key", TEXT.encode())
    path.chmod(mode)
    assert (refusal(path).code, refusal(path).remedy) == ("FILE_UNREADABLE", f"Run: chmod 600 {path}")
    secret = private(tmp_path / "node.secret", SEED)
    secret.chmod(mode)
    with pytest.raises(BadUse, match="other accounts"):
        read_or_create_node_secret(secret)


def test_a_file_that_is_missing_or_a_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none.key").code == "FILE_UNREADABLE"
    assert refusal(tmp_path).code == "FILE_UNREADABLE"


def test_the_usual_text_is_read(tmp_path: Path) -> None:
    assert read_key(private(tmp_path / "tur.key", TEXT.encode())).party == "TUR"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not a table",
        "\xff",
        TEXT.replace('party = "TUR"\n', ""),
        TEXT + 'colour = "red"\n',
        TEXT + 'party = "RUS"\n',
        TEXT.replace('"TUR"', "7"),
        TEXT.replace(PUBLIC, b64encode(Signer(SEED[::-1]).public_key).decode()),
        TEXT.replace(PUBLIC, "?"),
        TEXT.replace(b64encode(SEED).decode(), b64encode(SEED[1:]).decode()),
        TEXT.replace(b64encode(SEED).decode(), "é"),
    ],
)
def test_a_malformed_key_file_is_refused(tmp_path: Path, text: str) -> None:
    found = refusal(private(tmp_path / "tur.key", text.encode("latin-1")))
    assert (found.code, found.path) == ("CONFIGURATION_INVALID", str(tmp_path / "tur.key"))


def test_no_refusal_shows_the_seed(tmp_path: Path) -> None:
    found = refusal(private(tmp_path / "tur.key", TEXT.replace(PUBLIC, "?").encode()))
    assert b64encode(SEED).decode() not in f"{found} {found.__cause__} {found.__context__}"


def test_a_node_secret_is_made_once_and_then_read(tmp_path: Path) -> None:
    first = read_or_create_node_secret(tmp_path / "new" / "node.secret")
    assert len(first) == 32
    assert read_or_create_node_secret(tmp_path / "new" / "node.secret") == first
    assert read_or_create_node_secret(tmp_path / "other.secret") != first


def test_two_that_make_it_at_once_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: read_or_create_node_secret(tmp_path / "node.secret"), range(32)))
    assert len(found) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["node.secret"]


@pytest.mark.parametrize("content", [b"", SEED[1:], SEED + b"\n"])
def test_a_node_secret_of_another_length_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = private(tmp_path / "node.secret", content)
    with pytest.raises(BadUse, match="a node secret has 32 bytes") as caught:
        read_or_create_node_secret(path)
    assert caught.value.code == "CONFIGURATION_INVALID"
    assert path.read_bytes() == content


def test_a_folder_that_takes_no_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadUse, match="the file cannot be used") as caught:
        write_key(tmp_path / "file" / "tur.key", SEED, party="TUR", role="duty_officer")
    assert caught.value.code == "FILE_UNREADABLE"
