"""Checking a published folder of tiles, all of it, against one checkpoint that was opened before (C2SP tlog-tiles).

Every leaf is hashed, every tile of every level is recomputed and compared, and the root is the checkpoint's. One way
through the bundles, and no more in memory than one tile for each eight rows.
"""

from __future__ import annotations

from collections.abc import Callable

from openline.ledger.checkpoint import Checkpoint
from openline.ledger.frontier import Frontier, Tile
from openline.ledger.leaf import LeafError, decode_leaf
from openline.ledger.tiles import TileName, decode_bundle, format_tile_path
from openline.ledger.tree import HASH_BYTES, TILE_WIDTH, leaf_hash

Read = Callable[[TileName], bytes]
"""Gives the content of a tile or bundle, of exactly its width."""


class TileFault(ValueError):
    """A published file is not what the leaves or the checkpoint say."""

    def __init__(self, path: str, reason: str) -> None:
        """`path` is the file at fault, as tlog-tiles names it; `reason` a sentence for a reader."""
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


def verify_tiles(read: Read, checkpoint: Checkpoint, progress: Callable[[int, int], None]) -> int:
    """Check all tiles and leaves of a ledger of the checkpoint's size; gives the number of files that were read.

    `progress` is told (leaves done, leaves in all). Raises TileFault at the first file that does not fit, TileError
    for a bundle that cannot be read, and whatever `read` raises.
    """
    frontier = Frontier()
    files = 0
    for index in range(-(-checkpoint.size // TILE_WIDTH)):
        name = TileName(None, index, min(TILE_WIDTH, checkpoint.size - index * TILE_WIDTH))
        digests = _digests(name, read(name))
        beside = TileName(0, index, name.width)
        _compare(read, (beside, digests))
        files += 2
        for tile in frontier.extend(digests):
            if tile[0].level:
                _compare(read, tile)
                files += 1
        progress(frontier.size, checkpoint.size)
    for tile in frontier.partial_tiles():
        if tile[0].level:
            _compare(read, tile)
            files += 1
    if frontier.root() != checkpoint.root:
        raise TileFault("checkpoint", "the leaves and tiles do not give the root that it has signed")
    return files


def _digests(name: TileName, bundle: bytes) -> bytes:
    digests = []
    for position, leaf in enumerate(decode_bundle(bundle, name.width)):
        try:
            decode_leaf(leaf)
        except LeafError as error:
            entry = name.index * TILE_WIDTH + position
            raise TileFault(format_tile_path(name), f"entry {entry}: {error}") from error
        digests.append(leaf_hash(leaf))
    return b"".join(digests)


def _compare(read: Read, tile: Tile) -> None:
    name, expected = tile
    found = read(name)
    if found == expected:
        return
    span = (HASH_BYTES * at for at in range(name.width))
    at = next((at for at in span if found[at : at + HASH_BYTES] != expected[at : at + HASH_BYTES]), 0) // HASH_BYTES
    below = "the leaf" if name.level == 0 else "the tile"
    entry = (name.index * TILE_WIDTH + at) << 8 * (name.level or 0)
    reason = f"hash {at} is not that of {below} below it, which begins with entry {entry}"
    raise TileFault(format_tile_path(name), reason)
