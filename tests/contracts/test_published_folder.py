"""A published folder behind a plain file server, read by a client that shares no code with the ledger.

The client follows C2SP signed-note, tlog-checkpoint and tlog-tiles, and RFC 9162 section 2.1; hashlib and libsodium.
"""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from nacl.signing import VerifyKey

from openline.adapters.tile_folder import TileFolder
from openline.ledger.note import NoteVerifier, format_verifier_key
from tests.logs import Log
from tests.parties import NOON_MS, NORTH, ORIGIN, Town, on_ground, presence
from tests.serving import NO_CERTIFICATES, Node

LOG = Log(66_000)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Monitor:
    """Follows a log by its files alone; every method raises AssertionError when something does not fit."""

    def __init__(self, url: str, key: str) -> None:
        self.http = httpx.Client(base_url=url, verify=NO_CERTIFICATES)
        self.name, self.key_id, encoded = key.split("+", 2)
        self.key = b64decode(encoded)
        assert self.key[0] == 1
        assert hashlib.sha256(self.name.encode() + b"\n" + self.key).digest()[:4].hex() == self.key_id
        self.leaves: list[bytes] = []

    def get(self, path: str) -> bytes:
        answer = self.http.get(f"/{path}")
        assert answer.status_code == 200, path
        return answer.content

    def checkpoint(self) -> tuple[int, bytes]:
        text, _, signatures = self.get("checkpoint").decode().rpartition("\n\n")
        signed = dict(line.removeprefix("\u2014 ").split(" ") for line in signatures.splitlines())
        raw = b64decode(signed[self.name])
        assert raw[:4].hex() == self.key_id
        VerifyKey(self.key[1:]).verify(text.encode() + b"\n", raw[4:])
        origin, size, root = text.split("\n")
        assert origin == self.name
        return int(size), b64decode(root)

    def follow(self) -> int:
        """Read on to the present checkpoint; what was read before must be its beginning."""
        size, root = self.checkpoint()
        rows = [b"".join(self.entries(size))]
        level = 0
        while size >> 8 * level:
            held = size >> 8 * level
            assert len(rows[level]) == held * 32
            above = []
            for index in range(-(-held // 256)):
                width = min(256, held - index * 256)
                tile = self.get(self.path(str(level), index, width))
                assert tile == rows[level][index * 8192 : index * 8192 + width * 32]
                if width == 256:
                    above.append(_root(tile))
            rows.append(b"".join(above))
            level += 1
        assert _root(rows[0]) == root
        return size

    def entries(self, size: int) -> Iterator[bytes]:
        kept = len(self.leaves) // 256 * 256
        last = self.leaves[kept:]
        del self.leaves[kept:]
        for index in range(kept // 256, -(-size // 256)):
            width = min(256, size - index * 256)
            bundle = self.get(self.path("entries", index, width))
            for _ in range(width):
                length = int.from_bytes(bundle[:2], "big")
                self.leaves.append(hashlib.sha256(b"\x00" + bundle[2 : 2 + length]).digest())
                bundle = bundle[2 + length :]
            assert bundle == b""
        assert self.leaves[kept : kept + len(last)] == last
        return iter(self.leaves)

    @staticmethod
    def path(level: str, index: int, width: int) -> str:
        digits = f"{index:03d}" if index < 1000 else f"x{index // 1000:03d}/{index % 1000:03d}"
        return f"tile/{level}/{digits}" + ("" if width == 256 else f".p/{width}")


def _root(row: bytes) -> bytes:
    """MTH over a row of hashes (RFC 9162 section 2.1.1)."""
    if len(row) == 32:
        return row
    half = 32
    while 2 * half < len(row):
        half *= 2
    return hashlib.sha256(b"\x01" + _root(row[:half]) + _root(row[half:])).digest()


def test_a_monitor_follows_a_log_through_a_plain_file_server(tmp_path: Path) -> None:
    folder = TileFolder(tmp_path, LOG.verifier)
    with served(tmp_path) as url:
        monitor = Monitor(url, format_verifier_key(LOG.verifier))
        for size in (1, 200, 256, 700, 66_000):
            folder.publish(LOG.note(size), LOG.from_index)
            assert monitor.follow() == size
        monitor.http.close()


def test_a_monitor_finds_a_log_that_was_written_anew(tmp_path: Path) -> None:
    TileFolder(tmp_path / "one", LOG.verifier).publish(LOG.note(700), LOG.from_index)
    other = Log(900, fork_at=650)
    TileFolder(tmp_path / "two", other.verifier).publish(other.note(), other.from_index)
    with served(tmp_path) as url:
        monitor = Monitor(f"{url}/one", format_verifier_key(LOG.verifier))
        assert monitor.follow() == 700
        monitor.http.close()
        monitor.http = httpx.Client(base_url=f"{url}/two", verify=NO_CERTIFICATES)
        with pytest.raises(AssertionError):
            monitor.follow()
        monitor.http.close()


def test_the_node_itself_answers_with_the_bytes_of_the_folder(tmp_path: Path) -> None:
    town = Town()
    while len(town.store.records) < 300:
        town.tell(NORTH, presence(on_ground(NOON_MS)))
    log = NoteVerifier(ORIGIN, town.secrets.signer.public_key)
    folder = TileFolder(tmp_path, log)
    folder.publish(town.store.note, lambda start: (record.leaf for record in town.store.read(start)))
    with Node(town) as node:
        paths = [p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file() and p.suffix != ".vkey"]
        assert len(paths) == 6
        for path in paths:
            assert node.http.get(f"/{path}").content == (tmp_path / path).read_bytes(), path
        monitor = Monitor(node.url, format_verifier_key(log))
        assert monitor.follow() == len(town.store.records)
        monitor.http.close()
