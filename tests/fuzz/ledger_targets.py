"""The parsers of the ledger's formats: notes, keys, checkpoints, tiles, leaves, proofs."""

from __future__ import annotations

from functools import cache

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
from openline.ledger.proof import ProofError, verify_consistency, verify_inclusion
from openline.ledger.tiles import TileError, decode_bundle, encode_bundle, format_tile_path, parse_tile_path
from openline.ledger.tree import HASH_BYTES, Tree, leaf_hash
from tests.fuzz.targets import Target

ORIGIN = "openline.example/fuzzed"
SIGNER = Signer(derive_seed(b"the fuzzed", "ledger"))
VERIFIER = NoteVerifier(ORIGIN, SIGNER.public_key)
_LEAVES = 70
_HEAD_BYTES = 3


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


@cache
def tree() -> Tree:
    made = Tree()
    for number in range(_LEAVES):
        made.append(leaf_hash(b"leaf %d" % number))
    return made


def inclusion(data: bytes) -> bool:
    """Three bytes (leaf, size, which true proof to begin with) and changes: only the true proof is believed."""
    if len(data) < _HEAD_BYTES:
        return False
    index, size = data[0], data[1] % (_LEAVES + 1)
    true = tree().inclusion_proof(index, size) if index < size else []
    proof = _changed(true, data[2:])
    root = tree().root(size)
    digest = tree().leaf_hash_at(index) if index < _LEAVES else bytes(HASH_BYTES)
    try:
        verify_inclusion(index=index, size=size, leaf_hash=digest, proof=proof, root=root)
    except ProofError:
        assert index >= size or proof != true, "a true proof was refused"
        return False
    assert proof == true, "another proof was believed"
    return True


def consistency(data: bytes) -> bool:
    """Three bytes (old size, new size, how to begin) and changes: only the true proof is believed."""
    if len(data) < _HEAD_BYTES:
        return False
    old, new = data[0] % (_LEAVES + 1), data[1] % (_LEAVES + 1)
    true = tree().consistency_proof(old, new) if 1 <= old <= new else []
    proof = _changed(true, data[2:])
    old_root, new_root = tree().root(old), tree().root(new)
    try:
        verify_consistency(old=old, new=new, proof=proof, old_root=old_root, new_root=new_root)
    except ProofError:
        assert not 1 <= old <= new or proof != true, "a true proof was refused"
        return False
    assert proof == true, "another proof was believed"
    return True


def _changed(true: list[bytes], data: bytes) -> list[bytes]:
    """A proof made of the true one: as many of its hashes as the first byte says, changed by what follows.

    An odd first byte keeps hashes as they are and puts what follows behind them; an even one changes their bytes.
    """
    kept, rest = true[: data[0] >> 1], data[1:]
    if data[0] & 1:
        return kept + [rest[at : at + HASH_BYTES] for at in range(0, len(rest), HASH_BYTES)]
    joined = bytearray(b"".join(kept))
    for at, value in zip(rest[::2], rest[1::2], strict=False):
        if joined:
            joined[at % len(joined)] ^= value
    return [bytes(joined[at : at + HASH_BYTES]) for at in range(0, len(joined), HASH_BYTES)]


LEDGER: dict[str, Target] = {
    "bundle": bundle,
    "checkpoint": checkpoint,
    "consistency": consistency,
    "inclusion": inclusion,
    "leaf": leaf,
    "note": note,
    "tile_path": tile_path,
    "verifier_key": verifier_key,
}
