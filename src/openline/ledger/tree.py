"""The append-only Merkle tree of RFC 9162 section 2.1, SHA-256, every complete subtree's hash kept.

Row `l` holds, one after the other, the hashes of the complete subtrees of 2**l leaves. Complete subtrees never
change, so an append writes each row at most once, and proofs against any earlier size remain computable.
Memory: 64 bytes for each leaf.
"""

from __future__ import annotations

from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()
"""MTH({}), section 2.1.1."""
TILE_HEIGHT = 8
"""Rows that one C2SP tile spans."""
TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes of a full tile."""


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 || leaf), section 2.1.1."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


class Tree:
    """A Merkle tree that grows at its right-hand edge. One writer; reads give copies."""

    __slots__ = ("_rows", "_size")

    def __init__(self) -> None:
        """An empty tree."""
        self._rows: list[bytearray] = [bytearray()]
        self._size = 0

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    def append(self, digest: bytes) -> int:
        """Add one leaf by its hash (32 bytes) and return its index. Raises ValueError for another length."""
        if len(digest) != HASH_BYTES:
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes, not {len(digest)}")
        index = position = self._size
        rows = self._rows
        row = rows[0]
        row += digest
        level = 0
        # An odd position completes its parent, whose children are the last two hashes of the row.
        while position & 1:
            parent = sha256(b"\x01" + row[-2 * HASH_BYTES :]).digest()
            level += 1
            position >>= 1
            if level == len(rows):
                rows.append(bytearray())
            row = rows[level]
            row += parent
        self._size = index + 1
        return index

    def truncate(self, size: int) -> None:
        """Take back the appends beyond `size`. Only for leaves that no signed checkpoint covers.

        Raises ValueError when `size` is negative or larger than the tree.
        """
        self._check_size(size)
        for level, row in enumerate(self._rows):
            del row[(size >> level) * HASH_BYTES :]
        self._size = size

    def leaf_hash_at(self, index: int) -> bytes:
        """The hash of the leaf at `index`. Raises ValueError outside the tree."""
        if not 0 <= index < self._size:
            raise ValueError(f"leaf {index} is outside a tree of {self._size}")
        return self._node(0, index)

    def root(self, size: int | None = None) -> bytes:
        """MTH(D[0:size]), section 2.1.1, now or at an earlier size. Raises ValueError beyond the tree."""
        size = self._check_size(self._size if size is None else size)
        return self._edge(size.bit_length(), size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D[size]), section 2.1.3.1, from the leaf's sibling upwards.

        Raises ValueError unless 0 <= index < size <= the tree's size.
        """
        self._check_size(size)
        if not 0 <= index < size:
            raise ValueError(f"leaf {index} is outside a tree of {size}")
        return self._path(0, index, size)

    def consistency_proof(self, old: int, new: int) -> list[bytes]:
        """PROOF(old, D[new]), section 2.1.4.1; empty when both are equal.

        Raises ValueError unless 1 <= old <= new <= the tree's size: from the empty tree there is nothing to prove.
        """
        self._check_size(new)
        if not 1 <= old <= new:
            raise ValueError(f"no consistency proof from size {old} to size {new}")
        if old == new:
            return []
        # Start at the largest complete subtree that ends where the old tree ends.
        level = (old & -old).bit_length() - 1
        index = (old >> level) - 1
        # When that subtree is the whole old tree, the verifier knows its hash already.
        start = [] if index == 0 else [self._node(level, index)]
        return start + self._path(level, index, new)

    def subtree(self, start: int, end: int) -> bytes:
        """MTH(D[start:end]), section 2.1.1, of a range that some tree of this log splits into.

        Raises ValueError unless 0 <= start < end <= the size, and start is a multiple of a power of two not below
        the range's length.
        """
        length = end - start
        if not 0 <= start < end <= self._size or start & ((1 << (length - 1).bit_length()) - 1):
            raise ValueError(f"leaves {start} to {end} are no subtree in a tree of {self._size}")
        # Counted from the range's own start its complete parts are those of the whole log.
        digest = b""
        for level in range(length.bit_length()):
            if length >> level & 1:
                left = self._node(level, (end >> level) - 1)
                digest = node_hash(left, digest) if digest else left
        return digest

    def tile(self, level: int, index: int, width: int) -> bytes:
        """`width` hashes (1 to 256) of the C2SP tile `index` at tile level `level`, 32 bytes each.

        Raises ValueError when the tree does not hold that many complete subtrees there.
        """
        row = TILE_HEIGHT * level
        first = index * TILE_WIDTH
        if level < 0 or index < 0 or not 1 <= width <= TILE_WIDTH or first + width > self._size >> row:
            raise ValueError(f"no tile {level}/{index} of width {width} in a tree of {self._size}")
        return bytes(self._rows[row][first * HASH_BYTES : (first + width) * HASH_BYTES])

    def _check_size(self, size: int) -> int:
        if not 0 <= size <= self._size:
            raise ValueError(f"size {size} is outside a tree of {self._size}")
        return size

    def _node(self, level: int, index: int) -> bytes:
        return bytes(self._rows[level][index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def _edge(self, level: int, size: int) -> bytes:
        """The hash of the incomplete subtree below `level` that ends at `size`: its complete parts, right to left."""
        digest = b""
        for below in range(level):
            if size >> below & 1:
                left = self._node(below, (size >> below) - 1)
                digest = node_hash(left, digest) if digest else left
        return digest

    def _path(self, level: int, index: int, size: int) -> list[bytes]:
        """The siblings on the way from a complete subtree to the root of the tree of `size`."""
        path = []
        while (last := size - 1 >> level) > 0:
            sibling = index ^ 1
            if sibling < size >> level:
                path.append(self._node(level, sibling))
            elif sibling == last:
                path.append(self._edge(level, size))
            index >>= 1
            level += 1
        return path
