"""Doing it all again: every input of a ledger is stepped anew, and must give, byte for byte, what was recorded.

What was told, a tick, a delivery and an act of administration are inputs; all else is what followed from the input
before it. Signatures of parties are checked again too. What was recorded is authoritative: a difference says that this
program, or the machine, judges otherwise than the one that gave the warning.
"""

from __future__ import annotations

from collections import deque

import msgspec

from openline.codec.envelope import DECLARATION_TYPE, KEY_TYPE, read_own_envelope
from openline.codec.times import read_instant
from openline.core.errors import LedgerFault, OpenlineError
from openline.core.event import (
    AgreementLoaded,
    ChannelEpoch,
    ClockJumped,
    Continued,
    Cosigned,
    Delivered,
    Event,
    KeyEnrolled,
    NodeStarted,
    RootsEnrolled,
    WitnessAlarm,
    WitnessNamed,
    WitnessTrouble,
)
from openline.core.event import Tick as TickEvent
from openline.intake.key_opening import open_key_document
from openline.intake.opening import open_acknowledgement, open_declaration, open_notice
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.told import split_told
from openline.node.batch import Administration, ClockJump, Delivery, Input, Tick, Turn, process
from openline.node.journal import Journal, is_acknowledgement
from openline.node.ports import Record, Records
from openline.node.recovery import EVERY, Progress, check_head, event_of
from openline.node.secrets import NodeSecrets
from openline.node.state import State
from openline.node.witnesses import Cosigning, Suspicion


def replay(store: Records, secrets: NodeSecrets, origin: str, progress: Progress | None = None) -> State:
    """Step through all inputs of a ledger again; gives the state that they lead to.

    Raises:
        LedgerFault: REPLAY_DIFFERS at the first entry that comes out otherwise, LEDGER_INVALID when the checkpoint does
            not fit.
        StoreError: when the disk cannot be read.
    """
    state, journal = State(secrets), Journal(secrets, origin)
    awaited: deque[Record] = deque()
    total = store.size()
    for record in store.read():
        if not awaited:
            awaited += _stepped(state, journal, record)
        if not awaited:
            raise _difference(record.index, "nothing follows from what was told before, and an entry is recorded")
        _compare(awaited.popleft(), record)
        if progress is not None and record.index % EVERY == 0:
            progress(record.index, total)
    if awaited:
        raise _difference(awaited[0].index, "it follows from what was told before, and it is not recorded")
    check_head(journal, store.checkpoint())
    if progress is not None:
        progress(total, total)
    return state


def _stepped(state: State, journal: Journal, record: Record) -> list[Record]:
    """What the input that `record` tells of gives now; empty when it tells of none, or when nothing follows."""
    try:
        found = _input_of(state, record)
        if found is None:
            return []
        at_ms, given = found
        journal.leaf_version = decode_leaf(record.leaf).version
        batch = process(state, journal, [given], at_ms)
    except (OpenlineError, msgspec.MsgspecError, LookupError, ValueError) as error:
        raise _difference(record.index, f"what is recorded there is not taken now ({error})") from error
    refusal = batch.outcomes[0]
    if isinstance(refusal, OpenlineError):
        raise _difference(record.index, f"what was taken is refused now ({refusal})") from refusal
    return [] if batch.staged is None else batch.staged.records


def _input_of(state: State, record: Record) -> tuple[int, Input] | None:
    if decode_leaf(record.leaf).leaf_class is LeafClass.TOLD:
        time_text, raw = split_told(record.body)
        return read_instant(time_text, path="recorded_at"), _told(state, raw)
    event = event_of(record.body)
    given = _caused(event)
    return None if given is None else (event.at_ms, given)


def _told(state: State, raw: bytes) -> Input:
    payload_type = read_own_envelope(raw)[0]
    if is_acknowledgement(payload_type):
        return open_acknowledgement(raw, keyring=state.keyring)
    if payload_type == DECLARATION_TYPE:
        return open_declaration(raw, keyring=state.keyring)
    if payload_type == KEY_TYPE:
        return open_key_document(raw, keyring=state.keyring)
    return open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)


def _caused(event: Event) -> Input | None:
    """The input that begins with this event; None for what follows from another."""
    given: Input | None = None
    if isinstance(event, TickEvent):
        given = Tick()
    elif isinstance(event, Delivered):
        given = Delivery(party=event.party, entries=(event.entry,), channel=event.channel)
    elif isinstance(event, ChannelEpoch):
        given = Turn(agreement=event.agreement, channel=event.channel)
    elif isinstance(event, Cosigned):
        given = Cosigning(witness=event.witness, size=event.size, line=event.line)
    elif isinstance(event, WitnessAlarm) and event.trouble is not WitnessTrouble.CLOCK:
        given = Suspicion(witness=event.witness, trouble=event.trouble, size=event.size, told=event.told)
    elif isinstance(event, ClockJumped):
        given = ClockJump(clock_ms=event.clock_ms, expected_ms=event.expected_ms)
    elif isinstance(event, (NodeStarted, KeyEnrolled, RootsEnrolled, AgreementLoaded, Continued, WitnessNamed)):
        given = Administration(events=(event,))
    return given


def _compare(expected: Record, recorded: Record) -> None:
    if expected == recorded:
        return
    if expected.index != recorded.index:
        raise _difference(expected.index, f"entry {recorded.index} stands in its place")
    raise _difference(recorded.index, "other bytes are recorded than follow from what was told before")


def _difference(index: int, reason: str) -> LedgerFault:
    return LedgerFault(
        "REPLAY_DIFFERS",
        f"a replay differs: {reason}",
        path=f"entry {index}",
        remedy="What is recorded counts. Replay with the version that recorded it, and report the difference.",
    )
