"""Is there a record on an exclusive channel? Answered from a proof alone, by anybody, without a ledger or a network.

The agreement, signed by its parties, says that for these kinds of notice no other line counts. Every leaf from the
beginning of an epoch to the end of the range is looked at; those of the channel are told from all others by the epoch's
secret, to which an entry of the channel itself has committed; their serials must follow on each other; what lies in the
range must be opened. Then, and when witnesses have cosigned a tree that holds the range, silence is proven.

Two things it cannot show. What was handed in and never recorded is not in any record: a receipt shows it. And a node
that opened the channel twice can show either: `contradiction` finds that in two such proofs, one of each side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, read_envelope
from openline.core.agreement import Agreement
from openline.core.errors import OpenlineError
from openline.core.key_documents import RootSet
from openline.core.notice import Kind
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import verify
from openline.ledger.absence_proof import AbsenceProof
from openline.ledger.absence_walk import EpochSeen, Finding, Walk
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.epochs import split_name
from openline.ledger.leaf import LEAF_BYTES, LeafError, commitment, decode_leaf
from openline.ledger.proof import ProofError
from openline.ledger.span import verify_span
from openline.ledger.tree import leaf_hash

TermsReader = Callable[[bytes], Agreement]
"""The agreement in a signed envelope. Raises ValueError or OpenlineError unless all its parties have signed it."""


class Verdict(StrEnum):
    """What a proof of absence shows."""

    RECORD = "record"
    """There is one."""
    COMPLETE = "no_record_complete"
    """There is none, and every entry that could be one was looked at."""
    NOT_PROVABLE = "no_record_not_provable"
    """None is shown, and that says nothing."""


class WitnessedSize(Struct, frozen=True, kw_only=True, gc=False):
    """That a quorum of witnesses had cosigned a tree of this size by a time; the caller has verified it.

    The tree must be of the same history as the checkpoint of the proof.
    """

    size: int
    at_ms: int


class Absence(Struct, frozen=True, kw_only=True):
    """What was found."""

    verdict: Verdict
    reasons: tuple[str, ...]
    """Why it is not provable, each a sentence without its full stop."""
    is_sound: bool
    """False when something in the proof is not what it is said to be, rather than too little."""
    channel: str
    start: int
    end: int
    kinds: frozenset[Kind]
    """What was asked about; empty for everything that the channel carries."""
    sender: str
    receivers: tuple[str, ...]
    entries: tuple[Finding, ...]
    """The channel's entries within the range, as far as they were recognised."""
    epochs: tuple[EpochSeen, ...]
    """The epochs of the stretch that was looked at."""
    from_ms: int | None
    until_ms: int | None
    """Whatever witnesses had seen by `until_ms` and not by `from_ms` lies in the range; None when nothing says so."""

    @property
    def records(self) -> tuple[Finding, ...]:
        """The entries that are what was asked about."""
        return tuple(entry for entry in self.entries if entry.is_asked)


class _UnsoundError(ValueError):
    """Something is not what it is said to be."""


def verify_absence(
    proof: AbsenceProof,
    checkpoint: Checkpoint,
    *,
    terms: TermsReader,
    kinds: frozenset[Kind] = frozenset(),
    witnessed: Sequence[WitnessedSize] = (),
) -> Absence:
    """Hold a proof against a checkpoint whose signature the caller has checked; nothing that a prover sends raises."""
    try:
        opened = _checked(proof, checkpoint)
        walk = Walk(proof, opened, _read_terms(proof, terms), kinds)
        walk.run()
    except _UnsoundError as fault:
        return _result(proof, kinds, reasons=[f"the proof does not hold: {fault}"], is_sound=False)
    reasons = list(walk.reasons)
    if not any(proof.end <= seen.size <= checkpoint.size for seen in witnessed):
        reasons.append(f"no witnesses have cosigned a tree that holds the range up to entry {proof.end - 1}")
    times = _between([seen for seen in witnessed if seen.size <= checkpoint.size], proof)
    return _result(proof, kinds, reasons=reasons, is_sound=not walk.faults, walk=walk, times=times)


def signed_by(roots: Mapping[str, RootSet]) -> TermsReader:
    """A reader of agreements that asks of each party for as many of its roots as its threshold says.

    Whoever also has the keys that the ledger records may bring a reader that counts a signatory beside a root.
    """

    def read(raw: bytes) -> Agreement:
        envelope = read_envelope(raw)
        if envelope.payload_type != AGREEMENT_TYPE:
            raise ValueError("it is an envelope of something else than an agreement")
        agreement = read_agreement(envelope.payload)
        message = pae(AGREEMENT_TYPE, envelope.payload)
        for party in agreement.parties:
            held = roots.get(party)
            if held is None:
                raise ValueError(f"no root key of {party} is known")
            names = {key_id(key): key for key in held.keys}
            signers = {names[s.key_id]: s.value for s in envelope.signatures if s.key_id in names}
            for key, value in signers.items():
                verify(key, message, value)
            if len(signers) < max(held.threshold, 1):
                raise ValueError(f"{len(signers)} of the roots of {party} have signed it")
        return agreement

    return read


def contradiction(one: Absence, other: Absence) -> str:
    """Words when two sound proofs against trees of one history show two chains of one channel; empty otherwise.

    The node has signed both: whoever holds them can show that it kept one channel twice.
    """
    if one.channel != other.channel:
        return ""
    for seen in one.epochs:
        for also in other.epochs:
            is_same = seen.epoch == also.epoch
            if is_same and (seen.begins, seen.commitment) == (also.begins, also.commitment):
                continue
            if is_same or (seen.begins < also.ends and also.begins < seen.ends):
                return (
                    f"{one.channel} has epoch {seen.epoch} from entry {seen.begins} in one proof, "
                    f"and epoch {also.epoch} from entry {also.begins} in the other: the node kept it twice"
                )
    return ""


def _checked(proof: AbsenceProof, checkpoint: Checkpoint) -> dict[int, bytes]:
    """The bodies shown, by index, once the leaves are those of the tree and the bodies those of the leaves."""
    if split_name(proof.channel) is None:
        raise _UnsoundError(f"{proof.channel!r} is not the name of an exclusive channel")
    if proof.size != checkpoint.size:
        raise _UnsoundError(f"it leads to a tree of {proof.size}, and the checkpoint is of {checkpoint.size}")
    if not (0 <= proof.start < proof.end and 0 <= proof.first < proof.end):
        raise _UnsoundError("its range holds no entry")
    if len(proof.leaves) != (proof.end - proof.first) * LEAF_BYTES:
        raise _UnsoundError(f"it does not show every leaf from entry {proof.first} to entry {proof.end - 1}")
    hashes = [leaf_hash(proof.leaf_at(index)) for index in range(proof.first, proof.end)]
    try:
        verify_span(
            a=proof.first,
            b=proof.end,
            size=proof.size,
            leaf_hashes=hashes,
            proof=proof.path,
            root=checkpoint.root,
        )
    except ProofError as error:
        raise _UnsoundError(f"its leaves are not those of the ledger ({error})") from None
    opened: dict[int, bytes] = {}
    for entry in proof.opened:
        if not proof.first <= entry.index < proof.end or entry.index in opened:
            raise _UnsoundError(f"entry {entry.index} is opened twice, or outside of the stretch that is shown")
        try:
            fits = commitment(entry.salt, entry.body) == decode_leaf(proof.leaf_at(entry.index)).commitment
        except (LeafError, ValueError) as error:
            raise _UnsoundError(f"entry {entry.index}: {error}") from None
        if not fits:
            raise _UnsoundError(f"the body shown of entry {entry.index} is not the one that was recorded")
        opened[entry.index] = entry.body
    return opened


def _read_terms(proof: AbsenceProof, terms: TermsReader) -> list[Agreement]:
    found: list[Agreement] = []
    for raw in proof.agreements:
        try:
            found.append(terms(raw))
        except (OpenlineError, ValueError) as error:
            raise _UnsoundError(f"an agreement in it is not signed by all its parties ({error})") from None
    return found


def _between(witnessed: Sequence[WitnessedSize], proof: AbsenceProof) -> tuple[int | None, int | None]:
    """The longest stretch of time of which the range holds whatever witnesses first saw in it; None twice for none."""
    # what was not in a tree that holds all before the range lies in it or after; what was in one of its end, before
    inside = [seen for seen in witnessed if proof.start <= seen.size <= proof.end]
    since = min(inside, key=lambda seen: (seen.at_ms, -seen.size), default=None)
    if since is None:
        return None, None
    until_ms = max(seen.at_ms for seen in inside if seen.size >= since.size)
    return (since.at_ms, until_ms) if until_ms > since.at_ms else (None, None)


def _result(
    proof: AbsenceProof,
    kinds: frozenset[Kind],
    *,
    reasons: list[str],
    is_sound: bool,
    walk: Walk | None = None,
    times: tuple[int | None, int | None] = (None, None),
) -> Absence:
    entries = () if walk is None else tuple(walk.findings)
    verdict = Verdict.NOT_PROVABLE if reasons else Verdict.COMPLETE
    if any(entry.is_asked for entry in entries):
        verdict = Verdict.RECORD
    return Absence(
        verdict=verdict,
        reasons=tuple(reasons),
        is_sound=is_sound,
        channel=proof.channel,
        start=proof.start,
        end=proof.end,
        kinds=kinds,
        sender="" if walk is None else walk.sender,
        receivers=() if walk is None else walk.receivers,
        entries=entries,
        epochs=() if walk is None else tuple(walk.epochs),
        from_ms=times[0],
        until_ms=times[1],
    )
