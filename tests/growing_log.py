"""A log for tests of witnesses: a tree that grows, forks and signs whatever it is asked to."""

from __future__ import annotations

from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.note import NoteVerifier
from openline.ledger.tree import Tree, leaf_hash
from openline.ledger.witnessing import Request, format_request

ORIGIN = "log.example/first"


class Log:
    """One history of a log; `fork` gives another one with the same key."""

    def __init__(self, size: int = 0, *, origin: str = ORIGIN, seed: bytes = bytes(32), mark: str = "") -> None:
        self.origin = origin
        self.signer = Signer(seed)
        self.seed = seed
        self.tree = Tree()
        self.grow(size, mark)

    @property
    def verifier(self) -> NoteVerifier:
        return NoteVerifier(self.origin, self.signer.public_key)

    def grow(self, count: int, mark: str = "") -> None:
        for _ in range(count):
            self.tree.append(leaf_hash(f"{mark}{self.tree.size}".encode()))

    def fork(self, at: int, size: int, mark: str = "fork") -> Log:
        """Another history that shares the first `at` entries."""
        other = Log(at, origin=self.origin, seed=self.seed)
        other.grow(size - at, mark)
        return other

    def checkpoint(self, size: int | None = None) -> Checkpoint:
        size = self.tree.size if size is None else size
        return Checkpoint(self.origin, size, self.tree.root(size))

    def note(self, size: int | None = None) -> str:
        return sign_checkpoint(self.checkpoint(size), self.signer)

    def request(self, old: int, size: int | None = None) -> Request:
        """An honest request from `old` to `size`."""
        size = self.tree.size if size is None else size
        proof = self.tree.consistency_proof(old, size) if 0 < old <= size else []
        return Request(old_size=old, proof=tuple(proof), note=self.note(size))

    def body(self, old: int, size: int | None = None) -> bytes:
        return format_request(self.request(old, size))
