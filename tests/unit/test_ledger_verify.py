"""Checking a ledger offline: each kind of fault is found, and named with its entry."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from openline.ledger.checkpoint import Checkpoint
from openline.ledger.leaf import ChannelTags, Leaf, LeafClass, body_salt, channel_secret, commitment, encode_leaf
from openline.ledger.tree import Tree, leaf_hash
from openline.ledger.verify import LedgerFault, Shown, verify_entries

NODE_SECRET = bytes(range(32))
CHANNELS = {name: channel_secret(NODE_SECRET, name) for name in ("north", "south")}


def _entry(index: int, channel: str, serial: int, body: bytes) -> tuple[bytes, bytes, bytes]:
    salt = body_salt(NODE_SECRET, index)
    tag, field = ChannelTags(CHANNELS[channel]).place(serial)
    leaf = Leaf(
        leaf_class=LeafClass.TOLD,
        channel_tag=tag,
        serial_field=field,
        commitment=commitment(salt, body),
    )
    return encode_leaf(leaf), body, salt


def _checkpoint(entries: list[Shown]) -> Checkpoint:
    tree = Tree()
    for leaf, _, _ in entries:
        tree.append(leaf_hash(leaf))
    return Checkpoint("openline.example/test", tree.size, tree.root())


def _ledger(channels: str = "nnsnssn") -> list[Shown]:
    serials = {"north": 0, "south": 0}
    entries: list[Shown] = []
    for index, letter in enumerate(channels):
        name = "north" if letter == "n" else "south"
        serials[name] += 1
        entries.append(_entry(index, name, serials[name], b"body %d" % index))
    return entries


def test_an_honest_ledger_is_verified() -> None:
    entries = _ledger()
    entries[2] = (entries[2][0], None, None)
    verified = verify_entries(entries, _checkpoint(entries), CHANNELS)
    assert verified.checkpoint.size == 7
    assert (verified.bodies_proven, verified.bodies_withheld) == (6, 1)
    assert verified.channel_counts == {"north": 4, "south": 3}


def test_an_empty_ledger_is_verified() -> None:
    assert verify_entries([], _checkpoint([])).bodies_proven == 0


def test_without_secrets_the_channels_stay_unknown() -> None:
    entries = _ledger()
    assert verify_entries(iter(entries), _checkpoint(entries)).channel_counts == {}


@pytest.mark.parametrize(
    ("shown", "reason"),
    [
        ((b"another body", body_salt(NODE_SECRET, 3)), "not the one"),
        ((b"body 3", body_salt(NODE_SECRET, 4)), "not the one"),
        ((b"ody 3", body_salt(NODE_SECRET, 3) + b"b"), "salt has 32 bytes"),
        ((b"body 3", None), "without"),
        ((None, body_salt(NODE_SECRET, 3)), "without"),
    ],
)
def test_a_body_that_was_not_recorded_is_found(shown: tuple[bytes | None, bytes | None], reason: str) -> None:
    entries = _ledger()
    checkpoint = _checkpoint(entries)
    entries[3] = (entries[3][0], *shown)
    with pytest.raises(LedgerFault, match=reason) as fault:
        verify_entries(entries, checkpoint)
    assert fault.value.index == 3


def test_a_leaf_that_does_not_decode_is_found() -> None:
    entries = _ledger()
    entries[4] = (b"\x09" + entries[4][0][1:], None, None)
    with pytest.raises(LedgerFault, match="version 9") as fault:
        verify_entries(entries, _checkpoint(entries))
    assert fault.value.index == 4


def test_missing_and_surplus_entries_are_found() -> None:
    entries = _ledger()
    with pytest.raises(LedgerFault, match="6 entries where the checkpoint has 7") as fault:
        verify_entries(entries[:-1], _checkpoint(entries))
    assert fault.value.index is None
    with pytest.raises(LedgerFault, match="beyond") as fault:
        verify_entries(entries, _checkpoint(entries[:-1]))
    assert fault.value.index == 6


def test_another_order_or_root_is_found() -> None:
    entries = _ledger()
    checkpoint = _checkpoint(entries)
    with pytest.raises(LedgerFault, match="root") as fault:
        verify_entries([entries[1], entries[0], *entries[2:]], checkpoint)
    assert fault.value.index is None
    with pytest.raises(LedgerFault, match="root"):
        verify_entries(entries, replace(checkpoint, root=bytes(32)))


@pytest.mark.parametrize(("serial", "index"), [(4, 3), (1, 3), (2, 3), (0, 3)])
def test_a_gap_or_repetition_on_a_known_channel_is_found(serial: int, index: int) -> None:
    entries = _ledger()
    entries[index] = _entry(index, "north", serial, b"")
    with pytest.raises(LedgerFault, match=f"north has serial {serial} where 3 must come") as fault:
        verify_entries(entries, _checkpoint(entries), CHANNELS)
    assert fault.value.index == index
    south = {"south": CHANNELS["south"]}
    assert verify_entries(entries, _checkpoint(entries), south).channel_counts == {"south": 3}


def test_a_tag_under_another_serial_is_found() -> None:
    entries = _ledger()
    leaf = Leaf(
        leaf_class=LeafClass.TOLD,
        channel_tag=ChannelTags(CHANNELS["north"]).of(3),
        serial_field=9,
        commitment=bytes(32),
    )
    entries[3] = (encode_leaf(leaf), None, None)
    with pytest.raises(LedgerFault, match="another serial than its tag where 3"):
        verify_entries(entries, _checkpoint(entries), CHANNELS)


def test_channels_need_secrets_of_their_own() -> None:
    with pytest.raises(ValueError, match="one secret"):
        verify_entries([], _checkpoint([]), {"a": bytes(32), "b": bytes(32)})
