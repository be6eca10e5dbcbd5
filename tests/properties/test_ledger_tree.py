"""The tree against the recursive definition of RFC 9162 section 2.1, and every proof against every change of a bit."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.ledger.proof import ProofError, verify_consistency, verify_inclusion
from openline.ledger.tiles import TileName, hash_tile, tile_width, tiles_between
from openline.ledger.tree import Tree, leaf_hash

LEAVES = [b"leaf %d" % index for index in range(700)]


def recursive_root(leaves: list[bytes]) -> bytes:
    """MTH of section 2.1.1, as it is written there."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = _split(len(leaves))
    return sha256(b"\x01" + recursive_root(leaves[:split]) + recursive_root(leaves[split:])).digest()


def recursive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of section 2.1.3.1."""
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*recursive_path(index, leaves[:split]), recursive_root(leaves[split:])]
    return [*recursive_path(index - split, leaves[split:]), recursive_root(leaves[:split])]


def recursive_proof(old: int, leaves: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1."""
    if old == len(leaves):
        return [] if is_whole else [recursive_root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*recursive_proof(old, leaves[:split], is_whole=is_whole), recursive_root(leaves[split:])]
    return [*recursive_proof(old - split, leaves[split:], is_whole=False), recursive_root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _tree(size: int) -> Tree:
    tree = Tree()
    for leaf in LEAVES[:size]:
        tree.append(leaf_hash(leaf))
    return tree


def _flipped(digest: bytes, bit: int) -> bytes:
    return (int.from_bytes(digest, "big") ^ 1 << bit).to_bytes(32, "big")


sizes = st.integers(1, len(LEAVES))
bits = st.integers(0, 255)
GROWN = _tree(len(LEAVES))


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    tree = Tree()
    for count, leaf in enumerate(leaves):
        assert tree.append(leaf_hash(leaf)) == count
    assert [tree.root(size) for size in range(len(leaves) + 1)] == [
        recursive_root(leaves[:size]) for size in range(len(leaves) + 1)
    ]


def test_all_proofs_of_small_trees_are_those_of_the_definition() -> None:
    tree = _tree(40)
    for new in range(1, 41):
        for index in range(new):
            assert tree.inclusion_proof(index, new) == recursive_path(index, LEAVES[:new]), (index, new)
            assert tree.consistency_proof(index + 1, new) == recursive_proof(index + 1, LEAVES[:new]), (index + 1, new)


@given(st.data(), sizes)
def test_inclusion_proofs_verify_and_no_changed_one_does(data: st.DataObject, size: int) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = GROWN.inclusion_proof(index, size)
    leaf, root = leaf_hash(LEAVES[index]), recursive_root(LEAVES[:size])
    verify_inclusion(index=index, size=size, leaf_hash=leaf, proof=proof, root=root)
    at, bit = data.draw(st.integers(0, len(proof) + 1)), data.draw(bits)
    hashes = [leaf, root, *proof]
    hashes[at] = _flipped(hashes[at], bit)
    changed = [hashes[2:], *([proof[:-1], proof[1:]] if proof else []), [*proof, root], [root, *proof]]
    for number, wrong in enumerate(changed):
        known = (hashes[0], hashes[1]) if number == 0 else (leaf, root)
        with pytest.raises(ProofError):
            verify_inclusion(index=index, size=size, leaf_hash=known[0], proof=wrong, root=known[1])


@given(st.data(), sizes)
def test_an_inclusion_proof_shows_one_place_only(data: st.DataObject, size: int) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof, root = GROWN.inclusion_proof(index, size), GROWN.root(size)
    if index != other:
        with pytest.raises(ProofError):
            verify_inclusion(index=other, size=size, leaf_hash=leaf_hash(LEAVES[index]), proof=proof, root=root)


@given(st.data(), sizes)
def test_consistency_proofs_verify_and_no_changed_one_does(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    proof = GROWN.consistency_proof(old, new)
    old_root, new_root = recursive_root(LEAVES[:old]), recursive_root(LEAVES[:new])
    verify_consistency(old=old, new=new, proof=proof, old_root=old_root, new_root=new_root)
    at, bit = data.draw(st.integers(0, len(proof) + 1)), data.draw(bits)
    hashes = [old_root, new_root, *proof]
    hashes[at] = _flipped(hashes[at], bit)
    with pytest.raises(ProofError):
        verify_consistency(old=old, new=new, proof=hashes[2:], old_root=hashes[0], new_root=hashes[1])
    for wrong in (*([proof[:-1], proof[1:]] if proof else []), [*proof, new_root], [old_root, *proof]):
        with pytest.raises(ProofError):
            verify_consistency(old=old, new=new, proof=wrong, old_root=old_root, new_root=new_root)


@given(st.data(), sizes)
def test_no_proof_joins_two_histories(data: st.DataObject, new: int) -> None:
    old = data.draw(st.integers(1, new))
    changed = data.draw(st.integers(0, old - 1))
    forked = [*LEAVES[:changed], b"another", *LEAVES[changed + 1 : old]]
    with pytest.raises(ProofError):
        verify_consistency(
            old=old,
            new=new,
            proof=GROWN.consistency_proof(old, new),
            old_root=recursive_root(forked),
            new_root=GROWN.root(new),
        )


@given(sizes, sizes)
def test_truncating_and_growing_again_is_identity(size: int, cut: int) -> None:
    tree = _tree(size)
    cut = min(cut, size)
    tree.truncate(cut)
    assert (tree.size, tree.root()) == (cut, GROWN.root(cut))
    for leaf in LEAVES[cut:size]:
        tree.append(leaf_hash(leaf))
    assert tree.root() == GROWN.root(size)
    assert hash_tile(tree, TileName(0, 0, min(size, 256))) == hash_tile(GROWN, TileName(0, 0, min(size, 256)))


@given(st.lists(sizes, min_size=1, max_size=5).map(sorted))
def test_tiles_written_at_each_growth_give_the_root_back(growth: list[int]) -> None:
    published: dict[tuple[int | None, int], bytes] = {}
    old = 0
    for new in growth:
        tree = _tree(new)
        for name in tiles_between(old, new):
            assert name.width == tile_width(new, name.level, name.index)
            if name.level is not None:
                content = hash_tile(tree, name)
                assert content.startswith(published.get((name.level, name.index), b""))
                published[name.level, name.index] = content
        old = new
    leaves = b"".join(published[key] for key in sorted(key for key in published if key[0] == 0))
    rebuilt = Tree()
    for at in range(0, len(leaves), 32):
        rebuilt.append(leaves[at : at + 32])
    assert (rebuilt.size, rebuilt.root()) == (old, GROWN.root(old))
    above = b"".join(recursive_root(LEAVES[at : at + 256]) for at in range(0, old - 255, 256))
    assert published.get((1, 0), b"") == above
