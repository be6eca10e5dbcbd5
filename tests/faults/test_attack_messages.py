"""Attacks with what was recorded or overheard: a notice told again elsewhere, a clock that is off, a forged role."""

from __future__ import annotations

import json

import msgspec
import pytest

from openline.adapters.memory import MemoryStore
from openline.app.pen import Pen
from openline.codec.envelope import NOTICE_TYPE, read_envelope, to_base64
from openline.codec.events import write_event
from openline.core.errors import NotAuthenticated
from openline.core.event import Alert, ConflictFound, Flagged
from openline.core.ladder import TIER_ROLES
from openline.core.time import DAY_MS, HOUR_MS, to_text
from openline.intake.opening import open_acknowledgement, open_declaration, open_notice
from openline.keys.derive import derive_seed
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.note import (
    NoteUnverified,
    NoteVerifier,
)
from openline.ledger.told import split_told
from openline.node.bundle_examination import Pins, examine
from openline.node.line import Line, Receipt, outcome_of
from openline.node.secrets import NodeSecrets
from tests.faults.forging import history, outputs_of
from tests.faults.tellers import administration
from tests.fuzz.bundle_targets import OWN, bundle_of
from tests.fuzz.proof_targets import SIGNER
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence, signer_of


class Village:
    """Another node, with keys and an agreement of the same parties."""

    def __init__(self, now_ms: int = NOON_MS) -> None:
        self.secrets = NodeSecrets(derive_seed(b"the village", "node"))
        self.store = MemoryStore()
        self.line = Line(self.store, self.secrets, "drill.openline/village")
        self.line.open()
        self.now_ms = now_ms
        self.line.administer(now_ms, administration())

    def take(self, raw: bytes) -> Receipt:
        state = self.line.state
        opened = open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)
        return self.line.receipt(outcome_of(self.line.commit([opened], self.now_ms), 0))


def with_checkpoint(town: Town) -> dict[str, object]:
    head = open_checkpoint(town.line.checkpoint, NoteVerifier(ORIGIN, town.secrets.signer.public_key))
    return {"checkpoint": {"size": head.size, "root": to_base64(head.root)}}


def test_told_again_to_its_own_ledger_a_notice_is_what_it_was() -> None:
    town = Town()
    receipt = town.tell(NORTH, activity(in_air(NOON_MS + 5 * HOUR_MS)))
    raw = town.receipts[0][0]
    for span_ms in (0, HOUR_MS, 3 * DAY_MS):
        town.wait(span_ms)
        before = list(town.store.records)
        again = town.send(raw)
        assert (again.is_duplicate, again.index, again.recorded_ms) == (True, receipt.index, receipt.recorded_ms)
        assert town.store.records == before


@pytest.mark.parametrize("change", [(b'"town"', b'"down"'), (b'"version":1', b'"version":2')])
def test_a_notice_cannot_be_put_under_another_agreement(change: tuple[bytes, bytes]) -> None:
    town = Town()
    raw = town.written(NORTH, activity(in_air(NOON_MS)))
    envelope = read_envelope(raw)
    payload = envelope.payload.replace(*change)
    assert payload != envelope.payload
    forged_raw = msgspec.json.encode(json.loads(raw) | {"payload": to_base64(payload)})
    with pytest.raises(NotAuthenticated) as refusal:
        town.send(forged_raw)
    assert refusal.value.code == "SIGNATURE_INVALID"


def test_told_again_to_another_ledger_a_notice_is_seen_to_be_another_s() -> None:
    """It is recorded and flagged, as all that a party has signed: its checkpoint, and its place in the sequence."""
    town, village = Town(), Village()
    town.tell(NORTH, activity(in_air(NOON_MS + 5 * HOUR_MS)))
    seen = with_checkpoint(town)
    raw = town.written(NORTH, activity(in_air(NOON_MS + 6 * HOUR_MS), **seen))
    assert not {"CHECKPOINT_DIFFERS", "SEQUENCE_GAP"} & set(town.send(raw).flags)
    receipt = village.take(raw)
    assert {"CHECKPOINT_DIFFERS", "SEQUENCE_GAP"} <= set(receipt.flags)
    with pytest.raises(NoteUnverified):
        open_checkpoint(receipt.checkpoint, NoteVerifier(ORIGIN, town.secrets.signer.public_key))


def test_told_again_after_its_window_a_notice_moves_nobody() -> None:
    town = Town()
    town.tell(NORTH, activity(in_air(NOON_MS + 5 * HOUR_MS)))
    raw = town.receipts[0][0]
    village = Village(NOON_MS + 2 * DAY_MS)
    pen = Pen(SOUTH, TIER_ROLES[0], signer_of(SOUTH))
    village.take(
        pen.notice(presence(on_ground(NOON_MS)), identifier="south-0001", agreement=("town", 1), at_ms=NOON_MS)
    )
    heard: list[object] = []
    village.line.listen(lambda outputs: heard.extend(output for _, output in outputs))
    assert "ALREADY_ENDED" in village.take(raw).flags
    assert any(isinstance(output, Flagged) for output in heard)
    assert not any(isinstance(output, ConflictFound) for output in heard)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_that_is_hours_off_leaves_both_times_in_the_record(hours: int) -> None:
    town = Town()
    said_ms = town.now_ms + hours * HOUR_MS
    raw = town.pens[NORTH].notice(
        activity(in_air(NOON_MS + 9 * HOUR_MS)), identifier="north-0001", agreement=("town", 1), at_ms=said_ms
    )
    receipt = town.send(raw)
    assert receipt.recorded_ms == town.now_ms
    assert ("ISSUED_AHEAD" in receipt.flags) is (hours > 0)
    time_text, kept = split_told(town.store.records[receipt.index].body)
    assert (time_text, json.loads(read_envelope(kept).payload)["issued_at"]) == (to_text(town.now_ms), to_text(said_ms))


def test_a_role_or_a_kind_that_is_not_the_key_s_is_refused() -> None:
    town = history()
    keyring, pen = town.line.state.keyring, town.pens[NORTH]
    pen.role = "political"
    acknowledgement = pen.acknowledgement(alert="a1", precedence="FLASH", identifier="ack-00001", at_ms=NOON_MS)
    disclosure = {"type": "disclosure", "entry": town.receipts[2][1].index, "to": SOUTH}
    declaration = pen.declaration(disclosure, identifier="declared-1", at_ms=NOON_MS)
    for raw, opening in ((acknowledgement, open_acknowledgement), (declaration, open_declaration)):
        with pytest.raises(NotAuthenticated) as refusal:
            opening(raw, keyring=keyring)
        assert (refusal.value.code, refusal.value.path) == ("PARTY_MISMATCH", "role")
    as_notice = msgspec.json.encode(json.loads(acknowledgement) | {"payloadType": NOTICE_TYPE})
    with pytest.raises(NotAuthenticated) as refusal:
        town.send(as_notice)
    assert refusal.value.code == "SIGNATURE_INVALID"


@pytest.mark.parametrize(("said", "twice"), [("to", "SOUTH"), ("alert", "another"), ("at", "2020-01-01T00:00:00Z")])
def test_an_entry_that_two_readers_could_read_differently_proves_nothing(said: str, twice: str) -> None:
    """The operator signs an alert that goes to one party for one program, and to another for the next."""
    alert = next(output for output in outputs_of(history()) if isinstance(output, Alert) and output.to == NORTH)
    payload = write_event(alert)
    pins = Pins(node_key=SIGNER.public_key)
    honest = examine(bundle_of(OWN, payload), pins)
    ambiguous = payload.replace(b"{", b'{"%b":"%b",' % (said.encode(), twice.encode()), 1)
    assert msgspec.json.decode(ambiguous) == msgspec.json.decode(payload)
    found = examine(bundle_of(OWN, ambiguous), pins)
    assert {fault.entry for fault in found.faults} - {fault.entry for fault in honest.faults} == {2}
