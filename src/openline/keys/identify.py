"""The name of a key: what DSSE's `keyid` carries. It narrows the choice of keys and never decides (DSSE 1.0.0)."""

from __future__ import annotations

from hashlib import sha256

KEY_ID_LENGTH = 32
"""Characters of a key id: 16 bytes in lowercase hexadecimal."""


def key_id(public_key: bytes) -> str:
    """The first 16 bytes of SHA-256 over the 32-byte Ed25519 public key, in lowercase hexadecimal."""
    return sha256(public_key).hexdigest()[:KEY_ID_LENGTH]
