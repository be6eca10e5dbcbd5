"""What a node shows everybody of its ledger, as a desk reads it. Nothing of it is believed here."""

from __future__ import annotations

from collections.abc import Callable

from openline.core.errors import LedgerFault, Refusal
from openline.ledger.tiles import TileName, format_tile_path

_MISSING = "NOT_FOUND"


class LedgerDoor:
    """The public addresses of one node."""

    def __init__(self, fetch: Callable[[str], bytes]) -> None:
        """`fetch` gives the body of an address, and raises what the node answers instead."""
        self._fetch = fetch

    def key(self) -> str:
        """The ledger's verifier key as the node says it.

        Raises:
            Refusal, NodeFault: what the node answered, or NODE_UNREACHABLE.
        """
        return _text(self._fetch("/key")).strip()

    def checkpoint(self) -> str:
        """The present checkpoint, empty when the ledger has none yet.

        Raises:
            Refusal, NodeFault: as `key`.
        """
        return self._unless_missing("/checkpoint")

    def proof(self, index: int) -> str:
        """The proof file of an entry, empty when the node shows none.

        Raises:
            Refusal, NodeFault: as `key`.
        """
        return self._unless_missing(f"/proofs/{index}")

    def tile(self, name: TileName) -> bytes:
        """A hash tile.

        Raises:
            LedgerFault: HISTORY_DIFFERS, when the node does not show what its own checkpoint covers.
            NodeFault: as `key`.
        """
        path = format_tile_path(name)
        try:
            return self._fetch(f"/{path}")
        except Refusal as error:
            raise LedgerFault(
                "HISTORY_DIFFERS",
                f"the node does not show {path}, which its checkpoint covers ({error.reason})",
                remedy="Keep what you have, and compare checkpoints with the other parties.",
            ) from error

    def _unless_missing(self, path: str) -> str:
        try:
            return _text(self._fetch(path))
        except Refusal as error:
            if error.code == _MISSING:
                return ""
            raise


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
