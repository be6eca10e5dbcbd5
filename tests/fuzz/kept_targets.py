"""What parties keep in files and show each other: receipts, fork evidence, proofs of absence, root keys, backups.

Some of these are sealed, by a hash or by a tree, so that hardly any change would get past the seal. Where the first
byte of the data is 1 the seal is made anew, as somebody would who has written the file to deceive.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

import msgspec
from msgspec.structs import replace
from nacl.pwhash import argon2id

from openline.adapters import root_files
from openline.adapters.backup_files import MANIFEST_NAME, check_files, read_manifest, write_manifest
from openline.adapters.root_files import read_root
from openline.app.fork_evidence import EvidenceError, format_evidence, read_evidence
from openline.core.errors import BadUse, LedgerFault
from openline.core.key_documents import ROOT_ROLE, RootSet
from openline.ledger.absence import WitnessedSize, signed_by, verify_absence
from openline.ledger.absence_proof import AbsenceMalformed, AbsenceProof, read_absence, write_absence
from openline.ledger.absence_words import sentences
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.leaf import LEAF_BYTES, SALT_BYTES, commitment
from openline.ledger.note import NoteError, NoteVerifier, sign_note
from openline.ledger.receipt import ReceiptError, format_receipt, open_receipt, parse_receipt
from openline.ledger.span import span_proof
from openline.ledger.tree import Tree, leaf_hash
from tests.exclusive import PARTIES, checkpoint_of, exclusive_town, flight
from tests.fuzz.ledger_targets import ORIGIN, SIGNER, VERIFIER, text_of
from tests.fuzz.targets import Target
from tests.parties import NORTH, Town, signer_of

WORDS = "orbit lantern gravel seven"
RESEALED = 1
ROOTS = {party: RootSet(keys=(signer_of(party).public_key,)) for party in PARTIES}
_HASH_BYTES = 32


def receipt(data: bytes) -> bool:
    """A receipt has one written form; signed, it opens as itself, or not at all when it speaks for another ledger."""
    text = text_of(data)
    try:
        promise = parse_receipt(text)
    except ReceiptError:
        return False
    assert format_receipt(promise) == text
    try:
        signed = sign_note(text, promise.origin, SIGNER)
    except NoteError:
        return True
    assert open_receipt(signed, NoteVerifier(promise.origin, SIGNER.public_key)) == promise
    try:
        assert open_receipt(sign_note(text, ORIGIN, SIGNER), VERIFIER).origin == ORIGIN
    except ReceiptError:
        assert promise.origin != ORIGIN
    return True


def fork_evidence(data: bytes) -> bool:
    """Two notes under one key: whatever is believed of them can be handed on."""
    try:
        found = read_evidence(text_of(data))
    except EvidenceError:
        return False
    again = read_evidence(format_evidence(found.log, *found.notes))
    assert (again.log, again.first, again.second) == (found.log, found.first, found.second)
    return True


@cache
def silent_town() -> Town:
    """A town with an exclusive channel on which one flight was told."""
    town = exclusive_town()
    town.tell(NORTH, flight())
    return town


def absence(data: bytes) -> bool:
    """A proof of absence has one meaning, and nothing in it raises: neither a prover's bytes nor an operator's."""
    try:
        proof = read_absence(data[1:])
    except AbsenceMalformed:
        return False
    assert read_absence(write_absence(proof)) == proof
    head = checkpoint_of(silent_town())
    if data[0] == RESEALED:
        proof, head = _with_a_tree_of_its_own(proof)
    seen = WitnessedSize(size=head.size, at_ms=silent_town().now_ms)
    found = verify_absence(proof, head, terms=signed_by(ROOTS), witnessed=[seen])
    assert sentences(found)
    return found.is_sound


def _with_a_tree_of_its_own(proof: AbsenceProof) -> tuple[AbsenceProof, Checkpoint]:
    """The same over leaves that hold what it opens, and the tree of these leaves, as an operator could make it."""
    leaves = [proof.leaves[at : at + LEAF_BYTES] for at in range(0, len(proof.leaves), LEAF_BYTES)]
    for entry in proof.opened:
        at = entry.index - proof.first
        if 0 <= at < len(leaves) and len(entry.salt) == SALT_BYTES:
            leaves[at] = leaves[at][:-_HASH_BYTES] + commitment(entry.salt, entry.body)
    tree = Tree()
    first = proof.first if 0 <= proof.first < LEAF_BYTES else 0
    for leaf in [b"before"] * first + leaves:
        tree.append(leaf_hash(leaf))
    path = tuple(span_proof(tree, first, tree.size, tree.size)) if leaves else ()
    head = Checkpoint(ORIGIN, tree.size, tree.root())
    return replace(proof, leaves=b"".join(leaves), path=path, size=tree.size), head


@cache
def scratch() -> Path:
    """A folder of this process."""
    return Path(mkdtemp(prefix="openline-fuzz-"))


@contextmanager
def cheap_derivation() -> Iterator[None]:
    """A key of a passphrase at no cost: what is tried are the bytes around it."""

    def derive(size: int, passphrase: bytes, salt: bytes, *, opslimit: int, memlimit: int) -> bytes:
        if len(salt) != argon2id.SALTBYTES:
            message = "the salt"
            raise ValueError(message)
        return sha256(passphrase + salt + b"%d %d" % (opslimit, memlimit)).digest()[:size]

    with patch.object(argon2id, "kdf", derive):
        yield


def root_file(data: bytes) -> bool:
    """A root key file opens as the key that it names, or is refused in words."""
    path = scratch() / "root.key"
    content = data[1:]
    if data[:1] == bytes([RESEALED]):
        content = _checked_anew(content)
    path.touch(mode=0o600)
    path.write_bytes(content)
    try:
        with cheap_derivation():
            found = read_root(path, WORDS)
    except BadUse:
        return False
    assert found.role == ROOT_ROLE
    return True


def _checked_anew(content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    try:
        held = msgspec.toml.decode(content, type=root_files._Content)  # noqa: SLF001 - to write what a forger writes
    except (msgspec.MsgspecError, ValueError):
        return content
    check = root_files._check(held)  # noqa: SLF001 - as above
    return b"".join(line for line in lines if not line.startswith(b"check")) + f'\ncheck = "{check}"\n'.encode()


def backup_manifest(data: bytes) -> bool:
    """A manifest has one meaning and names nothing outside its folder; of files that are missing it says so."""
    folder = scratch() / "backup"
    folder.mkdir(exist_ok=True)
    content = data[1:]
    if data[:1] == bytes([RESEALED]):
        line = content.partition(b"\n")[0]
        content = line + b"\n" + sha256(line).hexdigest().encode() + b"\n"
    path = folder / MANIFEST_NAME
    path.write_bytes(content)
    try:
        manifest = read_manifest(folder)
    except LedgerFault:
        return False
    path.unlink()
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest
    assert all((folder / name).resolve().is_relative_to(folder.resolve()) for name in manifest.files)
    try:
        check_files(folder, manifest, lambda _done, _total: None)
    except LedgerFault:
        return True
    return True


KEPT: dict[str, Target] = {
    "absence": absence,
    "backup_manifest": backup_manifest,
    "fork_evidence": fork_evidence,
    "receipt": receipt,
    "root_file": root_file,
}
