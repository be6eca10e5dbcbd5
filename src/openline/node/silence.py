"""Proofs of absence in an evidence bundle: put in when asked for, and held against checkpoint, agreement and witnesses.

A proof says nothing of what was asked about, so a reader is told the answer for every kind of notice.
"""

from __future__ import annotations

from collections.abc import Sequence

from openline.core.errors import Invalid
from openline.core.evidence import Span
from openline.core.notice import Kind, Notice
from openline.ledger.absence import Absence, TermsReader, Verdict, WitnessedSize, verify_absence
from openline.ledger.absence_proof import AbsenceMalformed, AbsenceProof, read_absence, write_absence
from openline.ledger.absence_words import sentences
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.epochs import split_name
from openline.node.absence import Stretch, absence_of, stretch_of
from openline.node.evidence import Source, range_of, size_of
from openline.node.state import State
from openline.record.findings import Ground, Said, Silence, Standing, Witnessing

LEAVES_MAX = 200_000
"""Leaves of one proof: it shows all of its stretch."""
CHANNELS_MAX = 10
"""Proofs of one bundle."""

_STANDINGS = {
    Verdict.RECORD: Standing.RECORD,
    Verdict.COMPLETE: Standing.NO_RECORD_COMPLETE,
    Verdict.NOT_PROVABLE: Standing.NO_RECORD,
}


def stretches_of(
    state: State, source: Source, party: str, channels: Sequence[str], span: Span, witnessed: int
) -> tuple[Stretch, ...]:
    """What the party may show of these channels in the range, as far as it lies in them and was witnessed.

    Raises:
        NotFound: NOT_FOUND, when a channel is none of the party's.
        Invalid: VALUE_INVALID or LIMIT_EXCEEDED.
        StoreError: when the disk cannot be read.
    """
    if len(channels) > CHANNELS_MAX:
        raise _too_much(f"{len(channels)} channels are asked for, and {CHANNELS_MAX} are the most")
    size = size_of(source)
    first, end = range_of(source, span) if channels else (0, 0)
    found: list[Stretch] = []
    for channel in channels:
        chain = state.channels.chains.get(channel)
        start = first if chain is None else max(first, chain.epochs[0].index)
        until = min(end, witnessed) if start < witnessed else end
        stretch = stretch_of(state, party=party, channel=channel, start=start, end=until, size=size)
        if stretch.end - stretch.first > LEAVES_MAX:
            raise _too_much(f"the range of {channel} holds more than {LEAVES_MAX} leaves")
        found.append(stretch)
    return tuple(found)


def written(stretches: Sequence[Stretch], source: Source) -> tuple[bytes, ...]:
    """The proofs, as they stand in the bundle.

    Raises:
        LedgerFault, StoreError: as `absence_of`.
    """
    return tuple(
        write_absence(absence_of(stretch, record=source.record, salts=source.salts, tree=source.tree))
        for stretch in stretches
    )


def heard_silence(
    raw: bytes, head: Checkpoint, terms: TermsReader, unknown: str, witnessing: dict[str, Witnessing]
) -> tuple[Silence | None, str]:
    """What a proof in the bundle shows, and what is at fault in it, empty for nothing.

    `unknown` names a party whose root is not known, empty when there is none: without it no agreement can be read.
    """
    try:
        proof = read_absence(raw)
    except AbsenceMalformed as error:
        return None, str(error)
    if write_absence(proof) != raw:
        return None, "a proof of absence is not in its one written form"
    if unknown:
        reason = f"no root of {unknown} is known, so nobody can see that the agreement is signed"
        return _not_provable(proof, reason), ""
    witnessed = _witnessed(proof, witnessing)
    whole = verify_absence(proof, head, terms=terms, witnessed=witnessed)
    if witnessed and not _are_agreed(whole, proof, witnessing):
        witnessed = []
        whole = verify_absence(proof, head, terms=terms)
    if not whole.is_sound:
        return None, "; ".join(whole.reasons)
    by_kind = {
        kind.value: _STANDINGS[
            verify_absence(proof, head, terms=terms, kinds=frozenset({kind}), witnessed=witnessed).verdict
        ]
        for kind in Kind
    }
    return _silence(whole, by_kind), ""


def breaks(said: Said, silence: Silence) -> bool:
    """True when this is a record of what the silence says there is none of."""
    word = said.word
    return (
        isinstance(word, Notice)
        and silence.start <= said.index < silence.end
        and said.party == silence.sender
        and (split_name(silence.channel) or ("",))[0] == word.agreement_id
        and silence.by_kind[word.kind.value] is Standing.NO_RECORD_COMPLETE
    )


def _silence(found: Absence, by_kind: dict[str, Standing]) -> Silence:
    return Silence(
        channel=found.channel,
        start=found.start,
        end=found.end,
        sender=found.sender,
        receivers=found.receivers,
        standing=_STANDINGS[found.verdict],
        by_kind=by_kind,
        said=sentences(found),
        from_ms=found.from_ms,
        until_ms=found.until_ms,
    )


def _not_provable(proof: AbsenceProof, reason: str) -> Silence:
    return Silence(
        channel=proof.channel,
        start=proof.start,
        end=proof.end,
        sender="",
        receivers=(),
        standing=Standing.NO_RECORD,
        by_kind={kind.value: Standing.NO_RECORD for kind in Kind},
        said=(f"{reason[:1].upper()}{reason[1:]}.",),
        from_ms=None,
        until_ms=None,
    )


def _witnessed(proof: AbsenceProof, witnessing: dict[str, Witnessing]) -> list[WitnessedSize]:
    names = split_name(proof.channel)
    seen = witnessing.get(names[0]) if names is not None else None
    return [WitnessedSize(size=seen.size, at_ms=seen.at_ms)] if seen is not None and seen.is_reached else []


def _are_agreed(found: Absence, proof: AbsenceProof, witnessing: dict[str, Witnessing]) -> bool:
    """True when the channel's own parties agreed to the witnesses, and not others under the agreement's name."""
    seen = witnessing[(split_name(proof.channel) or ("",))[0]]
    return seen.ground is not Ground.OPERATOR and {found.sender, *found.receivers} <= seen.signatories


def _too_much(reason: str) -> Invalid:
    return Invalid("LIMIT_EXCEEDED", reason, path="absence", remedy="Ask for a shorter range, or for fewer channels.")
