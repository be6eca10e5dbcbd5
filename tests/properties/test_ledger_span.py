"""Runs of leaves: what the proof says equals brute force, and nothing else passes as it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.ledger.proof import ProofError
from openline.ledger.span import span_proof, verify_span
from openline.ledger.tree import Tree, leaf_hash, node_hash

LEAVES = [leaf_hash(b"leaf %d" % number) for number in range(300)]


def _grown() -> Tree:
    tree = Tree()
    for digest in LEAVES:
        tree.append(digest)
    return tree


TREE = _grown()
RUNS = st.integers(1, 300).flatmap(
    lambda size: st.tuples(st.integers(0, size - 1), st.integers(1, size), st.just(size)).filter(lambda r: r[0] < r[1])
)


def _root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 section 2.1.1 writes it."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while 2 * middle < len(leaves):
        middle *= 2
    return node_hash(_root(leaves[:middle]), _root(leaves[middle:]))


def _outside(start: int, leaves: list[bytes], a: int, b: int) -> Iterator[bytes]:
    """The proof, from the leaves alone: which parts hold none of the run."""
    inside = set(range(start, start + len(leaves))) & set(range(a, b))
    if not inside:
        yield _root(leaves)
    elif len(inside) < len(leaves):
        middle = 1
        while 2 * middle < len(leaves):
            middle *= 2
        yield from _outside(start, leaves[:middle], a, b)
        yield from _outside(start + middle, leaves[middle:], a, b)


@given(RUNS)
def test_the_proof_is_that_of_brute_force_and_verifies(run: tuple[int, int, int]) -> None:
    a, b, size = run
    proof = span_proof(TREE, a, b, size)
    assert proof == list(_outside(0, LEAVES[:size], a, b))
    verify_span(a=a, b=b, size=size, leaf_hashes=LEAVES[a:b], proof=proof, root=_root(LEAVES[:size]))


@given(RUNS)
def test_a_run_of_one_needs_the_hashes_of_its_inclusion_proof(run: tuple[int, int, int]) -> None:
    a, _, size = run
    assert sorted(span_proof(TREE, a, a + 1, size)) == sorted(TREE.inclusion_proof(a, size))


@given(RUNS)
def test_a_proof_has_at_most_two_hashes_for_each_row(run: tuple[int, int, int]) -> None:
    a, b, size = run
    assert len(span_proof(TREE, a, b, size)) <= 2 * size.bit_length()


@given(RUNS, st.data())
def test_nothing_else_passes(run: tuple[int, int, int], data: st.DataObject) -> None:
    a, b, size = run
    leaves, proof, root = LEAVES[a:b], span_proof(TREE, a, b, size), TREE.root(size)

    def refused(**changed: object) -> None:
        claim = {"a": a, "b": b, "size": size, "leaf_hashes": leaves, "proof": proof, "root": root, **changed}
        with pytest.raises(ProofError):
            verify_span(**claim)  # type: ignore[arg-type]

    at = data.draw(st.integers(0, len(leaves) - 1))
    refused(leaf_hashes=[*leaves[:at], bytes(32), *leaves[at + 1 :]])
    refused(leaf_hashes=leaves[:at] + leaves[at + 1 :])
    refused(leaf_hashes=leaves[:at] + leaves[at + 1 :], b=b - 1)
    refused(leaf_hashes=[*leaves[:at], leaves[at], *leaves[at:]])
    refused(leaf_hashes=[*leaves, bytes(32)], b=b + 1)
    if len(leaves) > 1:
        refused(leaf_hashes=leaves[::-1])
    for i in range(len(proof)):
        refused(proof=proof[:i] + proof[i + 1 :])
        refused(proof=[*proof[:i], bytes(32), *proof[i + 1 :]])
        refused(proof=[*proof[:i], proof[i], *proof[i:]])
        refused(proof=[*proof[:i], proof[i][:-1], *proof[i + 1 :]])
    refused(proof=[*proof, bytes(32)])
    if len(proof) > 1:
        refused(proof=proof[::-1])
    refused(root=bytes(32))
    shift = data.draw(st.sampled_from((-1, 1)))
    refused(a=a + shift, b=b + shift)


@given(RUNS, st.integers(1, 300))
def test_a_run_verifies_in_no_tree_whose_root_it_does_not_lead_to(run: tuple[int, int, int], other: int) -> None:
    a, b, size = run
    if other == size:
        return
    with pytest.raises(ProofError):
        verify_span(
            a=a, b=b, size=size, leaf_hashes=LEAVES[a:b], proof=span_proof(TREE, a, b, size), root=TREE.root(other)
        )


@pytest.mark.parametrize(("a", "b", "size"), [(0, 0, 5), (3, 2, 5), (-1, 2, 5), (4, 6, 5), (0, 1, 0), (0, 1, 301)])
def test_what_is_no_run_is_refused(a: int, b: int, size: int) -> None:
    with pytest.raises(ValueError, match="no run"):
        span_proof(TREE, a, b, size)
    if size <= 300:
        with pytest.raises(ProofError, match="no run"):
            verify_span(a=a, b=b, size=size, leaf_hashes=LEAVES[:1], proof=[], root=TREE.root(size))


@given(st.integers(0, 8).flatmap(lambda k: st.tuples(st.just(k), st.integers(0, 300 >> k), st.integers(1, 1 << k))))
def test_a_subtree_is_that_of_its_leaves(place: tuple[int, int, int]) -> None:
    level, number, length = place
    start = number << level
    if start + length > 300:
        return
    assert TREE.subtree(start, start + length) == _root(LEAVES[start : start + length])


@pytest.mark.parametrize(("start", "end"), [(0, 0), (1, 3), (4, 9), (2, 5), (-2, 0), (256, 301)])
def test_what_is_no_subtree_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="no subtree"):
        TREE.subtree(start, end)
