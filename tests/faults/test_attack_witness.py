"""Attacks on witnesses and with them: two heads, forged cosignatures, a witness that signs backwards, and crashes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from openline.adapters.clock import ManualClock
from openline.adapters.memory import MemoryStore
from openline.adapters.witness_store import WitnessStore
from openline.core.errors import LedgerFault, NotAuthenticated
from openline.core.event import Cosigned, WitnessNamed
from openline.keys.signing import Signer
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.cosignature import (
    Cosigner,
    confirmed_cosignatures,
    cosign,
    cosigner_of,
    format_cosigner_key,
    line_text,
)
from openline.ledger.note import NoteSignature, NoteUnverified, NoteVerifier, parse_note
from openline.ledger.proof import verify_consistency
from openline.ledger.witnessing import Declined, Request, format_request
from openline.node.line import Line, outcome_of
from openline.node.replay import replay
from openline.node.witness import Witness
from tests.cosigning import MONITOR, cosigning, name_of, watched, watched_town, witness_signer
from tests.growing_log import ORIGIN, Log
from tests.parties import NOON_MS, NORTH, SOUTH, Town, on_ground, presence
from tests.parties import ORIGIN as TOWN
from tests.samples import counts

LOG = Log(40)
COSIGNER = cosigner_of("w.example/1", Signer(bytes([5] * 32)))


def witness_in(folder: Path, *logs: Log, name: str = COSIGNER.name, seed: bytes = bytes([5] * 32)) -> Witness:
    """A real witness with a memory on disk."""
    folder.mkdir(exist_ok=True)
    store = WitnessStore(folder / "witness.sqlite")
    return Witness(name, Signer(seed), {log.origin: [log.verifier] for log in logs}, store, ManualClock(NOON_MS))


def status(witness: Witness, body: bytes) -> int:
    """What it answers, 200 for a cosignature."""
    try:
        witness.add_checkpoint(body)
    except Declined as declined:
        return declined.status
    return 200


def test_a_witness_signs_neither_backwards_nor_a_fork(tmp_path: Path) -> None:
    witness = witness_in(tmp_path, LOG)
    fork = LOG.fork(10, 40)
    assert status(witness, LOG.body(0, 20)) == 200
    honest = LOG.request(20, 30)
    attacks = {
        "the same size, another root": (fork.request(20, 20), 409),
        "the same, from nothing": (fork.request(0, 20), 409),
        "a smaller size": (LOG.request(10, 15), 409),
        "a smaller size, from nothing": (LOG.request(0, 15), 409),
        "a smaller size, with the right old one": (replace(LOG.request(10, 15), old_size=20), 400),
        "a fork with its own proof": (fork.request(20, 30), 422),
        "a fork with the honest proof": (replace(honest, note=fork.note(30)), 422),
        "a wrong proof": (replace(honest, proof=honest.proof[::-1]), 422),
        "no proof": (replace(honest, proof=()), 422),
        "another old size": (LOG.request(19, 30), 409),
        "an old checkpoint again": (LOG.request(0, 20), 409),
        "another ledger of the same key": (Log(30, origin="log.example/second").request(0), 404),
        "another key": (Log(30, seed=bytes([1] * 32)).request(20), 403),
    }
    for name, (request, answer) in attacks.items():
        assert status(witness, format_request(request)) == answer, name
    assert status(witness, format_request(honest)) == 200


def test_two_heads_shown_to_two_parties_never_both_get_the_quorum(tmp_path: Path) -> None:
    """An operator with three witnesses, two of which must cosign, shows one head to each of two parties."""
    mine, yours = LOG.fork(12, 20, "mine "), LOG.fork(12, 20, "yours ")
    seeds = {name: bytes([number] * 32) for number, name in enumerate(("w.example/1", "w.example/2", "w.example/3"), 1)}
    witnesses = [witness_in(tmp_path / str(n), LOG, name=w, seed=seed) for n, (w, seed) in enumerate(seeds.items())]
    for witness in witnesses:
        witness.add_checkpoint(LOG.body(0, 12))
    got: dict[str, list[int]] = {"mine": [], "yours": []}
    for number, witness in enumerate(witnesses):
        # Whatever order the operator tries, each witness follows the first head that it is shown.
        order = [("mine", mine), ("yours", yours)]
        for name, head in order if number % 2 else order[::-1]:
            if status(witness, head.body(12)) == 200:
                got[name].append(number)
            elif status(witness, head.body(20)) == 200:
                pytest.fail("a witness has cosigned both heads")
    assert not (len(got["mine"]) >= 2 and len(got["yours"]) >= 2)
    assert sorted(got["mine"] + got["yours"]) == [0, 1, 2]
    # And the conflict is found: both heads, signed by the log, lie with the witness.
    verifier = LOG.verifier
    for number, witness in enumerate(witnesses):
        store = WitnessStore(tmp_path / str(number) / "witness.sqlite")
        found = store.evidence(ORIGIN)
        store.close()
        heads = {open_checkpoint(note, verifier) for item in found for note in (item.note, item.kept)}
        roots = {head.root for head in heads if head.size == 20}
        assert len(roots) == 2, witness.name


def test_a_cosignature_by_anybody_else_counts_for_nothing() -> None:
    town = watched_town(watched(1, (NORTH,)), parties=(NORTH, MONITOR))
    size = town.line.committed
    good = cosigning(town, NORTH)
    text = parse_note(town.line.journal.sign(size)).text
    forged = cosign(text, name_of(NORTH), Signer(bytes(32)), NOON_MS // 1000)
    borrowed = NoteSignature(
        name_of(NORTH), cosigner_of(name_of(NORTH), witness_signer(NORTH)).key_hash, forged.signature
    )
    plain = replace(borrowed, signature=bytes(8) + witness_signer(NORTH).sign(text.encode()))
    attempts = {
        "an unknown key": line_text(forged),
        "an unknown key under a known hash": line_text(borrowed),
        "a plain signature": line_text(plain),
        "the witness of somebody else": cosigning(town, MONITOR).line + "\n",
        "a cosignature of the size before": cosigning(town, NORTH, size - 1).line + "\n",
    }
    for name, line in attempts.items():
        with pytest.raises(NotAuthenticated):
            outcome_of(town.line.commit([replace(good, line=line.removesuffix("\n"))], town.now_ms), 0)
        assert (town.line.state.witnessed("town"), town.line.committed) == (0, size), name
    # The witness of somebody else cosigns under its own name: recorded, and it does not count for NORTH.
    town.line.commit([cosigning(town, MONITOR)], town.now_ms)
    assert town.line.state.witnessed("town") == 0
    town.line.commit([cosigning(town, NORTH, size)], town.now_ms)
    assert town.line.state.witnessed("town") == size


def test_a_low_order_key_in_an_agreement_is_nobody() -> None:
    weak = Cosigner(name_of(NORTH), 0x04, bytes(32))
    key = format_cosigner_key(weak)
    table = f'witness_quorum = 1\n[[witnesses]]\nparty = "NORTH"\nkey = "{key}"'
    text = watched(1, (NORTH,)).decode()
    start = text.index("witness_quorum")
    end = text.index("[[parties]]")
    town = watched_town((text[:start] + table + "\n" + text[end:]).encode(), parties=(NORTH,))
    town.line.commit([cosigning(town, NORTH)], town.now_ms)
    assert town.line.state.witnessed("town") == 0
    # Nor can the settings name it: what cannot be checked is refused before it is recorded.
    size = town.line.committed
    with pytest.raises(ValueError, match="point"):
        town.administer([WitnessNamed(at_ms=town.now_ms, party=NORTH, key=key)])
    assert town.store.size() == size


def test_a_cosignature_moved_to_another_checkpoint_spoils_the_note() -> None:
    line = cosign(parse_note(LOG.note(20)).text, COSIGNER.name, Signer(bytes([5] * 32)), NOON_MS // 1000)
    assert confirmed_cosignatures(LOG.note(20) + line_text(line), [COSIGNER])
    for note in (LOG.note(21), LOG.fork(10, 20).note(20)):
        with pytest.raises(NoteUnverified):
            confirmed_cosignatures(note + line_text(line), [COSIGNER])


def forged_ledger(town: Town, forge: Cosigned) -> MemoryStore:
    """A ledger that the operator, who has the node's keys, has written with an event of his own in it."""
    store = MemoryStore()
    store.records = list(town.store.records)
    line = Line(town.store, town.secrets, TOWN)
    line.open()
    staged = line.journal.stage([forge])
    store.records += staged.records
    store.note = staged.checkpoint
    return store


def test_an_operator_cannot_write_a_cosignature_into_the_ledger() -> None:
    town = watched_town(watched(1, (NORTH,)))
    size = town.line.committed
    good = cosigning(town, NORTH)
    event = Cosigned(
        at_ms=town.now_ms,
        witness=name_of(NORTH),
        party=NORTH,
        size=size,
        root="",
        line=good.line,
        signed_ms=town.now_ms,
    )
    stolen = Signer(bytes(32))
    text = parse_note(town.line.journal.sign(size)).text
    forged = line_text(cosign(text, name_of(NORTH), stolen, NOON_MS // 1000)).removesuffix("\n")
    for changed in (
        replace(event, line=forged),
        replace(event, size=size - 1),
        replace(event, party=SOUTH),
        replace(event, signed_ms=town.now_ms + 60_000),
        event,
    ):
        with pytest.raises(LedgerFault, match="replay differs"):
            replay(forged_ledger(town, changed), town.secrets, TOWN)


@settings(max_examples=counts(40, 2_000), deadline=None)
@given(data=st.data())
def test_no_witness_ever_cosigns_two_heads_that_contradict_each_other(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Honest and forked requests in any order, restarts between them: whatever was cosigned is one history."""
    folder = tmp_path_factory.mktemp("witness")
    histories = [LOG]
    for number in range(data.draw(st.integers(1, 3), "forks")):
        parent = data.draw(st.sampled_from(histories), "parent")
        histories.append(parent.fork(data.draw(st.integers(0, 39), "at"), 40, f"{number} "))
    witness = witness_in(folder, LOG)
    granted: list[tuple[Log, int]] = []
    for _ in range(data.draw(st.integers(1, 12), "requests")):
        log = data.draw(st.sampled_from(histories), "history")
        proof_of = data.draw(st.sampled_from(histories), "proof")
        size = data.draw(st.integers(0, 40), "size")
        last = granted[-1][1] if granted else 0
        old = data.draw(st.one_of(st.just(last), st.integers(0, 40)), "old")
        proof = proof_of.tree.consistency_proof(old, size) if 0 < old <= size else []
        body = format_request(Request(old_size=old, proof=tuple(proof), note=log.note(size)))
        if status(witness, body) == 200:
            granted.append((log, size))
        if data.draw(st.booleans(), "restart"):
            witness = witness_in(folder, LOG)
    for (log, size), (later, larger) in pairwise(granted):
        assert size <= larger
        assert log.tree.root(size) == later.tree.root(size)
        if size:
            verify_consistency(
                old=size,
                new=larger,
                proof=later.tree.consistency_proof(size, larger),
                old_root=log.tree.root(size),
                new_root=later.tree.root(larger),
            )


def test_a_town_without_witnesses_is_as_before() -> None:
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    assert town.line.witnessed_note("town") == ""
    verifier = NoteVerifier(TOWN, town.secrets.signer.public_key)
    assert open_checkpoint(town.line.cosigned_note(town.line.committed), verifier).size == town.line.committed
