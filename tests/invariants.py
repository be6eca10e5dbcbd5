"""What must always hold of a line (the design's section 4), checked against a town as it stands."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from openline.core.event import Acknowledged, Alert, AlertChanged, Event, Reason, Repeated
from openline.core.ladder import TOP_TIER, Timers
from openline.core.precedence import Precedence
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.engine.words import Minima
from openline.hotline.alerts import OpenAlert
from openline.ledger.checkpoint import Checkpoint, open_checkpoint
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import verify_consistency, verify_inclusion
from openline.ledger.told import split_told
from openline.ledger.tree import leaf_hash
from openline.node.recovery import recover
from openline.node.state import State
from tests.oracle.alerts import Expected, Model
from tests.oracle.rules import Fixed
from tests.parties import ORIGIN, Town

EVERYTHING = Fixed(Minima(lateral_m=50_000.0, vertical_m=20_000.0, time_ms=24 * HOUR_MS))
LATE = {Reason.TOLD_TOO_LATE, Reason.NOTICE_TOO_LATE}


def check_all_invariants(town: Town) -> None:
    """Everything at once, after whatever is due has been seen to."""
    if (due_ms := town.line.state.next_due_ms()) is not None and due_ms <= town.now_ms:
        town.tick()
    receipts_are_in_the_store(town)
    what_is_open_is_what_should_be(town)
    replay_is_identity(town)
    every_alert_is_seen_to(town)
    there_is_one_history(town)


def receipts_are_in_the_store(town: Town) -> None:
    """Acknowledged is durable: every receipt names an entry that holds exactly what was sent, in order."""
    records = town.store.records
    assert [record.index for record in records] == list(range(len(records)))
    assert town.line.committed == len(records) == town.line.state.size
    fresh = [receipt.index for _, receipt in town.receipts if not receipt.is_duplicate]
    assert fresh == sorted(set(fresh))
    for raw, receipt in town.receipts:
        record = records[receipt.index]
        assert split_told(record.body)[1] == raw
        assert leaf_hash(record.leaf) == receipt.leaf_hash
        head = opened(town, receipt.checkpoint)
        proof = town.line.journal.tree.inclusion_proof(receipt.index, head.size)
        verify_inclusion(index=receipt.index, size=head.size, leaf_hash=receipt.leaf_hash, proof=proof, root=head.root)


def what_is_open_is_what_should_be(town: Town) -> None:
    """No missed conflict and no alert without one: open alerts are those that brute force finds."""
    state = town.line.state
    expected = Model([output for _, output in town.heard], state).open_at(town.now_ms)
    found = [
        Expected(a.reason.value, a.party, a.notice, window.end_ms, tuple(state.references.get(reference, ())))
        for a in state.desk.all_open()
        for reference, window in a.parts.items()
    ]
    assert sorted(found) == expected
    assert set(state.conflicts) == {alert.roots for alert in expected if alert.roots}


def replay_is_identity(town: Town) -> None:
    """Reading the ledger back gives the same state."""
    state, journal = recover(town.store, town.secrets, ORIGIN)
    assert picture(state) == picture(town.line.state)
    assert journal.tree.root() == town.line.journal.tree.root()


def every_alert_is_seen_to(town: Town) -> None:
    """Acknowledged at its present precedence, or climbing, or at the top; and none outlives its window."""
    for held in town.line.state.desk.all_open():
        assert held.window_end_ms > town.now_ms
        assert held.precedence is severity(held, town.now_ms)
        if held.is_acknowledged:
            assert was_read(town, held)
        else:
            assert held.answer_due_ms > town.now_ms or held.tier == TOP_TIER


def there_is_one_history(town: Town) -> None:
    """Every checkpoint continues the one before it."""
    heads = [opened(town, note) for note in town.heads]
    for old, new in pairwise(heads):
        assert old.size < new.size
        proof = town.line.journal.tree.consistency_proof(old.size, new.size)
        verify_consistency(old=old.size, new=new.size, proof=proof, old_root=old.root, new_root=new.root)
    if heads:
        assert (heads[-1].size, heads[-1].root) == (town.line.committed, town.line.journal.tree.root())


def opened(town: Town, note: str) -> Checkpoint:
    return open_checkpoint(note, NoteVerifier(ORIGIN, town.secrets.signer.public_key))


def severity(held: OpenAlert, now_ms: int) -> Precedence:
    """The precedence that an alert must have, by the usual timers."""
    assert held.ladder.timers == Timers()
    if held.reason in LATE:
        return Precedence.FLASH
    if held.reason is Reason.PRESENCE_STALE:
        return Precedence.PRIORITY
    if not held.is_window_told:
        return held.precedence
    lead_ms = held.window_start_ms - now_ms
    steps = (15 * MINUTE_MS, 2 * HOUR_MS, 24 * HOUR_MS)
    return Precedence(3 - sum(lead_ms > step for step in steps))


def was_read(town: Town, held: OpenAlert) -> bool:
    """True when somebody has read it at its precedence or a graver one since it last rose."""
    for event in reversed([e for _, e in town.heard if isinstance(e, Event) and getattr(e, "alert", "") == held.alert]):
        if isinstance(event, Acknowledged) and event.by == "own" and event.precedence >= held.precedence:
            return True
        if isinstance(event, (AlertChanged, Repeated)) and event.is_acknowledged:
            continue
        if isinstance(event, (Alert, AlertChanged, Repeated)):
            return False
    return False


def picture(state: State) -> dict[str, Any]:
    """All that a state holds, comparable."""
    names = ("size", "held", "objects", "zones", "chains", "past", "acknowledged", "conflicts", "references")
    more = ("touching", "lates", "keys_enrolled", "started", "delivered")
    plain = {name: getattr(state, name) for name in (*names, *more)}
    engine = state.engine
    return plain | {
        "entries": vars(state.entries),
        "desk": list(state.desk.all_open()),
        "by reference": {reference: state.desk.of_reference(reference) for reference in sorted(state.references)},
        "due": state.next_due_ms(),
        "refresh": state.next_refresh_ms(),
        "agreements": state.register.all_loaded(),
        "engine": {key: engine.find_in_force(key, EVERYTHING) for key in state.held if key in engine},
        "engine size": len(engine),
    }
