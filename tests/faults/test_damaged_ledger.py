"""Whatever happened to the bytes of a ledger, it is refused at the entry at fault, and never read as something else."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

import msgspec
import pytest

from openline.adapters.memory import MemoryStore
from openline.adapters.sqlite import SqliteStore
from openline.codec.envelope import read_envelope
from openline.core.errors import LedgerFault
from openline.core.event import Alert, Closed, ConflictFound, Escalation
from openline.core.time import HOUR_MS
from openline.keys.dsse import sign_envelope
from openline.node.journal import Journal, Output, Told
from openline.node.ports import Record, StoreError
from openline.node.recovery import recover
from openline.node.replay import replay
from openline.node.secrets import NodeSecrets
from tests.parties import NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence, signer_of
from tests.samples import counts


@cache
def town() -> Town:
    """Entries of every class: keys, an agreement, notices, an acknowledgement, ticks, climbs, an end."""
    made = Town()
    start_ms = made.now_ms + 3 * HOUR_MS
    made.tell(SOUTH, presence(on_ground(made.now_ms)))
    made.tell(NORTH, activity(in_air(start_ms)))
    made.acknowledge(made.alerts(NORTH)[0])
    made.wait(HOUR_MS)
    made.tell(NORTH, activity(in_air(start_ms + HOUR_MS), supersedes="north-0001"))
    made.wait(6 * HOUR_MS)
    return made


RECORDS = len(town().store.records)


def store(records: list[Record], note: str | None = None) -> MemoryStore:
    made = MemoryStore()
    made.records, made.note = records, town().store.note if note is None else note
    return made


def faulty(held: MemoryStore | SqliteStore) -> LedgerFault:
    with pytest.raises(LedgerFault) as caught:
        recover(held, town().secrets, ORIGIN)
    assert caught.value.code == "LEDGER_INVALID"
    return caught.value


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_the_ledger_itself_is_sound() -> None:
    recover(town().store, town().secrets, ORIGIN)
    replay(town().store, town().secrets, ORIGIN)
    assert RECORDS > 25


@pytest.mark.parametrize("index", range(RECORDS))
def test_a_flipped_bit_of_an_entry_is_found_at_that_entry(index: int) -> None:
    chance = random.Random(index)
    record = town().store.records[index]
    for _ in range(counts(3, 300)):
        leaf = flipped(record.leaf, chance.randrange(len(record.leaf) * 8))
        body = flipped(record.body, chance.randrange(len(record.body) * 8))
        for changed in (Record(index, leaf, record.body), Record(index, record.leaf, body)):
            records = list(town().store.records)
            records[index] = changed
            assert faulty(store(records)).path == f"entry {index}"


@pytest.mark.parametrize("part", ["leaf", "body"])
@pytest.mark.parametrize("content", [b"", b"\x01", b"\x00" * 58], ids=["empty", "short", "zeros"])
def test_an_entry_that_was_cut_is_found_at_that_entry(part: str, content: bytes) -> None:
    for index in range(RECORDS):
        records = list(town().store.records)
        old = records[index]
        records[index] = Record(index, content, old.body) if part == "leaf" else Record(index, old.leaf, content)
        assert faulty(store(records)).path == f"entry {index}"


def test_a_flipped_bit_of_the_checkpoint_is_found() -> None:
    note = town().store.note.encode()
    chance = random.Random(1)
    for bit in chance.sample(range(len(note) * 8), counts(60, len(note) * 8)):
        text = flipped(note, bit).decode("utf-8", errors="surrogateescape")
        assert faulty(store(town().store.records, text)).path == "checkpoint"


@pytest.mark.parametrize("index", range(RECORDS - 1))
def test_a_missing_entry_is_named(index: int) -> None:
    records = list(town().store.records)
    del records[index]
    assert faulty(store(records)).path == f"entry {index}"
    closed = [Record(i, record.leaf, record.body) for i, record in enumerate(records)]
    assert faulty(store(closed)).path == f"entry {index}"


def test_entries_in_another_order_are_found() -> None:
    chance = random.Random(2)
    for _ in range(counts(20, 1_000)):
        first, second = sorted(chance.sample(range(RECORDS), 2))
        records = list(town().store.records)
        one, other = records[first], records[second]
        records[first] = Record(first, other.leaf, other.body)
        records[second] = Record(second, one.leaf, one.body)
        assert faulty(store(records)).path == f"entry {first}"


@pytest.mark.parametrize("size", range(RECORDS))
def test_a_tail_that_was_cut_off_is_named(size: int) -> None:
    assert faulty(store(list(town().store.records[:size]))).path == f"entry {size}"


def test_an_older_checkpoint_names_the_first_entry_that_it_does_not_cover() -> None:
    sizes = [int(head.split("\n")[1]) for head in town().heads]
    for size, head in zip(sizes[:-1], town().heads[:-1], strict=True):
        assert faulty(store(town().store.records, head)).path == f"entry {size}"


def test_entries_without_any_checkpoint_are_refused() -> None:
    assert faulty(store(town().store.records, "")).path == "entry 0"


def test_the_ledger_of_another_node_is_refused() -> None:
    with pytest.raises(LedgerFault):
        recover(town().store, NodeSecrets(bytes(range(32))), ORIGIN)
    with pytest.raises(LedgerFault) as caught:
        recover(town().store, town().secrets, "drill.openline/village")
    assert caught.value.path == "checkpoint"


def replayed(outputs: list[Output]) -> LedgerFault:
    """The fault of a ledger of these outputs, signed with the node's own key."""
    staged = Journal(town().secrets, ORIGIN).stage(outputs)
    with pytest.raises(LedgerFault) as caught:
        replay(store(staged.records, staged.checkpoint), town().secrets, ORIGIN)
    return caught.value


def test_a_replay_names_what_is_missing_added_or_other_though_the_node_has_signed_it() -> None:
    outputs = [output for _, output in town().heard]
    for index, output in enumerate(outputs):
        if not isinstance(output, (Alert, Escalation, ConflictFound, Closed)):
            continue
        missing = replayed(outputs[:index] + outputs[index + 1 :])
        added = replayed([*outputs[:index], output, *outputs[index:]])
        other = replayed(
            [*outputs[:index], msgspec.structs.replace(output, at_ms=output.at_ms + 1), *outputs[index + 1 :]]
        )
        assert (missing.code, missing.path) == ("REPLAY_DIFFERS", f"entry {index}")
        assert (other.code, other.path) == ("REPLAY_DIFFERS", f"entry {index}")
        assert (added.code, added.path) == ("REPLAY_DIFFERS", f"entry {index + 1}")


def test_a_replay_refuses_what_a_party_never_signed() -> None:
    outputs = [output for _, output in town().heard]
    index = next(i for i, output in enumerate(outputs) if isinstance(output, Told))
    told = outputs[index]
    assert isinstance(told, Told)
    envelope = read_envelope(told.raw)
    signed = [(envelope.signatures[0].key_id, signer_of("NOBODY"))]
    raw = sign_envelope(envelope.payload, envelope.payload_type, signed)
    other = msgspec.structs.replace(told, raw=raw)
    fault = replayed([*outputs[:index], other, *outputs[index + 1 :]])
    assert (fault.code, fault.path) == ("REPLAY_DIFFERS", f"entry {index}")


def _on_disk(path: Path) -> None:
    with closing(SqliteStore(path)) as made:
        made.append(town().store.records, town().store.note)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ("UPDATE entries SET body = CAST(body || x'20' AS BLOB) WHERE idx = 7", "entry 7"),
        ("UPDATE entries SET leaf = zeroblob(58) WHERE idx = 7", "entry 7"),
        ("DELETE FROM entries WHERE idx = 7", "entry 7"),
        ("UPDATE entries SET idx = idx + 1000 WHERE idx = 7", "entry 7"),
        ("DELETE FROM entries WHERE idx >= 20", "entry 20"),
        ("DELETE FROM checkpoints", "entry 0"),
        ("UPDATE checkpoints SET note = replace(note, 'town', 'down')", "checkpoint"),
    ],
)
def test_a_change_in_the_database_is_found(tmp_path: Path, change: str, path: str) -> None:
    _on_disk(tmp_path / "ledger.sqlite")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)) as connection:
        connection.execute(change)
    with closing(SqliteStore(tmp_path / "ledger.sqlite")) as held:
        assert faulty(held).path == path


# 1474: a text that is no text any more.
@pytest.mark.parametrize("seed", sorted({1474, *range(counts(30, 3_000))}))
def test_a_flipped_bit_anywhere_in_the_file_is_found_or_changes_nothing(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "ledger.sqlite"
    _on_disk(path)
    # Leave out the filler that only shows that there is room.
    used = [at for at, page in enumerate(_pages(path)) if any(r.body[:40] in page for r in town().store.records)]
    chance = random.Random(seed)
    at = chance.choice([0, 1, 2, 3, *used]) * 4096 * 8 + chance.randrange(4096 * 8)
    path.write_bytes(flipped(path.read_bytes(), at))
    try:
        with closing(SqliteStore(path)) as held:
            recover(held, town().secrets, ORIGIN)
            found = list(held.read())
    except (StoreError, LedgerFault):
        return
    assert found == town().store.records


def _pages(path: Path) -> list[bytes]:
    content = path.read_bytes()
    return [content[at : at + 4096] for at in range(0, len(content), 4096)]
