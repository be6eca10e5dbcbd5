"""Cosignatures: the form of C2SP, a key's type chooses the algorithm, and nothing else counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from openline.keys.signing import Signer
from openline.ledger.checkpoint import CheckpointError
from openline.ledger.cosignature import (
    Cosignature,
    Cosigner,
    append_signatures,
    confirmed_cosignatures,
    cosign,
    cosigner_of,
    format_cosigner_key,
    line_text,
    parse_cosigner_key,
    verify_cosignature,
)
from openline.ledger.note import (
    NoteError,
    NoteSignature,
    NoteUnverified,
    format_key_string,
    parse_note,
    parse_signature_lines,
    sign_note,
)

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "cosignature.json").read_bytes())
SIGNER = Signer(bytes.fromhex(VECTOR["seed"]))
WITNESS = cosigner_of("witness.example.com/w1", SIGNER)
TEXT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
OTHER_TEXT = TEXT.replace("20852163", "20852164")
LOG = Signer(bytes(32))
NOTE = sign_note(TEXT, "example.com/behind-the-sofa", LOG)
TIME_S = 1_679_315_147
LINE = cosign(TEXT, WITNESS.name, SIGNER, TIME_S)
ML_DSA_44 = 0x06
# Order 4: every public key of low order is refused, this one is the shortest to write.
LOW_ORDER = bytes(32)


@pytest.mark.parametrize("note", VECTOR["notes"])
def test_what_another_implementation_signed_is_confirmed_and_signed_alike(note: str) -> None:
    text = parse_note(note).text
    (found,) = confirmed_cosignatures(note, [parse_cosigner_key(VECTOR["verifier"])])
    assert cosign(text, found.name, SIGNER, found.time_s) == found.line
    assert found.name == "witness.example.com/w1"


def test_key_strings_of_another_implementation() -> None:
    assert format_cosigner_key(WITNESS) == VECTOR["verifier"]
    assert parse_cosigner_key(VECTOR["verifier"]) == WITNESS


def test_what_was_signed_is_confirmed_with_its_time() -> None:
    assert verify_cosignature(TEXT, LINE, WITNESS) == Cosignature(WITNESS.name, TIME_S, LINE)
    assert parse_signature_lines(line_text(LINE)) == (LINE,)


def test_a_line_is_appended_once() -> None:
    once = append_signatures(NOTE, [LINE, LINE])
    assert once == NOTE + line_text(LINE)
    assert append_signatures(once, [LINE]) == once


def test_collecting_ignores_the_log_and_strangers_and_counts_a_key_once() -> None:
    stranger = cosign(TEXT, "other.example/w", Signer(bytes([9] * 32)), TIME_S)
    again = cosign(TEXT, WITNESS.name, SIGNER, TIME_S + 1)
    note = append_signatures(NOTE, [stranger, LINE, again])
    assert confirmed_cosignatures(note, [WITNESS]) == (Cosignature(WITNESS.name, TIME_S, LINE),)
    assert confirmed_cosignatures(NOTE, [WITNESS]) == ()
    assert confirmed_cosignatures(note, []) == ()


@pytest.mark.parametrize(
    "line",
    [
        cosign(OTHER_TEXT, WITNESS.name, SIGNER, TIME_S),
        replace(LINE, signature=LINE.signature[:-1]),
        replace(LINE, signature=LINE.signature + b"\x00"),
        replace(LINE, signature=bytes(7) + b"\x01" + LINE.signature[8:]),
        replace(LINE, signature=b"\x80" + LINE.signature[1:]),
        NoteSignature(WITNESS.name, WITNESS.key_hash, SIGNER.sign(TEXT.encode())),
        NoteSignature(WITNESS.name, WITNESS.key_hash, bytes(8) + SIGNER.sign(TEXT.encode())),
    ],
    ids=["moved", "short", "long", "another time", "a time past 2**63", "no time", "a plain signature"],
)
def test_a_wrong_line_of_a_known_key_spoils_the_note(line: NoteSignature) -> None:
    with pytest.raises(NoteUnverified):
        verify_cosignature(TEXT, line, WITNESS)
    with pytest.raises(NoteUnverified):
        confirmed_cosignatures(append_signatures(NOTE, [line]), [WITNESS])


def test_another_key_or_name_is_not_the_witness() -> None:
    for cosigner in (
        replace(WITNESS, name="witness.example.com/w2"),
        cosigner_of(WITNESS.name, LOG),
        replace(WITNESS, kind=ML_DSA_44),
        replace(WITNESS, kind=0x01),
    ):
        assert confirmed_cosignatures(append_signatures(NOTE, [LINE]), [cosigner]) == ()
        with pytest.raises(NoteUnverified):
            verify_cosignature(TEXT, LINE, cosigner)


def test_the_sender_chooses_no_algorithm() -> None:
    key = replace(WITNESS, kind=ML_DSA_44)
    disguised = NoteSignature(key.name, key.key_hash, LINE.signature)
    note = append_signatures(NOTE, [disguised])
    assert confirmed_cosignatures(note, [WITNESS]) == ()
    with pytest.raises(NoteUnverified):
        verify_cosignature(TEXT, disguised, key)


def test_lines_of_other_types_are_carried_along_unread() -> None:
    key = format_key_string("pq.example/w", ML_DSA_44, bytes(1312))
    with pytest.raises(NoteError, match="0x06"):
        parse_cosigner_key(key)
    line = NoteSignature("pq.example/w", bytes(4), bytes(8 + 2420))
    note = append_signatures(NOTE, [line, LINE])
    assert parse_note(note).signatures[1:] == (line, LINE)
    assert [found.name for found in confirmed_cosignatures(note, [WITNESS])] == [WITNESS.name]


def test_weak_keys_cosign_nothing() -> None:
    weak = Cosigner("weak.example/w", 0x04, LOW_ORDER)
    with pytest.raises(NoteError, match="point"):
        parse_cosigner_key(format_cosigner_key(weak))
    # With R and A of low order and S zero, the equation holds over any text.
    line = NoteSignature(weak.name, weak.key_hash, bytes(8) + LOW_ORDER + bytes(32))
    with pytest.raises(NoteUnverified):
        verify_cosignature(TEXT, line, weak)


def test_witnesses_that_cannot_be_told_apart_are_refused() -> None:
    twins: dict[bytes, Cosigner] = {}
    for number in range(200_000):
        cosigner = Cosigner("n", 0x04, number.to_bytes(32, "big"))
        other = twins.setdefault(cosigner.key_hash, cosigner)
        if other is not cosigner:
            with pytest.raises(NoteError, match="share"):
                confirmed_cosignatures(NOTE, [cosigner, other])
            break
    else:
        pytest.fail("no two keys with one hash were found")
    assert confirmed_cosignatures(NOTE, [WITNESS, WITNESS]) == ()


@pytest.mark.parametrize("key", ["", "n", "n+0+", "n+00000000+BA==", format_key_string("n", 0x01, SIGNER.public_key)])
def test_key_strings_that_are_none(key: str) -> None:
    with pytest.raises(NoteError):
        parse_cosigner_key(key)


def test_only_checkpoints_are_cosigned_at_a_time_that_can_be() -> None:
    with pytest.raises(CheckpointError):
        cosign("some text\n", WITNESS.name, SIGNER, TIME_S)
    for time_s in (-1, 1 << 63):
        with pytest.raises(NoteError):
            cosign(TEXT, WITNESS.name, SIGNER, time_s)
    with pytest.raises(NoteError):
        cosign(TEXT, "two words", SIGNER, TIME_S)


@pytest.mark.parametrize("text", ["", "\n", "\u2014 n", "\u2014 n AAAAAAEC", "\u2014 n AAAAAAEC\n\n", "x\n"])
def test_signature_lines_that_are_none(text: str) -> None:
    with pytest.raises(NoteError):
        parse_signature_lines(text)
