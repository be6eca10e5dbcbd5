"""Receipts as notes: one written form, one key, and nothing else can be taken for one."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from openline.core.limits import LATEST_MS
from openline.core.time import DAY_MS, MINUTE_MS
from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, CheckpointError, format_checkpoint, parse_checkpoint
from openline.ledger.note import NoteError, NoteVerifier, sign_note
from openline.ledger.receipt import (
    Promise,
    ReceiptError,
    ReceiptSigner,
    format_receipt,
    open_receipt,
    parse_receipt,
)

ORIGIN = "openline.example/north"
SIGNER = Signer(derive_seed(b"a node of these tests", "node"))
LOG = NoteVerifier(ORIGIN, SIGNER.public_key)
NOON_MS = 1_772_366_400_000
PROMISE = Promise(
    origin=ORIGIN,
    index=73_894,
    leaf_hash=sha256(b"leaf").digest(),
    digest=sha256(b"payload").digest(),
    recorded_ms=NOON_MS,
    deadline_ms=NOON_MS + MINUTE_MS,
    is_witnessed=True,
)
HASHES = st.binary(min_size=32, max_size=32)


@st.composite
def promises(draw: st.DrawFn) -> Promise:
    recorded_ms = draw(st.integers(0, LATEST_MS - DAY_MS - 1))
    return Promise(
        origin=draw(st.sampled_from([ORIGIN, "7", "openline/receipt/v1"])),
        index=draw(st.integers(0, 2**63 - 1)),
        leaf_hash=draw(HASHES),
        digest=draw(HASHES),
        recorded_ms=recorded_ms,
        deadline_ms=recorded_ms + draw(st.integers(0, DAY_MS)),
        is_witnessed=draw(st.booleans()),
    )


def signed(promise: Promise, origin: str = "") -> str:
    return ReceiptSigner(origin or promise.origin, SIGNER).sign(
        index=promise.index,
        leaf_hash=promise.leaf_hash,
        digest=promise.digest,
        recorded_ms=promise.recorded_ms,
        within_ms=promise.deadline_ms - promise.recorded_ms,
        is_witnessed=promise.is_witnessed,
    )


def test_the_text_is_the_one_that_is_described() -> None:
    assert format_receipt(PROMISE).splitlines() == [
        "openline/receipt/v1",
        ORIGIN,
        "73894",
        "n5EWH0NDPkmm3m22gNefYBWfLkrJFyYhoShGQoFYRAs=",
        "I59Z7VXnN8dxR89VrQwbAwttfudIp0JpUvm4UtWpNeU=",
        "2026-03-01T12:00:00Z",
        "witnessed_by 2026-03-01T12:01:00Z",
    ]
    assert format_receipt(replace(PROMISE, is_witnessed=False)).endswith("published_by 2026-03-01T12:01:00Z\n")


@given(promises())
def test_the_short_way_signs_what_the_long_way_writes(promise: Promise) -> None:
    note = signed(promise)
    assert note == sign_note(format_receipt(promise), promise.origin, SIGNER)
    assert open_receipt(note, NoteVerifier(promise.origin, SIGNER.public_key)) == promise
    assert signed(promise) == note


@given(promises())
def test_no_receipt_is_a_checkpoint(promise: Promise) -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(format_receipt(promise))


@given(st.sampled_from([ORIGIN, "openline/receipt/v1"]), st.integers(0, 2**63 - 1), HASHES, st.lists(st.just("x")))
def test_no_checkpoint_is_a_receipt(origin: str, size: int, root: bytes, extensions: list[str]) -> None:
    with pytest.raises(ReceiptError):
        parse_receipt(format_checkpoint(Checkpoint(origin, size, root, tuple(extensions))))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("openline/receipt/v1", "openline/receipt/v2"),
        ("73894", "073894"),
        ("73894", "-1"),
        ("73894", str(2**63)),
        ("12:00:00Z\n", "12:00:00.000Z\n"),
        ("12:00:00Z\n", "13:00:00+01:00\n"),
        ("12:01:00Z", "11:59:59Z"),
        ("12:01:00Z", "12:01:00z"),
        ("2026-03-01T12:01:00Z", "2026-03-02T12:00:01Z"),
        ("2026-03-01T12:01:00Z", "unbounded"),
        ("witnessed_by", "seen_by"),
        ("witnessed_by ", "witnessed_by  "),
        ("=\n", "\n"),
        (ORIGIN, ""),
    ],
)
def test_what_is_written_otherwise_is_refused(old: str, new: str) -> None:
    text = format_receipt(PROMISE)
    assert old in text
    with pytest.raises(ReceiptError):
        parse_receipt(text.replace(old, new, 1))


@pytest.mark.parametrize("more", ["more\n", "\n", ""])
def test_a_line_more_or_less_is_refused(more: str) -> None:
    text = format_receipt(PROMISE)
    with pytest.raises(ReceiptError):
        parse_receipt(text + more if more else text[: text.rindex("witnessed_by")])


@pytest.mark.parametrize(
    "change",
    [
        {"index": -1},
        {"leaf_hash": bytes(31)},
        {"digest": b""},
        {"deadline_ms": NOON_MS - 1},
        {"deadline_ms": NOON_MS + DAY_MS + 1},
        {"origin": ""},
        {"origin": "a\nb"},
    ],
)
def test_what_cannot_stand_in_a_receipt_is_not_written(change: dict[str, Any]) -> None:
    with pytest.raises(ReceiptError):
        format_receipt(replace(PROMISE, **change))


def test_a_receipt_of_another_key_or_ledger_is_refused() -> None:
    other = Signer(derive_seed(b"a node of these tests", "other"))
    with pytest.raises(ReceiptError, match="no known key"):
        open_receipt(sign_note(format_receipt(PROMISE), ORIGIN, other), LOG)
    with pytest.raises(ReceiptError, match="a receipt of openline"):
        open_receipt(sign_note(format_receipt(replace(PROMISE, origin="openline.example/south")), ORIGIN, SIGNER), LOG)
    note = signed(PROMISE)
    with pytest.raises(ReceiptError, match="wrong"):
        open_receipt(note.replace("73894", "73895"), LOG)


def test_an_origin_that_is_no_name_signs_nothing() -> None:
    with pytest.raises(NoteError):
        ReceiptSigner("two words", SIGNER)
