"""The Merkle tree on the eight leaves that every implementation of RFC 6962 tests with."""

from __future__ import annotations

from hashlib import sha256

import pytest

from openline.ledger.tree import EMPTY_ROOT, Tree, leaf_hash, node_hash

LEAVES = [
    bytes.fromhex(digits)
    for digits in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.fixture
def tree() -> Tree:
    built = Tree()
    for leaf in LEAVES:
        built.append(leaf_hash(leaf))
    return built


def test_hashes_carry_their_domain() -> None:
    assert leaf_hash(b"x") == sha256(b"\x00x").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


def test_roots_of_all_sizes(tree: Tree) -> None:
    assert [tree.root(size).hex() for size in range(9)] == ROOTS
    assert tree.root().hex() == ROOTS[8]
    assert tree.root(0) == EMPTY_ROOT


def test_append_counts_from_zero() -> None:
    tree = Tree()
    assert [tree.append(leaf_hash(leaf)) for leaf in LEAVES] == list(range(8))
    assert tree.size == 8
    assert [tree.leaf_hash_at(index) for index in range(8)] == [leaf_hash(leaf) for leaf in LEAVES]


def test_truncate_takes_back_the_last_appends(tree: Tree) -> None:
    tree.truncate(5)
    assert (tree.size, tree.root().hex()) == (5, ROOTS[5])
    for leaf in LEAVES[5:]:
        tree.append(leaf_hash(leaf))
    assert tree.root().hex() == ROOTS[8]


def test_proofs_of_the_example_of_the_standard() -> None:
    """RFC 9162 section 2.1.5: the tree of seven leaves and its named nodes."""
    tree = Tree()
    for index in range(7):
        tree.append(leaf_hash(b"d%d" % index))
    a, b, c, d, e, f, j = (leaf_hash(b"d%d" % index) for index in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, l_ = node_hash(g, h), node_hash(i, j)
    assert tree.inclusion_proof(0, 7) == [b, h, l_]
    assert tree.inclusion_proof(3, 7) == [c, g, l_]
    assert tree.inclusion_proof(4, 7) == [f, j, k]
    assert tree.inclusion_proof(6, 7) == [i, k]
    assert tree.consistency_proof(3, 7) == [c, d, g, l_]
    assert tree.consistency_proof(4, 7) == [l_]
    assert tree.consistency_proof(6, 7) == [i, j, k]
    assert tree.consistency_proof(7, 7) == []


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_append_refuses_what_is_no_hash(tree: Tree, digest: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        tree.append(digest)
    assert tree.root().hex() == ROOTS[8]


@pytest.mark.parametrize("size", [-1, 9])
def test_sizes_outside_the_tree_are_refused(tree: Tree, size: int) -> None:
    for ask in (tree.root, tree.truncate):
        with pytest.raises(ValueError, match="outside"):
            ask(size)


@pytest.mark.parametrize(("index", "size"), [(-1, 8), (8, 8), (3, 3), (0, 0), (0, 9)])
def test_no_inclusion_proof_outside_the_tree(tree: Tree, index: int, size: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        tree.inclusion_proof(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 8), (-1, 3), (5, 4), (3, 9)])
def test_no_consistency_proof_outside_the_tree(tree: Tree, old: int, new: int) -> None:
    with pytest.raises(ValueError, match="size"):
        tree.consistency_proof(old, new)


@pytest.mark.parametrize("index", [-1, 8])
def test_no_leaf_hash_outside_the_tree(tree: Tree, index: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        tree.leaf_hash_at(index)


@pytest.mark.parametrize(
    ("level", "index", "width"), [(0, 0, 9), (0, 0, 0), (0, 1, 1), (1, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 257)]
)
def test_no_tile_beyond_the_tree(tree: Tree, level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="no tile"):
        tree.tile(level, index, width)
