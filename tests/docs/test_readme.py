"""The front page is true: its commands print what it shows, its picture is of the replay, its links lead somewhere."""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openline.adapters.memory import MemoryStore
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay
from openline.core.time import MINUTE_MS
from tests.docs.pages import DOCS, ROOT, blocks_of, lines_of, steps_of
from tests.docs.shell import Shell, link_sources

README = ROOT / "README.md"
PICTURE = DOCS / "timeline.svg"
DAY = "2017-02-09T"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page is written for bash")
def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    link_sources(tmp_path)
    with Shell(tmp_path) as shell:
        for step in steps_of(README):
            shell.follow(step)


def test_every_word_for_make_is_one() -> None:
    words = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = [README, ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    for page in pages:
        shown = [line.split()[1] for _, block in blocks_of(page, "sh") for line in block if line.startswith("make ")]
        shown += re.findall(r"`make ([a-z-]+)[` ]", page.read_text(encoding="utf-8"))
        assert set(shown) <= words, f"{page.name}: {set(shown) - words}"


def test_the_two_commands_stand_at_the_very_top() -> None:
    (first, block), *_ = blocks_of(README, "sh")
    assert first < 5
    assert [line.split("#")[0].strip() for line in block] == ["make demo", "make test"]


@pytest.mark.parametrize("page", [README, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", "\n".join(lines_of(page)))
    missing = [link for link in links if not link.startswith("http") and not (ROOT / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", sorted([README, *DOCS.rglob("*.md")]), ids=lambda page: page.stem)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    if page == DOCS / "requirements.md":
        pytest.skip("it has tests of its own")
    named = re.findall(
        r"`((?:tests|src|scenarios|agreements)/[\w/.-]*\.(?:py|toml))`", page.read_text(encoding="utf-8")
    )
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


def told() -> Iterator[dict[str, Any]]:
    return Replay(load_scenario(ROOT / "scenarios/al-bab-2017.toml"), MemoryStore()).run()


def minute(line: dict[str, Any]) -> str:
    text: str = line["at"]
    return text.removeprefix(DAY)[:5]


def spans() -> set[tuple[str, str, str, str]]:
    """From when to when each party's alert had which precedence."""
    found: set[tuple[str, str, str, str]] = set()
    now: dict[str, tuple[str, str]] = {}
    for line in told():
        is_rise = line["kind"] == "alert" or line.get("cause") == "graver"
        if not is_rise and line["kind"] != "closure":
            continue
        party = line["to"]
        if party in now:
            begun, precedence = now.pop(party)
            found.add((party, begun, minute(line), precedence))
        if is_rise:
            now[party] = (minute(line), line["precedence"])
    assert not now
    return found


def drawn(kind: str, *names: str) -> list[dict[str, str]]:
    root = ET.fromstring(PICTURE.read_text(encoding="utf-8"))  # noqa: S314 - a file of ours
    return [
        part.attrib
        for part in root.iter()
        if part.get("class") == kind and all(f"data-{n}" in part.attrib for n in names)
    ]


def x_of(time: str) -> int:
    hours, minutes = map(int, time.split(":"))
    return 90 + 2 * (hours * 60 + minutes - 60)


def test_the_picture_is_of_the_replay() -> None:
    parts = drawn("alert", "to", "from", "until", "precedence")
    assert {(p["data-to"], p["data-from"], p["data-until"], p["data-precedence"]) for p in parts} == spans()
    for part in parts:
        start, end = x_of(part["data-from"]), x_of(part["data-until"])
        assert (int(part["x"]), int(part["width"])) == (start, end - start)
    marks = {(p["data-to"], p["data-at"]) for p in drawn("unanswered", "to", "at")}
    assert marks == {(line["to"], minute(line)) for line in told() if line.get("cause") == "unanswered"}
    for part in (*drawn("unanswered", "at"), *drawn("moment", "at")):
        assert part["d"].startswith(f"M{x_of(part['data-at'])} ")


def test_the_interval_between_warning_and_harm_is_as_said() -> None:
    moment = next(line for line in told() if line["kind"] == "outside")
    first = next(line for line in told() if line["kind"] == "alert")
    hours, minutes = (int(x) for x in minute(moment).split(":"))
    begun = [int(x) for x in minute(first).split(":")]
    apart_ms = ((hours - begun[0]) * 60 + minutes - begun[1]) * MINUTE_MS
    assert apart_ms == (4 * 60 + 40) * MINUTE_MS
    assert "four hours and forty minutes" in README.read_text(encoding="utf-8")
