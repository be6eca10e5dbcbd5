"""Gathering a proof of absence for a party: public leaves, and of what is secret only what that party has."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

from openline.codec.envelope import from_base64
from openline.core.errors import Invalid, NotFound
from openline.core.event import AgreementLoaded
from openline.ledger.absence_proof import AbsenceProof, OpenedEntry
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.span import span_proof
from openline.node.channels import Chain, Epoch
from openline.node.line import Line
from openline.node.recovery import event_of


def gather_absence(line: Line, *, party: str, channel: str, start: int, end: int) -> AbsenceProof:
    """What a party can show of the entries from `start` up to `end` on an exclusive channel, against `line.checkpoint`.

    It may turn out not to be enough: whoever may only count a channel cannot open what was told over it.

    Raises:
        NotFound: NOT_FOUND, unless the agreement has the party tell over the channel or count it all that time.
        Invalid: VALUE_INVALID, when the range holds no entry, ends before the channel begins or goes beyond what is on
            disk.
        StoreError: when the disk cannot be read.
    """
    chain = line.state.channels.chains.get(channel)
    if chain is None:
        raise _unknown()
    if not 0 <= start < end <= line.committed:
        raise _invalid(f"there are {line.committed} entries, and the range holds none of them or reaches beyond")
    epochs = _epochs(chain, start, end)
    if not _has_part(line, chain, epochs, party):
        raise _unknown()
    first, size = epochs[0].index, line.committed
    if end <= first:
        raise _invalid(f"the channel begins at entry {first}, and the range ends before")
    shown = chain.entries[bisect_left(chain.entries, first) : bisect_left(chain.entries, end)]
    leaves = b"".join(record.leaf for record in islice(line.store.read(first), end - first))
    secrets = [line.state.channels.secret(channel, version=e.version, epoch=e.epoch) for e in epochs]
    return AbsenceProof(
        channel=channel,
        start=start,
        end=end,
        first=first,
        leaves=leaves,
        path=tuple(span_proof(line.journal.tree, first, end, size)),
        size=size,
        secrets=tuple(secrets),
        opened=tuple(_opened(line, party, shown)),
        agreements=tuple(_agreements(line, {(chain.agreement, epoch.version) for epoch in epochs})),
    )


def _epochs(chain: Chain, start: int, end: int) -> list[Epoch]:
    """The epochs whose tags an entry of the range may have; the first when it ends before the channel begins."""
    begun = [epoch.index for epoch in chain.epochs]
    first = max(bisect_right(begun, start) - 1, 0)
    return chain.epochs[first : max(bisect_left(begun, end - 1), first + 1)]


def _has_part(line: Line, chain: Chain, epochs: Sequence[Epoch], party: str) -> bool:
    channels = line.state.channels
    rules = [channels.rule(chain.agreement, epoch.version, chain.rule.id) for epoch in epochs]
    return all(party in {rule.sender, *rule.receivers} for rule in rules)


def _opened(line: Line, party: str, indexes: Sequence[int]) -> Iterator[OpenedEntry]:
    for index in indexes:
        record = line.record(index)
        if record is not None and line.state.may_read(party, index):
            yield OpenedEntry(index=index, body=record.body, salt=line.salt(index))


def _agreements(line: Line, versions: set[tuple[str, int]]) -> Iterator[bytes]:
    """The signed envelopes of these versions, from the entries that loaded them."""
    for record in line.store.read():
        if not versions:
            return
        if decode_leaf(record.leaf).leaf_class is not LeafClass.ADMIN:
            continue
        event = event_of(record.body)
        if isinstance(event, AgreementLoaded) and (event.id, event.version) in versions:
            versions.remove((event.id, event.version))
            yield from_base64(event.envelope)


def _invalid(reason: str) -> Invalid:
    return Invalid("VALUE_INVALID", reason, path="range", remedy="Name a range of recorded entries of the channel.")


def _unknown() -> NotFound:
    return NotFound(
        "NOT_FOUND",
        "no exclusive channel of yours has this name, or it was not yours all that time",
        path="channel",
        remedy="`GET /channels` names yours, and the versions of the agreement under which they are.",
    )
