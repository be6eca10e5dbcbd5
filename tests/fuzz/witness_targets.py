"""What a witness is asked, and what it answers: keys, requests, cosignatures."""

from __future__ import annotations

from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.cosignature import (
    append_signatures,
    confirmed_cosignatures,
    cosign,
    cosigner_of,
    format_cosigner_key,
    parse_cosigner_key,
)
from openline.ledger.note import NoteError, parse_note
from openline.ledger.witnessing import Declined, Head, format_request, judge, open_request, parse_request
from tests.fuzz.ledger_targets import text_of
from tests.fuzz.proof_targets import ORIGIN, VERIFIER, tree
from tests.fuzz.targets import Target

NAME = "witness.example/fuzzed"
SIGNER = Signer(derive_seed(b"the fuzzed", "witness"))
COSIGNER = cosigner_of(NAME, SIGNER)
KEPT = 41
"""Entries of the log when the witness cosigned it last."""


def cosigner_key(data: bytes) -> bool:
    """A witness's key has one written form."""
    text = text_of(data)
    try:
        parsed = parse_cosigner_key(text)
    except NoteError:
        return False
    assert format_cosigner_key(parsed) == text
    return True


def cosignature(data: bytes) -> bool:
    """Lines in a note: those that the witness has not made are not believed, and adding its own changes no other."""
    text = text_of(data)
    try:
        confirmed = confirmed_cosignatures(text, [COSIGNER])
        parsed = parse_note(text)
    except NoteError:
        return False
    for one in confirmed:
        assert one.line == cosign(parsed.text, NAME, SIGNER, one.time_s)
    try:
        grown = append_signatures(text, [*parsed.signatures, *(one.line for one in confirmed)])
    except NoteError:
        return True
    assert grown == text or len(set(parsed.signatures)) < len(parsed.signatures)
    return True


def request(data: bytes) -> bool:
    """A request has one written form, and is granted only when it continues the log as it is."""
    try:
        parsed = parse_request(data)
    except Declined:
        return False
    assert format_request(parsed) == data
    try:
        asked = open_request(parsed, {ORIGIN: [VERIFIER]})
        judge(asked, Head(KEPT, tree().root(KEPT)))
    except Declined:
        return True
    head = open_checkpoint(parsed.note, VERIFIER)
    assert head.size >= KEPT
    assert head.root == tree().root(head.size)
    assert list(parsed.proof) == tree().consistency_proof(KEPT, head.size)
    return True


WITNESSING: dict[str, Target] = {
    "cosignature": cosignature,
    "cosigner_key": cosigner_key,
    "witness_request": request,
}
