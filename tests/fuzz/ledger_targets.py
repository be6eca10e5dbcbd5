"""The parsers of the ledger's formats: notes, keys, checkpoints, tiles, leaves."""

from __future__ import annotations

from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.checkpoint import (
    CheckpointError,
    format_checkpoint,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from openline.ledger.leaf import LeafError, decode_leaf, encode_leaf
from openline.ledger.note import (
    NoteError,
    NoteVerifier,
    format_note,
    format_verifier_key,
    parse_note,
    parse_verifier_key,
    sign_note,
    verify_note,
)
from openline.ledger.tiles import TileError, decode_bundle, encode_bundle, format_tile_path, parse_tile_path
from tests.fuzz.targets import Target

ORIGIN = "openline.example/fuzzed"
SIGNER = Signer(derive_seed(b"the fuzzed", "ledger"))
VERIFIER = NoteVerifier(ORIGIN, SIGNER.public_key)


def text_of(data: bytes) -> str:
    """Any bytes as text: what is no UTF-8 becomes surrogates, as when Python reads file names."""
    return data.decode("utf-8", errors="surrogateescape")


def note(data: bytes) -> bool:
    """A signed note has one written form, and nobody's signature is believed."""
    text = text_of(data)
    try:
        parsed = parse_note(text)
    except NoteError:
        return False
    assert format_note(parsed) == text
    try:
        verified = verify_note(text, [VERIFIER])
    except NoteError:
        return True
    # Only a seed that we signed gets here, with or without what others have added to it.
    assert verified.text == parsed.text
    assert set(verified.signatures) <= set(parsed.signatures)
    return True


def verifier_key(data: bytes) -> bool:
    """A verifier key has one written form."""
    text = text_of(data)
    try:
        parsed = parse_verifier_key(text)
    except NoteError:
        return False
    assert format_verifier_key(parsed) == text
    return True


def checkpoint(data: bytes) -> bool:
    """A checkpoint has one written form; signed, it opens as itself, or not at all when it speaks for another."""
    text = text_of(data)
    try:
        parsed = parse_checkpoint(text)
    except CheckpointError:
        return False
    assert format_checkpoint(parsed) == text
    try:
        signed = sign_checkpoint(parsed, SIGNER)
        by_another = sign_note(text, ORIGIN, SIGNER)
    except NoteError:
        return True
    assert open_checkpoint(signed, NoteVerifier(parsed.origin, SIGNER.public_key)) == parsed
    try:
        assert open_checkpoint(by_another, VERIFIER).origin == ORIGIN
    except CheckpointError:
        assert parsed.origin != ORIGIN
    return True


def tile_path(data: bytes) -> bool:
    """A tile has one path."""
    text = text_of(data)
    try:
        name = parse_tile_path(text)
    except TileError:
        return False
    assert format_tile_path(name) == text
    return True


def bundle(data: bytes) -> bool:
    """The first byte says how many leaves are expected, less one; the bundle has one written form."""
    width, content = (data[0] if data else 0) + 1, data[1:]
    try:
        leaves = decode_bundle(content, width)
    except TileError:
        return False
    assert len(leaves) == width
    assert encode_bundle(leaves) == content
    return True


def leaf(data: bytes) -> bool:
    """A leaf has one written form."""
    try:
        decoded = decode_leaf(data)
    except LeafError:
        return False
    assert encode_leaf(decoded) == data
    return True


LEDGER: dict[str, Target] = {
    "bundle": bundle,
    "checkpoint": checkpoint,
    "leaf": leaf,
    "note": note,
    "tile_path": tile_path,
    "verifier_key": verifier_key,
}
