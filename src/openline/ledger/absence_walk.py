"""The walk along the leaves of a proof of absence: which of them are the channel's, and what those are.

An epoch goes on until an entry on it begins the next one or closes the channel. Only the node writes such entries, so
one whose class is `node` and that is not opened could be the end of what the secrets at hand recognise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from openline.codec.envelope import EVENT_TYPE, NOTICE_TYPE, read_own_envelope
from openline.codec.events import read_event
from openline.core.agreement import Agreement, ExclusiveChannel
from openline.core.errors import OpenlineError
from openline.core.event import ChannelClosed, ChannelEpoch
from openline.core.notice import Kind
from openline.core.time import to_text
from openline.ledger.absence_proof import AbsenceProof
from openline.ledger.epochs import epoch_commitment, exclusive_name, split_name
from openline.ledger.leaf import FIRST_SERIAL, ChannelTags, Leaf, LeafClass, LeafError, decode_leaf
from openline.ledger.told import split_told

_NAMED_MAX = 10
"""How many entries a sentence names."""
EPOCH, CLOSED, UNOPENED, UNREADABLE = "epoch", "closed", "unopened", "unreadable"


class Finding(Struct, frozen=True, kw_only=True):
    """An entry of the channel within the range."""

    index: int
    serial: int
    what: str
    """The kind of the notice; `epoch`, `closed`, `unopened` or `unreadable` for what is none."""
    is_asked: bool = False
    """True when it is a record of what was asked about."""
    recorded_at: str = ""
    """When the node says that it recorded it; empty when it was not opened."""


class EpochSeen(Struct, frozen=True, kw_only=True):
    """An epoch of the channel, and the stretch of entries over which it was seen to go on."""

    epoch: int
    commitment: str
    begins: int
    ends: int
    """The entry that begins the next one, the last on this one's tags; or the first beyond the range."""


class _Stretch(Struct, frozen=True):
    """What was agreed of the channel from an entry on."""

    since: int
    rule: ExclusiveChannel | None
    """None where it is not exclusive."""
    why_not: str = ""


class _AgreementNamed(Struct):
    id: str


class _NoticeHead(Struct):
    """What has to be known of a notice here."""

    type: Kind
    party: str
    agreement: _AgreementNamed


_NOTICE_HEAD = msgspec.json.Decoder(_NoticeHead)
_UNREADABLE = (OpenlineError, msgspec.MsgspecError, ValueError, KeyError, TypeError, RecursionError)


class Walk:
    """One walk. `run` it once; nothing of it raises for what a prover sends."""

    def __init__(
        self, proof: AbsenceProof, opened: Mapping[int, bytes], terms: Sequence[Agreement], kinds: frozenset[Kind]
    ) -> None:
        """The leaves of `proof` are those of the ledger and `opened` are their bodies: the caller has made sure."""
        self._proof = proof
        self._opened = opened
        self._terms = {(agreement.id, agreement.version): agreement for agreement in terms}
        self._kinds = kinds
        self._secrets = iter(proof.secrets)
        self._tags: ChannelTags | None = None
        self._serial = 0
        """The next one."""
        self._stretches: list[_Stretch] = []
        self._withheld: list[int] = []
        self.reasons: list[str] = []
        self.faults: list[str] = []
        """Those of the reasons that say: something is not what it is said to be."""
        self.findings: list[Finding] = []
        self.epochs: list[EpochSeen] = []
        self.sender = ""
        self.receivers: tuple[str, ...] = ()

    def run(self) -> None:
        """Look at every leaf, in order."""
        proof = self._proof
        event = self._event(proof.first)
        if not isinstance(event, ChannelEpoch):
            self.reasons.append(f"the stretch does not begin where an epoch of {proof.channel} begins")
            return
        if proof.start < proof.first:
            self.reasons.append(f"the range begins before entry {proof.first}, where the channel was seen to begin")
        self._begin(proof.first, event)
        begins_the_channel = event.epoch == 0
        if begins_the_channel:
            self._begin_channel(event)
        elif proof.start <= proof.first:
            self._find(
                Finding(index=proof.first, serial=event.first_serial - 1, what=EPOCH, recorded_at=to_text(event.at_ms))
            )
        for index in range(proof.first + (not begins_the_channel), proof.end):
            if self._tags is not None:
                self._look(index, self._tags)
        if self._withheld:
            shown = ", ".join(map(str, self._withheld[:_NAMED_MAX])) + (", ..." * (len(self._withheld) > _NAMED_MAX))
            self.reasons.append(f"{len(self._withheld)} of the channel's entries are not opened: {shown}")
        self._judge_terms()

    def _look(self, index: int, tags: ChannelTags) -> None:
        """Whether a leaf is the channel's, and the one that has to come."""
        try:
            leaf = decode_leaf(self._proof.leaf_at(index))
        except LeafError as error:
            self._fail(f"entry {index}: {error}")
            return
        serial = tags.serial_of(leaf)
        if serial is None:
            return
        if serial != self._serial:
            self._fail(f"the serials have a gap: entry {index} is number {serial} where {self._serial} has to come")
        self._serial = serial + 1
        if leaf.leaf_class is LeafClass.NODE:
            self._look_at_event(index, serial)
        else:
            self._look_at_told(index, serial, leaf)

    def _look_at_event(self, index: int, serial: int) -> None:
        if index not in self._opened:
            self._withheld.append(index)
            self._find(Finding(index=index, serial=serial, what=UNOPENED))
            return
        event = self._event(index)
        if isinstance(event, ChannelEpoch):
            self._find(Finding(index=index, serial=serial, what=EPOCH, recorded_at=to_text(event.at_ms)))
            if index != self._proof.first:
                self._turn(index, event, serial)
        elif isinstance(event, ChannelClosed):
            self._find(Finding(index=index, serial=serial, what=CLOSED, recorded_at=to_text(event.at_ms)))
            self._stretches.append(_Stretch(index + 1, None, "no agreement in force names it"))
        else:
            self._unreadable(index, serial)

    def _look_at_told(self, index: int, serial: int, leaf: Leaf) -> None:
        """What a party told. Before the range it does not matter what it was: it cannot end an epoch."""
        if index < self._proof.start:
            return
        body = self._opened.get(index)
        if body is None:
            self._withheld.append(index)
            self._find(Finding(index=index, serial=serial, what=UNOPENED))
            return
        try:
            recorded_at, raw = split_told(body)
            payload_type, payload = read_own_envelope(raw)
            head = _NOTICE_HEAD.decode(payload)
        except _UNREADABLE:
            self._unreadable(index, serial)
            return
        rule = self._stretches[-1].rule
        agreement = (split_name(self._proof.channel) or ("", ""))[0]
        belongs = rule is not None and rule.sender == head.party and rule.carries(head.type)
        if (
            leaf.leaf_class is not LeafClass.TOLD
            or payload_type != NOTICE_TYPE
            or head.agreement.id != agreement
            or not belongs
        ):
            self._fail(f"entry {index} does not belong on the channel")
        is_asked = not self._kinds or head.type in self._kinds
        self._find(
            Finding(index=index, serial=serial, what=head.type.value, is_asked=is_asked, recorded_at=recorded_at)
        )

    def _begin_channel(self, event: ChannelEpoch) -> None:
        """The channel's first entry is on the epoch that it begins."""
        self._serial = FIRST_SERIAL
        tags, leaf = self._tags, decode_leaf(self._proof.leaf_at(self._proof.first))
        if event.first_serial != FIRST_SERIAL or (tags is not None and tags.serial_of(leaf) != FIRST_SERIAL):
            self._fail(f"entry {self._proof.first} is not the first of the channel that it opens")

    def _turn(self, index: int, event: ChannelEpoch, serial: int) -> None:
        """An entry on the epoch so far begins the next one."""
        last = self.epochs[-1]
        if event.epoch != last.epoch + 1 or event.first_serial != serial + 1:
            self._fail(f"entry {index} does not begin the epoch that has to follow")
        self._begin(index, event)

    def _begin(self, index: int, event: ChannelEpoch) -> None:
        if self.epochs:
            self.epochs[-1] = msgspec.structs.replace(self.epochs[-1], ends=index)
        begun = EpochSeen(epoch=event.epoch, commitment=event.commitment, begins=index, ends=self._proof.end)
        self.epochs.append(begun)
        self._serial = event.first_serial
        self._tags = self._next_tags(index, event)
        rule = self._rule_of(event)
        why_not = f"no version {event.version} of the agreement, signed by all its parties, is shown to name it"
        self._stretches.append(_Stretch(index + 1, rule, why_not))

    def _next_tags(self, index: int, event: ChannelEpoch) -> ChannelTags | None:
        secret = next(self._secrets, None)
        if secret is None:
            if index + 1 < self._proof.end:
                self.reasons.append(f"the secret of epoch {event.epoch}, which begins at entry {index}, is not shown")
            return None
        try:
            fits = epoch_commitment(secret) == event.commitment
        except ValueError:
            fits = False
        if not fits:
            self._fail(f"the secret shown of epoch {event.epoch} is not the one that entry {index} has committed to")
            return None
        return ChannelTags(secret)

    def _rule_of(self, event: ChannelEpoch) -> ExclusiveChannel | None:
        held = self._terms.get((event.agreement, event.version))
        rules = () if held is None else held.exclusive_channels
        return next((rule for rule in rules if rule.id == event.channel), None)

    def _judge_terms(self) -> None:
        """Whether what was agreed throughout the range lets silence on the channel mean anything."""
        ends = [stretch.since for stretch in self._stretches[1:]] + [self._proof.end]
        for stretch, end in zip(self._stretches, ends, strict=True):
            since, rule = max(stretch.since, self._proof.start), stretch.rule
            if since >= end:
                continue
            if rule is None:
                self.reasons.append(f"the channel is not exclusive from entry {since} on: {stretch.why_not}")
                continue
            missing = sorted(kind.value for kind in self._kinds if not rule.carries(kind))
            if missing:
                self.reasons.append(f"{', '.join(missing)} does not go over the channel from entry {since} on")
            if self.sender not in {"", rule.sender}:
                self.reasons.append(f"the channel is that of {rule.sender} from entry {since} on")
            # silence towards a party is shown only where it was a receiver all the way
            kept = tuple(party for party in self.receivers if party in rule.receivers)
            if self.sender and not kept:
                self.reasons.append(f"the channel is to nobody from entry {since} on to whom it was before")
            self.sender, self.receivers = rule.sender, kept if self.sender else rule.receivers

    def _event(self, index: int) -> ChannelEpoch | ChannelClosed | None:
        """What opens, turns or closes this very channel, None for anything else."""
        body = self._opened.get(index)
        if body is None or decode_leaf(self._proof.leaf_at(index)).leaf_class is not LeafClass.NODE:
            return None
        try:
            payload_type, payload = read_own_envelope(body)
            event = read_event(payload)
        except _UNREADABLE:
            return None
        if payload_type != EVENT_TYPE or not isinstance(event, (ChannelEpoch, ChannelClosed)):
            return None
        return event if exclusive_name(event.agreement, event.channel) == self._proof.channel else None

    def _unreadable(self, index: int, serial: int) -> None:
        self._fail(f"entry {index} is on the channel and is nothing that can be there")
        self._find(Finding(index=index, serial=serial, what=UNREADABLE))

    def _find(self, finding: Finding) -> None:
        if finding.index >= self._proof.start:
            self.findings.append(finding)

    def _fail(self, reason: str) -> None:
        self.reasons.append(reason)
        self.faults.append(reason)
