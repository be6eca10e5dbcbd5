"""Names and contents of tiles, on the examples of C2SP tlog-tiles."""

from __future__ import annotations

from collections import Counter

import pytest

from openline.ledger.tiles import (
    TileError,
    TileName,
    decode_bundle,
    encode_bundle,
    format_tile_path,
    hash_tile,
    parse_tile_path,
    tile_width,
    tiles_between,
)
from openline.ledger.tree import Tree, leaf_hash, node_hash


@pytest.mark.parametrize(
    ("name", "path"),
    [
        (TileName(0, 0), "tile/0/000"),
        (TileName(0, 1234067), "tile/0/x001/x234/067"),
        (TileName(1, 999, 255), "tile/1/999.p/255"),
        (TileName(63, 1000, 1), "tile/63/x001/000.p/1"),
        (TileName(None, 5), "tile/entries/005"),
        (TileName(None, 1_000_000, 17), "tile/entries/x001/x000/000.p/17"),
    ],
)
def test_paths(name: TileName, path: str) -> None:
    assert format_tile_path(name) == path
    assert parse_tile_path(path) == name


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/0/x000/x001/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/x001.p/1/000",
        "tile/data/000",
        "tile/entries/\u0660\u0660\u0660",
        "tile/0/" + "x001/" * 7 + "000",
        "tile/0/../0/000",
    ],
)
def test_parse_refuses(path: str) -> None:
    with pytest.raises(TileError):
        parse_tile_path(path)


@pytest.mark.parametrize(
    "name", [TileName(64, 0), TileName(-1, 0), TileName(0, -1), TileName(0, 0, 0), TileName(0, 0, 257)]
)
def test_format_refuses(name: TileName) -> None:
    with pytest.raises(TileError):
        format_tile_path(name)


def test_the_tiles_of_seventy_thousand_leaves() -> None:
    names = list(tiles_between(0, 70_000))
    assert Counter((name.level, name.width) for name in names) == {
        (None, 256): 273,
        (None, 112): 1,
        (0, 256): 273,
        (0, 112): 1,
        (1, 256): 1,
        (1, 17): 1,
        (2, 1): 1,
    }
    assert all(tile_width(70_000, name.level, name.index) == name.width for name in names)
    assert tile_width(70_000, 0, 274) == 0


def test_a_tree_of_256_has_a_tile_above() -> None:
    assert list(tiles_between(255, 256)) == [TileName(None, 0), TileName(0, 0), TileName(1, 0, 1)]
    assert list(tiles_between(256, 256)) == []
    with pytest.raises(ValueError, match="grow"):
        list(tiles_between(2, 1))


def test_contents_come_from_the_tree() -> None:
    tree = Tree()
    hashes = [leaf_hash(b"%d" % index) for index in range(300)]
    for digest in hashes:
        tree.append(digest)
    assert hash_tile(tree, TileName(0, 0)) == b"".join(hashes[:256])
    assert hash_tile(tree, TileName(0, 1, 44)) == b"".join(hashes[256:])
    rest = Tree()
    for digest in hashes[256:]:
        rest.append(digest)
    assert node_hash(hash_tile(tree, TileName(1, 0, 1)), rest.root()) == tree.root()
    with pytest.raises(ValueError, match="no tile"):
        hash_tile(tree, TileName(0, 1, 45))
    with pytest.raises(TileError):
        hash_tile(tree, TileName(None, 0))


def test_bundles() -> None:
    leaves = [b"", b"a", b"\x00" * 65_535]
    data = encode_bundle(leaves)
    assert data == b"\x00\x00" + b"\x00\x01a" + b"\xff\xff" + b"\x00" * 65_535
    assert decode_bundle(data, 3) == leaves


@pytest.mark.parametrize(
    ("data", "width"),
    [(b"", 1), (b"\x00", 1), (b"\x00\x02a", 1), (b"\x00\x01a\x00", 1), (b"\x00\x01a", 2), (b"\x00\x01a\x00\x00", 1)],
)
def test_decode_bundle_refuses(data: bytes, width: int) -> None:
    with pytest.raises(TileError):
        decode_bundle(data, width)


@pytest.mark.parametrize("leaves", [[], [b""] * 257, [bytes(65_536)]])
def test_encode_bundle_refuses(leaves: list[bytes]) -> None:
    with pytest.raises(TileError):
        encode_bundle(leaves)
