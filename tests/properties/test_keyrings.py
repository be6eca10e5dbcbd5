"""Random sequences of key documents: the keyring says what a simple oracle says, live, read back and replayed."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from openline.app import key_documents as written
from openline.core.errors import Refusal
from openline.core.key_documents import Standing
from openline.core.time import DAY_MS
from openline.keys.signing import Signer
from openline.node.line import Line
from openline.node.replay import replay
from tests.key_town import KeyTown, name_of
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, signer_of

ROOTS = [f"root{n}" for n in range(4)]
ISSUERS = [f"issuer{n}" for n in range(3)]
OFFICERS = [f"officer{n}" for n in range(4)]
PARTIES = st.sampled_from([NORTH, NORTH, SOUTH])

Step = tuple[str, str, str, list[str], int, int]
"""What is told, by whom, the key that it is about, those that sign it or are the new roots, and its days."""


def _steps(
    kind: str, subjects: list[str], signers: list[str], most: int = 1, days: int = 31
) -> st.SearchStrategy[Step]:
    """Mostly what may be done, now and then something else."""
    subject = st.sampled_from(subjects * 4 + ROOTS + ISSUERS + OFFICERS)
    vouching = st.lists(st.sampled_from(signers * 4 + ROOTS + ISSUERS), min_size=1, max_size=most, unique=True)
    return st.tuples(st.just(kind), PARTIES, subject, vouching, st.integers(-2, 2), st.integers(-1, days))


STEPS = st.lists(
    _steps("issuer", ISSUERS, ROOTS[:2], days=95)
    | _steps("officer", OFFICERS, ISSUERS[:1])
    | _steps("officer", OFFICERS, ISSUERS[:2])
    | _steps("revoke", ISSUERS + OFFICERS, ROOTS[:2] * 2 + ISSUERS)
    | _steps("revoke", ISSUERS[:1], ROOTS[:2])
    | _steps("roots", ROOTS[:2], ROOTS, 3)
    | _steps("wait", ISSUERS, ROOTS),
    max_size=16,
)


class Oracle:
    """Everything that was accepted, in order; each question walks all of it."""

    def __init__(self) -> None:
        self.accepted: list[tuple[int, Step]] = []

    def roots(self, party: str) -> list[str]:
        held = ROOTS[:2]
        for _, (kind, teller, _, others, _, _) in self.accepted:
            if (kind, teller) == ("roots", party):
                held = others
        return held

    def was_root(self, party: str, label: str) -> bool:
        changes = [s for _, s in self.accepted if (s[0], s[1]) == ("roots", party)]
        return label in ROOTS[:2] or any(label in change[3] for change in changes)

    def standing(self, party: str, label: str, at_ms: int) -> Standing | None:
        if self.was_root(party, label):
            return Standing.IN_FORCE if label in self.roots(party) else Standing.REVOKED
        latest = None
        for _, step in self.accepted:
            kind, teller, subject, _, _, _ = step
            if kind in {"issuer", "officer"} and (teller, subject) == (party, label):
                latest = step
        if latest is None:
            return None
        if any(s[0] == "revoke" and (s[1], s[2]) == (party, label) for _, s in self.accepted):
            return Standing.REVOKED
        kind, _, _, others, start, end = latest
        own = Standing.IN_FORCE
        if at_ms < NOON_MS + start * DAY_MS:
            own = Standing.NOT_YET
        elif at_ms >= NOON_MS + end * DAY_MS:
            own = Standing.EXPIRED
        if kind == "issuer":
            return own
        over = self.standing(party, next(o for o in others if o != label), at_ms)
        assert over is not None
        order = [Standing.IN_FORCE, Standing.NOT_YET, Standing.EXPIRED, Standing.REVOKED]
        return order[max(order.index(own), order.index(over))]


def fields_of(step: Step) -> dict[str, Any]:
    kind, party, label, others, start, end = step
    key = signer_of(party, label)
    times = NOON_MS + start * DAY_MS, NOON_MS + end * DAY_MS
    match kind:
        case "issuer":
            return written.issuer_key(key.public_key, *times)
        case "officer":
            return written.officer_key(key.public_key, "duty_officer", "watch", *times)
        case "revoke":
            return written.revocation(name_of(key))
        case _:
            return written.root_replacement([signer_of(party, other).public_key for other in others], 1)


@given(STEPS)
def test_every_standing_is_the_oracles_live_read_back_and_replayed(steps: list[Step]) -> None:
    town, oracle = KeyTown(roots=2), Oracle()
    attempt(town, oracle, ("issuer", NORTH, ISSUERS[0], [ROOTS[0]], -2, 60))
    attempt(town, oracle, ("officer", NORTH, OFFICERS[0], [ISSUERS[0]], -2, 20))
    for step in steps:
        if step[0] == "wait":
            town.wait(max(step[4], 1) * 3 * DAY_MS)
            continue
        attempt(town, oracle, step)
    keyring = town.line.state.keyring
    for party, label in product((NORTH, SOUTH), ROOTS + ISSUERS + OFFICERS):
        name = name_of(signer_of(party, label))
        for at_ms in (town.now_ms, NOON_MS, NOON_MS + 20 * DAY_MS, NOON_MS + 100 * DAY_MS):
            found = None if keyring.known(name) is None else keyring.standing(name, at_ms)
            assert found is oracle.standing(party, label, at_ms)
    read_back = Line(town.store, town.secrets, ORIGIN)
    read_back.open()
    assert read_back.state.keyring == keyring
    assert replay(town.store, town.secrets, ORIGIN).keyring == keyring


def attempt(town: KeyTown, oracle: Oracle, step: Step) -> None:
    """Tell it; what is refused changes nothing, what is taken was allowed."""
    kind, party, label, others, _, _ = step
    signers: list[Signer] = [signer_of(party, other) for other in others]
    if kind != "revoke" and label not in others:
        signers.append(signer_of(party, label))
    size = town.line.committed
    try:
        receipt = town.tell_keys(fields_of(step), *signers, party=party)
    except Refusal:
        assert town.line.committed == size
    else:
        check_allowed(oracle, step, town.now_ms)
        oracle.accepted.append((receipt.index, step))


def check_allowed(oracle: Oracle, step: Step, at_ms: int) -> None:
    """What was accepted, the oracle says, was signed by whoever may."""
    kind, party, label, others, start, end = step
    vouching = [other for other in others if other != label]
    match kind:
        case "issuer":
            assert len(vouching) == 1
            assert vouching[0] in oracle.roots(party)
            assert 0 < end - start <= 90
            assert not oracle.was_root(party, label)
        case "officer":
            (issuer,) = vouching
            assert not oracle.was_root(party, issuer)
            assert oracle.standing(party, issuer, at_ms) is Standing.IN_FORCE
            assert 0 < end - start <= 31
            assert oracle.standing(party, label, at_ms) is not Standing.REVOKED
        case "revoke":
            assert label not in oracle.roots(party)
            (signer,) = others
            assert signer in oracle.roots(party) or oracle.standing(party, signer, at_ms) is Standing.IN_FORCE
        case _:
            present = oracle.roots(party)
            assert {*others, label} & set(present)
            assert label in {*others, *present}
