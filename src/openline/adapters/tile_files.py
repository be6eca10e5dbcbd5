"""Reading a folder of tiles (https://c2sp.org/tlog-tiles): each file whole, of the length that its name promises.

The folder holds `checkpoint`, `tile/...` and, for convenience, `log.vkey` with the log's key, which nobody signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from openline.core.errors import BadUse, LedgerFault
from openline.ledger.tiles import TileError, TileName, decode_bundle, format_tile_path, parse_tile_path, tile_width
from openline.ledger.tree import HASH_BYTES, TILE_WIDTH

CHECKPOINT = "checkpoint"
WITNESSED = "checkpoint.witnessed"
KEY_FILE = "log.vkey"
TILES = "tile"
_MAX_TEXT_BYTES = 1 << 20
"""A checkpoint with a hundred signatures, the longest types included, has less."""


class TileFiles:
    """The files of one published ledger. Nothing here is believed: whoever reads compares with a signed root."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self.folder = folder

    def checkpoint(self) -> str:
        """The signed note; empty when there is none yet. Raises LedgerFault when it is no text, BadUse as `tile`."""
        return self._text(CHECKPOINT)

    def witnessed(self) -> str:
        """The signed note of the newest head that is witnessed; empty when there is none. Raises as `checkpoint`."""
        return self._text(WITNESSED)

    def key(self) -> str:
        """What `log.vkey` says, without its newline; empty when it is missing. Raises as `checkpoint`."""
        return self._text(KEY_FILE).strip()

    def tile(self, name: TileName) -> bytes:
        """The content of a tile or bundle, from its own file or from a wider version that has taken its place.

        Raises:
            LedgerFault: LEDGER_INVALID, when it is missing, or shorter or longer than its name promises.
            BadUse: FILE_UNREADABLE, when the disk refuses.
        """
        for held in (name, replace(name, width=TILE_WIDTH)):
            path = format_tile_path(held)
            content = self._read(path)
            if content is not None:
                return _start(_checked(content, held, path), name)
        raise _fault(format_tile_path(name), "it is missing")

    def versions(self, name: TileName) -> Iterator[tuple[TileName, bytes]]:
        """Every other width of a tile that lies there, with its content. Raises as `tile`."""
        full = format_tile_path(replace(name, width=TILE_WIDTH))
        try:
            found = sorted(entry.name for entry in (self.folder / f"{full}.p").iterdir())
        except (FileNotFoundError, NotADirectoryError):
            found = []
        except OSError as error:
            raise _unreadable(self.folder / full, error) from error
        widths = [int(text) for text in found if text.isascii() and text.isdecimal()]
        for width in (*widths, TILE_WIDTH):
            other = replace(name, width=width)
            if width == name.width or not 0 < width <= TILE_WIDTH:
                continue
            path = format_tile_path(other)
            content = self._read(path)
            if content is not None:
                yield other, _checked(content, other, path)

    def beyond(self, size: int) -> int:
        """How many files lie under `tile/` that a tree of `size` leaves does not name, at any width."""
        root = self.folder / TILES
        paths = (path.relative_to(self.folder).as_posix() for path in root.rglob("*") if path.is_file())
        return sum(not _is_named(path, size) for path in paths)

    def _text(self, name: str) -> str:
        raw = self._read(name) or b""
        if len(raw) > _MAX_TEXT_BYTES:
            raise _fault(name, f"it has more than {_MAX_TEXT_BYTES} bytes")
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise _fault(name, "it is not UTF-8") from error

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self.folder / name, error) from error


def _is_named(path: str, size: int) -> bool:
    try:
        name = parse_tile_path(path)
    except TileError:
        return False
    return name.width <= tile_width(size, name.level, name.index)


def _checked(content: bytes, name: TileName, path: str) -> bytes:
    if name.level is None:
        try:
            decode_bundle(content, name.width)
        except TileError as error:
            raise _fault(path, str(error)) from error
    elif len(content) != name.width * HASH_BYTES:
        raise _fault(
            path, f"it has {len(content)} bytes where {name.width} hashes of {HASH_BYTES} bytes are {name.width * 32}"
        )
    return content


def _start(content: bytes, name: TileName) -> bytes:
    """The first `width` hashes or leaves of a content that holds at least so many."""
    if name.level is not None:
        return content[: name.width * HASH_BYTES]
    end = 0
    for _ in range(name.width):
        end += 2 + int.from_bytes(content[end : end + 2], "big")
    return content[:end]


def _fault(path: str, reason: str) -> LedgerFault:
    return LedgerFault(
        "LEDGER_INVALID",
        f"the folder does not verify: {reason}",
        path=path,
        remedy="Keep the files as they are and compare them with another mirror.",
    )


def _unreadable(path: Path, error: OSError) -> BadUse:
    reason = f"it cannot be read ({error.strerror})"
    return BadUse("FILE_UNREADABLE", reason, path=str(path), remedy="Check the folder and its permissions.")
