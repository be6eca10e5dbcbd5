"""Everything that follows from the node's one secret."""

from __future__ import annotations

import hmac

from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.leaf import channel_secret

_TOKEN_HEX_DIGITS = 20


class NodeSecrets:
    """The node's signing key, salts, channel secrets and tokens, all derived from 32 bytes."""

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError unless the secret has 32 bytes."""
        if len(secret) != 32:  # noqa: PLR2004 - the size of an Ed25519 seed and of a SHA-256 key
            message = f"a node secret has 32 bytes, not {len(secret)}"
            raise ValueError(message)
        self.salt = derive_seed(secret, "salts")
        self.blur = derive_seed(secret, "blur")
        self.signer = Signer(derive_seed(secret, "node key"))
        self.witness = Signer(derive_seed(secret, "witness key"))
        """Cosigns checkpoints of other nodes, and nothing else."""
        self._token = derive_seed(secret, "tokens")
        self._root = secret
        self._channels: dict[str, bytes] = {}

    def channel(self, name: str) -> bytes:
        """The secret that the parties of a channel share with the node."""
        held = self._channels.get(name)
        if held is None:
            held = self._channels[name] = channel_secret(self._root, name)
        return held

    def blur_of(self, party: str) -> bytes:
        """The secret that moves the private places of a party."""
        return derive_seed(self.blur, f"party/{party}")

    def token(self, *parts: str) -> str:
        """An opaque name for something: the same parts give the same name, and the name tells nothing of them."""
        mac = hmac.digest(self._token, "\x1f".join(parts).encode(), "sha256")
        return mac.hex()[:_TOKEN_HEX_DIGITS]
