"""Proofs and published tiles: whatever the bytes, only what is true of one tree is believed of it."""

from __future__ import annotations

from functools import cache

from openline.keys.derive import derive_seed
from openline.keys.signing import Signer
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.leaf import Leaf, LeafClass, encode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import ProofError, verify_consistency, verify_inclusion
from openline.ledger.proof_file import (
    ProofFile,
    ProofFileError,
    format_proof_file,
    parse_proof_file,
    verify_proof_file,
)
from openline.ledger.span import span_proof, verify_span
from openline.ledger.tiles import TileError, TileName, encode_bundle, hash_tile
from openline.ledger.tree import HASH_BYTES, Tree, leaf_hash
from openline.ledger.verify_tiles import TileFault, verify_tiles
from tests.fuzz.ledger_targets import text_of
from tests.fuzz.targets import Target

ORIGIN = "openline.example/fuzzed"
SIGNER = Signer(derive_seed(b"the fuzzed", "ledger"))
VERIFIER = NoteVerifier(ORIGIN, SIGNER.public_key)
LEAVES = 70
INDEX = 41
"""The leaf that proof files are held against."""
_HEAD_BYTES = 3


@cache
def leaf_bytes(number: int) -> bytes:
    return encode_leaf(
        Leaf(leaf_class=LeafClass.TOLD, channel_tag=bytes(16), serial_field=number, commitment=bytes(32))
    )


@cache
def tree() -> Tree:
    made = Tree()
    for number in range(LEAVES):
        made.append(leaf_hash(leaf_bytes(number)))
    return made


@cache
def true_proof_file(size: int) -> str:
    note = sign_checkpoint(Checkpoint(ORIGIN, size, tree().root(size)), SIGNER)
    hashes = tuple(tree().inclusion_proof(INDEX, size))
    return format_proof_file(ProofFile(index=INDEX, hashes=hashes, checkpoint=note, extra=b"extra"))


def inclusion(data: bytes) -> bool:
    """Three bytes (leaf, size, which true proof to begin with) and changes: only the true proof is believed."""
    if len(data) < _HEAD_BYTES:
        return False
    index, size = data[0], data[1] % (LEAVES + 1)
    true = tree().inclusion_proof(index, size) if index < size else []
    proof = changed(true, data[2:])
    root = tree().root(size)
    digest = tree().leaf_hash_at(index) if index < LEAVES else bytes(HASH_BYTES)
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
    old, new = data[0] % (LEAVES + 1), data[1] % (LEAVES + 1)
    true = tree().consistency_proof(old, new) if 1 <= old <= new else []
    proof = changed(true, data[2:])
    old_root, new_root = tree().root(old), tree().root(new)
    try:
        verify_consistency(old=old, new=new, proof=proof, old_root=old_root, new_root=new_root)
    except ProofError:
        assert not 1 <= old <= new or proof != true, "a true proof was refused"
        return False
    assert proof == true, "another proof was believed"
    return True


def span(data: bytes) -> bool:
    """Four bytes (first leaf, how many, size, how to begin) and changes: only the true proof is believed."""
    if len(data) <= _HEAD_BYTES:
        return False
    a, b, size = data[0], data[0] + data[1], data[2] % (LEAVES + 1)
    is_run = a < b <= size
    true = span_proof(tree(), a, b, size) if is_run else []
    proof = changed(true, data[3:])
    digests = [tree().leaf_hash_at(index) for index in range(a, min(b, LEAVES))]
    try:
        verify_span(a=a, b=b, size=size, leaf_hashes=digests, proof=proof, root=tree().root(size))
    except ProofError:
        assert not is_run or proof != true, "a true proof was refused"
        return False
    assert proof == true, "another proof was believed"
    return True


def proof_file(data: bytes) -> bool:
    """A proof file has one written form, and is believed only where it is true."""
    text = text_of(data)
    try:
        parsed = parse_proof_file(text)
    except ProofFileError:
        return False
    assert format_proof_file(parsed) == text
    try:
        head = verify_proof_file(text, leaf_bytes(INDEX), VERIFIER)
    except ProofFileError:
        return True
    true = parse_proof_file(true_proof_file(head.size))
    assert (parsed.index, parsed.hashes) == (true.index, true.hashes), "another proof was believed"
    return True


def folder(data: bytes) -> bool:
    """A byte that says which file of a published folder is another, and what it is: nothing but the true one passes."""
    names = (TileName(None, 0, LEAVES), TileName(0, 0, LEAVES))
    true = {
        names[0]: encode_bundle(leaf_bytes(number) for number in range(LEAVES)),
        names[1]: hash_tile(tree(), names[1]),
    }
    given = dict(true)
    if data:
        name = names[data[0] % 2]
        given[name] = b"".join(changed([true[name]], data[1:])) if data[0] & 2 and len(data) > 1 else data[1:]
    try:
        verify_tiles(given.__getitem__, Checkpoint(ORIGIN, LEAVES, tree().root()), lambda *_: None)
    except (TileFault, TileError):
        return False
    assert given == true, "another tile was believed"
    return True


def changed(true: list[bytes], data: bytes) -> list[bytes]:
    """A proof made of the true one: as many of its hashes as the first byte says, changed by what follows.

    An odd first byte keeps hashes as they are and puts what follows behind them; an even one changes their bytes.
    """
    kept, rest = true[: data[0] >> 1], data[1:]
    if data[0] & 1:
        return kept + [rest[at : at + HASH_BYTES] for at in range(0, len(rest), HASH_BYTES)]
    joined = bytearray(b"".join(kept))
    for at, value in zip(rest[::2], rest[1::2], strict=False):
        if joined:
            joined[at * len(joined) // 256] ^= value
    return [bytes(joined[at : at + HASH_BYTES]) for at in range(0, len(joined), HASH_BYTES)]


PROOFS: dict[str, Target] = {
    "consistency": consistency,
    "folder": folder,
    "inclusion": inclusion,
    "proof_file": proof_file,
    "span": span,
}
