"""Which numbers a party has told: against a plain set, for every order of telling."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openline.agreement.chain import Chain
from openline.core.notice import Kind, Notice
from openline.core.time import Window


def told(sequence: int) -> Notice:
    return Notice(
        id=f"notice-{sequence}",
        kind=Kind.WITHDRAWAL,
        party="NORTH",
        sequence=sequence,
        previous="",
        agreement_id="town",
        agreement_version=1,
        issued_ms=0,
        window=Window(start_ms=0),
    )


@given(st.lists(st.integers(1, 30), max_size=40))
def test_a_chain_knows_every_number_that_was_told(numbers: list[int]) -> None:
    chain, known = Chain(), set[int]()
    for place, number in enumerate(numbers):
        assert chain.has_told(number) == (number in known)
        chain.take(told(number), f"digest-{place}")
        is_largest = number > max(known, default=0)
        known.add(number)
        assert chain.last.sequence == max(known)
        assert (chain.last.digest == f"digest-{place}") == is_largest
    assert [n for n in range(32) if chain.has_told(n)] == sorted(known)
    assert all(first <= last for first, last in chain.gaps)
    assert len(chain.gaps) <= len(known)


def test_a_number_far_ahead_costs_one_gap() -> None:
    chain = Chain()
    chain.take(told(2**53 - 1), "far")
    assert chain.gaps == [(1, 2**53 - 2)]
    chain.take(told(7), "between")
    assert chain.gaps == [(1, 6), (8, 2**53 - 2)]
    assert chain.last.digest == "far"
