"""`/openapi.json`: the interface as OpenAPI 3.1, put together from the operations and the schemas."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.routing import BaseRoute

from openline import __version__
from openline.adapters.http.answers import ASKED_AGAIN, JSON, PROBLEM_JSON, Answer
from openline.adapters.http.doors import get
from openline.adapters.http.operation import OCTETS, TEXT, Good, Operation
from openline.adapters.http.operations import EVERYWHERE, OPERATIONS
from openline.adapters.http.schemas import all_schemas, ref
from openline.adapters.http.statuses import status_of
from openline.core.limits import BODY_MAX_BYTES
from openline.ledger.witnessing import MAX_REQUEST_BYTES
from openline.release.phrases import CAVEAT

_SESSION = "session"


class Interface:
    """The document, put together once."""

    def __init__(self, *, is_drill: bool) -> None:
        """`is_drill` shows in its title."""
        self._answer = Answer(200, msgspec.json.encode(document(is_drill=is_drill)), JSON, ASKED_AGAIN)

    def routes(self) -> list[BaseRoute]:
        """Its address."""
        return [get("/openapi.json", self._show)]

    async def _show(self, _: Request) -> Answer:
        return self._answer


def document(*, is_drill: bool) -> dict[str, Any]:
    """The OpenAPI document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Openline, DRILL" if is_drill else "Openline",
            "version": __version__,
            "description": CAVEAT["en"],
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": all_schemas(),
            "securitySchemes": {
                _SESSION: {"type": "http", "scheme": "bearer", "description": "The token of `POST /sessions`."}
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": {**{str(good.status): _good(good) for good in operation.answers}, **_problems(operation)},
    }
    if operation.parameters:
        found["parameters"] = list(operation.parameters)
    if operation.sends:
        found["requestBody"] = {
            "required": True,
            "description": f"At most {BODY_MAX_BYTES} bytes.",
            "content": {JSON: {"schema": ref(operation.sends)}},
        }
    if operation.sends_text:
        says = f"{operation.sends_text} At most {MAX_REQUEST_BYTES} bytes."
        found["requestBody"] = {
            "required": True,
            "description": says,
            "content": {TEXT: {"schema": {"type": "string"}}},
        }
    if operation.sends_octets:
        found["requestBody"] = {
            "required": True,
            "description": f"At most {BODY_MAX_BYTES} bytes.",
            "content": {OCTETS: {}},
        }
    if operation.needs_session:
        found["security"] = [{_SESSION: []}]
    return found


def _good(good: Good) -> dict[str, Any]:
    schema = ref(good.shape) if good.shape else {}
    return {"description": good.says, "content": {good.media: {"schema": schema} if schema else {}}}


def _problems(operation: Operation) -> dict[str, Any]:
    """One response for each status, which names its codes."""
    codes: dict[int, list[str]] = {}
    for code in (*operation.codes, *EVERYWHERE):
        codes.setdefault(status_of(code).number, []).append(code)
    return {
        str(number): {
            "description": ", ".join(f"`{code}`" for code in found),
            "content": {PROBLEM_JSON: {"schema": ref("Problem")}},
            **_retry_header(found),
        }
        for number, found in sorted(codes.items())
    }


def _retry_header(codes: list[str]) -> dict[str, Any]:
    if not any(status_of(code).retry_after_s for code in codes):
        return {}
    return {"headers": {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}}
