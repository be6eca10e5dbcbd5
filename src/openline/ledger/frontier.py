"""The right-hand edge of a tree, kept as tiles: all that is needed to go on growing it and to give its root.

It holds at most 255 hashes for each eight rows of the tree, whatever the tree's size, so a folder of tiles is carried
on, and a whole ledger verified, without the tree in memory (C2SP tlog-tiles, "Partial Tiles").
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256

from openline.ledger.tiles import TileName
from openline.ledger.tree import EMPTY_ROOT, HASH_BYTES, TILE_HEIGHT, TILE_WIDTH, node_hash

Tile = tuple[TileName, bytes]
"""A hash tile and its content, 32 bytes a hash."""

_TILE_BYTES = TILE_WIDTH * HASH_BYTES


class Frontier:
    """The partial tiles of a tree of some size."""

    __slots__ = ("_edges", "_size")

    def __init__(self) -> None:
        """The edge of the empty tree."""
        self._edges: list[bytearray] = [bytearray()]
        self._size = 0

    @classmethod
    def at(cls, size: int, read: Callable[[TileName], bytes]) -> Frontier:
        """The edge of a tree of `size` leaves; `read` gives the content of its partial hash tiles.

        What is read is not believed: compare `root` with a signed one. Raises ValueError when a tile has another
        length than its width asks for, and whatever `read` raises.
        """
        made = cls()
        made._edges.clear()
        made._size = size
        held = size
        while held or not made._edges:
            level, index, width = len(made._edges), held // TILE_WIDTH, held % TILE_WIDTH
            edge = read(TileName(level, index, width)) if width else b""
            if len(edge) != width * HASH_BYTES:
                raise ValueError(f"a tile of width {width} has {width * HASH_BYTES} bytes, not {len(edge)}")
            made._edges.append(bytearray(edge))
            held >>= TILE_HEIGHT
        return made

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._size

    @property
    def unfinished(self) -> bytes:
        """The hashes of the leaves in the last, partial tile; empty when it is full."""
        return bytes(self._edges[0])

    def copy(self) -> Frontier:
        """The same edge, to grow on its own."""
        made = Frontier()
        made._edges = [bytearray(edge) for edge in self._edges]
        made._size = self._size
        return made

    def extend(self, digests: bytes) -> Iterator[Tile]:
        """Add leaves by their hashes, one after the other; gives each tile that becomes full, the lower levels first.

        The leaves are added as the iterator is read: read it to its end. Raises ValueError unless there are 32 bytes
        a hash.
        """
        if len(digests) % HASH_BYTES:
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes")
        at = 0
        while at < len(digests):
            taken = digests[at : at + _TILE_BYTES - len(self._edges[0])]
            self._edges[0] += taken
            self._size += len(taken) // HASH_BYTES
            at += len(taken)
            yield from self._completed()

    def partial_tiles(self) -> Iterator[Tile]:
        """The tiles at the edge that are not full, from level 0 upwards."""
        for level, edge in enumerate(self._edges):
            if edge:
                width = len(edge) // HASH_BYTES
                yield TileName(level, (self._size >> TILE_HEIGHT * level) // TILE_WIDTH, width), bytes(edge)

    def root(self) -> bytes:
        """MTH(D[0:size]), RFC 9162 section 2.1.1."""
        digest = b""
        for edge in self._edges:
            end = len(edge)
            while end:
                # the last complete subtree within the tile: as many leaves as its lowest set bit says
                length = end & -end
                left = fold(bytes(edge[end - length : end]))
                digest = node_hash(left, digest) if digest else left
                end -= length
        return digest or EMPTY_ROOT

    def _completed(self) -> Iterator[Tile]:
        level = 0
        while len(self._edges[level]) == _TILE_BYTES:
            content = bytes(self._edges[level])
            yield TileName(level, (self._size >> TILE_HEIGHT * level) // TILE_WIDTH - 1), content
            self._edges[level].clear()
            level += 1
            if level == len(self._edges):
                self._edges.append(bytearray())
            self._edges[level] += fold(content)


def fold(row: bytes) -> bytes:
    """The root over a row of 2**k hashes, 32 bytes each; what else comes in gives no tree's root."""
    while len(row) > HASH_BYTES:
        pairs = range(0, len(row), 2 * HASH_BYTES)
        row = b"".join([sha256(b"\x01" + row[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return row
