"""The right-hand edge of a tree: it gives the tiles and the root that the whole tree gives, at every size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.ledger.frontier import Frontier
from openline.ledger.tiles import TileName, hash_tile, tiles_between
from openline.ledger.tree import EMPTY_ROOT, HASH_BYTES, Tree, leaf_hash

EDGES = (0, 1, 2, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 66_000)
LEAVES = [leaf_hash(b"%d" % number) for number in range(max(EDGES))]


def _tree() -> Tree:
    tree = Tree()
    for digest in LEAVES:
        tree.append(digest)
    return tree


TREE = _tree()


def _grown(frontier: Frontier, to: int) -> dict[TileName, bytes]:
    """Every tile that is made on the way, full or at the edge."""
    made = dict(frontier.extend(b"".join(LEAVES[frontier.size : to])))
    return made | dict(frontier.partial_tiles())


def _expected(old: int, new: int) -> dict[TileName, bytes]:
    return {name: hash_tile(TREE, name) for name in tiles_between(old, new) if name.level is not None}


@pytest.mark.parametrize("size", EDGES)
def test_tiles_and_root_are_those_of_the_whole_tree(size: int) -> None:
    frontier = Frontier()
    assert _grown(frontier, size) == _expected(0, size)
    assert (frontier.size, frontier.root()) == (size, TREE.root(size))


def test_the_empty_tree_has_the_empty_root() -> None:
    assert Frontier().root() == Frontier.at(0, lambda _: b"").root() == EMPTY_ROOT


@given(st.sampled_from(EDGES), st.integers(0, 700))
def test_it_goes_on_from_its_partial_tiles_alone(old: int, more: int) -> None:
    new = min(old + more, len(LEAVES))
    asked: list[TileName] = []

    def read(name: TileName) -> bytes:
        asked.append(name)
        return hash_tile(TREE, name)

    frontier = Frontier.at(old, read)
    assert frontier.root() == TREE.root(old)
    assert len(asked) <= 3
    assert all(name.width < 256 for name in asked)
    made = _grown(frontier, new)
    assert frontier.root() == TREE.root(new)
    assert _expected(old, new).items() <= made.items()


def test_a_copy_grows_on_its_own() -> None:
    first = Frontier()
    _grown(first, 300)
    second = first.copy()
    _grown(second, 600)
    assert (first.size, first.root()) == (300, TREE.root(300))
    assert (second.size, second.root()) == (600, TREE.root(600))


def test_tiles_of_another_length_are_refused() -> None:
    for content in (b"", bytes(31), bytes(32 * 3), bytes(32 * 5)):
        with pytest.raises(ValueError, match="width 4"):
            Frontier.at(4, lambda _, content=content: content)  # type: ignore[misc]
    with pytest.raises(ValueError, match=f"{HASH_BYTES} bytes"):
        list(Frontier().extend(bytes(33)))
