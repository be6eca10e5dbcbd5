"""Reading a ledger as a sceptic who has the node's secret: leaves, bodies, places, tree, and every signature anew.

The way is that of recovery, so a key counts from the entry that enrols it on and as long as it does for the node; what
was told is verified under the keys of that moment, before it has effect.
"""

from __future__ import annotations

from msgspec import Struct

from openline.codec.envelope import KEY_TYPE, read_envelope, read_own_envelope
from openline.codec.events import read_event
from openline.codec.times import read_instant
from openline.core.errors import OpenlineError
from openline.core.event import Cosigned
from openline.core.key_documents import Standing
from openline.intake.key_admission import admit, out_of_force
from openline.intake.key_opening import open_key_document
from openline.intake.keyring import Keyring, OperationalKey
from openline.intake.opening import signer_of
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, verify
from openline.ledger.checkpoint import Checkpoint, format_checkpoint
from openline.ledger.cosignature import verify_cosignature
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.note import parse_signature_lines
from openline.ledger.told import split_told
from openline.node.journal import Journal
from openline.node.ports import Record, Records
from openline.node.recovery import Progress, fault, follow, read_in_order
from openline.node.secrets import NodeSecrets
from openline.node.state import State

_EVERY = 1_000


class Examined(Struct, frozen=True, kw_only=True):
    """What was found, and found right."""

    state: State
    """As the ledger leaves it."""
    journal: Journal
    told: int
    """Entries that a party signed."""
    own: int
    """Entries that the node signed."""


def examine(records: Records, secrets: NodeSecrets, origin: str, progress: Progress | None = None) -> Examined:
    """Check every entry of a ledger: its leaf, body, place, hash and signature; then its checkpoint.

    Raises:
        LedgerFault: LEDGER_INVALID, with the first entry at fault.
        StoreError: when the disk cannot be read.
    """
    state, journal = State(secrets), Journal(secrets, origin)
    told = 0

    def take(record: Record) -> None:
        nonlocal told
        told += _examine_entry(state, journal, record)

    read_in_order(records, journal, take, progress, _EVERY)
    return Examined(state=state, journal=journal, told=told, own=journal.tree.size - told)


def _examine_entry(state: State, journal: Journal, record: Record) -> bool:
    """Check one entry and take it; True when a party told it."""
    if decode_leaf(record.leaf).leaf_class is not LeafClass.TOLD:
        follow(state, journal, record)
        event = read_event(_check_own(journal, record))
        if isinstance(event, Cosigned):
            _check_cosigned(state, journal, record.index, event)
        return False
    time_text, raw = split_told(record.body)
    try:
        key = _signer(raw, state.keyring, read_instant(time_text, path="recorded_at"))
    except OpenlineError as refusal:
        # The leaf is looked at first: bytes that were changed are no matter of signatures.
        follow(state, journal, record)
        raise fault(record.index, f"its signature does not hold: {refusal.reason}") from refusal
    channel = follow(state, journal, record)
    if channel != f"{key.party}/told":
        raise fault(record.index, f"a key of {key.party} has signed it, which does not speak for its teller")
    return True


def _signer(raw: bytes, keyring: Keyring, at_ms: int) -> OperationalKey:
    """Who signed what was told, by a key that was good for it then; an expired one is, for what is urgent.

    Raises:
        Refusal: when it was not.
    """
    if read_own_envelope(raw)[0] == KEY_TYPE:
        opened = open_key_document(raw, keyring=keyring)
        admit(opened.document, opened.signers, keyring=keyring, at_ms=at_ms)
        return opened.key
    key = signer_of(raw, keyring=keyring)
    standing = keyring.standing(key_id(key.public_key), at_ms)
    if standing in {Standing.REVOKED, Standing.NOT_YET}:
        raise out_of_force(key_id(key.public_key), standing)
    return key


def _check_cosigned(state: State, journal: Journal, index: int, event: Cosigned) -> None:
    """The witness has signed the tree of this ledger, under the key that was named for it."""
    held = state.witnesses.known.get(event.witness)
    if held is None or not 0 < event.size <= index:
        raise fault(index, f"no witness {event.witness} was named before, or no tree of {event.size} was there to sign")
    head = Checkpoint(journal.origin, event.size, journal.tree.root(event.size))
    try:
        (line,) = parse_signature_lines(event.line + "\n")
        verify_cosignature(format_checkpoint(head), line, held.cosigner)
    except ValueError as error:
        raise fault(index, f"the cosignature of {event.witness} does not verify ({error})") from error


def _check_own(journal: Journal, record: Record) -> bytes:
    """The payload that the node alone has signed."""
    envelope = read_envelope(record.body)
    own = journal.secrets.signer.public_key
    signed = [signature for signature in envelope.signatures if signature.key_id == key_id(own)]
    if len(signed) != 1 or len(envelope.signatures) != 1:
        raise fault(record.index, "it does not carry the node's signature, and that one alone")
    try:
        verify(own, pae(envelope.payload_type, envelope.payload), signed[0].value)
    except BadSignature as error:
        raise fault(record.index, "the node's signature does not verify") from error
    return envelope.payload
