"""The leaf's encoding, and the secrets behind tag and commitment."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256
from itertools import pairwise

import pytest
from msgspec.structs import replace

from openline.ledger.leaf import (
    LEAF_BYTES,
    LEAF_VERSION,
    OPEN_SERIALS,
    ChannelTags,
    Leaf,
    LeafClass,
    LeafError,
    body_salt,
    channel_secret,
    channel_tag,
    commitment,
    decode_leaf,
    encode_leaf,
)

SECRET = bytes(range(32))
LEAF = Leaf(leaf_class=LeafClass.NODE, channel_tag=b"t" * 16, serial_field=0x0102030405060708, commitment=b"c" * 32)
ENCODED = b"\x02\x02" + b"t" * 16 + bytes(range(1, 9)) + b"c" * 32


def test_encoding_is_fixed() -> None:
    assert encode_leaf(LEAF) == ENCODED
    assert decode_leaf(ENCODED) == LEAF
    assert decode_leaf(ENCODED).leaf_class is LeafClass.NODE
    assert len(ENCODED) == LEAF_BYTES


def test_classes_keep_their_numbers() -> None:
    assert [(item.name, item.value) for item in LeafClass] == [("TOLD", 1), ("NODE", 2), ("ADMIN", 3)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ENCODED[:-1],
        ENCODED + b"\x00",
        b"\x00" + ENCODED[1:],
        b"\x03" + ENCODED[1:],
        b"\x02\x00" + ENCODED[2:],
        b"\x02\x04" + ENCODED[2:],
    ],
)
def test_decode_refuses(data: bytes) -> None:
    with pytest.raises(LeafError):
        decode_leaf(data)


@pytest.mark.parametrize(
    "change",
    [
        {"channel_tag": b"t" * 15},
        {"commitment": b"c" * 33},
        {"serial_field": -1},
        {"serial_field": 1 << 64},
        {"version": 3},
    ],
)
def test_encode_refuses_what_does_not_fit(change: dict[str, object]) -> None:
    with pytest.raises(LeafError):
        encode_leaf(replace(LEAF, **change))


def test_salt_tag_and_commitment_are_the_documented_ones() -> None:
    assert body_salt(SECRET, 7) == hmac.new(SECRET, b"openline/salt" + bytes(7) + b"\x07", "sha256").digest()
    want = hmac.new(SECRET, b"openline/channel-tag" + bytes(7) + b"\x07", "sha256").digest()[:16]
    assert channel_tag(SECRET, 7) == want
    assert commitment(SECRET, b"body") == sha256(SECRET + b"body").digest()


def test_the_first_version_is_still_read_as_it_was_written() -> None:
    old = b"\x01" + ENCODED[1:]
    assert decode_leaf(old) == replace(LEAF, version=OPEN_SERIALS)
    assert encode_leaf(decode_leaf(old)) == old


@pytest.mark.parametrize("version", [OPEN_SERIALS, LEAF_VERSION])
def test_who_has_the_secret_finds_the_serial_and_nobody_else(version: int) -> None:
    tags = ChannelTags(SECRET)
    for serial in (0, 1, 7, 2**64 - 1):
        tag, field = tags.place(serial, version)
        leaf = replace(LEAF, channel_tag=tag, serial_field=field, version=version)
        assert tags.serial_of(leaf) == serial
        assert ChannelTags(bytes(32)).serial_of(leaf) is None
        assert tags.serial_of(replace(leaf, serial_field=field ^ 1)) is None
        assert tags.serial_of(replace(leaf, channel_tag=bytes(16))) is None


def test_a_serial_is_masked_as_documented() -> None:
    tag, field = ChannelTags(SECRET).place(7)
    mask = hmac.new(SECRET, b"openline/channel-serial" + tag, "sha256").digest()[:8]
    assert field == 7 ^ int.from_bytes(mask, "big")


def test_neighbouring_serials_look_unrelated() -> None:
    fields = [ChannelTags(SECRET).place(serial)[1] for serial in range(1, 200)]
    assert sum(abs(b - a) < 1 << 32 for a, b in pairwise(fields)) == 0


def test_secrets_of_channels_differ() -> None:
    made = {channel_secret(secret, name) for secret in (SECRET, bytes(32)) for name in ("a", "b", "")}
    assert len(made) == 6
    assert all(len(secret) == 32 for secret in made)


def test_salt_and_body_cannot_trade_bytes() -> None:
    with pytest.raises(ValueError, match="salt"):
        commitment(SECRET + b"b", b"ody")


@pytest.mark.parametrize("secret", [b"", bytes(31), bytes(33)])
def test_secrets_have_one_length(secret: bytes) -> None:
    makers: list[Callable[[], bytes]] = [
        lambda: body_salt(secret, 1),
        lambda: channel_tag(secret, 1),
        lambda: channel_secret(secret, "a"),
    ]
    for make in makers:
        with pytest.raises(ValueError, match="secret"):
            make()
