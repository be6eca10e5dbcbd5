"""Checkpoints: one written form, and no log speaks for another."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest
from msgspec.structs import replace

from openline.keys.signing import Signer
from openline.ledger.checkpoint import (
    Checkpoint,
    CheckpointError,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from openline.ledger.note import NoteError, NoteUnverified, NoteVerifier, sign_note

# The example of C2SP tlog-checkpoint.
ORIGIN = "example.com/behind-the-sofa"
ROOT_TEXT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
TEXT = f"{ORIGIN}\n20852163\n{ROOT_TEXT}\n"
CHECKPOINT = Checkpoint(ORIGIN, 20_852_163, b64decode(ROOT_TEXT))
SIGNER = Signer(bytes(32))
VERIFIER = NoteVerifier(ORIGIN, SIGNER.public_key)


def test_the_example_of_the_specification() -> None:
    assert format_checkpoint(CHECKPOINT) == TEXT
    assert parse_checkpoint(TEXT) == CHECKPOINT


def test_extension_lines_are_kept() -> None:
    extended = replace(CHECKPOINT, extensions=("one", "two words"))
    assert format_checkpoint(extended) == TEXT + "one\ntwo words\n"
    assert parse_checkpoint(TEXT + "one\ntwo words\n") == extended


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        TEXT[:-1],
        TEXT + "\n",
        "\n" + TEXT,
        TEXT + "\none\n",
        f"{ORIGIN}\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1\n",
        *(
            f"{ORIGIN}\n{size}\n{ROOT_TEXT}\n"
            for size in ("01", "00", "+1", "-1", "1 ", " 1", "1_0", "1.0", "0x1", "\u0661")
        ),
        f"{ORIGIN}\n{1 << 63}\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT_TEXT}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT[:-1]}\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT[:-2]}J=\n",
        f"{ORIGIN}\n1\n{ROOT_TEXT.replace('/', '_')}\n",
        f"{ORIGIN}\n1\n {ROOT_TEXT}\n",
        f"{ORIGIN}\n1\n{b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1\n{b64encode(bytes(33)).decode()}\n",
    ],
)
def test_parse_refuses(text: str) -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"size": -1},
        {"size": 1 << 63},
        {"root": bytes(31)},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
    ],
)
def test_format_refuses(change: dict[str, object]) -> None:
    with pytest.raises(CheckpointError):
        format_checkpoint(replace(CHECKPOINT, **change))


def test_what_was_signed_opens() -> None:
    note = sign_checkpoint(CHECKPOINT, SIGNER)
    assert note.startswith(f"{TEXT}\n\u2014 {ORIGIN} ")
    assert open_checkpoint(note, VERIFIER) == CHECKPOINT


def test_another_key_does_not_open_it() -> None:
    note = sign_checkpoint(CHECKPOINT, Signer(bytes(31) + b"\x01"))
    with pytest.raises(NoteUnverified):
        open_checkpoint(note, VERIFIER)


def test_a_changed_size_does_not_open() -> None:
    note = sign_checkpoint(CHECKPOINT, SIGNER).replace("20852163", "20852164")
    with pytest.raises(NoteUnverified):
        open_checkpoint(note, VERIFIER)


def test_no_log_speaks_for_another() -> None:
    note = sign_note(TEXT.replace(ORIGIN, "example.com/another"), ORIGIN, SIGNER)
    with pytest.raises(CheckpointError, match="another"):
        open_checkpoint(note, VERIFIER)


def test_a_signed_note_that_is_no_checkpoint_does_not_open() -> None:
    with pytest.raises(CheckpointError):
        open_checkpoint(sign_note("hello\n", ORIGIN, SIGNER), VERIFIER)


def test_an_origin_that_is_no_key_name_is_not_signed() -> None:
    with pytest.raises(NoteError):
        sign_checkpoint(replace(CHECKPOINT, origin="two words"), SIGNER)
