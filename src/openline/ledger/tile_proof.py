"""Proofs computed from published tiles (C2SP tlog-tiles) instead of from a tree at hand: what a monitor or a desk does.

Whatever comes from the tiles is believed by nobody: a proof made of wrong hashes does not verify.
"""

from __future__ import annotations

from collections.abc import Callable

from openline.ledger.tiles import TileError, TileName, tile_width
from openline.ledger.tree import HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, node_hash

ReadTile = Callable[[TileName], bytes]
"""The bytes of a hash tile, from wherever it is published."""


class TiledTree:
    """The hashes of a tree of `size` leaves, read tile by tile as they are needed, each once."""

    def __init__(self, size: int, read: ReadTile) -> None:
        """Nothing is read yet."""
        self._size = size
        self._read = read
        self._tiles: dict[tuple[int, int], bytes] = {}

    def consistency_proof(self, old: int) -> list[bytes]:
        """PROOF(old, D[size]) of RFC 9162 section 2.1.4.1; empty when both are equal.

        Raises ValueError unless 1 <= old <= size; TileError, or whatever `read` raises, for a tile that is not there.
        """
        if not 1 <= old <= self._size:
            raise ValueError(f"no consistency proof from size {old} to size {self._size}")
        if old == self._size:
            return []
        # Start at the largest complete subtree that ends where the old tree ends; the verifier knows it when it is all.
        level = (old & -old).bit_length() - 1
        index = (old >> level) - 1
        proof = [] if index == 0 else [self._node(level, index)]
        while (last := (self._size - 1) >> level) > 0:
            sibling = index ^ 1
            if sibling < self._size >> level:
                proof.append(self._node(level, sibling))
            elif sibling == last:
                proof.append(self._edge(level))
            index >>= 1
            level += 1
        return proof

    def _edge(self, level: int) -> bytes:
        """The hash of the incomplete subtree below `level` at the tree's end: its complete parts, right to left."""
        digest = b""
        for below in range(level):
            if self._size >> below & 1:
                left = self._node(below, (self._size >> below) - 1)
                digest = node_hash(left, digest) if digest else left
        return digest

    def _node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree: in a tile every eighth row is kept, the rows between are computed."""
        height, above = level // TILE_HEIGHT, level % TILE_HEIGHT
        first = index << above
        tile = self._tile(height, first // TILE_WIDTH)
        at = first % TILE_WIDTH * HASH_BYTES
        row = [tile[i : i + HASH_BYTES] for i in range(at, at + (HASH_BYTES << above), HASH_BYTES)]
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]

    def _tile(self, height: int, number: int) -> bytes:
        held = self._tiles.get((height, number))
        if held is None:
            width = tile_width(self._size, height, number)
            held = self._tiles[height, number] = self._read(TileName(height, number, width))
            if len(held) != width * HASH_BYTES:
                raise TileError(f"tile {height}/{number} has {len(held)} bytes and not {width} hashes")
        return held
