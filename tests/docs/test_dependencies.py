"""Every package we stand on has a line that says why, and the lock names nobody's mirror."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINE = re.compile(r"^\| \[?`(?P<name>[^`]+)`\S* \| (?P<licence>[^|]+) \| (?P<reason>[^|]+) \|$", re.MULTILINE)


def name_of(requirement: str) -> str:
    """`coverage[toml]>=7.6; sys_platform != 'win32'` is coverage."""
    return re.split(r"[\[<>=!~;\s]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def declared() -> set[str]:
    project = PROJECT["project"]
    lists = [
        PROJECT["build-system"]["requires"],
        project["dependencies"],
        *project.get("optional-dependencies", {}).values(),
        *PROJECT["dependency-groups"].values(),
    ]
    return {name_of(requirement) for requirements in lists for requirement in requirements}


def justified() -> set[str]:
    page = (ROOT / "docs/why/dependencies.md").read_text(encoding="utf-8")
    return {match["name"] for match in LINE.finditer(page)}


def test_every_dependency_says_why() -> None:
    assert declared() - justified() == set(), "Give each a line in docs/why/dependencies.md: name, licence, reason."


def test_no_line_is_left_over() -> None:
    assert justified() - declared() == set(), "Nothing needs these any more; take their lines out."


def test_the_lock_names_no_mirror() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\"]+)", lock)) == {"pypi.org", "files.pythonhosted.org"}
