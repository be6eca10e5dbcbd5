"""The words that Openline does not use, and what is said instead (docs/why: vocabulary).

Looked at: everything under src (names, texts and comments), scenarios and agreements (keys and texts), README.md.
Not looked at: quotations and history, that is the values of `quote`, `source` and `history` in data files, lines that
begin with `>` in Markdown, and a section of README.md whose heading says what Openline refuses.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

INSTEAD = {
    r"(air)?strik(e|es|ing)|struck": "Say activity, incident or event.",
    r"clear(s|ed|ing|ance|ances)?": "Nobody can promise that. Say: no conflict known among N notices, as of T.",
    r"enem(y|ies)": "Say party, first and second, or the other side.",
    r"engag(e|es|ed|ing|ement|ements)": "Say activity.",
    r"hostiles?": "Say party. (Hostilities, which an agreement ends, may be named.)",
    r"kill(s|ed|ing|er|ers)?": "Say what ended: a process is stopped; of people, say casualties.",
    r"target(s|ed|ing|able)?": "Say protected site, movement, presence or place; of a process, goal or destination.",
    r"threat(s|en|ens|ened|ening)?": "Say conflict or hazard.",
    r"weapon(s|ry)?": "Say activity; its party declares its own hazard volume.",
}

NAMES_OF_LIBRARIES = {
    r"\.clear\(": "dict, list, set, deque and Event call it so",
    r"\bThread\(\s*target=": "the standard library calls it so",
    r"\b(process|os)\.kill\(": "the standard library calls it so",
    r"\bSIGKILL\b": "POSIX calls it so",
}

QUOTED_KEYS = {"history", "quote", "source"}
SOURCE_SUFFIXES = {".css", ".html", ".json", ".py", ".sql", ".toml", ".ts"}


def words_of(text: str) -> Iterator[str]:
    """The words of a text; `is_all_clear`, `isAllClear` and `ALL-CLEAR` are three words each."""
    for match in re.finditer(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text):
        yield match.group().lower()


def complaints_about(text: str) -> Iterator[str]:
    for pattern in NAMES_OF_LIBRARIES:
        text = re.sub(pattern, "", text)
    for word in words_of(text):
        for pattern, advice in INSTEAD.items():
            if re.fullmatch(pattern, word):
                yield f"“{word}”. {advice}"


def texts_of_lines(text: str) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        yield str(number), line


def texts_of_data(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 -- any TOML or JSON value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}", key
            if key not in QUOTED_KEYS:
                yield from texts_of_data(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts_of_data(inner, f"{path}[{index}]")
    elif isinstance(value, str):
        yield path, value


def texts_of_markdown(text: str) -> Iterator[tuple[str, str]]:
    refusing = False
    for number, line in texts_of_lines(text):
        if line.startswith("#"):
            refusing = "refuse" in line.lower()
        if not refusing and not line.startswith(">"):
            yield number, line


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from texts_of_markdown(text)
    elif "src" in path.relative_to(ROOT).parts:
        yield from texts_of_lines(text)
    elif path.suffix == ".toml":
        yield from texts_of_data(tomllib.loads(text))
    else:
        yield from texts_of_data(msgspec.json.decode(text))


def files_to_read() -> list[Path]:
    source = [
        path for folder in ("src", "web/src") for path in (ROOT / folder).rglob("*") if path.suffix in SOURCE_SUFFIXES
    ]
    data = [
        path
        for folder in ("scenarios", "agreements")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".json", ".md", ".toml"}
    ]
    return [ROOT / "README.md", *sorted(source), *sorted(data)]


@pytest.mark.parametrize("path", files_to_read(), ids=lambda path: str(path.relative_to(ROOT)))
def test_speaks_of_safety_only(path: Path) -> None:
    complaints = [
        f"{path.relative_to(ROOT)}:{place}: {complaint}"
        for place, text in [("name", path.stem), *texts_of(path)]
        for complaint in complaints_about(text)
    ]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize(
    "text",
    ["class TargetList:", "is_all_clear = True", "hostileParty", "an airstrike", "THREAT_LEVEL", "Cleared to proceed."],
)
def test_hears_a_word_however_it_is_written(text: str) -> None:
    assert list(complaints_about(text))


@pytest.mark.parametrize(
    "text",
    ["seen.clear()", "a cessation of hostilities", "unclear", "skill", "Thread(target=serve)", "nuclear site"],
)
def test_leaves_other_words_alone(text: str) -> None:
    assert not list(complaints_about(text))


def test_leaves_quotations_and_history_alone() -> None:
    data = {"history": "It was struck.", "event": [{"quote": "a strike", "title": "A strike"}]}
    assert [place for place, text in texts_of_data(data) if list(complaints_about(text))] == [".event[0].title"]
    page = "# Openline\n> a strike\n## What it refuses\nTargets.\n## Use\nTargets.\n"
    assert [place for place, text in texts_of_markdown(page) if list(complaints_about(text))] == ["6"]
