"""Signed notes, against the example of the Go reference implementation (golang.org/x/mod/sumdb/note)."""

from __future__ import annotations

from base64 import b64decode

import pytest

from openline.keys.signing import Signer
from openline.ledger.note import (
    Note,
    NoteError,
    NoteSignature,
    NoteUnverified,
    NoteVerifier,
    format_note,
    format_verifier_key,
    parse_note,
    parse_verifier_key,
    sign_note,
    verify_note,
)

KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNER = Signer(b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:])
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
OTHER_LINE = "\u2014 other.example/key AAAAAAEC\n"
NOTE = f"{TEXT}\n{LINE}"
VERIFIER = parse_verifier_key(KEY)


def test_signing_gives_the_note_of_the_reference() -> None:
    assert sign_note(TEXT, "PeterNeumann", SIGNER) == NOTE


def test_verifying_confirms_the_note_of_the_reference() -> None:
    assert verify_note(NOTE, [VERIFIER]) == parse_note(NOTE)
    assert verify_note(NOTE, [VERIFIER]).text == TEXT


def test_key_strings_of_the_field() -> None:
    assert parse_verifier_key(KEY) == NoteVerifier("PeterNeumann", SIGNER.public_key)
    assert format_verifier_key(VERIFIER) == KEY
    go_checksums = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert format_verifier_key(parse_verifier_key(go_checksums)) == go_checksums


def test_no_piece_of_a_key_string_is_one() -> None:
    pieces = {KEY[start:end] for start in range(len(KEY)) for end in range(start + 1, len(KEY) + 1)} - {KEY}
    for piece in pieces:
        with pytest.raises(NoteError):
            parse_verifier_key(piece)


def test_no_changed_key_string_is_one() -> None:
    for at in range(len(KEY)):
        with pytest.raises(NoteError):
            parse_verifier_key(KEY[:at] + chr(ord(KEY[at]) + 1) + KEY[at + 1 :])


def test_a_weak_key_is_no_verifier() -> None:
    weak = format_verifier_key(NoteVerifier("weak", bytes(32)))
    with pytest.raises(NoteError, match="point"):
        parse_verifier_key(weak)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        TEXT,
        LINE,
        f"{TEXT}{LINE}",
        f"{TEXT}\n",
        f"{TEXT}\n\n",
        f"{TEXT}\n{LINE[:-1]}",
        f"{TEXT}\n{LINE}\n",
        f"{TEXT}\n{LINE}x\n",
        f"{TEXT}\n {LINE}",
        f"{TEXT}\n{LINE.replace(chr(0x2014), '-')}",
        f"{TEXT}\n{LINE[:-2]}\n",
        f"{TEXT}\n{LINE[:-1]} \n",
        f"{TEXT}\n{LINE[:-1]}\r\n",
        f"{TEXT}\n{LINE.replace('Peter', 'Peter ')}",
        f"{TEXT}\n{LINE.replace('Peter', 'Peter+')}",
        f"{TEXT}\n{LINE.replace('Peter', 'Peter' + chr(0xA0))}",
        f"{TEXT}\n{LINE.replace('Peter', 'Peter' + chr(0x2028))}",
        f"{TEXT}\n\u2014  x08go/ZJ\n",
        f"{TEXT}\n\u2014 PeterNeumann\n",
        f"{TEXT}\n\u2014 PeterNeumann \n",
        f"{TEXT}\n\u2014 PeterNeumann x08gow==\n",
        f"{TEXT}\n\u2014 PeterNeumann x08go_ZJ\n",
        f"{TEXT}\n\u2014 PeterNeumann x08go/ZJkh==\n",
        f"{TEXT}\n\u2014 PeterNeumann x08go/ZJkg\n",
        f"\t{NOTE}",
        f"\r{NOTE}",
        f"\x00{NOTE}",
        f"\x1f{NOTE}",
        f"\ud800{NOTE}",
        f"{TEXT}\n{LINE * 101}",
    ],
)
def test_parse_refuses(note: str) -> None:
    with pytest.raises(NoteError):
        parse_note(note)
    with pytest.raises(NoteError):
        verify_note(note, [VERIFIER])


def test_the_last_empty_line_divides() -> None:
    text = "a\n\n\u2014 not.a/signature AAAAAAEC\n\nb\n"
    assert parse_note(sign_note(text, "n", SIGNER)).text == text
    assert parse_note(sign_note("\n", "n", SIGNER)).text == "\n"


def test_unknown_signatures_are_carried_and_ignored() -> None:
    parsed = parse_note(NOTE + OTHER_LINE)
    assert parsed.signatures[1] == NoteSignature("other.example/key", bytes(4), b"\x01\x02")
    assert format_note(parsed) == NOTE + OTHER_LINE
    assert verify_note(NOTE + OTHER_LINE, [VERIFIER]).signatures == parsed.signatures[:1]


def test_a_repeated_signature_counts_once() -> None:
    assert len(verify_note(f"{TEXT}\n{LINE * 100}", [VERIFIER]).signatures) == 1


def test_several_keys_confirm_together() -> None:
    second = Signer(bytes(32))
    line = sign_note(TEXT, "second", second).removeprefix(TEXT + "\n")
    verifiers = [NoteVerifier("second", second.public_key), VERIFIER]
    assert [item.name for item in verify_note(NOTE + line, verifiers).signatures] == ["PeterNeumann", "second"]


@pytest.mark.parametrize("verifiers", [[], [NoteVerifier("PeterNeumann", Signer(bytes(32)).public_key)]])
def test_unsigned_by_a_known_key(verifiers: list[NoteVerifier]) -> None:
    with pytest.raises(NoteUnverified, match="no known key"):
        verify_note(NOTE, verifiers)


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    wrong = sign_note("other\n", "PeterNeumann", SIGNER).removeprefix("other\n\n")
    for lines in (wrong, LINE + wrong, wrong + LINE):
        with pytest.raises(NoteUnverified, match="wrong"):
            verify_note(f"{TEXT}\n{lines}", [VERIFIER])


def test_two_keys_with_one_hash_are_refused() -> None:
    twins = [NoteVerifier("n", number.to_bytes(32, "big")) for number in (10011, 34185)]
    assert twins[0].key_hash == twins[1].key_hash
    with pytest.raises(NoteError, match="share"):
        verify_note(NOTE, twins)
    verify_note(NOTE, [VERIFIER, VERIFIER])


def test_changed_text_is_unverified() -> None:
    with pytest.raises(NoteUnverified):
        verify_note(NOTE.replace("answer", "Answer"), [VERIFIER])


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "n"), ("a", "n"), ("a\r\n", "n"), ("a\n", ""), ("a\n", "n n"), ("a\n", "n+n"), ("a\n", "\ud800")],
)
def test_sign_refuses(text: str, name: str) -> None:
    with pytest.raises(NoteError):
        sign_note(text, name, SIGNER)


@pytest.mark.parametrize("signatures", [(), (NoteSignature("n", b"123", b"s"),), (NoteSignature("n", b"1234", b""),)])
def test_format_refuses_signatures_that_have_no_line(signatures: tuple[NoteSignature, ...]) -> None:
    with pytest.raises(NoteError):
        format_note(Note("a\n", signatures))
