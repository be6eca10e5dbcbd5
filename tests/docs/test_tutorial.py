"""The tutorial is typed in as it stands, and prints what it shows."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, steps_of
from tests.docs.shell import Shell, link_sources

PAGES = sorted([*(DOCS / "tutorial").glob("*.md"), *(DOCS / "how-to").glob("*.md")])


@pytest.mark.skipif(shutil.which("bash") is None, reason="the pages are written for bash")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_step_prints_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    link_sources(tmp_path)
    steps = steps_of(page)
    assert steps, "a page that leads somewhere has steps to follow"
    with Shell(tmp_path) as shell:
        for step in steps:
            shell.follow(step)
