"""One secret into many: per-purpose secrets of a node, and the public secrets of a drill.

`HMAC-SHA256(key = SHA-256(secret), "openline/derive/" || label)`. The secret is hashed first because HMAC pads short
keys with zero bytes, so that a secret and the same with a zero byte behind it would be one key.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

_PREFIX = b"openline/derive/"


def derive_seed(secret: bytes, label: str) -> bytes:
    """32 bytes that follow from `secret` and `label`, and tell nothing of each other or of the secret.

    As hard to guess as the secret is; from a scenario's name it is public, which is what drills want. Raises
    ValueError when the secret or the label is empty.
    """
    if not secret or not label:
        raise ValueError("a derivation needs a secret and a label")
    return hmac.digest(sha256(secret).digest(), _PREFIX + label.encode(), "sha256")
