"""Proofs that a run of neighbouring leaves lies in a tree: what absence is shown with, offline.

The proof of leaves [a, b) in a tree of `size` is the hashes of the largest subtrees that lie wholly outside
the run, as RFC 9162 section 2.1 splits the tree, from left to right. So every tree has one proof for each run, no hash
in it can be left out or added, and it holds at most two hashes for each row of the tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openline.ledger.proof import ProofError
from openline.ledger.tree import HASH_BYTES, Tree, node_hash


def span_proof(tree: Tree, a: int, b: int, size: int) -> list[bytes]:
    """The hashes that complete leaves [a, b) to the root of the tree of `size`, 32 bytes each.

    Raises ValueError unless 0 <= a < b <= size <= the tree's size.
    """
    if not 0 <= a < b <= size <= tree.size:
        raise ValueError(f"leaves {a} to {b} are no run in a tree of {size}")
    return [tree.subtree(start, end) for start, end in _outside(0, size, a, b)]


def verify_span(
    *, a: int, b: int, size: int, leaf_hashes: Sequence[bytes], proof: Sequence[bytes], root: bytes
) -> None:
    """Return when `leaf_hashes` are leaves [a, b), all of them and in order, of the tree of `size` with `root`.

    Raises ProofError otherwise.
    """
    if not 0 <= a < b <= size:
        raise ProofError(f"leaves {a} to {b} are no run in a tree of {size}")
    if len(leaf_hashes) != b - a:
        raise ProofError(f"{len(leaf_hashes)} leaves are shown where {b - a} lie between {a} and {b}")
    if any(len(digest) != HASH_BYTES for digest in (*leaf_hashes, *proof)):
        raise ProofError(f"a hash of a proof has {HASH_BYTES} bytes")
    outside = iter(proof)
    try:
        digest = _fold(0, size, a, leaf_hashes, outside)
    except StopIteration:
        raise ProofError("the proof is too short") from None
    if next(outside, None) is not None:
        raise ProofError("the proof is too long")
    if digest != root:
        raise ProofError("the span proof leads to another root")


def _outside(start: int, end: int, a: int, b: int) -> Iterator[tuple[int, int]]:
    """The subtrees of [start, end) of which the run holds no leaf, from left to right."""
    if end <= a or b <= start:
        yield start, end
    elif not (a <= start and end <= b):
        middle = _split(start, end)
        yield from _outside(start, middle, a, b)
        yield from _outside(middle, end, a, b)


def _fold(start: int, end: int, a: int, leaves: Sequence[bytes], outside: Iterator[bytes]) -> bytes:
    """MTH(D[start:end]) from the leaves of the run and, where it does not reach, from the proof."""
    if end <= a or a + len(leaves) <= start:
        return next(outside)
    if end - start == 1:
        return leaves[start - a]
    middle = _split(start, end)
    return node_hash(_fold(start, middle, a, leaves, outside), _fold(middle, end, a, leaves, outside))


def _split(start: int, end: int) -> int:
    """Where RFC 9162 section 2.1.1 divides a tree of two or more leaves: the largest power of two below its size."""
    return start + (1 << (end - start - 1).bit_length() - 1)
