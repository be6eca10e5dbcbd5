"""Attacks on secrets: a salt is guessed, and keys are enrolled under which one signature fits many messages."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import product
from pathlib import Path

import msgspec
import pytest

from openline.adapters.memory import MemoryStore
from openline.app.configuration import check_key
from openline.codec.envelope import SESSION_TYPE, read_envelope, to_base64
from openline.core.errors import BadUse, LedgerFault, NotAuthenticated
from openline.core.event import KeyEnrolled
from openline.core.ladder import TIER_ROLES
from openline.intake.keyring import Keyring, OperationalKey
from openline.intake.opening import open_session
from openline.keys.derive import derive_seed
from openline.keys.identify import key_id
from openline.keys.signing import WeakKey, check_public_key
from openline.ledger.checkpoint import Checkpoint, format_checkpoint, open_checkpoint
from openline.ledger.leaf import Salts, commitment, decode_leaf
from openline.ledger.note import (
    Note,
    NoteError,
    NoteSignature,
    NoteUnverified,
    NoteVerifier,
    format_note,
    format_verifier_key,
    parse_verifier_key,
)
from openline.ledger.told import told_body
from openline.node.recovery import recover
from openline.node.replay import replay
from tests.faults.forging import forged, history, outputs_of
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town

EDGE = Path(__file__).parents[1] / "vectors" / "ed25519_edge.json"


def keys_known_to(town: Town, party: str, *more: bytes) -> list[bytes]:
    """All that somebody outside the node has: public keys, roots, leaves, and the salts of its own entries."""
    salts = town.line.journal.salts
    own = [receipt.salt for raw, receipt in town.receipts if party.encode() in read_envelope(raw).payload]
    others = [salts.of(entry) for entry in town.line.state.entries.feeds[party]]
    public = [town.secrets.signer.public_key, ORIGIN.encode(), town.line.journal.tree.root(), bytes(32)]
    return [*own, *others, *public, *(record.leaf for record in town.store.records[:5]), *more]


def salts_made_of(known: Iterable[bytes], index: int) -> Iterator[bytes]:
    """Every way in which the node makes a salt of something, and the ways in which careless programs do."""
    labels = ("salts", "blur", "node key", "tokens", "channel/NORTH/told", "channel/node", "channel/admin")
    number = index.to_bytes(8, "big")
    for key in known:
        yield sha256(key).digest()
        yield sha256(key + number).digest()
        yield hmac.digest(key, b"openline/salt" + number, "sha256")
        for seed in (sha256(key).digest(), *(derive_seed(key, label) for label in labels)):
            yield seed
            yield Salts(seed).of(index)
        if len(key) == 32:
            yield key
            yield Salts(key).of(index)


def guessed(leaf_bytes: bytes, index: int, bodies: list[bytes], known: list[bytes]) -> bytes | None:
    """The body that a leaf commits to, if any salt that can be made of what is known shows it."""
    wanted = decode_leaf(leaf_bytes).commitment
    for body, salt in product(bodies, salts_made_of(known, index)):
        if wanted in {sha256(body).digest(), commitment(salt, body)}:
            return body
    return None


def test_a_body_that_is_one_of_two_cannot_be_told_from_its_leaf_without_the_salt() -> None:
    """The attacker has both bodies in full, and needs 32 bytes more; who has the node's secret has them."""
    town = history()
    index = town.receipts[2][1].index
    record = town.store.records[index]
    other = told_body(town.receipts[3][0], town.receipts[2][1].recorded_ms)
    bodies = [other, record.body]
    known = [key for key in keys_known_to(town, SOUTH) if key != town.receipts[2][1].salt]
    assert len(known) > 10
    assert guessed(record.leaf, index, bodies, known) is None
    secret = derive_seed(b"the town", "node")
    assert guessed(record.leaf, index, bodies, [*known, secret]) == record.body
    assert guessed(record.leaf, index, bodies, [*known, town.receipts[2][1].salt]) == record.body


def test_without_a_salt_the_same_guess_would_have_found_it() -> None:
    town = history()
    index = town.receipts[2][1].index
    record = town.store.records[index]
    unsalted = record.leaf[:-32] + sha256(record.body).digest()
    assert guessed(unsalted, index, [b"other", record.body], [b"nothing"]) == record.body


def test_salt_and_body_cannot_trade_bytes() -> None:
    salt, body = bytes(range(32)), b"body"
    for shorter in (salt[:-1], salt + body[:1], b""):
        with pytest.raises(ValueError, match="32 bytes"):
            commitment(shorter, salt[len(shorter) :] + body)


def weak_keys() -> list[bytes]:
    found = {bytes.fromhex(case["key"]) for case in json.loads(EDGE.read_text(encoding="utf-8"))}
    return sorted(key for key in found if _is_weak(key))


def _is_weak(key: bytes) -> bool:
    try:
        check_public_key(key)
    except WeakKey:
        return True
    return False


WEAK = weak_keys()
ALWAYS = [key + bytes(32) for key in WEAK]
"""Signatures with S = 0 and a point of low order as R: under a key of low order they fit many messages or all."""


def test_there_are_weak_keys_to_try() -> None:
    assert len(WEAK) >= 14
    assert (1).to_bytes(32, "little") in WEAK


@pytest.mark.parametrize("key", WEAK, ids=bytes.hex)
def test_a_weak_key_is_enrolled_nowhere(key: bytes) -> None:
    with pytest.raises(BadUse):
        check_key(to_base64(key), "key")
    with pytest.raises(NoteError):
        parse_verifier_key(format_verifier_key(NoteVerifier(ORIGIN, key)))
    town = history()
    outputs = outputs_of(town)
    outputs.insert(1, KeyEnrolled(at_ms=NOON_MS, party="EAST", role=TIER_ROLES[0], key=to_base64(key)))
    shown = forged(town, outputs)
    store = MemoryStore()
    store.records, store.note = shown.records, shown.checkpoint
    for reading in (recover, replay):
        with pytest.raises(LedgerFault) as fault:
            reading(store, town.secrets, ORIGIN)
        assert fault.value.path == "entry 1"


@pytest.mark.parametrize("key", WEAK, ids=bytes.hex)
def test_even_enrolled_a_weak_key_opens_nothing_with_a_signature_that_fits_all(key: bytes) -> None:
    keyring = Keyring()
    keyring.enrol(OperationalKey(party=NORTH, role=TIER_ROLES[0], public_key=key))
    payload = msgspec.json.encode({"type": "session", "party": NORTH, "challenge": "c"})
    text = format_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)))
    verifier = NoteVerifier(ORIGIN, key)
    for signature in ALWAYS:
        wire = [{"keyid": key_id(key), "sig": to_base64(signature)}]
        raw = msgspec.json.encode({"payload": to_base64(payload), "payloadType": SESSION_TYPE, "signatures": wire})
        with pytest.raises(NotAuthenticated) as refusal:
            open_session(raw, keyring=keyring)
        assert refusal.value.code == "SIGNATURE_INVALID"
        with pytest.raises(NoteUnverified):
            open_checkpoint(format_note(Note(text, (NoteSignature(ORIGIN, verifier.key_hash, signature),))), verifier)
