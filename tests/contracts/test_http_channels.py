"""`GET /channels`: who tells over an exclusive channel, and who may count it, gets its secret; nobody else does."""

from __future__ import annotations

from typing import Any

from openline.ledger.epochs import epoch_secret
from openline.ledger.leaf import ChannelTags, decode_leaf
from openline.ledger.tiles import decode_bundle
from tests.exclusive import CHANNELS, EAST, FLIGHTS, PRESENCES, exclusive_town, text
from tests.parties import NOON_MS, NORTH, SOUTH, activity, in_air
from tests.serving import Node, b64


def exclusive(node: Node, party: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node.get("/channels", party).json()["exclusive"]
    return found


def test_those_whom_the_agreement_names_and_no_others() -> None:
    with Node(exclusive_town()) as node:
        by_party = {party: exclusive(node, party) for party in (NORTH, SOUTH, EAST)}
        roles = {party: [(c["name"], c["role"]) for c in found] for party, found in by_party.items()}
        assert roles == {
            NORTH: [(FLIGHTS, "from"), (PRESENCES, "to")],
            SOUTH: [(FLIGHTS, "to"), (PRESENCES, "from")],
            EAST: [(PRESENCES, "to")],
        }
        assert by_party[NORTH][0]["secret"] == by_party[SOUTH][0]["secret"]
        assert by_party[NORTH][0]["secret"] != by_party[NORTH][1]["secret"]
        assert all(c["open"] and c["version"] == 1 for c in by_party[NORTH])


def test_a_receiver_counts_what_was_told_and_reads_no_more_than_where_an_epoch_began() -> None:
    with Node(exclusive_town()) as node:
        told = node.tell(NORTH, activity(in_air(NOON_MS))).json()["index"]
        (flights, _) = exclusive(node, SOUTH)
        tags = ChannelTags(epoch_secret(b64(flights["secret"]), 0))
        width = len(node.town.store.records)
        leaves = decode_bundle(node.http.get(f"/tile/entries/000.p/{width}").content, width)
        serials = {i: tags.serial_of(decode_leaf(leaf)) for i, leaf in enumerate(leaves)}
        assert {i: s for i, s in serials.items() if s is not None} == {flights["entry"]: 1, told: 2}
        answers = {party: node.get(f"/entries/{flights['entry']}", party).status_code for party in (NORTH, SOUTH, EAST)}
        assert answers == {NORTH: 200, SOUTH: 200, EAST: 404}
        answers = {party: node.get(f"/entries/{told}", party).status_code for party in (NORTH, SOUTH, EAST)}
        assert answers == {NORTH: 200, SOUTH: 404, EAST: 404}


def test_whom_a_later_version_leaves_out_keeps_the_earlier_secret_only() -> None:
    town = exclusive_town()
    town.load(text(CHANNELS.replace('to = ["SOUTH"]', 'to = ["EAST"]'), version=2))
    with Node(town) as node:
        assert [(c["name"], c["version"], c["open"]) for c in exclusive(node, SOUTH)] == [
            (FLIGHTS, 1, False),
            (PRESENCES, 1, False),
            (PRESENCES, 2, True),
        ]
        assert [(c["name"], c["version"]) for c in exclusive(node, EAST)] == [
            (FLIGHTS, 2),
            (PRESENCES, 1),
            (PRESENCES, 2),
        ]
        assert len({c["secret"] for party in (SOUTH, EAST) for c in exclusive(node, party)}) == 4
