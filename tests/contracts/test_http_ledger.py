"""The ledger as everyone may mirror it: whoever reads checkpoint and tiles can rebuild the root."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.note import NoteVerifier
from openline.ledger.tiles import decode_bundle, format_tile_path, tiles_between
from openline.ledger.tree import Tree, leaf_hash
from tests.parties import NOON_MS, NORTH, ORIGIN, Town, on_ground, presence
from tests.serving import Node

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A ledger of one full tile and some more."""
    town = Town()
    while len(town.store.records) < 300:
        town.tell(NORTH, presence(on_ground(NOON_MS)))
    with Node(town) as served:
        yield served


def test_the_checkpoint_is_the_lines_own_and_is_asked_for_again(node: Node) -> None:
    response = node.http.get("/checkpoint")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache"
    head = open_checkpoint(response.text, NoteVerifier(ORIGIN, node.town.secrets.signer.public_key))
    assert (head.size, head.root) == (len(node.town.store.records), node.town.line.journal.tree.root())


def test_a_mirror_rebuilds_the_root_from_the_leaves_and_finds_every_tile(node: Node) -> None:
    size = int(node.http.get("/checkpoint").text.splitlines()[1])
    tree = Tree()
    for name in tiles_between(0, size):
        response = node.http.get(f"/{format_tile_path(name)}")
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/octet-stream"
        assert response.headers["cache-control"] == FOR_EVER
        if name.level is None:
            for leaf in decode_bundle(response.content, name.width):
                tree.append(leaf_hash(leaf))
        else:
            assert response.content == tree.tile(name.level, name.index, name.width)
    assert tree.root() == node.town.line.journal.tree.root()


def test_a_narrower_tile_stays_to_be_had(node: Node) -> None:
    whole = node.http.get("/tile/entries/000").content
    assert whole == node.http.get("/tile/entries/000").content
    narrow = node.http.get("/tile/entries/000.p/7").content
    assert whole.startswith(narrow)
    assert len(decode_bundle(narrow, 7)) == 7


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/001",
        "tile/0/001.p/200",
        "tile/1/000",
        "tile/1/000.p/2",
        "tile/entries/001",
        "tile/entries/002.p/1",
        "tile/64/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/x000/000",
        "tile/",
        "tile/0/000/",
    ],
)
def test_what_the_ledger_does_not_hold_is_not_there(node: Node, path: str) -> None:
    response = node.http.get(f"/{path}")
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert response.headers["cache-control"] == "no-store"


def test_bodies_are_not_among_what_everyone_may_mirror(node: Node) -> None:
    for name in tiles_between(0, len(node.town.store.records)):
        content = node.http.get(f"/{format_tile_path(name)}").content
        assert not any(mark in content for mark in (b"payload", b"NORTH", b"recorded_at"))


def test_an_empty_ledger_has_no_checkpoint_yet() -> None:
    town = Town()
    with Node(town) as node:
        town.line.checkpoint = ""
        assert node.http.get("/checkpoint").status_code == 404
