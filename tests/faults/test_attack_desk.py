"""A node that answers what it likes, and a desk that must shout all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from openline.app.commands.alarms import Passing
from openline.app.desk import Desk
from openline.app.ledger_door import LedgerDoor
from openline.codec.envelope import AGREEMENT_TYPE
from openline.core.errors import NodeFault, Refusal
from openline.core.time import DAY_MS
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from tests.cosigning import watched
from tests.faults.test_attack_receipts import codes, key_of, later, run, send
from tests.parties import NORTH, SOUTH, signer_of
from tests.serving import Node


@pytest.fixture
def node() -> Iterator[Node]:
    with Node() as served:
        yield served


@pytest.mark.parametrize("answer", [NodeFault("NODE_UNREACHABLE", "busy"), Refusal("KEY_UNKNOWN", "who?")])
def test_a_node_that_keeps_its_ledger_to_itself_is_shouted_about_while_its_feed_goes_on(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: Exception
) -> None:
    assert codes(send(node, tmp_path)) == []

    def closed(path: str) -> bytes:
        if path == "/key":
            return node.http.get("/key").content
        raise answer

    with Desk(key_of(tmp_path), node.url) as desk:
        monkeypatch.setattr(desk, "ledger", LedgerDoor(closed))
        later(monkeypatch, DAY_MS)
        Passing(desk, as_json=True).check()
        assert "PROMISE_BROKEN" in [alarm.code for alarm in desk.custody.alarms]


def test_a_receipt_that_promises_no_witnesses_is_no_way_round_an_agreement_that_asks_for_them(
    node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = tmp_path / "terms.json"
    signers = [(key_id(signer_of(party).public_key), signer_of(party)) for party in (NORTH, SOUTH)]
    terms.write_bytes(sign_envelope(watched(2), AGREEMENT_TYPE, signers))
    assert codes(send(node, tmp_path)) == []
    assert codes(run(node, tmp_path, "receipts", "--json", "--agreement", str(terms))) == []
    later(monkeypatch, DAY_MS)
    shown = run(node, tmp_path, "receipts", "--json", "--agreement", str(terms))
    assert codes(shown) == ["PROMISE_BROKEN"], shown.output
    assert json.loads(shown.stdout)["receipts"][0]["standing"] == "broken"
