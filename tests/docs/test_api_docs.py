"""The page on HTTP says what the node does: every address, field, code, event, count, limit, and none that is gone."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import msgspec
import pytest
from msgspec import Struct

from openline.adapters.http import feeds, shapes, streams
from openline.adapters.http.openapi import document
from openline.adapters.http.operation import Operation
from openline.adapters.http.operations import OPERATIONS
from openline.adapters.http.schemas import FEED_EVENTS
from openline.adapters.http.statuses import STATUSES
from openline.core import limits
from openline.node import sequencer, sessions
from tests.cosigning import watched_town
from tests.docs.pages import DOCS, marked_tables, table_with, tables_of
from tests.serving import Node

PAGE = DOCS / "reference" / "api.md"
TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS: dict[str, str] = dict(re.findall(r"^## `([A-Z]+ /[^`]*)`\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
SHAPES: dict[str, type[Struct]] = {
    f"{shapes.__name__}.{name}": kind
    for name, kind in inspect.getmembers(shapes, inspect.isclass)
    if issubclass(kind, Struct) and kind.__module__ == shapes.__name__ and kind is not shapes.Text
}


def name_of(operation: Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def test_every_address_has_its_section_and_no_other() -> None:
    paths = document(is_drill=False)["paths"]
    served = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert served == set(SECTIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=name_of)
def test_a_section_names_exactly_what_is_refused(operation: Operation) -> None:
    said = re.search(r"^Refuses: (.*?)\n\n", SECTIONS[name_of(operation)] + "\n", re.MULTILINE | re.DOTALL)
    assert said is not None
    assert tuple(re.findall(r"`([A-Z_]+)`", said[1])) == operation.codes


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_shape_has_a_table_of_its_fields(name: str) -> None:
    assert marked_tables(PAGE)[name].column("field") == list(SHAPES[name].__struct_fields__)


def test_no_table_is_of_a_shape_that_is_gone() -> None:
    assert set(marked_tables(PAGE)) == set(SHAPES)


def test_every_code_has_the_status_that_is_said() -> None:
    table = table_with(PAGE, "code", "status")
    said = {row[0].strip("`"): (int(row[1]), int(row[2] or 0)) for row in table.rows}
    assert said == {code: (status.number, status.retry_after_s) for code, status in STATUSES.items()}


def test_every_event_of_a_feed_is_said() -> None:
    told, about_itself = (table.column("event") for table in tables_of(PAGE) if table.header[0] == "event")
    assert sorted(told) == sorted(str(kind.__struct_config__.tag) for kind in FEED_EVENTS)
    source = inspect.getsource(streams)
    assert sorted(about_itself) == sorted(set(re.findall(r'"(session_\w+|node_\w+|witnessed)"', source)))


def test_every_limit_is_the_programs() -> None:
    table = table_with(PAGE, "limit", "value")
    for name, value in zip(table.column("limit"), table.column("value"), strict=True):
        (found,) = {getattr(m, name) for m in (limits, sessions, feeds, streams, sequencer) if hasattr(m, name)}
        assert float(value) == found


def test_every_metric_is_said() -> None:
    # Some counts are there only where an agreement asks for witnesses.
    with Node(watched_town()) as node:
        node.http.get("/nothing")
        counted = set(re.findall(r"^(openline_\w+)", node.http.get("/metrics").text, re.MULTILINE))
    assert set(table_with(PAGE, "metric").column("metric")) == counted


def examples() -> Iterator[tuple[str, str, str]]:
    for name, section in {**SECTIONS, "problem": TEXT.partition("## Problems")[2].partition("\n## ")[0]}.items():
        for example in re.findall(r"```json\n(.*?)```", section, re.DOTALL):
            shown = re.search(r"<!-- table: [\w.]+\.(\w+) -->", section)
            assert shown is not None
            yield name, shown[1], example


@pytest.mark.parametrize(("name", "shape", "example"), list(examples()))
def test_an_example_has_every_field_and_no_other(name: str, shape: str, example: str) -> None:
    kind: type[Struct] = getattr(shapes, shape)
    read = msgspec.json.decode(example, type=kind, strict=True)
    assert msgspec.to_builtins(read) == msgspec.json.decode(example), name
