"""Root keys in files: nobody opens one without its passphrase, and damage is told from a wrong one."""

from __future__ import annotations

import os
import stat
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

from openline.adapters import root_files
from openline.adapters.key_files import new_seed
from openline.adapters.root_files import LEAST, Cost, is_root_file, read_root, write_root
from openline.core.errors import BadUse
from openline.keys.signing import Signer

WORDS = "orbit lantern gravel seven"
SEED = bytes(range(32))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("safe") / "alpha-root.key"
    write_root(path, SEED, WORDS, party="ALPHA", cost=LEAST)
    return path


def refused(path: Path, passphrase: str = WORDS) -> BadUse:
    with pytest.raises(BadUse) as found:
        read_root(path, passphrase)
    return found.value


def test_it_opens_with_its_passphrase_and_shows_nothing_without(written: Path) -> None:
    held = read_root(written, WORDS)
    assert (held.party, held.role, held.signer.public_key) == ("ALPHA", "root", Signer(SEED).public_key)
    assert is_root_file(written)
    text = written.read_bytes()
    assert SEED not in text
    assert b64encode(SEED) not in text


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_only_its_owner_may_read_it(written: Path, tmp_path: Path) -> None:
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    copy = tmp_path / "copy.key"
    copy.write_bytes(written.read_bytes())
    copy.chmod(0o644)
    assert "other accounts" in refused(copy).reason


def test_a_wrong_passphrase_is_told_from_damage(written: Path, tmp_path: Path) -> None:
    wrong = refused(written, "orbit lantern gravel eight")
    assert (wrong.code, wrong.reason) == ("CONFIGURATION_INVALID", "the passphrase does not open it")
    good = written.read_text()
    box = next(line for line in good.splitlines() if line.startswith("box"))
    for number, (old, new) in enumerate(
        [
            (box, box.replace(box[20], "A" if box[20] != "A" else "B", 1)),
            ('party = "ALPHA"', 'party = "BRAVO"'),
            (f"passes = {LEAST.passes}", "passes = 3"),
            (good[-40:], ""),
        ]
    ):
        path = tmp_path / f"{number}.key"
        path.write_text(good.replace(old, new))
        path.chmod(0o600)
        assert "damaged" in refused(path).reason, old


def test_a_file_that_was_changed_on_purpose_is_found_by_what_lies_in_it(written: Path, tmp_path: Path) -> None:
    """Whoever changes the party and makes the check anew does not make the box anew."""
    content = msgspec.toml.decode(written.read_bytes(), type=root_files._Content)  # noqa: SLF001 - its inside is what is attacked
    changed = msgspec.structs.replace(content, party="BRAVO")
    changed = msgspec.structs.replace(changed, check=root_files._check(changed))  # noqa: SLF001 - its inside is what is attacked
    path = tmp_path / "changed.key"
    fields = msgspec.structs.asdict(changed)
    path.write_text("".join(f"{n} = {msgspec.json.encode(v).decode()}\n" for n, v in fields.items()))
    path.chmod(0o600)
    assert "somebody has changed it" in refused(path).reason


@pytest.mark.parametrize("cost", [Cost(1, LEAST.memory_bytes), Cost(LEAST.passes, 8192), Cost(2, 1 << 40)])
def test_a_cost_that_is_too_small_or_too_large_is_not_followed(tmp_path: Path, cost: Cost) -> None:
    content = root_files._Content(  # noqa: SLF001 - its inside is what is attacked
        party="ALPHA",
        public_key="",
        derivation="argon2id",
        passes=cost.passes,
        memory_bytes=cost.memory_bytes,
        salt="",
        box="",
    )
    content = msgspec.structs.replace(content, check=root_files._check(content))  # noqa: SLF001 - its inside is what is attacked
    path = tmp_path / "odd.key"
    fields = msgspec.structs.asdict(content)
    path.write_text("".join(f"{n} = {msgspec.json.encode(v).decode()}\n" for n, v in fields.items()))
    path.chmod(0o600)
    assert "derivation" in refused(path).reason


def test_a_short_passphrase_and_an_existing_file_are_refused(written: Path, tmp_path: Path) -> None:
    with pytest.raises(BadUse, match="at least 12"):
        write_root(tmp_path / "new.key", new_seed(), "short", party="ALPHA", cost=LEAST)
    assert not (tmp_path / "new.key").exists()
    with pytest.raises(BadUse, match="never written over"):
        write_root(written, new_seed(), WORDS, party="ALPHA", cost=LEAST)
