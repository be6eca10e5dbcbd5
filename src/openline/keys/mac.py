"""HMAC-SHA256 (RFC 2104) under a key that is prepared once: a node makes three for every entry, with the same keys."""

from __future__ import annotations

from hashlib import sha256

_BLOCK_BYTES = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Mac:
    """A key of at most 64 bytes. The same as `hmac.digest(key, message, "sha256")`, at less than half of its cost."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for a key of more than 64 bytes, which would have to be hashed first."""
        if len(key) > _BLOCK_BYTES:
            raise ValueError(f"a key has at most {_BLOCK_BYTES} bytes, not {len(key)}")
        padded = key.ljust(_BLOCK_BYTES, b"\x00")
        self._inner = sha256(padded.translate(_INNER))
        self._outer = sha256(padded.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """The code of `message`, 32 bytes."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
