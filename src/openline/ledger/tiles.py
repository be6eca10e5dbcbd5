"""Tiles and entry bundles as C2SP lays down (https://c2sp.org/tlog-tiles): names, widths and contents.

    tile/<level>/<index>[.p/<width>]      256 hashes, or fewer in the rightmost tile
    tile/entries/<index>[.p/<width>]      256 leaves, each after its length as uint16 big-endian

The index is written in groups of three digits, all but the last after an `x`: 1234067 is `x001/x234/067`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

from openline.ledger.tree import TILE_HEIGHT, TILE_WIDTH, Tree

MAX_LEVEL = 63
MAX_LEAF_BYTES = 65_535

_PATH = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


class TileError(ValueError):
    """The path names no tile, or the bytes are no entry bundle."""


class TileName(Struct, frozen=True, gc=False):
    """Which tile, and how much of it."""

    level: int | None
    """Tile level from 0, each eight rows of the tree; None for an entry bundle."""
    index: int
    width: int = TILE_WIDTH
    """Hashes or entries in it, 1 to 256; 256 is a full tile."""


def format_tile_path(name: TileName) -> str:
    """The path of a tile, relative to the log's prefix. Raises TileError for a name out of bounds."""
    if name.level is not None and not 0 <= name.level <= MAX_LEVEL:
        raise TileError(f"a tile level lies from 0 to {MAX_LEVEL}")
    if not 0 <= name.index < 1000**7 or not 1 <= name.width <= TILE_WIDTH:
        raise TileError(f"a tile has an index from 0 and a width from 1 to {TILE_WIDTH}")
    kind = "entries" if name.level is None else str(name.level)
    rest, last = divmod(name.index, 1000)
    groups = f"{last:03d}"
    while rest:
        rest, group = divmod(rest, 1000)
        groups = f"x{group:03d}/{groups}"
    suffix = "" if name.width == TILE_WIDTH else f".p/{name.width}"
    return f"tile/{kind}/{groups}{suffix}"


def parse_tile_path(path: str) -> TileName:
    """The inverse of `format_tile_path`. Raises TileError unless `path` is exactly what that writes."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError("not the path of a tile")
    kind, groups, width = match.groups()
    name = TileName(
        None if kind == "entries" else int(kind),
        int(groups.replace("/", "").replace("x", "")),
        TILE_WIDTH if width is None else int(width),
    )
    # Leading zeroes and zero groups are other spellings of a tile that already has a path.
    if format_tile_path(name) != path:
        raise TileError("not the one path of this tile")
    return name


def tile_width(size: int, level: int | None, index: int) -> int:
    """How many hashes, 0 to 256, tile `index` holds when the tree has `size` leaves; entry bundles are as level 0."""
    held = size >> TILE_HEIGHT * (level or 0)
    return max(0, min(TILE_WIDTH, held - index * TILE_WIDTH))


def tiles_between(old: int, new: int) -> Iterator[TileName]:
    """The tiles and bundles that a tree grown from `old` to `new` leaves has and the old one had not, all at width.

    Bundles first, then hash tiles from level 0 upwards: whoever writes them in this order never names a hash whose
    entry cannot be read. Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree does not grow from {old} to {new}")
    for level in (None, *range(MAX_LEVEL + 1)):
        shift = TILE_HEIGHT * (level or 0)
        before, after = old >> shift, new >> shift
        if after == before:
            return
        for index in range(before // TILE_WIDTH, -(-after // TILE_WIDTH)):
            yield TileName(level, index, min(TILE_WIDTH, after - index * TILE_WIDTH))


def hash_tile(tree: Tree, name: TileName) -> bytes:
    """The content of a hash tile: `width` times 32 bytes.

    Raises TileError for an entry bundle, ValueError when the tree does not hold it.
    """
    if name.level is None:
        raise TileError("an entry bundle is built from leaves, not from the tree")
    return tree.tile(name.level, name.index, name.width)


def encode_bundle(leaves: Iterable[bytes]) -> bytes:
    """The content of an entry bundle. Raises TileError for a leaf over 65,535 bytes, or not 1 to 256 leaves."""
    parts: list[bytes] = []
    for leaf in leaves:
        if len(leaf) > MAX_LEAF_BYTES:
            raise TileError(f"a leaf has at most {MAX_LEAF_BYTES} bytes, not {len(leaf)}")
        parts += (len(leaf).to_bytes(2, "big"), leaf)
    if not 1 <= len(parts) // 2 <= TILE_WIDTH:
        raise TileError(f"a bundle has 1 to {TILE_WIDTH} leaves")
    return b"".join(parts)


def decode_bundle(data: bytes, width: int) -> list[bytes]:
    """The leaves of an entry bundle of `width` entries. Raises TileError unless there are exactly so many."""
    leaves: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data) or len(leaves) == width:
            raise TileError("a bundle is cut short or holds more than its width")
        leaves.append(bytes(data[at + 2 : end]))
        at = end
    if len(leaves) != width:
        raise TileError(f"a bundle of width {width} holds {len(leaves)} leaves")
    return leaves
