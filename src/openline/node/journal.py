"""Outputs of a step become entries: signed, salted, blinded, hashed into the tree, covered by a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, EVENT_TYPE
from openline.codec.events import write_event
from openline.core.event import (
    AgreementLoaded,
    ChannelClosed,
    ChannelEpoch,
    Continued,
    Event,
    KeyEnrolled,
    NodeStarted,
    RootsEnrolled,
    WitnessNamed,
)
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.epochs import epoch_secret, exclusive_name, secret_name
from openline.ledger.leaf import (
    FIRST_SERIAL,
    LEAF_VERSION,
    ChannelTags,
    Leaf,
    LeafClass,
    Salts,
    commitment,
    encode_leaf,
)
from openline.ledger.told import told_body
from openline.ledger.tree import Tree, leaf_hash
from openline.node.ports import Record
from openline.node.secrets import NodeSecrets

_ADMIN = (NodeStarted, KeyEnrolled, RootsEnrolled, AgreementLoaded, Continued, WitnessNamed)


class Told(Struct, frozen=True, kw_only=True):
    """Bytes that a party told, as received, and when the node recorded them."""

    at_ms: int
    party: str
    raw: bytes
    channel: str = ""
    """The exclusive channel that it goes over; empty for the party's own."""


Output = Told | Event


class Staged(Struct, frozen=True, kw_only=True):
    """A commit in the making: nothing of it is known outside before the store has it."""

    records: list[Record]
    checkpoint: str


class _Channel(Struct):
    """A channel's tags, and the serial of its last entry."""

    tags: ChannelTags
    serial: int = FIRST_SERIAL - 1


class Journal:
    """The tree, and the serials of every channel."""

    def __init__(self, secrets: NodeSecrets, origin: str) -> None:
        """An empty ledger of this origin."""
        self.secrets = secrets
        self.origin = origin
        self.tree = Tree()
        self.salts = Salts(secrets.salt)
        self.leaf_version = LEAF_VERSION
        """An earlier one only where a ledger of then is replayed."""
        self._channels: dict[str, _Channel] = {}
        self._signers = [(key_id(secrets.signer.public_key), secrets.signer)]

    def stage(self, outputs: Sequence[Output]) -> Staged:
        """Turn outputs into records in their order, and sign one checkpoint over all of them."""
        records = [self._record(output) for output in outputs]
        return Staged(records=records, checkpoint=self.sign())

    def sign(self, size: int | None = None) -> str:
        """The signed checkpoint of the tree as it stands, or as it stood at an earlier size."""
        size = self.tree.size if size is None else size
        head = Checkpoint(self.origin, size, self.tree.root(size))
        return sign_checkpoint(head, self.secrets.signer)

    def await_record(self, event: Output | None) -> None:
        """The next record is of this output: a channel that it opens has the tags of its first epoch from here on."""
        if isinstance(event, ChannelEpoch) and not event.epoch:
            self._turn(event)

    def follow(self, record: Record, channel: str, event: Output | None = None) -> None:
        """Take a record, made here or read back; after one that begins an epoch the channel has other tags."""
        self.tree.append(leaf_hash(record.leaf))
        self._channel(channel).serial += 1
        if isinstance(event, ChannelEpoch) and event.epoch:
            self._turn(event)

    def next_place(self, channel: str, version: int = LEAF_VERSION) -> tuple[bytes, int]:
        """The tag and the serial field of a channel's next entry, blinded as a leaf of `version` has them."""
        held = self._channel(channel)
        return held.tags.place(held.serial + 1, version)

    def body_of(self, output: Output) -> bytes:
        """What is kept of an output: the envelope as received, or one signed by the node."""
        if isinstance(output, Told):
            return told_body(output.raw, output.at_ms)
        return sign_envelope(write_event(output), EVENT_TYPE, self._signers)

    def _record(self, output: Output) -> Record:
        index = self.tree.size
        body, channel = self.body_of(output), channel_of(output)
        self.await_record(output)
        tag, serial = self.next_place(channel, self.leaf_version)
        leaf = Leaf(
            leaf_class=class_of(output),
            channel_tag=tag,
            serial_field=serial,
            commitment=commitment(self.salts.of(index), body),
            version=self.leaf_version,
        )
        record = Record(index, encode_leaf(leaf), body)
        self.follow(record, channel, output)
        return record

    def _turn(self, event: ChannelEpoch) -> None:
        name = exclusive_name(event.agreement, event.channel)
        secret = self.secrets.channel(secret_name(name, event.version))
        tags = ChannelTags(epoch_secret(secret, event.epoch))
        self._channels.setdefault(name, _Channel(tags)).tags = tags

    def _channel(self, name: str) -> _Channel:
        held = self._channels.get(name)
        if held is None:
            held = self._channels[name] = _Channel(ChannelTags(self.secrets.channel(name)))
        return held


def class_of(output: Output) -> LeafClass:
    """Whose word it is."""
    if isinstance(output, Told):
        return LeafClass.TOLD
    return LeafClass.ADMIN if isinstance(output, _ADMIN) else LeafClass.NODE


def channel_of(output: Output) -> str:
    """The channel that counts it: what a party told, what it was told, an exclusive one, or what stayed inside."""
    if isinstance(output, Told):
        return output.channel or f"{output.party}/told"
    if isinstance(output, (ChannelEpoch, ChannelClosed)):
        return exclusive_name(output.agreement, output.channel)
    if isinstance(output, _ADMIN):
        return "admin"
    return f"{output.to}/feed" if output.to else "node"


def is_acknowledgement(payload_type: str) -> bool:
    """True for the payload type of an acknowledgement."""
    return payload_type == ACKNOWLEDGEMENT_TYPE
