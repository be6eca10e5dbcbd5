"""The leaf of an entry, which everyone may see: 58 bytes that name no party, time, position or text.

    offset  bytes  field
    0       1      version, 2
    1       1      class: 1 told, 2 node, 3 admin
    2       16     channel tag
    18      8      channel serial, blinded, big-endian
    26      32     commitment: SHA-256(salt || body)

Tag and serial are blinded with the channel's secret: who has it recognises the channel's leaves and counts them, and
nobody else can tell two channels apart or how much went over one. Version 1 wrote the serial in the open; such leaves
are still read. There is one encoding of each leaf and every 58-byte string decodes to at most one leaf.
"""

from __future__ import annotations

import hmac
from enum import IntEnum
from hashlib import sha256
from struct import Struct as Layout

from msgspec import Struct

from openline.keys.derive import derive_seed
from openline.keys.mac import Mac

LEAF_VERSION = 2
OPEN_SERIALS = 1
"""The version whose serials are not blinded."""
LEAF_BYTES = 58
TAG_BYTES = 16
SECRET_BYTES = 32
SALT_BYTES = 32
COMMITMENT_BYTES = 32
FIRST_SERIAL = 1
"""The serial of a channel's first entry; the next is always one more."""

_LAYOUT = Layout(">BB16sQ32s")
_UINT64 = Layout(">Q")


class LeafError(ValueError):
    """The bytes are no leaf of a version known here."""


class LeafClass(IntEnum):
    """Whose word the entry is."""

    TOLD = 1
    """A party told it: the body is the envelope as received."""
    NODE = 2
    """The node did it: an alert, a delivery, an escalation."""
    ADMIN = 3
    """It changes who or what counts: keys, agreements, configuration."""


_VERSIONS = (OPEN_SERIALS, LEAF_VERSION)
_CLASSES = {item.value: item for item in LeafClass}


class Leaf(Struct, frozen=True, gc=False, kw_only=True):
    """What the ledger shows of an entry."""

    leaf_class: LeafClass
    channel_tag: bytes
    """16 bytes that only the channel's parties can tell from random ones."""
    serial_field: int
    """Position on its channel as written, 0 to 2**64 - 1: blinded, unless the version is OPEN_SERIALS."""
    commitment: bytes
    """SHA-256(salt || body), 32 bytes."""
    version: int = LEAF_VERSION


def encode_leaf(leaf: Leaf) -> bytes:
    """The 58 bytes of `leaf`. Raises LeafError when a field does not fit its place."""
    if len(leaf.channel_tag) != TAG_BYTES or len(leaf.commitment) != COMMITMENT_BYTES:
        raise LeafError(f"a channel tag has {TAG_BYTES} bytes and a commitment {COMMITMENT_BYTES}")
    if not 0 <= leaf.serial_field < 1 << 64:
        raise LeafError(f"channel serial {leaf.serial_field} does not fit 64 bits")
    if leaf.version not in _VERSIONS:
        raise LeafError(f"leaf version {leaf.version} is not known")
    return _LAYOUT.pack(leaf.version, leaf.leaf_class, leaf.channel_tag, leaf.serial_field, leaf.commitment)


def decode_leaf(data: bytes) -> Leaf:
    """The leaf in `data`. Raises LeafError for another length, version or class."""
    if len(data) != LEAF_BYTES:
        raise LeafError(f"a leaf has {LEAF_BYTES} bytes, not {len(data)}")
    version, number, tag, serial, digest = _LAYOUT.unpack(data)
    if version not in _VERSIONS:
        raise LeafError(f"leaf version {version} is not known")
    leaf_class = _CLASSES.get(number)
    if leaf_class is None:
        raise LeafError(f"leaf class {number} is not known")
    return Leaf(leaf_class=leaf_class, channel_tag=tag, serial_field=serial, commitment=digest, version=version)


class Salts:
    """The 32-byte salts of all entries: HMAC-SHA256(node secret, "openline/salt" || index as uint64).

    Shown with the body a salt proves the leaf; alone it tells nothing of other salts.
    """

    def __init__(self, node_secret: bytes) -> None:
        """Raises ValueError unless the secret has 32 bytes."""
        self._mac = Mac(_checked_secret(node_secret))

    def of(self, index: int) -> bytes:
        """The salt of entry `index`."""
        return self._mac.digest(b"openline/salt" + _UINT64.pack(index))


def body_salt(node_secret: bytes, index: int) -> bytes:
    """The salt of one entry. Raises ValueError as `Salts` does."""
    return Salts(node_secret).of(index)


def commitment(salt: bytes, body: bytes) -> bytes:
    """SHA-256(salt || body). Raises ValueError unless the salt has 32 bytes, else salt and body could trade bytes."""
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, not {len(salt)}")
    return sha256(salt + body).digest()


def channel_secret(node_secret: bytes, channel_name: str) -> bytes:
    """The 32-byte secret that the parties of the channel share with the node. Raises ValueError as `body_salt` does."""
    return derive_seed(_checked_secret(node_secret), f"channel/{channel_name}")


class ChannelTags:
    """The blinded places of a channel's entries.

    The tag is HMAC-SHA256(channel secret, "openline/channel-tag" || serial as uint64)[:16]; the serial is written XORed
    with HMAC-SHA256(channel secret, "openline/channel-serial" || tag)[:8].
    """

    def __init__(self, secret: bytes) -> None:
        """Raises ValueError unless the channel's secret has 32 bytes."""
        self._mac = Mac(_checked_secret(secret))

    def of(self, serial: int) -> bytes:
        """The tag of entry `serial`, 16 bytes."""
        return self._mac.digest(b"openline/channel-tag" + _UINT64.pack(serial))[:TAG_BYTES]

    def place(self, serial: int, version: int = LEAF_VERSION) -> tuple[bytes, int]:
        """The tag and the serial field of entry `serial` in a leaf of `version`."""
        tag = self.of(serial)
        return tag, serial if version == OPEN_SERIALS else serial ^ self._mask(tag)

    def serial_of(self, leaf: Leaf) -> int | None:
        """The serial of a leaf that is on this channel, None for any other leaf."""
        tag = leaf.channel_tag
        serial = leaf.serial_field if leaf.version == OPEN_SERIALS else leaf.serial_field ^ self._mask(tag)
        return serial if hmac.compare_digest(self.of(serial), tag) else None

    def _mask(self, tag: bytes) -> int:
        return int.from_bytes(self._mac.digest(b"openline/channel-serial" + tag)[:8], "big")


def channel_tag(secret: bytes, serial: int) -> bytes:
    """The tag of one entry. Raises ValueError as `ChannelTags` does."""
    return ChannelTags(secret).of(serial)


def _checked_secret(secret: bytes) -> bytes:
    # HMAC pads short keys with zero bytes: with one fixed length no two secrets are the same key.
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes, not {len(secret)}")
    return secret
