"""Checking a whole ledger offline, against one checkpoint that was opened before.

What is shown is checked, what is withheld is counted: a missing body is no fault, a body without its salt is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from openline.ledger.checkpoint import Checkpoint
from openline.ledger.leaf import FIRST_SERIAL, ChannelTags, Leaf, LeafError, commitment, decode_leaf
from openline.ledger.tree import Tree, leaf_hash

Shown = tuple[bytes, bytes | None, bytes | None]
"""An entry as shown: the leaf, and the body with its salt or neither."""


class LedgerFault(ValueError):
    """The ledger is not what its checkpoint or its leaves say."""

    def __init__(self, index: int | None, reason: str) -> None:
        """`index` is the entry at fault, None for the ledger as a whole; `reason` a sentence for a reader."""
        super().__init__(reason if index is None else f"entry {index}: {reason}")
        self.index = index
        self.reason = reason


class VerifiedLedger(Struct, frozen=True):
    """What the verification showed."""

    checkpoint: Checkpoint
    bodies_proven: int
    """Entries whose body was shown and is the one that was recorded."""
    bodies_withheld: int
    """Entries of which only the leaf was shown."""
    channel_counts: dict[str, int]
    """For each known channel its number of entries, which carry its first serials without a gap."""


def verify_entries(
    entries: Iterable[Shown],
    checkpoint: Checkpoint,
    channels: Mapping[str, bytes] | None = None,
    tree: Tree | None = None,
) -> VerifiedLedger:
    """Check `entries`, all of them and in order, against `checkpoint`, whose signature the caller has checked.

    `channels` maps names of channels to their secrets; on each, serials must follow on each other from FIRST_SERIAL.
    An empty `tree` is filled with the leaves, also when they turn out to be at fault.

    Raises LedgerFault at the first entry that does not decode, whose body is not the one committed to, that breaks a
    channel's serials or lies beyond the checkpoint, and for the whole when entries are missing or the root differs;
    ValueError when a channel's secret has not 32 bytes or two channels share one.
    """
    tree = Tree() if tree is None else tree
    serials = _Serials(channels or {})
    proven = 0
    for index, (leaf_bytes, body, salt) in enumerate(entries):
        if index >= checkpoint.size:
            raise LedgerFault(index, f"beyond the checkpoint's size of {checkpoint.size}")
        try:
            leaf = decode_leaf(leaf_bytes)
        except LeafError as error:
            raise LedgerFault(index, str(error)) from error
        proven += _check_body(index, leaf, body, salt)
        serials.check(index, leaf)
        tree.append(leaf_hash(leaf_bytes))
    if tree.size != checkpoint.size:
        raise LedgerFault(None, f"{tree.size} entries where the checkpoint has {checkpoint.size}")
    if tree.root() != checkpoint.root:
        raise LedgerFault(None, "the root is not the checkpoint's: an entry was changed, moved or replaced")
    return VerifiedLedger(checkpoint, proven, tree.size - proven, serials.counts())


def _check_body(index: int, leaf: Leaf, body: bytes | None, salt: bytes | None) -> bool:
    """True when body and salt were shown and fit the leaf; False when both were withheld."""
    if body is None and salt is None:
        return False
    if body is None or salt is None:
        raise LedgerFault(index, "a body proves nothing without its salt, nor a salt without its body")
    try:
        shown = commitment(salt, body)
    except ValueError as error:
        raise LedgerFault(index, str(error)) from error
    if shown != leaf.commitment:
        raise LedgerFault(index, "the body shown is not the one that was recorded")
    return True


class _Serials:
    """The next serial of each known channel."""

    def __init__(self, channels: Mapping[str, bytes]) -> None:
        if len(set(channels.values())) != len(channels):
            raise ValueError("two channels have one secret")
        self._tags = {name: ChannelTags(secret) for name, secret in channels.items()}
        self._next = dict.fromkeys(channels, FIRST_SERIAL)
        # The usual entry carries an expected tag; only the others are tried against every secret.
        self._expected = {tags.of(FIRST_SERIAL): name for name, tags in self._tags.items()}

    def check(self, index: int, leaf: Leaf) -> None:
        name = self._expected.get(leaf.channel_tag)
        serial = None if name is None else self._tags[name].serial_of(leaf)
        if name is None:
            name, serial = self._owner(leaf)
        if name is None:
            return
        awaited = self._next[name]
        if serial != awaited:
            found = "another serial than its tag" if serial is None else f"serial {serial}"
            raise LedgerFault(index, f"channel {name} has {found} where {awaited} must come")
        del self._expected[leaf.channel_tag]
        self._next[name] = awaited + 1
        self._expected[self._tags[name].of(awaited + 1)] = name

    def counts(self) -> dict[str, int]:
        return {name: serial - FIRST_SERIAL for name, serial in self._next.items()}

    def _owner(self, leaf: Leaf) -> tuple[str | None, int | None]:
        for name, tags in self._tags.items():
            serial = tags.serial_of(leaf)
            if serial is not None:
                return name, serial
        return None, None
