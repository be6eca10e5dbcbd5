"""The house stays easy to walk through: small files, names that say something, folders with a reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_LINES = 400
EMPTY_NAMES = re.compile(r"(^|_)(utils?|managers?|helpers?|misc|common)(_|$)")

SOURCES = sorted((ROOT / "src").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_can_be_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{path.relative_to(ROOT)} has {lines} lines; at most {MOST_LINES}. Split it by noun."


def test_a_module_is_named_by_what_it_holds() -> None:
    nameless = [str(path.relative_to(ROOT)) for path in SOURCES if any(EMPTY_NAMES.search(p) for p in path.parts)]
    assert not nameless, f"Name these by the noun they hold: {nameless}"


def test_every_folder_has_its_reason() -> None:
    page = (ROOT / "docs/why/folders.md").read_text(encoding="utf-8")
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    shown = [path for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")]
    folders = {f"{path.name}/" for path in shown} - set(ignored)
    without = sorted(folder for folder in folders if f"| `{folder}` |" not in page)
    assert not without, f"Say in docs/why/folders.md why these are there: {without}"


def test_no_two_decisions_share_a_number() -> None:
    numbers = Counter(path.name[:4] for path in (ROOT / "docs/why").glob("[0-9]*.md"))
    assert not [number for number, count in numbers.items() if count > 1]
