"""The ledger for everyone (C2SP tlog-tiles): key, checkpoint, hashes, leaves and proofs. Bodies stay where they are."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline.adapters.http.answers import ASKED_AGAIN, KEPT_FOR_EVER, Answer
from openline.adapters.http.doors import get
from openline.adapters.http.own import entry_index
from openline.adapters.http.problems import not_found
from openline.ledger.note import NoteVerifier, format_verifier_key
from openline.ledger.tiles import TileError, TileName, encode_bundle, hash_tile, parse_tile_path, tile_width
from openline.ledger.tree import TILE_WIDTH
from openline.node.line import Line

_OCTETS = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"
_BUNDLES_KEPT = 256
"""Full bundles kept in memory, about 15 KB each."""
_LEAVES_AT_ONCE = 32
"""Leaves read before others have their turn."""


class LedgerPages:
    """Checkpoint and tiles, never of more than is on disk."""

    def __init__(self, line: Line) -> None:
        """Nothing is kept yet."""
        self._line = line
        self._bundles: dict[int, bytes] = {}

    def routes(self) -> list[BaseRoute]:
        """The addresses that a monitor or a witness reads."""
        return [
            get("/key", self._key),
            get("/checkpoint", self._checkpoint),
            get("/tile/{name:path}", self._tile),
            get("/proofs/{index}", self._proof),
        ]

    async def _key(self, _: Request) -> Answer:
        key = NoteVerifier(self._line.origin, self._line.secrets.signer.public_key)
        return Answer(200, f"{format_verifier_key(key)}\n".encode(), _TEXT, ASKED_AGAIN)

    async def _checkpoint(self, _: Request) -> Answer:
        if not self._line.checkpoint:
            raise not_found()
        return Answer(200, self._line.checkpoint.encode(), _TEXT, ASKED_AGAIN)

    async def _tile(self, request: Request) -> Answer:
        try:
            name = parse_tile_path(f"tile/{request.path_params['name']}")
        except TileError:
            raise not_found() from None
        if name.width > tile_width(self._line.committed, name.level, name.index):
            raise not_found()
        body = await self._bundle(name) if name.level is None else hash_tile(self._line.journal.tree, name)
        return Answer(200, body, _OCTETS, KEPT_FOR_EVER)

    async def _proof(self, request: Request) -> Answer:
        index = entry_index(request.path_params["index"])
        if not 0 <= index < self._line.committed:
            raise not_found()
        mark = b"yes" if self._line.witnessed_size(index) else b"no"
        headers = [(b"openline-witnessed", mark)]
        return Answer(200, self._line.proof_file(index).encode(), _TEXT, ASKED_AGAIN, headers=headers)

    async def _bundle(self, name: TileName) -> bytes:
        held = self._bundles.get(name.index)
        if held is not None and name.width == TILE_WIDTH:
            return held
        leaves: list[bytes] = []
        for index in range(name.index * TILE_WIDTH, name.index * TILE_WIDTH + name.width):
            record = self._line.record(index)
            if record is None:
                raise not_found()
            leaves.append(record.leaf)
            if len(leaves) % _LEAVES_AT_ONCE == 0:
                await asyncio.sleep(0)
        bundle = encode_bundle(leaves)
        if name.width == TILE_WIDTH:
            self._bundles[name.index] = bundle
            while len(self._bundles) > _BUNDLES_KEPT:
                del self._bundles[next(iter(self._bundles))]
        return bundle
