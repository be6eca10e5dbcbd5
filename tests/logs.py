"""A small log for tests of tiles: leaves as the ledger has them, its tree, and a signed note of every size."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.leaf import LEAF_VERSION, Leaf, LeafClass, encode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.tree import Tree, leaf_hash

ORIGIN = "line.example/log"


class Log:
    """`size` leaves that follow from their index, the seed and, from `fork_at` on, from a word of its own."""

    def __init__(self, size: int, *, origin: str = ORIGIN, fork_at: int | None = None, seed: bytes = bytes(32)) -> None:
        self.origin = origin
        self.signer = Signer(seed)
        self.verifier = NoteVerifier(origin, self.signer.public_key)
        self.leaves = [_leaf(i, b"" if fork_at is None or i < fork_at else b"other") for i in range(size)]
        self.tree = Tree()
        for leaf in self.leaves:
            self.tree.append(leaf_hash(leaf))

    def head(self, size: int | None = None) -> Checkpoint:
        """What the log states of itself at a size."""
        size = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, size, self.tree.root(size))

    def note(self, size: int | None = None) -> str:
        """The signed checkpoint of a size."""
        return sign_checkpoint(self.head(size), self.signer)

    def from_index(self, start: int) -> Iterator[bytes]:
        """The leaves as a store gives them."""
        return iter(self.leaves[start:])


def _leaf(index: int, word: bytes) -> bytes:
    digest = sha256(b"%d" % index + word).digest()
    leaf = Leaf(
        leaf_class=LeafClass.NODE,
        channel_tag=digest[:16],
        serial_field=index,
        commitment=digest,
        version=LEAF_VERSION,
    )
    return encode_leaf(leaf)
