"""The served OpenAPI document is sound, and the node keeps what it promises (schemathesis, inputs good and bad)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import schemathesis
from hypothesis import settings
from schemathesis import Case
from schemathesis.core import NotSet
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import positive_data_acceptance

from openline.adapters.http import shapes
from openline.adapters.http.openapi import document
from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, NOTICE_TYPE
from openline.core.time import HOUR_MS, to_text
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from tests.parties import NOON_MS, NORTH, SOUTH, activity, circle, in_air, on_ground, presence, signer_of
from tests.samples import counts
from tests.serving import Node


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A town in which there is something to read."""
    with Node() as served:
        served.tell(SOUTH, presence(on_ground(NOON_MS)))
        served.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)))
        yield served


DOCUMENT = document(is_drill=True)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


def unwrapped(path: str, payload: str) -> dict[str, Any]:
    """The interface as if an address took the payload itself: whoever reads it signs what it draws."""
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(DOCUMENT))
    told["paths"] = {path: told["paths"][path]}
    told["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"] = (
        f"#/components/schemas/{payload}"
    )
    return told


NOTICES = schemathesis.openapi.from_dict(unwrapped("/notices", "Notice"))
ACKNOWLEDGEMENTS = schemathesis.openapi.from_dict(unwrapped("/acknowledgements", "Acknowledgement"))
for signed in (NOTICES, ACKNOWLEDGEMENTS):
    signed.config.phases.coverage.enabled = False  # thousands of faults, one by one, of what is drawn at random anyway


def test_what_is_served_is_what_is_checked(node: Node) -> None:
    assert node.http.get("/openapi.json").json() == document(is_drill=True)


MORE_THAN_A_SCHEMA = {"/evidence", "/keys"}
"""Addresses at which parts that are each well formed may contradict each other: a good answer is not owed to all."""


@SCHEMA.exclude(path="/feed").parametrize()
@settings(max_examples=counts(10, 500))
def test_the_node_keeps_what_its_interface_promises(case: Case[Any], node: Node) -> None:
    left_out: list[Any] = [positive_data_acceptance] if case.path in MORE_THAN_A_SCHEMA else []
    case.call_and_validate(base_url=node.url, headers=node.held(NORTH), excluded_checks=left_out)


@NOTICES.include(method="POST").parametrize()
@settings(max_examples=counts(25, 2_000))
def test_any_signed_document_is_taken_or_refused_by_name(case: Case[Any], node: Node) -> None:
    check_signed(case, node, NOTICE_TYPE)


@ACKNOWLEDGEMENTS.parametrize()
@settings(max_examples=counts(10, 500))
def test_any_signed_acknowledgement_is_taken_or_refused_by_name(case: Case[Any], node: Node) -> None:
    check_signed(case, node, ACKNOWLEDGEMENT_TYPE)


def plausible(body: dict[str, Any]) -> dict[str, Any]:
    """What was drawn, told by its signer at a time that can be: a text drawn at random hardly ever is one."""
    sure = {"party": NORTH, "role": "duty_officer", "issued_at": to_text(NOON_MS)}
    told = body | {name: value for name, value in sure.items() if isinstance(body.get(name), str)}
    if isinstance(told.get("refresh_due"), str):
        told["refresh_due"] = to_text(NOON_MS + HOUR_MS)
    for name in ("volumes", "hazard_volumes"):
        if isinstance(told.get(name), list):
            told[name] = [located(v) if isinstance(v, dict) else v for v in told[name]]
    if told.get("volumes") == []:
        told["volumes"] = [located({"time_start": ""})]
    return told


def located(volume: dict[str, Any]) -> dict[str, Any]:
    """A volume with one outline, and the rest of it as drawn."""
    outlines = sorted(name for name in volume if name.startswith("outline") and volume[name])
    kept = {name: value for name, value in volume.items() if value and name not in outlines[1:]}
    for name in ("time_start", "time_end"):
        if isinstance(volume.get(name), str):
            kept[name] = to_text(NOON_MS + (name == "time_end") * HOUR_MS)
    return circle() | kept if not outlines else kept


def check_signed(case: Case[Any], node: Node, payload_type: str) -> None:
    """Sign what was drawn, send it, and hold the answer against the interface."""
    signer = signer_of(NORTH)
    body = None if isinstance(case.body, NotSet) else case.body
    if isinstance(body, dict):
        body = plausible(body)
    envelope = sign_envelope(msgspec.json.encode(body), payload_type, [(key_id(signer.public_key), signer)])
    response = node.http.post(case.path, content=envelope)
    promised = DOCUMENT["paths"][case.path]["post"]["responses"]
    assert str(response.status_code) in promised
    if response.status_code < 300:
        msgspec.json.decode(response.content, type=shapes.Receipt, strict=True)
        return
    assert response.status_code in {400, 403, 404, 409, 422}
    problem = msgspec.json.decode(response.content, type=shapes.Problem, strict=True)
    assert f"`{problem.code}`" in promised[str(response.status_code)]["description"]


def test_a_node_that_breaks_its_promise_is_found(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "Ready", lambda **_: {"ready": "perhaps"})
    case = SCHEMA["/readyz"]["GET"].Case()
    with pytest.raises(FailureGroup):
        case.call_and_validate(base_url=node.url)
