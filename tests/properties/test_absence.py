"""Over random ledgers: a proof of absence says *complete* just when nothing was told; no changed proof says more."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openline.core.key_documents import RootSet
from openline.core.notice import Kind
from openline.core.time import DAY_MS, HOUR_MS
from openline.ledger.absence import Verdict, WitnessedSize, signed_by, verify_absence
from openline.ledger.absence_proof import AbsenceProof, OpenedEntry
from openline.ledger.epochs import epoch_secret, secret_name
from openline.ledger.leaf import LEAF_BYTES, ChannelTags, decode_leaf
from openline.ledger.span import span_proof
from openline.node.absence import gather_absence
from openline.node.line import Line
from openline.node.replay import replay
from tests.exclusive import CHANNELS, FLIGHTS, PARTIES, PRESENCES, checkpoint_of, exclusive_town, flight, text
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, on_ground, presence, signer_of, site, zone
from tests.samples import counts

TERMS = signed_by({party: RootSet(keys=(signer_of(party).public_key,)) for party in PARTIES})
FIELDS: dict[Kind, dict[str, Any]] = {
    Kind.AIR_ACTIVITY: flight(),
    Kind.GROUND_PRESENCE: presence(on_ground(NOON_MS)),
    Kind.HUMANITARIAN_SITE: site(on_ground(NOON_MS, east_m=20_000.0)),
    Kind.ZONE: zone(on_ground(NOON_MS, east_m=-20_000.0) | {"altitude_upper": {"reference": "MSL", "value": 3_000}}),
}
TELLING = st.tuples(st.sampled_from(PARTIES), st.sampled_from(sorted(FIELDS)))
DOING = st.lists(st.one_of(TELLING, st.sampled_from([HOUR_MS, DAY_MS]), st.just("version")), max_size=12)
Told = list[tuple[int, str, Kind]]
"""What was told over exclusive channels: index, channel, kind."""


def lived(doing: list[Any]) -> tuple[Town, Told]:
    """A town to which this was done, and what the truth is."""
    town, told, version = exclusive_town(), [], 1
    for thing in doing:
        if thing == "version":
            version += 1
            town.load(text(version=version))
        elif isinstance(thing, int):
            town.wait(thing)
        else:
            party, kind = thing
            index = town.tell(party, FIELDS[kind]).index
            if party == SOUTH or (party == NORTH and kind is Kind.AIR_ACTIVITY):
                told.append((index, PRESENCES if party == SOUTH else FLIGHTS, kind))
    return town, told


def drawn(data: st.DataObject) -> tuple[Town, Told, str, AbsenceProof, frozenset[Kind]]:
    town, told = lived(data.draw(DOING))
    channel = data.draw(st.sampled_from([FLIGHTS, PRESENCES]))
    begins = town.line.state.channels.chains[channel].epochs[0].index
    size = town.line.committed
    start = data.draw(st.just(begins) | st.integers(begins, size - 1))
    end = data.draw(st.just(size) | st.integers(start + 1, size))
    carried = [Kind.AIR_ACTIVITY] if channel == FLIGHTS else sorted(FIELDS)
    kinds = frozenset(data.draw(st.sets(st.sampled_from(carried))))
    party = data.draw(st.sampled_from([NORTH, SOUTH]))
    proof = gather_absence(town.line, party=party, channel=channel, start=start, end=end)
    return town, told, party, proof, kinds


def verdict(town: Town, proof: AbsenceProof, kinds: frozenset[Kind]) -> Verdict:
    head = checkpoint_of(town)
    witnessed = [WitnessedSize(size=head.size, at_ms=town.now_ms)]
    return verify_absence(proof, head, terms=TERMS, kinds=kinds, witnessed=witnessed).verdict


def asked(told: Told, proof: AbsenceProof, kinds: frozenset[Kind]) -> tuple[list[Kind], list[Kind]]:
    """What truly was told over the channel within the range, and what of it was asked about."""
    found = [kind for i, channel, kind in told if channel == proof.channel and proof.start <= i < proof.end]
    return found, [kind for kind in found if not kinds or kind in kinds]


@settings(max_examples=counts(40, 1_000))
@given(data=st.data())
def test_a_proof_says_what_is_true(data: st.DataObject) -> None:
    town, told, party, proof, kinds = drawn(data)
    between, meant = asked(told, proof, kinds)
    is_teller = party == (NORTH if proof.channel == FLIGHTS else SOUTH)
    found = verdict(town, proof, kinds)
    if is_teller:
        assert found is (Verdict.RECORD if meant else Verdict.COMPLETE)
    else:
        assert found is (Verdict.NOT_PROVABLE if between else Verdict.COMPLETE)


@settings(max_examples=counts(80, 4_000))
@given(data=st.data())
def test_no_changed_proof_says_complete_where_there_is_a_record(data: st.DataObject) -> None:
    town, told, _, proof, kinds = drawn(data)
    for _ in range(data.draw(st.integers(1, 3))):
        proof = changed(data, town, proof)
    found = verdict(town, proof, kinds)
    if asked(told, proof, kinds)[1]:
        assert found is not Verdict.COMPLETE


VERSIONS = st.sampled_from(
    [
        CHANNELS,
        "",
        CHANNELS.replace('to = ["SOUTH"]', 'to = ["EAST"]'),
        CHANNELS.replace('kinds = ["air_activity"]', 'kinds = ["zone", "withdrawal"]'),
    ]
)
LATER = st.sampled_from(["", 'in_force_from = "2026-03-02T00:00:00Z"\nin_force_until = "2026-03-03T12:00:00Z"'])
CHANGING = st.lists(
    st.one_of(TELLING, st.sampled_from([HOUR_MS, 9 * HOUR_MS, DAY_MS]), st.tuples(VERSIONS, LATER)), max_size=12
)


@settings(max_examples=counts(25, 1_000))
@given(doing=CHANGING)
def test_a_restart_and_a_replay_give_the_same_channels(doing: list[Any]) -> None:
    """Whatever the agreement becomes; and every leaf is on the channel that the state says."""
    town, version = exclusive_town(), 1
    for thing in doing:
        if isinstance(thing, int):
            town.wait(thing)
        elif thing[0] in PARTIES:
            town.tell(thing[0], FIELDS[thing[1]])
        else:
            version += 1
            town.load(text(thing[0], version=version, top=thing[1]))
    state = town.line.state
    restarted = Line(town.store, town.secrets, ORIGIN)
    restarted.open()
    for other in (restarted.state, replay(town.store, town.secrets, ORIGIN), town.again().line.state):
        assert other.channels.chains == state.channels.chains
        assert other.channels.readable == state.channels.readable
    for name, chain in state.channels.chains.items():
        secrets = [state.channels.secret(name, version=e.version, epoch=e.epoch) for e in chain.epochs]
        tags = [ChannelTags(secret) for secret in secrets]
        leaves = [decode_leaf(record.leaf) for record in town.store.records]
        places = {i: t.serial_of(leaf) for i, leaf in enumerate(leaves) for t in tags if t.serial_of(leaf) is not None}
        assert list(places) == list(chain.entries)
        assert list(places.values()) == list(range(1, len(chain.entries) + 1))


def changed(data: st.DataObject, town: Town, proof: AbsenceProof) -> AbsenceProof:  # noqa: PLR0911 - one for each way
    """The proof with one thing changed by somebody who knows every secret of the town."""
    tree = town.line.journal.tree
    index = data.draw(st.integers(0, tree.size - 1))
    match data.draw(st.sampled_from(["leaf", "bytes", "opened", "swap", "secrets", "range", "channel", "terms"])):
        case "leaf":
            at = data.draw(st.integers(0, max(len(proof.leaves) // LEAF_BYTES - 1, 0))) * LEAF_BYTES
            fewer = proof.leaves[:at] + proof.leaves[at + LEAF_BYTES :]
            return replace(proof, leaves=fewer, end=proof.end - data.draw(st.integers(0, 1)))
        case "bytes":
            at = data.draw(st.integers(0, max(len(proof.leaves) - 1, 0)))
            other = data.draw(st.binary(min_size=1, max_size=1))
            return replace(proof, leaves=proof.leaves[:at] + other + proof.leaves[at + 1 :])
        case "opened":
            kept = (
                data.draw(st.lists(st.sampled_from(proof.opened), unique_by=lambda e: e.index)) if proof.opened else []
            )
            return replace(proof, opened=tuple(kept))
        case "swap":
            record = town.store.records[index]
            false = OpenedEntry(
                index=data.draw(st.integers(0, tree.size)), body=record.body, salt=town.line.salt(index)
            )
            return replace(proof, opened=(*(e for e in proof.opened if e.index != false.index), false))
        case "secrets":
            names = [secret_name(name, version) for name in (FLIGHTS, PRESENCES) for version in (1, 2)]
            known = [epoch_secret(town.secrets.channel(name), epoch) for name in names for epoch in range(4)]
            return replace(proof, secrets=tuple(data.draw(st.lists(st.sampled_from(known), max_size=4))))
        case "range":
            return other_range(data, town, proof, index)
        case "channel":
            return replace(proof, channel=data.draw(st.sampled_from([FLIGHTS, PRESENCES, "exclusive/town/other"])))
        case _:
            return replace(proof, agreements=tuple(data.draw(st.permutations(proof.agreements)))[:1])


def other_range(data: st.DataObject, town: Town, proof: AbsenceProof, first: int) -> AbsenceProof:
    """A true stretch of leaves that begins and ends elsewhere, with whatever was opened before."""
    tree = town.line.journal.tree
    end = data.draw(st.integers(first + 1, tree.size))
    return replace(
        proof,
        first=first,
        start=data.draw(st.integers(0, end - 1)),
        end=end,
        leaves=b"".join(record.leaf for record in town.store.records[first:end]),
        path=tuple(span_proof(tree, first, end, tree.size)),
        opened=tuple(entry for entry in proof.opened if first <= entry.index < end),
    )
