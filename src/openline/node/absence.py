"""Gathering a proof of absence for a party: public leaves, and of what is secret only what that party has.

What the party may show is settled first, from the state at one moment; the entries are read afterwards, and may be read
beside a line that goes on: what is recorded does not change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from openline.codec.envelope import from_base64
from openline.core.errors import Invalid, LedgerFault, NotFound
from openline.core.event import AgreementLoaded
from openline.ledger.absence_proof import AbsenceProof, OpenedEntry
from openline.ledger.leaf import Salts
from openline.ledger.span import span_proof
from openline.ledger.tree import Tree
from openline.node.channels import Chain, Channels, Epoch
from openline.node.line import Line
from openline.node.ports import Record
from openline.node.recovery import event_of
from openline.node.state import State


class Stretch(Struct, frozen=True, kw_only=True):
    """What a party may show of an exclusive channel over a range, in a ledger of `size` entries."""

    channel: str
    start: int
    end: int
    first: int
    """The entry that began the epoch in which the range begins."""
    size: int
    secrets: tuple[bytes, ...]
    openable: tuple[int, ...]
    """The channel's entries that the party may open."""
    versions: frozenset[tuple[str, int]]
    """The agreement's id and those of its versions that name the channel meanwhile."""
    administered: tuple[int, ...]
    """Where to look for these."""


def gather_absence(line: Line, *, party: str, channel: str, start: int, end: int) -> AbsenceProof:
    """What a party can show of the entries from `start` up to `end` on an exclusive channel, against `line.checkpoint`.

    Raises:
        NotFound, Invalid, LedgerFault, StoreError: as `stretch_of` and `absence_of`.
    """
    stretch = stretch_of(line.state, party=party, channel=channel, start=start, end=end, size=line.committed)
    return absence_of(stretch, record=line.store.get, salts=line.journal.salts, tree=line.journal.tree)


def stretch_of(state: State, *, party: str, channel: str, start: int, end: int, size: int) -> Stretch:
    """What a party may show of the entries from `start` up to `end`, in a ledger with `size` entries on disk.

    It may turn out not to be enough: whoever may only count a channel cannot open what was told over it.

    Raises:
        NotFound: NOT_FOUND, unless the agreement has the party tell over the channel or count it all that time.
        Invalid: VALUE_INVALID, when the range holds no entry, ends before the channel begins or goes beyond `size`.
    """
    chain = state.channels.chains.get(channel)
    if chain is None:
        raise _unknown()
    if not 0 <= start < end <= size:
        raise _invalid(f"there are {size} entries, and the range holds none of them or reaches beyond")
    epochs = _epochs(chain, start, end)
    if not _has_part(state.channels, chain, epochs, party):
        raise _unknown()
    first = epochs[0].index
    if end <= first:
        raise _invalid(f"the channel begins at entry {first}, and the range ends before")
    within = chain.entries[bisect_left(chain.entries, first) : bisect_left(chain.entries, end)]
    return Stretch(
        channel=channel,
        start=start,
        end=end,
        first=first,
        size=size,
        secrets=tuple(state.channels.secret(channel, version=e.version, epoch=e.epoch) for e in epochs),
        openable=tuple(index for index in within if state.may_read(party, index)),
        versions=frozenset((chain.agreement, epoch.version) for epoch in epochs),
        administered=tuple(state.entries.administered[: bisect_left(state.entries.administered, end)]),
    )


def absence_of(stretch: Stretch, *, record: Callable[[int], Record | None], salts: Salts, tree: Tree) -> AbsenceProof:
    """The proof of a stretch, against the checkpoint of its size; `tree` may have grown since.

    Raises:
        LedgerFault: LEDGER_INVALID, when an entry is missing.
        StoreError: when the disk cannot be read.
    """

    def held(index: int) -> Record:
        found = record(index)
        if found is None:
            raise LedgerFault(
                "LEDGER_INVALID", "an entry is missing", path=f"entry {index}", remedy="Verify the ledger."
            )
        return found

    return AbsenceProof(
        channel=stretch.channel,
        start=stretch.start,
        end=stretch.end,
        first=stretch.first,
        leaves=b"".join(held(index).leaf for index in range(stretch.first, stretch.end)),
        path=tuple(span_proof(tree, stretch.first, stretch.end, stretch.size)),
        size=stretch.size,
        secrets=stretch.secrets,
        opened=tuple(OpenedEntry(index=i, body=held(i).body, salt=salts.of(i)) for i in stretch.openable),
        agreements=tuple(_agreements(stretch, held)),
    )


def _epochs(chain: Chain, start: int, end: int) -> list[Epoch]:
    """The epochs whose tags an entry of the range may have; the first when it ends before the channel begins."""
    begun = [epoch.index for epoch in chain.epochs]
    first = max(bisect_right(begun, start) - 1, 0)
    return chain.epochs[first : max(bisect_left(begun, end - 1), first + 1)]


def _has_part(channels: Channels, chain: Chain, epochs: Sequence[Epoch], party: str) -> bool:
    rules = [channels.rule(chain.agreement, epoch.version, chain.rule.id) for epoch in epochs]
    return all(party in {rule.sender, *rule.receivers} for rule in rules)


def _agreements(stretch: Stretch, held: Callable[[int], Record]) -> Iterator[bytes]:
    """The signed envelopes, from the entries that loaded them."""
    for index in stretch.administered:
        event = event_of(held(index).body)
        if isinstance(event, AgreementLoaded) and (event.id, event.version) in stretch.versions:
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
