"""Ed25519 (RFC 8032) as libsodium judges it, which is stricter than the RFC.

The rule, the same on every node so that a replay refuses what was refused:

- a signature whose S is not below the group's order is refused;
- a public key A, or the point R of a signature, that is of low order is refused, in all fourteen encodings;
- a key or R that is not canonically encoded is refused;
- the equation is checked without the cofactor, R bytewise.

A key with a low-order *component* beside its prime-order one still verifies (`verify` equals libsodium), but
`check_public_key` refuses it, so no such key is admitted. `tests/vectors/ed25519_edge.json` holds the cases.
"""

from __future__ import annotations

from nacl.bindings import crypto_core_ed25519_is_valid_point, crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from openline.keys.identify import key_id

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


class BadSignature(ValueError):
    """The signature is not this key's over this message, or key or signature is of a form that is refused.

    Trying again with the same bytes gives the same answer.
    """


class WeakKey(ValueError):
    """The bytes are no Ed25519 public key that anyone may hold: wrong length, not canonical, not of prime order."""


class Signer:
    """One Ed25519 key pair, made from its 32-byte seed. Its text form shows the key id, never the seed."""

    __slots__ = ("_public_key", "_secret_key")

    def __init__(self, seed: bytes) -> None:
        """Raises ValueError when the seed is not 32 bytes long."""
        if len(seed) != SEED_BYTES:
            raise ValueError(f"an Ed25519 seed has {SEED_BYTES} bytes, not {len(seed)}")
        self._public_key, self._secret_key = crypto_sign_seed_keypair(seed)

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes, encoded as in RFC 8032 section 5.1.5."""
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """The detached signature over `message`, 64 bytes; the same message always gives the same signature."""
        return crypto_sign(message, self._secret_key)[:SIGNATURE_BYTES]

    def __repr__(self) -> str:
        return f"Signer({key_id(self._public_key)})"


def verify(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Return when `signature` (64 bytes) is that of `public_key` (32 bytes) over `message`.

    Raises BadSignature otherwise, also for a key or a signature of the wrong length.
    """
    # libsodium reads 32 bytes of key and 64 of signature whatever it is given.
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise BadSignature("a public key has 32 bytes and a signature 64")
    try:
        crypto_sign_open(signature + message, public_key)
    except BadSignatureError:
        raise BadSignature(f"not a signature of key {key_id(public_key)} over this message") from None


def check_public_key(public_key: bytes) -> None:
    """Return when `public_key` is canonical and generates the prime-order group: once, where a key is admitted.

    Raises WeakKey otherwise. This is stricter than `verify`.
    """
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise WeakKey(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes, not {len(public_key)}")
    if not crypto_core_ed25519_is_valid_point(public_key):
        raise WeakKey("not a canonical point of the prime-order group")
