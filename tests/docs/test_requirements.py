"""The page of requirements is complete, consistent, and tied to the tests in both directions."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "requirements.md"
SUITES = ("unit", "properties", "contracts", "scenarios", "faults", "interop", "fuzz", "docs")

REQUIREMENTS_HEADER = ("id", "requirement", "rows", "state", "work", "tests")
ORIGINS_HEADERS = (("row", "what is observed", "requirements"), ("row", "what is asked", "requirements"))
WORKS_HEADER = ("work", "what it brings")
STATES = frozenset({"done", "part", "planned"})
ID_FORM = re.compile(r"[A-Z]+-[0-9]{2}")
GLOSS_WORDS = 12

OBSERVATIONS = tuple(str(number) for number in range(1, 150))
OTHER_ORIGINS = tuple(
    f"{letter}{number}" for letter, last in (("I", 8), ("F", 18), ("R", 15), ("H", 7)) for number in range(1, last + 1)
)
ORIGINS = frozenset(OBSERVATIONS + OTHER_ORIGINS)

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of a group's table."""

    id: str
    group: str
    text: str
    rows: tuple[str, ...]
    state: str
    works: tuple[str, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """One line of an appendix: where a demand comes from, and what answers it."""

    row: str
    gloss: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page says, in its order."""

    works: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    origins: tuple[Origin, ...]


def cells(line: str) -> tuple[str, ...]:
    """Split one line of a Markdown table."""
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def items(cell: str) -> tuple[str, ...]:
    """Split a cell that holds a list; a lone hyphen is the empty list."""
    return tuple(item.strip().strip("`") for item in cell.split(",") if item.strip() not in {"", "-"})


def tables(text: str) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Yield the heading above, the header and the lines of each table."""
    heading = ""
    block: list[tuple[str, ...]] = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append(cells(line))
            continue
        if block:
            yield heading, block[0], block[2:]
            block = []
        if line.startswith("#"):
            heading = line.lstrip("# ")


def parse(text: str) -> Page:
    """Read the page; a table of another form or a line of another width is an error."""
    works: list[str] = []
    requirements: list[Requirement] = []
    origins: list[Origin] = []
    for heading, header, lines in tables(text):
        for line in lines:
            if len(line) != len(header):
                message = f"under '{heading}': {len(line)} cells where the header has {len(header)}: {line}"
                raise ValueError(message)
        if header == WORKS_HEADER:
            works += [line[0] for line in lines]
        elif header in ORIGINS_HEADERS:
            origins += [Origin(row, gloss, items(ids)) for row, gloss, ids in lines]
        elif header == REQUIREMENTS_HEADER:
            group = heading.partition(":")[0]
            requirements += [
                Requirement(id_, group, said, items(rows), state, items(work), items(tests))
                for id_, said, rows, state, work, tests in lines
            ]
        else:
            message = f"under '{heading}': a table of no known form: {header}"
            raise ValueError(message)
    return Page(tuple(works), tuple(requirements), tuple(origins))


def names_in(source: str) -> set[str]:
    """Name the tests in a module as pytest does, without parameters."""
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, FUNCTIONS) and node.name.startswith("test_"):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            methods = (child for child in node.body if isinstance(child, FUNCTIONS))
            names |= {f"{node.name}::{method.name}" for method in methods if method.name.startswith("test_")}
        elif isinstance(node, ast.Assign):  # a hypothesis state machine: TestX = Machine.TestCase
            machine = isinstance(node.value, ast.Attribute) and node.value.attr == "TestCase"
            bound = [name.id for name in node.targets if isinstance(name, ast.Name)]
            names |= {f"{name}::runTest" for name in bound if machine and name.startswith("Test")}
    return names


def read_modules(root: Path) -> dict[str, set[str]]:
    """Map every test module of the suites to the names of its tests."""
    found = (path for suite in SUITES for path in (root / "tests" / suite).rglob("test_*.py"))
    return {path.relative_to(root).as_posix(): names_in(path.read_text(encoding="utf-8")) for path in sorted(found)}


def repeated(values: Iterable[str]) -> list[str]:
    """List the values that occur more than once."""
    return sorted(value for value, count in Counter(values).items() if count > 1)


def row_faults(page: Page) -> list[str]:
    """Find origins without a requirement, unknown origins, and requirements without an origin."""
    named = {row for requirement in page.requirements for row in requirement.rows}
    return [
        *(f"row {row} has no requirement" for row in sorted(ORIGINS - named)),
        *(f"row {row} is unknown" for row in sorted(named - ORIGINS)),
        *(f"{one.id} names no row" for one in page.requirements if not one.rows),
        *(f"{one.id} names row {row} twice" for one in page.requirements for row in repeated(one.rows)),
    ]


def form_faults(page: Page) -> list[str]:
    """Find ids, states, sentences and bodies of work that are not of the fixed form."""
    faults = [f"{id_} is used more than once" for id_ in repeated(one.id for one in page.requirements)]
    for one in page.requirements:
        if not ID_FORM.fullmatch(one.id) or not one.id.startswith(f"{one.group}-"):
            faults.append(f"{one.id} is no id of the group {one.group}")
        if one.state not in STATES:
            faults.append(f"{one.id} has the unknown state '{one.state}'")
        if not one.text.endswith("."):
            faults.append(f"{one.id} is not a sentence")
        if not one.works:
            faults.append(f"{one.id} belongs to no body of work")
        faults += [f"{one.id} names the unknown work '{work}'" for work in one.works if work not in page.works]
    return faults


def state_faults(page: Page, modules: dict[str, set[str]]) -> list[str]:
    """Find states that the named tests do not bear out, and named tests that do not exist."""
    faults: list[str] = []
    for one in page.requirements:
        if one.state == "planned" and one.tests:
            faults.append(f"{one.id} is planned but names tests")
        if one.state != "planned" and not one.tests:
            faults.append(f"{one.id} is '{one.state}' but names no test")
        for test in one.tests:
            module, _, name = test.partition("::")
            if module not in modules:
                faults.append(f"{one.id} names {test}, but there is no such module")
            elif name not in modules[module]:
                faults.append(f"{one.id} names {test}, but the module has no such test")
    return faults


def orphans(page: Page, modules: Iterable[str]) -> list[str]:
    """List the test modules that no requirement names."""
    named = {test.partition("::")[0] for one in page.requirements for test in one.tests}
    return sorted(set(modules) - named)


def appendix_faults(page: Page) -> list[str]:
    """Find appendix lines that are missing, repeated, too long, or at odds with the groups."""
    answers = {row: tuple(one.id for one in page.requirements if row in one.rows) for row in ORIGINS}
    faults = [f"row {row} is glossed more than once" for row in repeated(one.row for one in page.origins)]
    faults += [f"row {row} has no gloss" for row in sorted(ORIGINS - {one.row for one in page.origins})]
    for one in page.origins:
        if one.row not in ORIGINS:
            faults.append(f"row {one.row} is unknown")
        elif sorted(one.requirements) != sorted(answers[one.row]):
            faults.append(f"row {one.row} lists {one.requirements}, the groups say {answers[one.row]}")
        if not 0 < len(one.gloss.split()) <= GLOSS_WORDS:
            faults.append(f"row {one.row} is glossed in {len(one.gloss.split())} words")
    return faults


def report(faults: Sequence[str]) -> str:
    """Lay faults out one to a line."""
    return "\n".join([f"{len(faults)} in {PAGE.relative_to(ROOT)}:", *faults])


@pytest.fixture(scope="module")
def page() -> Page:
    """Read the page as it stands."""
    return parse(PAGE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def modules() -> dict[str, set[str]]:
    """Read the test modules as they stand."""
    return read_modules(ROOT)


def test_every_row_has_a_requirement_and_no_row_is_unknown(page: Page) -> None:
    """All 149 observations and the four short lists are answered."""
    assert len(OBSERVATIONS) == 149
    assert not (faults := row_faults(page)), report(faults)


def test_ids_states_and_works_are_of_the_fixed_form(page: Page) -> None:
    """Ids are unique and carry their group; states and bodies of work are known."""
    assert not (faults := form_faults(page)), report(faults)


def test_states_are_borne_out_by_tests_that_exist(page: Page, modules: dict[str, set[str]]) -> None:
    """What is done or part names tests that exist; what is planned names none."""
    assert not (faults := state_faults(page, modules)), report(faults)


def test_every_test_module_is_named_by_a_requirement(page: Page, modules: dict[str, set[str]]) -> None:
    """No test module shows something that nobody asked for."""
    assert not (faults := orphans(page, modules)), report([f"no requirement names {module}" for module in faults])


def test_the_appendix_agrees_with_the_groups(page: Page) -> None:
    """Each row is glossed once, briefly, and lists the requirements that name it."""
    assert not (faults := appendix_faults(page)), report(faults)


FRONT_PAGE = {
    "What it refuses to be": ("targets, threats or enemies", "ranks no places", "effects of weapons", "who is guilty"),
    "Honest limits": ("Bad faith.", "What was not told.", "not been examined from outside", "simulated data only"),
}


def test_the_front_page_says_what_it_owes() -> None:
    """What is refused, what stays unsolved, how it could be misused, and that only simulated data may be used."""
    front = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = dict(part.partition("\n")[::2] for part in front.split("\n## "))
    for heading, owed in FRONT_PAGE.items():
        said = " ".join(sections[heading].split())
        assert not [words for words in owed if words not in said], heading
    assert "could be misused" in front
    assert "docs/why/threat-model.md" in front


SAMPLE = """
## Bodies of work
| work | what it brings |
|---|---|
| first release | all of it |

## TELL: Telling
| id | requirement | rows | state | work | tests |
|---|---|---|---|---|---|
| TELL-01 | Told. | 1, 2 | done | first release | `tests/unit/test_a.py::test_one`, tests/unit/test_a.py::TestB::t |
| TELL-02 | A notice is kept. | I1 | planned | first release | - |

## Appendix: the rows
| row | what is observed | requirements |
|---|---|---|
| 1 | A thing | TELL-01 |
"""
SAMPLE_MODULES = {"tests/unit/test_a.py": {"test_one", "TestB::t"}}


def test_the_page_is_read_as_it_is_written() -> None:
    """Lists are split, code marks dropped, and a hyphen is the empty list."""
    sample = parse(SAMPLE)
    first, second = sample.requirements
    assert (first.group, first.rows, first.state) == ("TELL", ("1", "2"), "done")
    assert first.tests == ("tests/unit/test_a.py::test_one", "tests/unit/test_a.py::TestB::t")
    assert second.tests == ()
    assert sample.origins == (Origin("1", "A thing", ("TELL-01",)),)
    assert not form_faults(sample)
    assert not state_faults(sample, SAMPLE_MODULES)
    assert not orphans(sample, SAMPLE_MODULES)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("| I1 |", "| 150 |", "row 150 is unknown"),
        ("| 1, 2 |", "| 1 |", "row 2 has no requirement"),
        ("| I1 |", "| - |", "TELL-02 names no row"),
        ("TELL-02", "TELL-01", "TELL-01 is used more than once"),
        ("TELL-02", "WARN-02", "WARN-02 is no id of the group TELL"),
        ("planned", "soon", "TELL-02 has the unknown state 'soon'"),
        ("planned | first release", "planned | some day", "TELL-02 names the unknown work 'some day'"),
        ("planned", "part", "TELL-02 is 'part' but names no test"),
        ("done", "planned", "TELL-01 is planned but names tests"),
        ("test_one", "test_six", "TELL-01 names tests/unit/test_a.py::test_six, but the module has no such test"),
        (
            "test_a.py::test_one",
            "test_b.py::test_one",
            "TELL-01 names tests/unit/test_b.py::test_one, but there is no such module",
        ),
        ("| TELL-01 |\n", "| TELL-02 |\n", "row 1 lists ('TELL-02',), the groups say ('TELL-01',)"),
        ("A thing", "word " * 13, "row 1 is glossed in 13 words"),
        ("| 1 | A thing", "| 2 | A thing", "row 1 has no gloss"),
    ],
)
def test_each_kind_of_fault_is_found(old: str, new: str, fault: str) -> None:
    """The checks above can fail: a page with one fault reports that fault."""
    assert SAMPLE.count(old) >= 1
    good, bad = parse(SAMPLE), parse(SAMPLE.replace(old, new))

    def faults(page: Page) -> list[str]:
        return [*row_faults(page), *form_faults(page), *state_faults(page, SAMPLE_MODULES), *appendix_faults(page)]

    assert fault not in faults(good)
    assert fault in faults(bad)


def test_a_module_that_nothing_names_is_an_orphan() -> None:
    """A test module beside the named one is reported."""
    assert orphans(parse(SAMPLE), [*SAMPLE_MODULES, "tests/unit/test_z.py"]) == ["tests/unit/test_z.py"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("| planned | first release | - |", "| planned |"), ("| state | work |", "| work | state |")],
)
def test_a_table_of_another_form_is_an_error(old: str, new: str) -> None:
    """Nothing on the page is skipped in silence."""
    assert old in SAMPLE
    with pytest.raises(ValueError, match="under 'TELL: Telling'"):
        parse(SAMPLE.replace(old, new))


def test_tests_are_named_as_pytest_names_them() -> None:
    """Functions, methods of test classes and state machines count; helpers do not."""
    source = (
        "def test_a(): ...\nasync def test_b(): ...\ndef helper(): ...\n"
        "class TestC:\n    def test_d(self): ...\n    def other(self): ...\n"
        "class Plain:\n    def test_e(self): ...\n"
        "TestF = Machine.TestCase\n"
    )
    assert names_in(source) == {"test_a", "test_b", "TestC::test_d", "TestF::runTest"}
