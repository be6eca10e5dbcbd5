"""Whatever was told by whom: a bundle opens what its party has part in or was shown, and nothing else."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openline.core.event import AgreementLoaded, KeyEnrolled, NodeStarted, RootsEnrolled
from openline.core.evidence import Span
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.node.holdings import of_records, of_state, teller_of
from openline.node.recovery import event_of
from tests.bundles import BundleTown, bundle_of, examined, payload_of, pins_of
from tests.parties import NORTH, SOUTH, activity, in_air, on_ground, presence

PARTIES = (NORTH, SOUTH)
Act = tuple[str, str, int]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["presence", "activity", "acknowledge", "disclose", "wait", "inquiry"]),
        st.sampled_from(PARTIES),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=8,
)


def done(acts: list[Act]) -> BundleTown:
    """A town in which all of that happened; every notice carries a marker of its teller."""
    town = BundleTown()
    own: dict[str, list[int]] = {NORTH: [], SOUTH: []}
    for number, (act, party, where) in enumerate(acts):
        _do(town, own, party, act, where, f"marker-of-{party.lower()}-{number:03}")
    return town


def _do(town: BundleTown, own: dict[str, list[int]], party: str, act: str, where: int, name: str) -> None:
    near: dict[str, Any] = {"north_m": where * 700.0}
    if act == "presence":
        own[party].append(town.tell(party, presence(on_ground(town.now_ms, **near)), name).index)
    elif act == "activity":
        own[party].append(town.tell(party, activity(in_air(town.now_ms + 3 * HOUR_MS, **near)), name).index)
    elif act == "acknowledge" and town.alerts(party):
        own[party].append(town.acknowledge(town.alerts(party)[0]).index)
    elif act in {"disclose", "inquiry"} and own[party]:
        other = NORTH if party == SOUTH else SOUTH
        reader = {"to": other} if act == "disclose" else {"inquiry": "a board"}
        town.declare(party, {"type": "disclosure", "entry": own[party][where % len(own[party])], **reader}, name)
    elif act == "wait":
        town.wait((where + 1) * 40 * MINUTE_MS)


@given(ACTS)
def test_nothing_of_another_party_is_in_a_bundle_but_what_it_has_disclosed(acts: list[Act]) -> None:
    town = done(acts)
    for party in PARTIES:
        bundle = bundle_of(town.line, party)
        allowed = town.line.state.entries.disclosed.get(party, set())
        for entry in bundle.opened:
            is_own = town.line.state.has_part_in(party, entry.index)
            is_delivery = b'"kind":"delivery"' in payload_of(entry.body)
            assert is_own or entry.index in allowed or is_delivery, entry.index
            if entry.index not in allowed:
                other = b"marker-of-south" if party == NORTH else b"marker-of-north"
                assert other not in payload_of(entry.body)
        for entry in bundle.keys:
            if decode_leaf(entry.leaf).leaf_class is LeafClass.TOLD:
                assert teller_of(entry.body) == party or allowed
            else:
                assert isinstance(event_of(entry.body), NodeStarted | KeyEnrolled | RootsEnrolled | AgreementLoaded)


@given(ACTS, st.integers(0, 30), st.integers(0, 30))
def test_every_bundle_of_every_range_verifies_and_the_parts_make_the_whole(
    acts: list[Act], first: int, length: int
) -> None:
    town = done(acts)
    for party in PARTIES:
        whole = bundle_of(town.line, party)
        found = examined(whole, pins_of(town.line))
        assert not found.faults
        assert not found.remarks
        part = bundle_of(town.line, party, Span(first=first, end=first + length))
        assert not examined(part, pins_of(town.line)).faults
        assert {entry.index for entry in part.opened} <= {entry.index for entry in whole.opened}


@given(ACTS)
def test_a_party_without_an_engine_finds_the_same_entries(acts: list[Act]) -> None:
    town = done(acts)
    for party in PARTIES:
        known, read = of_state(town.line.state, party), of_records(town.store.read(), party)
        assert list(known.told) == list(read.told)
        assert list(known.feed) == list(read.feed)
        assert list(known.administered) == list(read.administered)
        assert known.key_documents == read.key_documents
