"""A ledger that an operator writes as it likes: any leaf over any body, under a checkpoint of the node's own key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from openline.codec.agreements import read_agreement
from openline.codec.envelope import from_base64, read_envelope
from openline.core.event import AgreementLoaded, ChannelEpoch
from openline.ledger.absence_proof import AbsenceProof, OpenedEntry
from openline.ledger.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from openline.ledger.epochs import epoch_commitment
from openline.ledger.leaf import ChannelTags, Leaf, LeafClass, commitment, encode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.span import span_proof
from openline.ledger.tree import Tree, leaf_hash
from openline.node.journal import Output
from openline.node.ports import Record
from tests.exclusive import FLIGHTS
from tests.parties import NOON_MS, ORIGIN, Town


class Forged:
    """Begins as the honest ledger of a town, and goes on as somebody with the node's secret likes."""

    def __init__(self, town: Town) -> None:
        """With everything that was recorded so far."""
        self.town = town
        self.records = list(town.store.records)

    def add(self, leaf_class: LeafClass, output: Output | bytes, tags: ChannelTags, serial: int) -> int:
        """Write an entry at any place of any channel; gives its index."""
        index = len(self.records)
        body = output if isinstance(output, bytes) else self.town.line.journal.body_of(output)
        tag, field = tags.place(serial)
        salted = commitment(self.town.line.salt(index), body)
        leaf = Leaf(leaf_class=leaf_class, channel_tag=tag, serial_field=field, commitment=salted)
        self.records.append(Record(index, encode_leaf(leaf), body))
        return index

    def tree(self) -> Tree:
        tree = Tree()
        for record in self.records:
            tree.append(leaf_hash(record.leaf))
        return tree

    def checkpoint(self) -> Checkpoint:
        tree, signer = self.tree(), self.town.secrets.signer
        note = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), signer)
        return open_checkpoint(note, NoteVerifier(ORIGIN, signer.public_key))

    def proof(
        self, *, first: int, secrets: Sequence[bytes], opened: Iterable[int], start: int = -1, channel: str = FLIGHTS
    ) -> AbsenceProof:
        """Of everything from `start`, or from `first`, to the end."""
        tree = self.tree()
        records = [self.records[index] for index in opened]
        return AbsenceProof(
            channel=channel,
            start=first if start < 0 else start,
            end=tree.size,
            first=first,
            leaves=b"".join(record.leaf for record in self.records[first:]),
            path=tuple(span_proof(tree, first, tree.size, tree.size)),
            size=tree.size,
            secrets=tuple(secrets),
            opened=tuple(OpenedEntry(index=r.index, body=r.body, salt=self.town.line.salt(r.index)) for r in records),
            agreements=tuple(agreements_of(self.town)),
        )


def agreements_of(town: Town) -> list[bytes]:
    """The signed envelopes of every agreement that names a channel."""
    loaded = [from_base64(output.envelope) for _, output in town.heard if isinstance(output, AgreementLoaded)]
    return [raw for raw in loaded if read_agreement(read_envelope(raw).payload).exclusive_channels]


def beginning(secret: bytes, *, epoch: int, first_serial: int, version: int = 1) -> ChannelEpoch:
    """An entry that begins an epoch of NORTH's flights under a secret of one's own choice."""
    return ChannelEpoch(
        at_ms=NOON_MS,
        agreement="town",
        version=version,
        channel="flights",
        epoch=epoch,
        first_serial=first_serial,
        commitment=epoch_commitment(secret),
    )
