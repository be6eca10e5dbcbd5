"""Whether an entry is witnessed, and how the witnesses stand: the same words everywhere."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from openline.adapters.http import shapes
from openline.codec.envelope import read_own_envelope
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.told import split_told
from openline.node.cosigning import Cosigners, Standing
from openline.node.line import Line
from openline.node.ports import Record

YES, NOT_YET, NO_POLICY = "yes", "not_yet", "no_policy"


class WitnessView(Struct, frozen=True, kw_only=True):
    """How far the ledger is witnessed."""

    witnessed: int | None
    """Under every agreement in force that asks for it; None when none does."""
    lag: int
    """Entries worth witnessing that are not witnessed yet."""
    witnesses: shapes.WitnessCounts


def witness_view(line: Line, at_ms: int, cosigners: Cosigners | None) -> WitnessView:
    """How far the ledger is witnessed at the moment."""
    state = line.state
    sizes = [state.witnessed(a.id) for a in state.register.in_force(at_ms) if a.witness_quorum]
    witnessed = min(sizes, default=None)
    counts = dict.fromkeys(Standing, 0) if cosigners is None else cosigners.standings()
    return WitnessView(
        witnessed=witnessed,
        lag=0 if witnessed is None else max(0, state.witnesses.news(line.committed) - witnessed),
        witnesses=shapes.WitnessCounts(**{standing.value: count for standing, count in counts.items()}),
    )


def witnessed_word(line: Line, agreement: str, index: int) -> str:
    """Whether the entry at `index` is witnessed under an agreement."""
    held = line.state.register.get(agreement)
    size = line.state.witnessed(agreement)
    if index < size:
        return YES
    return NO_POLICY if held is None or not held.witness_quorum else NOT_YET


def witnessed_entry(line: Line, record: Record, party: str) -> str:
    """Whether an entry of a party is witnessed: under the agreement that it names, else under all of the party's."""
    named = _agreement_of(record)
    if named:
        return witnessed_word(line, named, record.index)
    mine = {a.id for a in line.state.register.all_loaded() if a.witness_quorum and a.signatory(party) is not None}
    words = {witnessed_word(line, agreement, record.index) for agreement in mine}
    return NO_POLICY if not words else NOT_YET if NOT_YET in words else YES


def _agreement_of(record: Record) -> str:
    is_told = decode_leaf(record.leaf).leaf_class is LeafClass.TOLD
    _, payload = read_own_envelope(split_told(record.body)[1] if is_told else record.body)
    named = msgspec.json.decode(payload, type=_Naming).agreement
    return named if isinstance(named, str) else named.id


class _Version(Struct):
    id: str = ""


class _Naming(Struct):
    """What a document says of its agreement: notices name a version too, alerts the agreement alone."""

    agreement: str | _Version = ""
