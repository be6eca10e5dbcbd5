"""Attacks on entries by the operator, who has the node's key and its secret: what somebody finds who trusts neither.

The operator rewrites the ledger's own file. Where the head is signed anew, the ledger verifies by itself: it is what a
party has kept that contradicts it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest

from openline.adapters.memory import MemoryStore
from openline.adapters.sqlite import SqliteStore
from openline.codec.envelope import read_envelope
from openline.core.errors import LedgerFault, NotAuthenticated
from openline.core.event import Acknowledged, Alert
from openline.core.time import HOUR_MS, to_text
from openline.intake.opening import open_notice
from openline.keys.dsse import sign_envelope
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.leaf import commitment, decode_leaf, encode_leaf
from openline.ledger.note import NoteUnverified
from openline.ledger.proof import verify_inclusion
from openline.ledger.tree import leaf_hash
from openline.ledger.verify import LedgerFault as EntryFault
from openline.node.journal import Output, Told
from openline.node.ports import Record
from openline.node.replay import replay
from tests.faults.forging import (
    Kept,
    Shown,
    contradictions,
    forged,
    head_of,
    history,
    kept,
    outputs_of,
    overwrite,
    own_body,
    read_back,
    self_check,
)
from tests.parties import NORTH, ORIGIN, Town, signer_of

MINE = 2
"""The notice north-0002, which conflicts with a presence."""
LATER = "the checkpoint of the later is not continued"
GONE = {"the checkpoint of the receipt is not continued", LATER}
LEAF = {"my leaf is not at its index", "my leaf commits to another body"}


@cache
def town() -> Town:
    return history()


def mine() -> Kept:
    return kept(town(), MINE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of the node's ledger."""
    found = tmp_path / "ledger.sqlite"
    store = SqliteStore(found)
    store.append(town().store.records, town().store.note)
    store.close()
    return found


def edited_before(outputs: list[Output]) -> list[Output]:
    """The first entry says another time; nothing moves."""
    return [msgspec.structs.replace(outputs[0], at_ms=outputs[0].at_ms - HOUR_MS), *outputs[1:]]


def edited_last(outputs: list[Output]) -> list[Output]:
    """Time passed a second earlier."""
    return [*outputs[:-1], msgspec.structs.replace(outputs[-1], at_ms=outputs[-1].at_ms - 1_000)]


def edited_after(outputs: list[Output]) -> list[Output]:
    """The alert that the notice gave went to nobody."""
    at = next(i for i, output in enumerate(outputs) if isinstance(output, Alert))
    alert = outputs[at]
    assert isinstance(alert, Alert)
    return [*outputs[:at], msgspec.structs.replace(alert, reference="0" * 20), *outputs[at + 1 :]]


def dropped(outputs: list[Output]) -> list[Output]:
    return outputs[: mine().receipt.index] + outputs[mine().receipt.index + 1 :]


def reordered(outputs: list[Output]) -> list[Output]:
    at = mine().receipt.index
    return [*outputs[: at - 1], outputs[at], outputs[at - 1], *outputs[at + 1 :]]


def moved_in_time(hours: int) -> Callable[[list[Output]], list[Output]]:
    def change(outputs: list[Output]) -> list[Output]:
        at = mine().receipt.index
        return [
            *outputs[:at],
            msgspec.structs.replace(outputs[at], at_ms=outputs[at].at_ms + hours * HOUR_MS),
            *outputs[at + 1 :],
        ]

    return change


def put_in(outputs: list[Output]) -> list[Output]:
    return [outputs[0], *outputs]


def cut_off(outputs: list[Output]) -> list[Output]:
    return outputs[: mine().receipt.index]


def lived_without_it(_: list[Output]) -> list[Output]:
    """A whole other life of the node, in which the notice never came: nothing in it contradicts itself."""
    return outputs_of(history(without="north-0002"))


ATTACKS: dict[str, tuple[Callable[[list[Output]], list[Output]], set[str]]] = {
    "edits an entry before it": (edited_before, GONE),
    "edits the alert that it gave": (edited_after, GONE),
    "edits the last entry": (edited_last, {LATER}),
    "drops it": (dropped, GONE | LEAF),
    "exchanges it with the one before": (reordered, GONE | LEAF),
    "back-dates it": (moved_in_time(-3), GONE | LEAF | {"recorded_at is not the receipt's"}),
    "dates it later": (moved_in_time(3), GONE | LEAF | {"recorded_at is not the receipt's"}),
    "puts an entry in before it": (put_in, GONE | LEAF),
    "cuts it off": (cut_off, GONE | {"my leaf is not at its index"}),
    "lives again without it": (lived_without_it, GONE | LEAF),
}


def test_a_ledger_that_nobody_touched_and_one_that_has_grown_contradict_nothing(path: Path) -> None:
    assert not contradictions(town(), mine(), read_back(path))
    grown = outputs_of(town())
    shown = overwrite(path, forged(town(), [*grown, *grown[-3:]]))
    assert not contradictions(town(), mine(), shown)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_operator_who_signs_the_head_anew_is_contradicted_by_what_a_party_has_kept(path: Path, attack: str) -> None:
    change, expected = ATTACKS[attack]
    shown = overwrite(path, forged(town(), change(outputs_of(town()))))
    assert self_check(town(), shown).bodies_withheld == 0
    assert contradictions(town(), mine(), shown, served=[town().line.journal.tree]) == expected


def test_what_was_kept_convinces_a_third_party_without_the_ledger() -> None:
    """The notice, the receipt and the proof are enough to show that the node once signed it at that place."""
    held = mine()
    head = head_of(town(), held.later)
    verify_inclusion(
        index=held.receipt.index, size=head.size, leaf_hash=held.receipt.leaf_hash, proof=held.proof, root=head.root
    )
    record = town().store.records[held.receipt.index]
    assert leaf_hash(record.leaf) == held.receipt.leaf_hash
    assert decode_leaf(record.leaf).commitment == commitment(held.receipt.salt, own_body(held))


def test_a_life_without_the_notice_replays_so_only_what_was_kept_shows_it(path: Path) -> None:
    other = history(without="north-0002")
    store = MemoryStore()
    store.records, store.note = other.store.records, other.store.note
    replay(store, other.secrets, ORIGIN)
    shown = overwrite(path, Shown(other.store.records, other.store.note))
    assert contradictions(town(), mine(), shown) >= GONE


def test_two_heads_of_one_size_are_a_proof_of_two_histories() -> None:
    """Whoever holds both needs nothing else: the node has signed both."""
    other = forged(town(), reordered(outputs_of(town())))
    first, second = head_of(town(), town().line.checkpoint), head_of(town(), other.checkpoint)
    assert first.size == second.size
    assert first.root != second.root


def with_bodies_exchanged(records: list[Record], one: int, other: int) -> list[Record]:
    changed = list(records)
    changed[one] = Record(one, records[one].leaf, records[other].body)
    changed[other] = Record(other, records[other].leaf, records[one].body)
    return changed


def test_a_body_exchanged_under_its_leaf_is_named(path: Path) -> None:
    at = mine().receipt.index
    records = with_bodies_exchanged(town().store.records, at - 1, at)
    shown = overwrite(path, Shown(records, town().store.note))
    with pytest.raises(EntryFault) as fault:
        self_check(town(), shown)
    assert fault.value.index == at - 1


def test_a_body_exchanged_with_its_leaf_but_without_a_new_head_is_found(path: Path) -> None:
    """The operator knows the salt, so leaf and body fit each other; the head that was signed does not fit them."""
    at = mine().receipt.index
    record = town().store.records[at]
    body = record.body.replace(b"recorded_at 2026", b"recorded_at 2025")
    leaf = msgspec.structs.replace(
        decode_leaf(record.leaf), commitment=commitment(town().line.journal.salts.of(at), body)
    )
    records = list(town().store.records)
    records[at] = Record(at, encode_leaf(leaf), body)
    shown = overwrite(path, Shown(records, town().store.note))
    with pytest.raises(EntryFault, match="root is not the checkpoint's"):
        self_check(town(), shown)


def test_a_head_that_another_key_signed_is_not_believed() -> None:
    head = head_of(town(), town().line.checkpoint)
    note = sign_checkpoint(Checkpoint(ORIGIN, head.size, head.root), signer_of(NORTH))
    with pytest.raises(NoteUnverified):
        head_of(town(), note)


def test_words_put_into_a_party_s_mouth_are_not_signed_by_it() -> None:
    """The operator can sign a ledger, and cannot sign for a party: whoever reads the body sees it."""
    at = mine().receipt.index
    told = outputs_of(town())[at]
    assert isinstance(told, Told)
    envelope = read_envelope(told.raw)
    payload = envelope.payload.replace(b'"value":100', b'"value":900')
    assert payload != envelope.payload
    secrets = town().secrets
    raw = sign_envelope(payload, envelope.payload_type, [(envelope.signatures[0].key_id, secrets.signer)])
    state = town().line.state
    with pytest.raises(NotAuthenticated) as refusal:
        open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)
    assert refusal.value.code == "SIGNATURE_INVALID"
    outputs = outputs_of(town())
    outputs[at] = msgspec.structs.replace(told, raw=raw)
    shown = forged(town(), outputs)
    store = MemoryStore()
    store.records, store.note = shown.records, shown.checkpoint
    with pytest.raises(LedgerFault) as fault:
        replay(store, secrets, ORIGIN)
    assert (fault.value.code, fault.value.path) == ("REPLAY_DIFFERS", f"entry {at}")


def test_an_acknowledgement_that_nobody_sent_is_found_by_a_replay() -> None:
    """The node's own word that somebody has read an alert stands behind that party's signed one, or is a lie."""
    alert = next(output for output in outputs_of(town()) if isinstance(output, Alert))
    outputs = outputs_of(town())
    outputs.insert(
        outputs.index(alert) + 1,
        Acknowledged(
            at_ms=alert.at_ms,
            to=alert.to,
            alert=alert.alert,
            reference=alert.reference,
            by="own",
            role="duty_officer",
            precedence=alert.precedence,
            is_timer_stopped=True,
        ),
    )
    shown = forged(town(), outputs)
    assert self_check(town(), shown).bodies_withheld == 0
    store = MemoryStore()
    store.records, store.note = shown.records, shown.checkpoint
    with pytest.raises(LedgerFault) as fault:
        replay(store, town().secrets, ORIGIN)
    assert fault.value.path == f"entry {outputs.index(alert) + 1}"


def test_times_of_telling_and_of_recording_stand_side_by_side() -> None:
    held = mine()
    told = msgspec.json.decode(read_envelope(held.raw).payload)
    assert told["issued_at"] == to_text(held.receipt.recorded_ms)
    assert own_body(held).startswith(b"recorded_at " + told["issued_at"].encode())
