"""Proof files that another implementation wrote, and the published text of the format; what differs is refused."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.note import NoteVerifier, parse_note, parse_verifier_key
from openline.ledger.proof_file import (
    MAX_HASHES,
    ProofFile,
    ProofFileError,
    format_proof_file,
    parse_proof_file,
    verify_proof_file,
)
from openline.ledger.tree import Tree, leaf_hash

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors" / "tlog_proof.json").read_text())
OF_THREE_HUNDRED = next(case for case in CASES if case["name"] == "299 of 300")
SIGNER = Signer(bytes(32))


def _named(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_a_proof_of_the_reference_verifies_and_is_written_the_same(case: dict[str, Any]) -> None:
    head = verify_proof_file(case["proof"], case["leaf"].encode(), parse_verifier_key(case["log_key"]))
    parsed = parse_proof_file(case["proof"])
    assert (head.size, parsed.index) == (case["size"], case["index"])
    assert parsed.extra == b64decode(case.get("extra", ""))
    assert format_proof_file(parsed) == case["proof"]


@pytest.mark.parametrize("case", [case for case in CASES if "witness_key" in case], ids=_named)
def test_a_cosignature_is_carried_along(case: dict[str, Any]) -> None:
    names = [line.name for line in parse_note(parse_proof_file(case["proof"]).checkpoint).signatures]
    assert names == [case["log_key"].partition("+")[0], case["witness_key"].partition("+")[0]]


@pytest.mark.parametrize("case", CASES, ids=_named)
def test_a_proof_is_of_one_leaf_and_one_log(case: dict[str, Any]) -> None:
    key = parse_verifier_key(case["log_key"])
    with pytest.raises(ProofFileError):
        verify_proof_file(case["proof"], b"another entry", key)
    with pytest.raises(ProofFileError, match="no known key"):
        verify_proof_file(case["proof"], case["leaf"].encode(), NoteVerifier(key.name, SIGNER.public_key))


def test_no_changed_character_goes_unnoticed_but_in_what_nobody_signed() -> None:
    """The extra line is under no signature, nor is the line of a witness for those who do not know it."""
    case = OF_THREE_HUNDRED
    text, key = str(case["proof"]), parse_verifier_key(case["log_key"])
    extra_at = text.index("extra ") + len("extra ")
    unsigned = {*range(extra_at, text.index("\nindex")), *range(text.rindex("\u2014") + 2, len(text) - 1)}
    for at in range(len(text)):
        changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        if at in unsigned:
            continue
        with pytest.raises(ProofFileError):
            verify_proof_file(changed, case["leaf"].encode(), key)


HEADER, INDEX = "c2sp.org/tlog-proof@v1\n", "index 299\n"
NOTE = str(OF_THREE_HUNDRED["proof"]).partition("\n\n")[2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (HEADER, ""),
        (HEADER, "c2sp.org/tlog-proof@v2\n"),
        (HEADER, HEADER.replace("\n", "\r\n")),
        (HEADER, HEADER + "\n"),
        (HEADER, HEADER + "extra AA==\n"),
        ("extra AAECA/8=", "extra !!notbase64!!"),
        ("extra AAECA/8=", "extra AAECA/9="),
        ("extra AAECA/8=", "extra AAECA_8="),
        ("extra AAECA/8=", "extra AAECA/8"),
        ("extra AAECA/8=", "extra "),
        ("extra AAECA/8=", "extra"),
        ("extra AAECA/8=", "EXTRA AAECA/8="),
        (INDEX, ""),
        (INDEX, "index notanumber\n"),
        (INDEX, "index -299\n"),
        (INDEX, "index +299\n"),
        (INDEX, "index 0299\n"),
        (INDEX, "index  299\n"),
        (INDEX, "index 299 \n"),
        (INDEX, "index \u0662\u0669\u0669\n"),
        (INDEX, "index 9223372036854775808\n"),
        (INDEX, INDEX + "!!notbase64!!\n"),
        (INDEX, INDEX + b64encode(bytes(64)).decode() + "\n"),
        (INDEX, INDEX + b64encode(bytes(31)).decode() + "\n"),
        (INDEX, INDEX + b64encode(bytes(32)).decode().rstrip("=") + "\n"),
        (INDEX, INDEX + (b64encode(bytes(32)).decode() + "\n") * 64),
        (f"\n\n{NOTE}", "\n"),
        (f"\n\n{NOTE}", "\n\n"),
        (NOTE, "\n" + NOTE),
        (NOTE, NOTE + "\n"),
        (NOTE, NOTE[:-1]),
        (NOTE, "test checkpoint\n"),
        (NOTE, NOTE.replace("openline.example/vectors", "other.example", 1)),
    ],
)
def test_what_is_not_the_one_written_form_is_refused(old: str, new: str) -> None:
    text, key = str(OF_THREE_HUNDRED["proof"]), parse_verifier_key(OF_THREE_HUNDRED["log_key"])
    assert text.count(old) == 1
    with pytest.raises(ProofFileError):
        verify_proof_file(text.replace(old, new), b"entry 299", key)


@pytest.mark.parametrize("text", ["", "\n", HEADER, f"{HEADER}\n", f"{HEADER}\n{NOTE}", NOTE])
def test_what_is_no_proof_file_is_refused(text: str) -> None:
    with pytest.raises(ProofFileError):
        parse_proof_file(text)


def test_the_example_of_the_specification_is_read_up_to_what_it_leaves_out() -> None:
    """C2SP tlog-proof prints its example with shortened signatures: with whole ones in their place it is a proof file.

    Its extra line is one of 51 characters, which no base64 with padding is, and so it is left out.
    """
    root = b64decode("sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=")
    note = sign_checkpoint(Checkpoint("example.com/fancylog", 109_482, root), SIGNER)
    text = f"""c2sp.org/tlog-proof@v1
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

{note}"""
    parsed = parse_proof_file(text)
    assert (parsed.index, len(parsed.hashes), parsed.checkpoint) == (73_894, 5, note)
    assert format_proof_file(parsed) == text
    with pytest.raises(ProofFileError, match="too short"):
        verify_proof_file(text, b"", NoteVerifier("example.com/fancylog", SIGNER.public_key))


def test_what_has_no_written_form_is_not_written() -> None:
    tree = Tree()
    tree.append(leaf_hash(b"one"))
    note = sign_checkpoint(Checkpoint("a.example/log", 1, tree.root()), SIGNER)
    good = ProofFile(index=0, hashes=(), checkpoint=note)
    assert (
        verify_proof_file(format_proof_file(good), b"one", NoteVerifier("a.example/log", SIGNER.public_key)).size == 1
    )
    for bad in (
        replace(good, index=-1),
        replace(good, index=1 << 63),
        replace(good, hashes=(bytes(31),)),
        replace(good, hashes=(bytes(32),) * (MAX_HASHES + 1)),
        replace(good, checkpoint=""),
        replace(good, checkpoint=note[:-1]),
        replace(good, checkpoint="one\n\n" + note),
    ):
        with pytest.raises(ProofFileError):
            format_proof_file(bad)
