"""A note in changelog.d that towncrier would drop without a word is found here."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "changelog.d"
KINDS = {
    kind["directory"]
    for kind in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["towncrier"]["type"]
}


def fault_of(name: str) -> str | None:
    """What is wrong with the name of a fragment; it should be `what-changed.kind.md`."""
    parts = name.split(".")
    match parts:
        case [_, kind, "md"] if kind in KINDS:
            return None
        case [_, kind, "md"]:
            return f"{name}: no such kind as “{kind}”; there are {', '.join(sorted(KINDS))}"
        case _:
            return f"{name}: a fragment is called what-changed.kind.md"


def test_every_fragment_has_a_known_kind() -> None:
    names = [path.name for path in FOLDER.iterdir() if path.name != "README.md"]
    assert not [fault for name in sorted(names) if (fault := fault_of(name))]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.*.md")), ids=lambda path: path.name)
def test_every_fragment_says_something(path: Path) -> None:
    assert path.read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("name", ["ladder.feature.md", "ladder.md", "ladder.fixed.txt", "ladder.fixed.1.md"])
def test_an_unknown_kind_is_refused(name: str) -> None:
    assert fault_of(name)


def test_the_readme_names_every_kind() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert not {kind for kind in KINDS if f"| `{kind}` |" not in page}
