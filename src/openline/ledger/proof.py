"""Checking inclusion and consistency proofs, as RFC 9162 sections 2.1.3.2 and 2.1.4.2 lay down step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from openline.ledger.tree import HASH_BYTES, node_hash


class ProofError(ValueError):
    """The proof does not show what it is said to show. Trying again with the same bytes gives the same answer."""


def verify_inclusion(*, index: int, size: int, leaf_hash: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Return when `proof` shows that `leaf_hash` is leaf `index` of the tree of `size` leaves with `root`.

    Raises ProofError otherwise (section 2.1.3.2).
    """
    if not 0 <= index < size:
        raise ProofError(f"leaf {index} is outside a tree of {size}")
    _check_hashes([leaf_hash, *proof])
    digest = leaf_hash
    for sibling, is_left in _climb(index, size - 1, proof):
        digest = node_hash(sibling, digest) if is_left else node_hash(digest, sibling)
    if digest != root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(*, old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Return when `proof` shows that the tree of `new` leaves begins with the tree of `old` leaves.

    Raises ProofError otherwise (section 2.1.4.2); also from size 0, of which nothing can be shown.
    """
    if not 1 <= old <= new:
        raise ProofError(f"nothing to show from size {old} to size {new}")
    if old == new:
        if proof or old_root != new_root:
            raise ProofError("trees of one size need equal roots and an empty proof")
        return
    _check_hashes(proof)
    if not proof:
        raise ProofError("the consistency proof is empty")
    # An old tree that is complete is itself the first hash, and the proof leaves it out.
    hashes = [old_root, *proof] if old & (old - 1) == 0 else proof
    first, last = old - 1, new - 1
    while first & 1:
        first >>= 1
        last >>= 1
    old_digest = new_digest = hashes[0]
    for sibling, is_left in _climb(first, last, hashes[1:]):
        # What lies to the left belongs to both trees, what lies to the right came later.
        if is_left:
            old_digest = node_hash(sibling, old_digest)
        new_digest = node_hash(sibling, new_digest) if is_left else node_hash(new_digest, sibling)
    if old_digest != old_root or new_digest != new_root:
        raise ProofError("the consistency proof leads to other roots")


def _climb(first: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each hash of `proof` with True where it stands left of the path from node `first` of a row that ends at `last`.

    `first` and `last` are fn and sn of the standard. Raises ProofError when the proof is not as long as the path.
    """
    for sibling in proof:
        if last == 0:
            raise ProofError("the proof is too long")
        is_left = bool(first & 1) or first == last
        yield sibling, is_left
        if is_left:
            # A last node without a sibling moves up unchanged until it is a right-hand child.
            while first and not first & 1:
                first >>= 1
                last >>= 1
        first >>= 1
        last >>= 1
    if last != 0:
        raise ProofError("the proof is too short")


def _check_hashes(proof: Sequence[bytes]) -> None:
    if any(len(digest) != HASH_BYTES for digest in proof):
        raise ProofError(f"a hash of a proof has {HASH_BYTES} bytes")
