"""The reference says what there is: every field, code, flag, limit, option, setting and line, and none that is gone."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import typer
from msgspec import NODEFAULT, Struct

import openline.adapters.http.shapes
import openline.app.configuration
import openline.app.notice_files
import openline.app.public_keys
import openline.app.scenario.words
import openline.codec.agreements
import openline.codec.wire
import openline.codec.wire_keys
from openline.adapters.memory import MemoryStore
from openline.app.cli import app
from openline.app.composition import LEDGER_NAME, SECRET_NAME
from openline.app.configuration import FILE_NAME, read_settings
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay
from openline.codec import envelope
from openline.codec.agreements import AgreementTable, read_agreement, read_toml
from openline.codec.declarations import read_declaration
from openline.codec.documents import read_acknowledgement, read_notice, read_session
from openline.codec.key_documents import read_key_document
from openline.codec.times import Offsets
from openline.core import errors, flags, limits
from openline.core.errors import CODES
from openline.core.event import AnyEvent, CloseReason, EscalationCause, Reason
from openline.core.flags import FlagCode
from openline.core.key_documents import IssuerKey, OfficerKey, Revocation, RootReplacement
from openline.core.ladder import TIER_ROLES
from openline.core.notice import ZoneRule
from openline.core.volume import Datum
from tests.docs.pages import DOCS, ROOT, Table, blocks_of, lines_of, marked_tables, table_with, tables_of

REFERENCE = DOCS / "reference"
NOTICE, AGREEMENT, SCENARIO = REFERENCE / "notice.md", REFERENCE / "agreement.md", REFERENCE / "scenario.md"
ERRORS, CONFIGURATION, CLI = REFERENCE / "errors.md", REFERENCE / "configuration.md", REFERENCE / "cli.md"

KEYS = REFERENCE / "keys.md"

SHAPES = (
    openline.codec.wire,
    openline.codec.wire_keys,
    openline.codec.agreements,
    openline.app.scenario.words,
    openline.app.configuration,
    openline.app.notice_files,
    openline.app.public_keys,
)
"""Modules all of whose public shapes somebody writes by hand."""

NAMED_DEFAULT = "its defaults"
TOLD_KINDS = {"notice", "acknowledgement", "receipt", "refusal", "link", "outside", "summary"}
EVENT_HEAD = {"at", "kind", "from", "index"}


def shapes() -> dict[str, type[Struct]]:
    found = [
        kind
        for module in SHAPES
        for name, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Struct) and kind.__module__ == module.__name__ and not name.startswith("_")
    ]
    return {f"{kind.__module__}.{kind.__name__}": kind for kind in found}


def documented() -> dict[str, tuple[Path, Table]]:
    pages = (NOTICE, AGREEMENT, SCENARIO, CONFIGURATION, KEYS)
    return {name: (page, table) for page in pages for name, table in marked_tables(page).items()}


def shape_named(name: str) -> type[Struct]:
    module, _, kind = name.rpartition(".")
    found: type[Struct] = getattr(importlib.import_module(module), kind)
    return found


def own_fields(kind: type[Struct]) -> dict[str, msgspec.structs.FieldInfo]:
    """The fields of a shape; those of a type without what every notice, or every declaration, carries."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for common in (openline.codec.wire.WireNotice, openline.codec.wire.WireDeclaration):
        if kind is not common and issubclass(kind, common):
            return {name: field for name, field in fields.items() if name not in common.__struct_fields__}
    return fields


def default_of(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    value = field.default if field.default_factory is NODEFAULT else field.default_factory()
    if isinstance(value, Struct):
        return NAMED_DEFAULT
    return msgspec.json.encode(value).decode()


def meanings(module: Any, name: str) -> dict[str, str]:  # noqa: ANN401 - a module
    """The members of an enumeration and the text below each."""
    tree = ast.parse(inspect.getsource(module))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name).body
    return {
        node.targets[0].id: str(ast.literal_eval(text.value))
        for node, text in pairwise(body)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(text, ast.Expr)
    }


def code_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


@pytest.mark.parametrize("name", sorted({*shapes(), *documented()}))
def test_every_shape_has_a_table_that_agrees(name: str) -> None:
    """Fields in their order, and their defaults."""
    assert name in documented(), f"no table in docs/reference has the mark <!-- table: {name} -->"
    page, table = documented()[name]
    fields = own_fields(shape_named(name))
    shown = dict(zip(table.column(table.header[0]), table.column("default"), strict=True))
    assert shown == {field: default_of(info) for field, info in fields.items()}, f"{page.name}: {name}"


def test_the_types_of_names_are_as_long_as_said() -> None:
    shown = table_with(NOTICE, "type", "characters")
    for name, length in zip(shown.column("type"), shown.column("characters"), strict=True):
        meta = get_args(getattr(openline.codec.wire, name))[1]
        if name == "Digest":
            assert length == "0 or 64"
            assert "{64}" in meta.pattern
        else:
            assert length == f"{meta.min_length or 0} to {meta.max_length}", name
    assert len(shown.rows) == 6


def test_the_limits_are_those_of_the_program() -> None:
    shown = table_with(NOTICE, "limit", "value")
    said = dict(zip(shown.column("limit"), map(float, shown.column("value")), strict=True))
    constants = {name: value for name, value in vars(limits).items() if name.isupper() and not name.endswith("_MS")}
    own = {name: getattr(limits, name) for name in ("WINDOW_MAX_MS", "EARLIEST_MS", "LATEST_MS")}
    assert said == constants | own


def test_the_flags_are_those_of_the_program_with_their_meaning() -> None:
    shown = table_with(NOTICE, "flag", "meaning")
    said = dict(zip(shown.column("flag"), shown.column("meaning"), strict=True))
    assert said == meanings(flags, "FlagCode")
    assert list(said) == [flag.value for flag in FlagCode]


def test_the_payload_types_are_those_of_the_program() -> None:
    shown = table_with(NOTICE, "payload type").column("payload type")
    assert sorted(shown) == sorted(v for name, v in vars(envelope).items() if name.endswith("_TYPE"))


def test_the_altitude_references_are_those_of_the_program() -> None:
    assert table_with(NOTICE, "reference").column("reference") == [datum.value for datum in Datum]


def test_the_receipt_has_the_fields_that_are_said() -> None:
    table = marked_tables(NOTICE)["openline.adapters.http.shapes.Receipt"]
    assert table.column("field") == list(openline.adapters.http.shapes.Receipt.__struct_fields__)


def test_the_zone_rules_are_those_of_the_program() -> None:
    (row,) = [row for row in marked_tables(NOTICE)["openline.codec.wire.WireZone"].rows if row[0] == "`rules`"]
    assert code_in(row[3]) == [rule.value for rule in ZoneRule]


def signed_documents() -> Iterator[tuple[int, bytes]]:
    for line, block in blocks_of(NOTICE, "json"):
        raw = "\n".join(block).encode()
        if "payload" not in msgspec.json.decode(raw):
            yield line, raw


def read_any(raw: bytes) -> str:
    kind: str = msgspec.json.decode(raw)["type"]
    if kind == "acknowledgement":
        read_acknowledgement(raw)
    elif kind == "session":
        read_session(raw)
    elif kind in {"disclosure", "erasure", "sighting"}:
        read_declaration(raw)
    else:
        assert read_notice(raw, offsets_of=lambda _: Offsets(0, 0)).kind.value == kind
    return kind


def test_the_examples_of_what_is_signed_can_be_read() -> None:
    kinds = [read_any(raw) for _, raw in signed_documents()]
    tags = {
        str(kind.__struct_config__.tag)
        for name, kind in shapes().items()
        if name.startswith("openline.codec.wire.") and kind.__struct_config__.tag
    }
    assert sorted(kinds) == sorted(tags - {"WireNotice", "WireDeclaration"})


def test_the_examples_of_key_documents_can_be_read() -> None:
    kinds = [type(read_key_document("\n".join(block).encode())) for _, block in blocks_of(KEYS, "json")]
    assert kinds == [IssuerKey, OfficerKey, Revocation, RootReplacement]


def test_the_codes_are_those_of_the_program_with_when_and_retry() -> None:
    shown = table_with(ERRORS, "code", "when", "retry")
    assert [tuple(cell.strip("`") for cell in row) for row in shown.rows] == [
        (name, code.when, code.retry.value) for name, code in CODES.items()
    ]
    retries = table_with(ERRORS, "retry", "what it means").column("retry")
    assert retries == [retry.value for retry in errors.Retry]


def test_the_tree_of_errors_is_drawn_alike() -> None:
    assert errors.__doc__ is not None
    drawn = [line[4:] for line in errors.__doc__.splitlines() if line.startswith("    ")]
    ((_, block),) = blocks_of(ERRORS, "text")
    assert block == drawn


def test_the_example_agreement_names_every_field_and_can_be_read() -> None:
    example, outline = ["\n".join(block) for _, block in blocks_of(AGREEMENT, "toml")]
    assert read_agreement(example.encode(), name="the example").parties == ("ALPHA", "BRAVO")
    fields = set(re.findall(r"^(?:\[+)?(\w+)", example, re.MULTILINE)) | set(re.findall(r"(\w+) =", example))
    for name, kind in shapes().items():
        if name.startswith("openline.codec.agreements."):
            missing = set(own_fields(kind)) - fields - {"outline_polygon"}
            assert not missing, f"{name}: {missing}"
    with_polygon = re.sub(r"^outline_circle = .*$", outline, example, flags=re.MULTILINE)
    table = read_toml(with_polygon.encode(), AgreementTable, code="AGREEMENT_INVALID", name="the example")
    assert table.area.outline_polygon is not None
    assert read_agreement(with_polygon.encode(), name="the example").area is not None


def test_the_default_roles_are_those_of_the_program() -> None:
    assert tuple(table_with(AGREEMENT, "tier", "role when none is named").column("role when none is named")) == (
        TIER_ROLES
    )


def test_the_example_scenario_can_be_replayed(tmp_path: Path) -> None:
    ((_, example),) = blocks_of(SCENARIO, "toml")
    agreement = "\n".join(blocks_of(AGREEMENT, "toml")[0][1])
    (tmp_path / "example-agreement.toml").write_text(agreement, encoding="utf-8")
    path = tmp_path / "example.toml"
    path.write_text("\n".join(example), encoding="utf-8")
    lines = list(Replay(load_scenario(path), MemoryStore()).run())
    assert lines[-1]["alerts"] == 2
    shown = set(re.findall(r'^kind = "(\w+)"', "\n".join(example), re.MULTILINE))
    assert shown == {"tell", "acknowledge", "link", "outside"}


def kinds_in(heading: str) -> dict[str, set[str]]:
    """The table of kinds below a heading of the scenario page."""
    text = "\n".join(lines_of(SCENARIO))
    place = text.count("| kind | when | fields |\n", 0, text.index(heading))
    table = [table for table in tables_of(SCENARIO) if table.header == ("kind", "when", "fields")][place]
    return {row[0].strip("`"): set(code_in(row[2])) for row in table.rows}


def fields_of_event(kind: type[Struct]) -> set[str]:
    own = {name.removesuffix("_ms") for name in kind.__struct_fields__} - {"at"}
    return own if "to" in own else own | {"to"}


def test_every_kind_of_event_is_described_with_its_fields() -> None:
    shown = kinds_in("### What the line does")
    kinds = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}
    assert set(shown) == set(kinds)
    for name, kind in kinds.items():
        assert shown[name] - {"to", "text"} == fields_of_event(kind) - {"to"}, name


def branches() -> list[tuple[Path, str]]:
    found: list[tuple[Path, str]] = []
    for path in sorted((ROOT / "scenarios").glob("*.toml")):
        names = load_scenario(path).table.branches
        found += [(path, name) for name in (names or [""])]
    return found


@pytest.mark.parametrize(("path", "branch"), branches(), ids=lambda value: getattr(value, "stem", value))
def test_a_replay_prints_nothing_that_is_not_described(path: Path, branch: str) -> None:
    told, done = kinds_in("### What happens in the file"), kinds_in("### What the line does")
    assert set(told) == TOLD_KINDS
    for line in Replay(load_scenario(path, branch=branch), MemoryStore()).run():
        kind, fields = line["kind"], set(line)
        is_of_line = line["from"] == "line" and kind not in TOLD_KINDS - {"acknowledgement"}
        known = done[kind] | EVENT_HEAD if is_of_line else told[kind]
        assert fields <= known, f"{kind}: {fields - known}"
        if is_of_line:
            assert known - fields <= {"to", "text"}, f"{kind}: {known - fields}"


@pytest.mark.parametrize(
    ("header", "kind"),
    [("`reason` of an alert", Reason), ("`reason` of a closure", CloseReason)],
)
def test_the_reasons_are_those_of_the_program(header: str, kind: type[Enum]) -> None:
    assert table_with(SCENARIO, header).column(header) == [reason.value for reason in kind]


def test_the_causes_of_an_escalation_are_said() -> None:
    (row,) = [row for table in tables_of(SCENARIO) for row in table.rows if row[0] == "`escalation`"]
    assert set(code_in(row[1])) == {cause.value for cause in EscalationCause}


def test_the_example_of_settings_can_be_read(tmp_path: Path) -> None:
    ((_, example),) = blocks_of(CONFIGURATION, "toml")
    (tmp_path / FILE_NAME).write_text("\n".join(example), encoding="utf-8")
    assert read_settings(tmp_path).parties[0].code == "ALPHA"


def test_the_files_of_a_data_folder_are_listed() -> None:
    listed = code_in(" ".join(row[0] for row in table_with(CONFIGURATION, "file").rows))
    assert {FILE_NAME, SECRET_NAME, LEDGER_NAME, f"{LEDGER_NAME}.lock"} <= set(listed)


def test_the_example_of_a_notice_file_can_be_sent() -> None:
    ((_, example),) = blocks_of(NOTICE, "toml")
    kind = openline.app.notice_files.NoticeFile
    written = read_toml("\n".join(example).encode(), kind, code="CONFIGURATION_INVALID", name="the example")
    document = {
        "id": "presence",
        "party": "ALPHA",
        "sequence": 1,
        "previous": "",
        "issued_at": "2026-03-01T00:00:00Z",
        "agreement": {"id": written.agreement, "version": written.version},
        **written.fields,
    }
    assert read_any(msgspec.json.encode(document)) == "ground_presence"


def commands() -> dict[str, Any]:
    """Every command by its full name."""

    def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - click's own types are vendored
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            for part, below in inner.items():
                yield from walk(below, f"{name} {part}".strip())

    return dict(walk(typer.main.get_command(app), ""))


def sections() -> dict[str, list[str]]:
    """The parts of the page of commands, by the command that heads them."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in lines_of(CLI):
        heading = re.fullmatch(r"## `openline (.+)`", line)
        name = heading[1] if heading else name
        if name:
            found.setdefault(name, []).append(line)
    return found


@pytest.mark.parametrize("name", sorted({*commands(), *sections()}))
def test_every_command_is_described_with_its_options_and_an_example(name: str) -> None:
    assert name in sections(), f"docs/reference/cli.md does not describe `openline {name}`"
    assert name in commands(), f"`openline {name}` is described and gone"
    section, command = sections()[name], commands()[name]
    shown = {line.split("|")[1].strip().strip("`") for line in section if line.startswith("| `")}
    params = [param for param in command.params if param.name != "help"]
    assert shown == {p.name if p.param_type_name == "argument" else p.opts[0] for p in params}
    needed = {
        line.split("|")[1].strip().strip("`") for line in section if line.startswith("| `") and "| required" in line
    }
    assert needed == {p.name if p.param_type_name == "argument" else p.opts[0] for p in params if p.required}
    example = "\n".join(section).partition("```sh\n")[2].partition("```")[0].replace("\\\n", " ")
    assert example.startswith(f"openline {name} "), "it has no example"
    for word in re.findall(r"(?<!\S)--[\w-]+", example):
        assert word in shown, f"the example uses {word}, which is no option of it"
