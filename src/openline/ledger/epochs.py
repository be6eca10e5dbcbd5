"""Epochs of an exclusive channel: the tags of each follow from a secret of its own, so that one can be shown alone.

An epoch's secret is `derive_seed(channel secret, "epoch/" || k)` with k in decimal. Whoever has the channel's secret
makes all of them; whoever is shown one recognises the entries of that epoch and of no other. An entry on the channel
itself commits to each secret before it is used: SHA-256("openline/epoch" || secret).
"""

from __future__ import annotations

from hashlib import sha256

from openline.keys.derive import derive_seed
from openline.ledger.leaf import SECRET_BYTES

_PREFIX = "exclusive/"
_COMMITMENT = b"openline/epoch"


def exclusive_name(agreement: str, channel: str) -> str:
    """The name of an exclusive channel: agreement and id, neither of which holds a slash."""
    return f"{_PREFIX}{agreement}/{channel}"


def split_name(name: str) -> tuple[str, str] | None:
    """The agreement and the id in the name of an exclusive channel, None for any other name."""
    agreement, found, channel = name.removeprefix(_PREFIX).partition("/")
    return (agreement, channel) if found and name == exclusive_name(agreement, channel) else None


def secret_name(name: str, version: int) -> str:
    """The name that the secret of an exclusive channel is derived by under a version of its agreement.

    A party that a later version leaves out has the earlier secret, and learns nothing more by it.
    """
    return f"{name}/v{version}"


def epoch_secret(channel_secret: bytes, epoch: int) -> bytes:
    """The 32-byte secret of an epoch."""
    return derive_seed(channel_secret, f"epoch/{epoch}")


def epoch_commitment(secret: bytes) -> str:
    """What is recorded of an epoch's secret before it is used, 64 hexadecimal digits.

    Raises ValueError unless the secret has 32 bytes.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"an epoch's secret has {SECRET_BYTES} bytes, not {len(secret)}")
    return sha256(_COMMITMENT + secret).hexdigest()
