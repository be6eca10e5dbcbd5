"""Notes, checkpoints, leaves, tile paths and bundles: what is written is read back, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.keys.signing import Signer
from openline.ledger.checkpoint import (
    Checkpoint,
    CheckpointError,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from openline.ledger.leaf import Leaf, LeafClass, LeafError, decode_leaf, encode_leaf
from openline.ledger.note import (
    Note,
    NoteError,
    NoteSignature,
    NoteVerifier,
    format_note,
    format_verifier_key,
    parse_note,
    parse_verifier_key,
    sign_note,
    verify_note,
)
from openline.ledger.tiles import TileError, TileName, decode_bundle, encode_bundle, format_tile_path, parse_tile_path

lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]))
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"], exclude_characters="+"), min_size=1)
texts = st.lists(lines, min_size=1).map(lambda parts: "".join(f"{part}\n" for part in parts))
signatures = st.builds(NoteSignature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
notes = st.builds(Note, texts, st.lists(signatures, min_size=1, max_size=5).map(tuple))
checkpoints = st.builds(
    Checkpoint,
    names,
    st.integers(0, 2**63 - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(lines.filter(bool), max_size=2).map(tuple),
)
leaves = st.builds(
    Leaf,
    leaf_class=st.sampled_from(LeafClass),
    channel_tag=st.binary(min_size=16, max_size=16),
    serial_field=st.integers(0, 2**64 - 1),
    commitment=st.binary(min_size=32, max_size=32),
    version=st.sampled_from([1, 2]),
)
tile_names = st.builds(
    TileName, st.none() | st.integers(0, 63), st.integers(0, 10**6) | st.integers(0, 2**56), st.integers(1, 256)
)
signers = st.binary(min_size=32, max_size=32).map(Signer)


@st.composite
def edits(draw: st.DrawFn, original: str) -> str:
    """`original` with one character replaced, dropped or put in."""
    at = draw(st.integers(0, len(original) - 1))
    put: str = draw(st.sampled_from(["", *"\n\r\t \x00+-/=0x9aA\u2014\u00a0", original[at] * 2]))
    return original[:at] + put + original[at + draw(st.integers(0, 1)) :]


@given(notes)
def test_notes_are_read_back(note: Note) -> None:
    assert parse_note(format_note(note)) == note


@given(st.data(), notes)
def test_what_is_read_as_a_note_is_written_so(data: st.DataObject, note: Note) -> None:
    changed = data.draw(edits(format_note(note)))
    try:
        parsed = parse_note(changed)
    except NoteError:
        return
    assert format_note(parsed) == changed


@given(texts, names, signers)
def test_signed_notes_verify(text: str, name: str, signer: Signer) -> None:
    note = sign_note(text, name, signer)
    verifier = parse_verifier_key(format_verifier_key(NoteVerifier(name, signer.public_key)))
    assert verify_note(note, [verifier]).text == text


@given(st.data(), texts, names, signers)
def test_no_changed_note_verifies(data: st.DataObject, text: str, name: str, signer: Signer) -> None:
    note = sign_note(text, name, signer)
    changed = data.draw(edits(note).filter(lambda edited: edited != note))
    with pytest.raises(NoteError):
        verify_note(changed, [NoteVerifier(name, signer.public_key)])


@given(checkpoints, signers)
def test_checkpoints_are_read_back(checkpoint: Checkpoint, signer: Signer) -> None:
    assert parse_checkpoint(format_checkpoint(checkpoint)) == checkpoint
    note = sign_checkpoint(checkpoint, signer)
    assert open_checkpoint(note, NoteVerifier(checkpoint.origin, signer.public_key)) == checkpoint


@given(st.data(), checkpoints)
def test_what_is_read_as_a_checkpoint_is_written_so(data: st.DataObject, checkpoint: Checkpoint) -> None:
    changed = data.draw(edits(format_checkpoint(checkpoint)))
    try:
        parsed = parse_checkpoint(changed)
    except CheckpointError:
        return
    assert format_checkpoint(parsed) == changed


@given(leaves)
def test_leaves_are_read_back(leaf: Leaf) -> None:
    assert decode_leaf(encode_leaf(leaf)) == leaf


@given(st.binary(min_size=56, max_size=60) | st.binary(min_size=56, max_size=56).map(lambda rest: b"\x01\x03" + rest))
def test_what_is_read_as_a_leaf_is_written_so(data: bytes) -> None:
    try:
        leaf = decode_leaf(data)
    except LeafError:
        return
    assert encode_leaf(leaf) == data


@given(tile_names)
def test_tile_paths_are_read_back(name: TileName) -> None:
    assert parse_tile_path(format_tile_path(name)) == name


@given(st.data(), tile_names)
def test_what_is_read_as_a_tile_path_is_written_so(data: st.DataObject, name: TileName) -> None:
    changed = data.draw(edits(format_tile_path(name)))
    try:
        parsed = parse_tile_path(changed)
    except TileError:
        return
    assert format_tile_path(parsed) == changed


@given(st.data(), st.lists(st.binary(max_size=70), min_size=1, max_size=20))
def test_bundles_are_read_back_at_their_width_only(data: st.DataObject, entries: list[bytes]) -> None:
    bundle = encode_bundle(entries)
    assert decode_bundle(bundle, len(entries)) == entries
    wrong = data.draw(st.integers(0, 40).filter(lambda width: width != len(entries)))
    with pytest.raises(TileError):
        decode_bundle(bundle, wrong)
    with pytest.raises(TileError):
        decode_bundle(bundle[: data.draw(st.integers(0, len(bundle) - 1))], len(entries))
