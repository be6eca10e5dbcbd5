"""What tests read off a Markdown page: its tables, its blocks of code and its steps at a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

_MARK = re.compile(r"<!-- table: (?P<name>[\w.]+) -->")
_FENCE = re.compile(r"^(?P<fence>```+)(?P<language>[\w{}-]*)\s*$")
_HEREDOC = re.compile(r"<<'(?P<end>\w+)'")


class Table(Struct, frozen=True):
    """The header of a table and its rows, one text a cell, code marks kept."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[str]:
        """The cells of one column, code marks dropped."""
        place = self.header.index(name)
        return [row[place].strip("`") for row in self.rows]


class Step(Struct, frozen=True):
    """What a reader types, and the lines that the page shows after it."""

    line: int
    command: str
    shown: tuple[str, ...]


def lines_of(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _prose_of(path: Path) -> list[str]:
    """The lines of a page, those of fenced blocks empty."""
    prose: list[str] = []
    fence = ""
    for line in lines_of(path):
        opening = _FENCE.match(line)
        prose.append("" if fence or opening else line)
        if fence:
            fence = "" if line == fence else fence
        elif opening:
            fence = opening["fence"]
    return prose


def tables_of(path: Path) -> list[Table]:
    """Every table of a page, in order."""
    found: list[Table] = []
    block: list[str] = []
    for line in [*_prose_of(path), ""]:
        if line.startswith("|"):
            block.append(line)
        elif block:
            header, _, *rows = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in block]
            assert all(len(row) == len(header) for row in rows), f"{path.name}: a row of another width below {header}"
            found.append(Table(header, tuple(rows)))
            block = []
    return found


def marked_tables(path: Path) -> dict[str, Table]:
    """The tables that a mark such as `<!-- table: module.Name -->` stands before, by that name."""
    tables = iter(tables_of(path))
    found: dict[str, Table] = {}
    name = ""
    previous = ""
    for line in _prose_of(path):
        mark = _MARK.fullmatch(line)
        if mark:
            assert mark["name"] not in found, f"{path.name}: {mark['name']} has two tables"
            name = mark["name"]
        elif line.startswith("|") and not previous.startswith("|"):
            table = next(tables)
            if name:
                found[name] = table
            name = ""
        previous = line
    assert not name, f"{path.name}: no table follows the mark of {name}"
    return found


def table_with(path: Path, *header: str) -> Table:
    """The one table whose header begins so."""
    found = [table for table in tables_of(path) if table.header[: len(header)] == header]
    assert len(found) == 1, f"{path.name} has {len(found)} tables headed {header}"
    return found[0]


def blocks_of(path: Path, language: str) -> list[tuple[int, list[str]]]:
    """Every fenced block of a language, with the number of its first line."""
    found: list[tuple[int, list[str]]] = []
    fence, wanted, first = "", False, 0
    block: list[str] = []
    for number, line in enumerate(lines_of(path), start=1):
        opening = _FENCE.match(line)
        if not fence and opening:
            fence, wanted, block, first = opening["fence"], opening["language"] == language, [], number + 1
        elif fence and line == fence:
            if wanted:
                found.append((first, block))
            fence = ""
        elif fence:
            block.append(line)
    return found


def steps_of(path: Path) -> list[Step]:
    """Every step of the `console` blocks of a page: `$ ` begins a command, what follows is what it prints."""
    return [step for first, block in blocks_of(path, "console") for step in _steps(first, block)]


def _steps(first: int, block: list[str]) -> Iterator[Step]:
    numbered = iter(enumerate(block, start=first))
    step: Step | None = None
    for number, line in numbered:
        if not line.startswith("$ "):
            assert step is not None, f"line {number} of a console block comes before any command"
            step = Step(step.line, step.command, (*step.shown, line))
            continue
        if step is not None:
            yield step
        command = [line[2:]]
        heredoc = _HEREDOC.search(line)
        while heredoc and command[-1] != heredoc["end"]:
            command.append(next(numbered)[1])
        while not heredoc and command[-1].endswith("\\"):
            command.append(next(numbered)[1])
        step = Step(number, "\n".join(command), ())
    if step is not None:
        yield step
