"""An operator who rewrites the ledger's file and signs it anew with the node's own key, and what a party has kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from msgspec import Struct

from openline.adapters.sqlite import SqliteStore
from openline.core.time import HOUR_MS, to_text
from openline.ledger.checkpoint import Checkpoint, open_checkpoint
from openline.ledger.leaf import commitment, decode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import ProofError, verify_consistency, verify_inclusion
from openline.ledger.told import split_told, told_body
from openline.ledger.tree import Tree, leaf_hash
from openline.ledger.verify import VerifiedLedger, verify_entries
from openline.node.journal import Journal, Output
from openline.node.line import Receipt
from openline.node.ports import Record
from tests.parties import NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence


def history(*, without: str = "") -> Town:
    """Notices of both parties that conflict, an acknowledgement, and time that passes; perhaps without one notice."""
    town = Town()
    start_ms = town.now_ms + 5 * HOUR_MS
    for name, party, fields in (
        ("south-0001", SOUTH, presence(on_ground(town.now_ms, start_ms * 2))),
        ("north-0001", NORTH, activity(in_air(start_ms, east_m=40_000.0))),
        ("north-0002", NORTH, activity(in_air(start_ms))),
        ("north-0003", NORTH, activity(in_air(start_ms + HOUR_MS))),
    ):
        town.wait(60_000)
        raw = town.written(party, fields, name)
        if name != without:
            town.send(raw)
    town.wait(HOUR_MS)
    return town


class Kept(Struct, frozen=True):
    """What a party has in its own files: its notice, the receipt, and a proof against a later checkpoint."""

    raw: bytes
    receipt: Receipt
    later: str
    proof: list[bytes]


def kept(town: Town, number: int) -> Kept:
    """Of the notice that was told as the so-and-so-many-th."""
    raw, receipt = town.receipts[number]
    return Kept(raw, receipt, town.line.checkpoint, town.line.proof(receipt.index))


class Shown(Struct, frozen=True):
    """A ledger as its operator shows it."""

    records: list[Record]
    checkpoint: str


def forged(town: Town, outputs: Sequence[Output]) -> Shown:
    """A ledger of these outputs: numbered, salted, blinded, hashed and signed as the node itself does it."""
    staged = Journal(town.secrets, ORIGIN).stage(outputs)
    return Shown(staged.records, staged.checkpoint)


def outputs_of(town: Town) -> list[Output]:
    """All that a town's ledger holds."""
    return [output for _, output in town.heard]


def overwrite(path: Path, shown: Shown) -> Shown:
    """Put it into the node's own file, in place of what is there; gives it as the store then reads it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("DELETE FROM entries")
        database.execute("DELETE FROM checkpoints")
        database.executemany("INSERT INTO entries VALUES (?, ?, ?)", [(r.index, r.leaf, r.body) for r in shown.records])
        database.execute("INSERT INTO checkpoints VALUES (?, ?)", (len(shown.records), shown.checkpoint))
    return read_back(path)


def read_back(path: Path) -> Shown:
    """What a ledger's file holds."""
    with closing(SqliteStore(path)) as store:
        return Shown(list(store.read()), store.checkpoint())


def head_of(town: Town, note: str) -> Checkpoint:
    """A checkpoint under the node's key."""
    return open_checkpoint(note, NoteVerifier(ORIGIN, town.secrets.signer.public_key))


def self_check(town: Town, shown: Shown) -> VerifiedLedger:
    """Leaves, bodies, salts, root and signature, without anything that a party has kept."""
    salts = town.line.journal.salts
    entries = [(record.leaf, record.body, salts.of(record.index)) for record in shown.records]
    return verify_entries(entries, head_of(town, shown.checkpoint))


def contradictions(town: Town, mine: Kept, shown: Shown, served: Sequence[Tree] = ()) -> set[str]:
    """What a party finds in a ledger that it is shown, with what it has kept and pure functions.

    `served` are trees from which the operator would take proofs, beside the one that is shown.
    """
    tree = Tree()
    for record in shown.records:
        tree.append(leaf_hash(record.leaf))
    head = head_of(town, shown.checkpoint)
    found = set[str]()
    trees = (tree, *served)
    for name, note in (("receipt", mine.receipt.checkpoint), ("later", mine.later)):
        seen = head_of(town, note)
        if not any(_continues(seen, head, each) for each in trees):
            found.add(f"the checkpoint of the {name} is not continued")
    index = mine.receipt.index
    if not any(_is_at(mine.receipt.leaf_hash, index, head, each) for each in trees):
        found.add("my leaf is not at its index")
    if index < len(shown.records):
        record = shown.records[index]
        if decode_leaf(record.leaf).commitment != commitment(mine.receipt.salt, own_body(mine)):
            found.add("my leaf commits to another body")
        with suppress(ValueError):
            time_text, raw = split_told(record.body)
            if raw == mine.raw and time_text != to_text(mine.receipt.recorded_ms):
                found.add("recorded_at is not the receipt's")
    return found


def own_body(mine: Kept) -> bytes:
    """The body of its entry as a party can write it by itself: what it sent, and when the receipt says it came."""
    return told_body(mine.raw, mine.receipt.recorded_ms)


def _continues(seen: Checkpoint, head: Checkpoint, tree: Tree) -> bool:
    proofs = [tree.consistency_proof(seen.size, head.size)] if seen.size <= head.size <= tree.size else []
    for proof in (*proofs, []):
        with suppress(ProofError):
            verify_consistency(old=seen.size, new=head.size, proof=proof, old_root=seen.root, new_root=head.root)
            return True
    return False


def _is_at(digest: bytes, index: int, head: Checkpoint, tree: Tree) -> bool:
    if not index < head.size <= tree.size:
        return False
    proof = tree.inclusion_proof(index, head.size)
    with suppress(ProofError):
        verify_inclusion(index=index, size=head.size, leaf_hash=digest, proof=proof, root=head.root)
        return True
    return False
