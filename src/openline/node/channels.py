"""Exclusive channels as the ledger has them: how far the chain of each has come, and what opens, turns or closes it.

A chain begins with an entry as soon as its agreement is in force, so that silence on it can be shown from the first
hour. An epoch ends before the first notice of a new day, and when another version of the agreement takes over.
"""

from __future__ import annotations

from array import array

from msgspec import Struct

from openline.agreement.register import Register
from openline.core.agreement import Agreement, ExclusiveChannel
from openline.core.event import ChannelClosed, ChannelEpoch, Event
from openline.core.notice import Notice
from openline.core.time import DAY_MS
from openline.ledger.epochs import epoch_commitment, epoch_secret, exclusive_name, secret_name
from openline.ledger.leaf import FIRST_SERIAL
from openline.node.secrets import NodeSecrets


class Epoch(Struct, frozen=True, kw_only=True, gc=False):
    """One epoch of a chain, by the entry that began it."""

    index: int
    epoch: int
    version: int
    """Of the agreement."""


class Chain(Struct, kw_only=True):
    """What is known of one exclusive channel."""

    agreement: str
    rule: ExclusiveChannel
    """As the last version that named it has it."""
    is_open: bool
    day: int
    """UTC day, from 1970-01-01, on which the last epoch began."""
    epochs: list[Epoch]
    entries: array[int]
    """Index of every entry on it."""

    @property
    def last(self) -> Epoch:
        """The epoch whose tags its next entry carries."""
        return self.epochs[-1]


class Channels:
    """Every exclusive channel that was ever opened."""

    def __init__(self, secrets: NodeSecrets, register: Register) -> None:
        """None yet; `register` has the agreements that name them."""
        self._secrets = secrets
        self._register = register
        self.chains: dict[str, Chain] = {}
        self.readable: dict[str, array[int]] = {}
        """Indexes of the entries that open, turn and close a channel, by party that may read them."""

    def of(self, notice: Notice, agreement: Agreement | None) -> str:
        """The exclusive channel that a notice under `agreement` goes over; empty when it goes over none."""
        rule = None if agreement is None else agreement.channel_of(notice.party, notice.kind)
        return "" if rule is None else exclusive_name(notice.agreement_id, rule.id)

    def turning(self, agreement: Agreement, rule: ExclusiveChannel, at_ms: int) -> ChannelEpoch | None:
        """The epoch that has to begin before the channel's next notice of `at_ms`, None while the last one goes on."""
        name = exclusive_name(agreement.id, rule.id)
        chain = self.chains.get(name)
        is_new = chain is None or not chain.is_open or chain.last.version != agreement.version
        if chain is not None and not is_new and chain.day == at_ms // DAY_MS:
            return None
        epoch = 0 if chain is None else chain.last.epoch + 1
        secret = self.secret(name, version=agreement.version, epoch=epoch)
        # the entry that begins the first epoch is on it; each later one is the last of the epoch before
        first = FIRST_SERIAL if chain is None else FIRST_SERIAL + len(chain.entries) + 1
        return ChannelEpoch(
            at_ms=at_ms,
            agreement=agreement.id,
            version=agreement.version,
            channel=rule.id,
            epoch=epoch,
            first_serial=first,
            commitment=epoch_commitment(secret),
        )

    def settling(self, at_ms: int) -> list[Event]:
        """What opens, closes and turns channels because agreements have begun, changed or ended."""
        wanted = {
            exclusive_name(agreement.id, rule.id): (agreement, rule)
            for agreement in self._register.in_force(at_ms)
            for rule in agreement.exclusive_channels
        }
        events: list[Event] = [
            ChannelClosed(at_ms=at_ms, agreement=chain.agreement, channel=chain.rule.id)
            for name, chain in sorted(self.chains.items())
            if chain.is_open and name not in wanted
        ]
        for name, (agreement, rule) in sorted(wanted.items()):
            chain = self.chains.get(name)
            if chain is not None and chain.is_open and chain.last.version == agreement.version:
                continue
            begun = self.turning(agreement, rule, at_ms)
            if begun is not None:
                events.append(begun)
        return events

    def apply(self, event: Event, index: int) -> None:
        """Take what opens, turns or closes a channel, as the entry at `index`; nothing else is looked at.

        Raises:
            KeyError: when the agreement or the channel that it speaks of is not known.
        """
        if isinstance(event, (ChannelEpoch, ChannelClosed)):
            self._take(event, index)

    def _take(self, event: ChannelEpoch | ChannelClosed, index: int) -> None:
        name = exclusive_name(event.agreement, event.channel)
        chain = self.chains.get(name)
        concerned = set() if chain is None else {chain.rule.sender, *chain.rule.receivers}
        if isinstance(event, ChannelEpoch):
            rule = self.rule(event.agreement, event.version, event.channel)
            begun = Epoch(index=index, epoch=event.epoch, version=event.version)
            concerned |= {rule.sender, *rule.receivers}
            if chain is None:
                chain = self.chains[name] = Chain(
                    agreement=event.agreement, rule=rule, is_open=True, day=0, epochs=[], entries=array("q")
                )
            chain.rule, chain.is_open, chain.day = rule, True, event.at_ms // DAY_MS
            chain.epochs.append(begun)
        else:
            self.chains[name].is_open = False
        self.tell(name, index)
        for party in concerned:
            self.readable.setdefault(party, array("q")).append(index)

    def tell(self, name: str, index: int) -> None:
        """The entry at `index` is on this channel."""
        self.chains[name].entries.append(index)

    def rule(self, agreement: str, version: int, channel: str) -> ExclusiveChannel:
        """What a version of an agreement says of a channel.

        Raises:
            KeyError: when it names none of this id.
        """
        held = self._register.version(agreement, version)
        for rule in () if held is None else held.exclusive_channels:
            if rule.id == channel:
                return rule
        raise KeyError(exclusive_name(agreement, channel))

    def versions(self, chain: Chain) -> list[tuple[Epoch, ExclusiveChannel]]:
        """The first epoch under each version of the agreement, and what that version says of the channel."""
        firsts: dict[int, Epoch] = {}
        for epoch in chain.epochs:
            firsts.setdefault(epoch.version, epoch)
        return [(epoch, self.rule(chain.agreement, epoch.version, chain.rule.id)) for epoch in firsts.values()]

    def channel_secret(self, name: str, version: int) -> bytes:
        """The secret that its parties share under a version of the agreement."""
        return self._secrets.channel(secret_name(name, version))

    def secret(self, name: str, *, version: int, epoch: int) -> bytes:
        """The secret that the tags of an epoch follow from."""
        return epoch_secret(self.channel_secret(name, version), epoch)
