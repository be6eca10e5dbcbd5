"""Every code that is raised anywhere is explained once, and an error says all that it knows in one line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from openline.core import errors
from openline.core.errors import CODES, BadUse, Invalid, OpenlineError, Refusal, Retry

SOURCE = Path(errors.__file__).parents[1]
CLASSES = {cls.__name__ for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, OpenlineError)}


def codes_raised() -> Iterator[tuple[str, str]]:
    """Where an error is made with a code that is written out, and the code."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield f"{path.relative_to(SOURCE)}:{node.lineno}", first.value


def test_every_code_that_is_raised_is_explained() -> None:
    found = dict(codes_raised())
    assert len(found) > 20
    assert not {place: code for place, code in found.items() if code not in CODES and code.isupper()}


@pytest.mark.parametrize("code", CODES)
def test_a_code_says_when_and_whether_to_try_again(code: str) -> None:
    assert CODES[code].when
    assert OpenlineError(code, "a reason").retry is CODES[code].retry


def test_what_is_refused_for_the_node_may_be_sent_again_unchanged() -> None:
    later = {code for code, meaning in CODES.items() if meaning.retry is Retry.LATER}
    assert {"NODE_FENCED", "NODE_BUSY", "NODE_UNREACHABLE", "STORE_FAILED"} <= later
    assert not later & {"SIGNATURE_INVALID", "PAYLOAD_MALFORMED", "NOTICE_ID_REUSED", "ALERT_UNKNOWN"}


def test_an_error_in_one_line() -> None:
    error = Invalid("TIME_INVALID", "it is no time", path="issued_at", remedy="Write one.")
    assert str(error) == "TIME_INVALID at issued_at: it is no time Write one."
    assert str(BadUse("FILE_UNREADABLE", "it is missing")) == "FILE_UNREADABLE: it is missing"
    assert isinstance(error, Refusal)
    assert error.args == ("it is no time",)
