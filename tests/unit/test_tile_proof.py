"""Consistency proofs from published tiles: the same as from the tree itself, for every pair of sizes."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.ledger.proof import ProofError, verify_consistency
from openline.ledger.tile_proof import TiledTree
from openline.ledger.tiles import TileError, TileName, hash_tile
from openline.ledger.tree import Tree

TREE = Tree()
for _number in range(70_000):
    TREE.append(sha256(b"%d" % _number).digest())


def tiled(size: int) -> TiledTree:
    return TiledTree(size, lambda name: hash_tile(TREE, name))


@given(st.data())
def test_tiles_give_the_proof_that_the_tree_gives(data: st.DataObject) -> None:
    new = data.draw(st.one_of(st.integers(1, 600), st.integers(1, TREE.size)))
    old = data.draw(st.integers(1, new))
    proof = tiled(new).consistency_proof(old)
    assert proof == TREE.consistency_proof(old, new)
    verify_consistency(old=old, new=new, proof=proof, old_root=TREE.root(old), new_root=TREE.root(new))


def test_a_tile_is_read_once_and_few_are_read() -> None:
    read: list[TileName] = []

    def reading(name: TileName) -> bytes:
        read.append(name)
        return hash_tile(TREE, name)

    TiledTree(70_000, reading).consistency_proof(69_999)
    assert len(read) == len(set(read)) <= 4


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_there_is_no_proof_from_nothing_nor_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof"):
        tiled(new).consistency_proof(old)


def test_a_tile_that_is_cut_short_is_refused_and_a_changed_one_proves_nothing() -> None:
    with pytest.raises(TileError):
        TiledTree(300, lambda name: hash_tile(TREE, name)[:-1]).consistency_proof(7)
    forged = TiledTree(300, lambda name: bytes(len(hash_tile(TREE, name)))).consistency_proof(7)
    with pytest.raises(ProofError):
        verify_consistency(old=7, new=300, proof=forged, old_root=TREE.root(7), new_root=TREE.root(300))
