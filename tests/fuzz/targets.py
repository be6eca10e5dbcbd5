"""What is tried with any bytes: each target reads them, lets only the documented errors out, and writes them again.

A target returns True when it has taken the bytes, False when they were refused as documented. Whatever else a parser
raises gets out, and what it takes must have one written form (or, for JSON and TOML, one meaning).
"""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec

from openline.codec.agreements import read_agreement
from openline.codec.documents import read_notice
from openline.codec.envelope import (
    ACKNOWLEDGEMENT_TYPE,
    DECLARATION_TYPE,
    KEY_TYPE,
    NOTICE_TYPE,
    SESSION_TYPE,
    read_envelope,
    read_own_envelope,
    to_base64,
)
from openline.codec.events import read_event, write_event
from openline.codec.times import Offsets
from openline.core.errors import BadUse, OpenlineError, Refusal
from openline.core.time import HOUR_MS
from openline.intake.key_opening import open_key_document
from openline.intake.keyring import Keyring, OperationalKey
from openline.intake.opening import open_acknowledgement, open_declaration, open_notice, open_session
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.ledger.told import split_told, told_body

Target = Callable[[bytes], bool]

PARTY, ROLE = "NORTH", "duty_officer"
SIGNER = Signer(derive_seed(b"the fuzzed", "officer"))
OFFSETS = Offsets(-12 * HOUR_MS, 14 * HOUR_MS)
_KEYRING = Keyring()
_KEYRING.enrol(OperationalKey(party=PARTY, role=ROLE, public_key=SIGNER.public_key))
_SIGNERS = [(key_id(SIGNER.public_key), SIGNER)]


def offsets_of(agreement: str) -> Offsets:
    """The widest offsets, whatever the agreement."""
    del agreement
    return OFFSETS


def envelope(data: bytes) -> bool:
    """A DSSE envelope: as Python's own reader understands it, and the same when it is written anew."""
    try:
        read = read_envelope(data)
    except Refusal:
        return False
    plain = json.loads(data)
    assert to_base64(read.payload) == plain["payload"]
    assert read.payload_type == plain["payloadType"]
    assert [s.key_id for s in read.signatures] == [s["keyid"] for s in plain["signatures"]]
    anew = {
        "payload": to_base64(read.payload),
        "payloadType": read.payload_type,
        "signatures": [{"keyid": s.key_id, "sig": to_base64(s.value)} for s in read.signatures],
    }
    assert read_envelope(msgspec.json.encode(anew)) == read
    assert read_own_envelope(data) == (read.payload_type, read.payload)
    return True


def authentication(data: bytes) -> bool:
    """An envelope that nobody has signed: whatever it says, it is refused."""
    for opening in (open_acknowledgement, open_declaration, open_session):
        try:
            opening(data, keyring=_KEYRING)
        except Refusal:
            continue
        raise AssertionError("nobody signed this")
    return False


def notice(data: bytes) -> bool:
    """A notice as its party signed it, through the whole of intake."""
    try:
        opened = open_notice(sign_envelope(data, NOTICE_TYPE, _SIGNERS), keyring=_KEYRING, offsets_of=offsets_of)
    except Refusal:
        return False
    assert opened.notice == read_notice(data, offsets_of=offsets_of, is_own=True)
    msgspec.json.encode(opened.notice)
    return True


def acknowledgement(data: bytes) -> bool:
    """An acknowledgement as its party signed it."""
    try:
        opened = open_acknowledgement(sign_envelope(data, ACKNOWLEDGEMENT_TYPE, _SIGNERS), keyring=_KEYRING)
    except Refusal:
        return False
    assert json.loads(data)["id"] == opened.acknowledgement.id
    msgspec.json.encode(opened.acknowledgement)
    return True


def declaration(data: bytes) -> bool:
    """A declaration as its party signed it."""
    try:
        opened = open_declaration(sign_envelope(data, DECLARATION_TYPE, _SIGNERS), keyring=_KEYRING)
    except Refusal:
        return False
    assert json.loads(data)["id"] == opened.declaration.id
    msgspec.json.encode(opened.declaration)
    return True


def key_document(data: bytes) -> bool:
    """A key document as a key of its party signed it."""
    try:
        opened = open_key_document(sign_envelope(data, KEY_TYPE, _SIGNERS), keyring=_KEYRING)
    except Refusal:
        return False
    assert json.loads(data)["id"] == opened.document.id
    msgspec.json.encode(opened.document)
    return True


def session(data: bytes) -> bool:
    """The answer to a challenge as its party signed it."""
    try:
        key, challenge = open_session(sign_envelope(data, SESSION_TYPE, _SIGNERS), keyring=_KEYRING)
    except Refusal:
        return False
    assert (key.party, challenge) == (PARTY, json.loads(data)["challenge"])
    return True


def agreement(data: bytes) -> bool:
    """An agreement's TOML: read twice, it is the same."""
    try:
        read = read_agreement(data)
    except BadUse:
        return False
    assert read == read_agreement(data)
    return True


def event(data: bytes) -> bool:
    """An event out of somebody's ledger: written anew it reads the same, and its written form is stable."""
    try:
        read = read_event(data)
    except (msgspec.DecodeError, OpenlineError):
        return False
    written = write_event(read)
    assert read_event(written) == read
    assert write_event(read_event(written)) == written
    return True


def told(data: bytes) -> bool:
    """The body of a told entry."""
    try:
        _, raw = split_told(data)
    except ValueError:
        return False
    assert data.endswith(b"\n" + raw)
    assert split_told(told_body(raw, 0))[1] == raw
    return True


DOCUMENTS: dict[str, Target] = {
    "acknowledgement": acknowledgement,
    "agreement": agreement,
    "authentication": authentication,
    "declaration": declaration,
    "envelope": envelope,
    "event": event,
    "key_document": key_document,
    "notice": notice,
    "session": session,
    "told": told,
}
