"""Reading a ledger back: every leaf recomputed, the tree compared with the signed checkpoint, the state rebuilt.

Signatures of envelopes are not checked again: the node checked them before it signed the checkpoint that covers them,
and that checkpoint's own signature is checked here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

import msgspec

from openline.codec.agreements import read_agreement
from openline.codec.declarations import read_declaration
from openline.codec.documents import read_acknowledgement, read_notice
from openline.codec.envelope import DECLARATION_TYPE, EVENT_TYPE, KEY_TYPE, from_base64, read_own_envelope
from openline.codec.events import read_event
from openline.codec.times import read_instant
from openline.core.errors import LedgerFault
from openline.core.event import AgreementLoaded, Event, KeyEnrolled, NodeStarted, RootsEnrolled, WitnessNamed
from openline.core.key_documents import RootSet
from openline.engine.finder import Engine
from openline.intake.key_opening import reopened
from openline.intake.keyring import OperationalKey
from openline.keys.signing import check_public_key
from openline.ledger.checkpoint import CheckpointError, open_checkpoint
from openline.ledger.leaf import LeafClass, commitment, decode_leaf
from openline.ledger.note import NoteError, NoteVerifier
from openline.ledger.told import split_told
from openline.node.journal import Journal, channel_of, class_of, is_acknowledgement
from openline.node.ports import Record, Records
from openline.node.secrets import NodeSecrets
from openline.node.state import EngineMaker, State, notice_key

Progress = Callable[[int, int], None]
"""Told how many entries of how many have been read."""

EVERY = 5_000
"""Entries between two words of progress."""


def recover(
    store: Records,
    secrets: NodeSecrets,
    origin: str,
    progress: Progress | None = None,
    make_engine: EngineMaker = Engine,
) -> tuple[State, Journal]:
    """Rebuild state and journal from a store.

    Raises:
        LedgerFault: LEDGER_INVALID, with the entry at fault.
        StoreError: when the disk cannot be read.
    """
    state, journal = State(secrets, make_engine), Journal(secrets, origin)
    read_in_order(store, journal, lambda record: follow(state, journal, record), progress)
    return state, journal


def read_in_order(
    records: Records,
    journal: Journal,
    take: Callable[[Record], object],
    progress: Progress | None = None,
    every: int = EVERY,
) -> None:
    """Give every entry of a ledger to `take`, which has `journal` follow it; then hold the head against all of them.

    Raises:
        LedgerFault: LEDGER_INVALID, with the entry at fault.
        StoreError: when the disk cannot be read.
    """
    total = records.size()
    for record in records.read():
        if record.index != journal.tree.size:
            raise fault(journal.tree.size, "it is missing from the store")
        try:
            take(record)
        except LedgerFault:
            raise
        except Exception as error:
            # Whatever a damaged entry makes of the code that reads it, the fault is the entry's.
            raise fault(record.index, f"it cannot be read back ({error})") from error
        if progress is not None and record.index % every == 0:
            progress(record.index, total)
    check_head(journal, records.checkpoint())
    if progress is not None:
        progress(total, total)


def apply_administration(state: State, event: Event) -> None:
    """Take an administrative event into the state.

    Raises:
        WeakKey: for a key that nobody may hold, whoever has put it into the ledger.
    """
    if isinstance(event, KeyEnrolled):
        check_public_key(from_base64(event.key))
        key = OperationalKey(party=event.party, role=event.role, public_key=from_base64(event.key))
        state.keyring.enrol(key)
        state.keys_enrolled.add((event.party, event.role, event.key))
    elif isinstance(event, RootsEnrolled):
        roots = RootSet(keys=tuple(map(from_base64, event.keys)), threshold=event.threshold)
        for root in roots.keys:
            check_public_key(root)
        state.keyring.enrol_roots(event.party, roots)
    elif isinstance(event, AgreementLoaded):
        _, payload = read_own_envelope(from_base64(event.envelope))
        state.load(read_agreement(payload, name=event.id), event.at_ms)
    elif isinstance(event, WitnessNamed):
        state.witnesses.name(event)
    elif isinstance(event, NodeStarted):
        state.started = (event.engine, event.openline, event.node_key, event.origin, event.is_drill)


def follow(state: State, journal: Journal, record: Record) -> str:
    """Take the next entry, whose body, class and place on its channel must be those of its leaf; gives the channel.

    Raises:
        LedgerFault: LEDGER_INVALID, when they are not; whatever a damaged entry makes of the code that reads it.
    """
    leaf = decode_leaf(record.leaf)
    if commitment(journal.salts.of(record.index), record.body) != leaf.commitment:
        raise fault(record.index, "its body is not the one that was recorded there")
    if leaf.leaf_class is LeafClass.TOLD:
        event, leaf_class, channel = None, LeafClass.TOLD, _take_told(state, record)
    else:
        event = _take_event(state, record)
        leaf_class, channel = class_of(event), channel_of(event)
    journal.await_record(event)
    tag, serial = journal.next_place(channel, leaf.version)
    if (leaf.leaf_class, leaf.channel_tag, leaf.serial_field) != (leaf_class, tag, serial):
        raise fault(record.index, "its leaf does not fit its body")
    journal.follow(record, channel, event)
    state.size += 1
    return channel


def _take_told(state: State, record: Record) -> str:
    time_text, raw = split_told(record.body)
    at_ms = _recorded_ms(time_text)
    payload_type, payload = read_own_envelope(raw)
    digest = sha256(payload).hexdigest()
    if payload_type == KEY_TYPE:
        document, signers = reopened(raw, keyring=state.keyring)
        state.take_key_document(document, signers, digest=digest, at_ms=at_ms)
        party, channel = document.party, ""
    else:
        party, channel = _followed(state, payload_type, payload, digest, at_ms)
    state.take_told(party, at_ms, channel)
    return channel or f"{party}/told"


def _followed(state: State, payload_type: str, payload: bytes, digest: str, at_ms: int) -> tuple[str, str]:
    """Take what was told into the state; gives who told it, and the exclusive channel that it went over."""
    if is_acknowledgement(payload_type):
        ack = read_acknowledgement(payload)
        state.acknowledged[notice_key(ack.party, ack.id)] = (digest, state.size, at_ms)
        state.take_pledge(ack.party, at_ms)
        return ack.party, ""
    if payload_type == DECLARATION_TYPE:
        declaration = read_declaration(payload, is_own=True)
        state.take_declaration(declaration, digest=digest, at_ms=at_ms)
        return declaration.party, ""
    notice = read_notice(payload, offsets_of=state.offsets_of, is_own=True)
    state.expire(at_ms)
    state.take_notice(notice, digest=digest, at_ms=at_ms)
    return notice.party, state.channels.of(notice, state.agreement_of(notice, at_ms))


@lru_cache(maxsize=16)
def _recorded_ms(text: str) -> int:
    """Entries of one commit say the same time."""
    return read_instant(text, path="recorded_at")


def _take_event(state: State, record: Record) -> Event:
    event = event_of(record.body)
    apply_administration(state, event)
    state.apply(event)
    return event


def event_of(body: bytes) -> Event:
    """The event of an entry that the node signed.

    Raises:
        msgspec.DecodeError: when it is not one of ours.
    """
    payload_type, payload = read_own_envelope(body)
    if payload_type != EVENT_TYPE:
        message = f"an entry of an unknown type {payload_type}"
        raise msgspec.DecodeError(message)
    return read_event(payload)


def check_head(journal: Journal, note: str) -> None:
    """Hold what was read back against the last checkpoint.

    Raises:
        LedgerFault: LEDGER_INVALID.
    """
    if not note:
        if journal.tree.size:
            raise fault(0, "no checkpoint has signed it")
        return
    verifier = NoteVerifier(journal.origin, journal.secrets.signer.public_key)
    try:
        head = open_checkpoint(note, verifier)
    except (CheckpointError, NoteError) as error:
        raise fault(None, f"its checkpoint is not one that this node signed ({error})") from error
    size = journal.tree.size
    if size < head.size:
        raise fault(size, f"it is missing: the checkpoint has signed {head.size} entries, and {size} are there")
    if size > head.size:
        raise fault(head.size, f"the checkpoint has signed {head.size} entries, and this one lies behind them")
    if head.root != journal.tree.root():
        raise fault(None, f"its {size} entries do not give the root that its checkpoint has signed")


def fault(index: int | None, reason: str) -> LedgerFault:
    """LEDGER_INVALID at an entry, or at the checkpoint."""
    path = "checkpoint" if index is None else f"entry {index}"
    return LedgerFault(
        "LEDGER_INVALID",
        f"the ledger does not verify: {reason}",
        path=path,
        remedy="Keep the files as they are and compare them with a mirror or a backup.",
    )
