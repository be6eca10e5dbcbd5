"""Every error as a problem document (RFC 9457), from one place, and counted there."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from starlette.exceptions import HTTPException

from openline.adapters.http.answers import HANG_UP, PROBLEM_JSON, Answer, Header
from openline.adapters.http.shapes import Problem
from openline.adapters.http.statuses import status_of
from openline.core.errors import CODES, NodeFault, NotFound, OpenlineError, Refusal
from openline.node.ports import StoreError

PROBLEMS_AT = "/problems/"
"""Where the page of each code lies."""

METHOD_NOT_ALLOWED = 405

Report = Callable[[str, Exception], None]
"""Takes a sentence and the exception behind it."""
Count = Callable[[str], None]
"""Told of the code of every problem that is sent."""


class Problems:
    """Turns whatever was raised into the answer that is sent."""

    def __init__(self, report: Report, count: Count) -> None:
        """`report` is told of what should never happen, `count` of every code."""
        self._report = report
        self._count = count

    def answer(self, error: Exception) -> Answer:
        """The answer to a request that raised `error`."""
        headers: list[Header] = []
        if isinstance(error, OpenlineError):
            known = error
        elif isinstance(error, HTTPException):
            known = _of_route(error)
            headers += [(k.lower().encode(), v.encode()) for k, v in (error.headers or {}).items()]
        elif isinstance(error, StoreError):
            known = _store_failed()
        else:
            self._report("A request broke off.", error)
            known = _broke_off()
        self._count(known.code)
        return problem_answer(known, headers)


def problem_answer(error: OpenlineError, headers: list[Header] | None = None) -> Answer:
    """The problem document of an error."""
    status = status_of(error.code)
    head = list(headers or ())
    if status.retry_after_s:
        head.append((b"retry-after", b"%d" % status.retry_after_s))
    if status.hangs_up:
        head.append(HANG_UP)
    if status.number == 401:  # noqa: PLR2004 - Unauthorized must name its scheme (RFC 9110, 11.6.1)
        head.append((b"www-authenticate", b"Bearer"))
    document = Problem(
        type=f"{PROBLEMS_AT}{error.code}",
        title=title_of(error.code),
        status=status.number,
        detail=error.reason,
        code=error.code,
        path=error.path,
        remedy=error.remedy,
        retry=error.retry.value,
    )
    return Answer(status.number, msgspec.json.encode(document), PROBLEM_JSON, headers=head)


def title_of(code: str) -> str:
    """The code's meaning as the title of its problem; the same for every occurrence."""
    when = CODES[code].when
    return f"{when[:1].upper()}{when[1:]}"


def not_found() -> NotFound:
    """What everyone gets who names something that is not there, or not theirs: word for word the same."""
    return NotFound("NOT_FOUND", "there is nothing of yours here", remedy="See the list of addresses at /openapi.json.")


def _of_route(error: HTTPException) -> OpenlineError:
    if error.status_code == METHOD_NOT_ALLOWED:
        return Refusal(
            "METHOD_NOT_ALLOWED",
            "this address does not know the method",
            remedy="See the header Allow, or the list of addresses at /openapi.json.",
        )
    return not_found()


def _store_failed() -> NodeFault:
    return NodeFault(
        "STORE_FAILED",
        "the node's disk refused a read",
        remedy="Nothing that you were given a receipt for is lost. Try again in a few seconds.",
    )


def _broke_off() -> NodeFault:
    return NodeFault(
        "INTERNAL_FAULT",
        "something in the node broke off",
        remedy="Try again in a few seconds; telephone if it was urgent. The operator has been told.",
    )
