"""Proofs from a tree of a million, verification of whole folders, and what a published checkpoint costs."""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.engine_parts.scenes import say, size
from bench.ledger_parts.making import make_ledger, secrets
from bench.service_parts.posting import percentile
from openline.adapters.tile_folder import TileFolder
from openline.app.composition import open_reader
from openline.app.publishing import publish_ledger
from openline.app.tile_verification import verify_folder
from openline.app.verification import Thoroughness, verify_ledger
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import verify_inclusion
from openline.ledger.span import span_proof, verify_span
from openline.ledger.tree import Tree

_ADDED = 100
"""Entries between two published checkpoints."""
_ORIGIN = "bench.openline.invalid/tiles"


def proof_figures(tree: Tree, count: int) -> dict[str, Any]:
    """Microseconds for inclusion proofs, made and verified, and for proofs of runs of a thousand leaves."""
    chance = random.Random(1)
    name, root = size(tree.size), tree.root()
    made, verified, runs, runs_verified = [], [], [], []
    for _ in range(count):
        index = chance.randrange(tree.size)
        spent, proof = _timed_us(lambda index=index: tree.inclusion_proof(index, tree.size))  # type: ignore[misc]
        made.append(spent)
        digest = tree.leaf_hash_at(index)
        begun = time.perf_counter_ns()
        verify_inclusion(index=index, size=tree.size, leaf_hash=digest, proof=proof, root=root)
        verified.append((time.perf_counter_ns() - begun) / 1e3)
    for _ in range(count // 20):
        a = chance.randrange(tree.size - 1_000)
        spent, proof = _timed_us(lambda a=a: span_proof(tree, a, a + 1_000, tree.size))  # type: ignore[misc]
        runs.append(spent)
        leaves = [tree.leaf_hash_at(index) for index in range(a, a + 1_000)]
        begun = time.perf_counter_ns()
        verify_span(a=a, b=a + 1_000, size=tree.size, leaf_hashes=leaves, proof=proof, root=root)
        runs_verified.append((time.perf_counter_ns() - begun) / 1e3)
    return {
        f"proof_p50_us_{name}": round(percentile(made, 0.5), 1),
        f"proof_p99_us_{name}": round(percentile(made, 0.99), 1),
        f"proof_verify_p50_us_{name}": round(percentile(verified, 0.5), 1),
        f"span_p50_us_{name}": round(percentile(runs, 0.5), 1),
        f"span_verify_p50_us_{name}": round(percentile(runs_verified, 0.5), 1),
        "proof_n": count,
    }


def verification_figures(folder: Path, count: int) -> dict[str, Any]:
    """Seconds to verify a data folder and the folder published from it, by the clock and by the time of the core."""
    say(f"Making a ledger of {size(count)} entries")
    settings = make_ledger(folder / "node", count)
    name = size(count)
    figures: dict[str, Any] = {}

    def measure(key: str, verify: Callable[[], object]) -> None:
        say(f"Verifying: {key}")
        begun, begun_cpu = time.perf_counter(), time.process_time()
        verify()
        figures[f"{key}_s_{name}"] = round(time.perf_counter() - begun, 2)
        figures[f"{key}_cpu_s_{name}"] = round(time.process_time() - begun_cpu, 2)

    def ledger(asked: Thoroughness) -> None:
        with closing(open_reader(folder / "node")) as reader:
            report = verify_ledger(folder / "node", settings, reader, settings.node_key, asked, _quietly)
        assert report.entries >= count
        figures["verify_entries"] = report.entries

    measure("verify_tree", lambda: ledger(Thoroughness(signatures=False, replay=False)))
    measure("verify_signatures", lambda: ledger(Thoroughness(replay=False)))
    with patch.object(os, "fsync", _quietly):
        publish_ledger(folder / "node", settings, folder / "public")
    measure("verify_tiles", lambda: verify_folder(folder / "public", settings.node_key, _quietly))
    return figures


def export_figures(
    folder: Path, tree: Tree, leaves: Sequence[bytes], sizes: Sequence[int], rounds: int
) -> dict[str, Any]:
    """Milliseconds to publish one more checkpoint, `_ADDED` entries later, at several sizes of the ledger."""
    signer = secrets().signer
    log = NoteVerifier(_ORIGIN, signer.public_key)
    figures: dict[str, Any] = {"export_n": rounds, "export_added": _ADDED}

    def from_index(start: int) -> Iterator[bytes]:
        for index in range(start, len(leaves)):
            yield leaves[index]

    def note(count: int) -> str:
        return sign_checkpoint(Checkpoint(_ORIGIN, count, tree.root(count)), signer)

    for count in sizes:
        begin = count - rounds * _ADDED
        target = TileFolder(folder / size(count), log)
        # What is only made ready need not be on disk.
        with patch.object(os, "fsync", _quietly):
            target.publish(note(begin), from_index)
        spent, spent_cpu = [], []
        for number in range(1, rounds + 1):
            signed = note(begin + number * _ADDED)
            begun, begun_cpu = time.perf_counter(), time.process_time()
            written = target.publish(signed, from_index)
            spent.append(1e3 * (time.perf_counter() - begun))
            spent_cpu.append(1e3 * (time.process_time() - begun_cpu))
            assert written < 16
        figures[f"export_ms_{size(count)}"] = round(statistics.median(spent), 2)
        figures[f"export_cpu_ms_{size(count)}"] = round(statistics.median(spent_cpu), 2)
    first, last = size(sizes[0]), size(sizes[-1])
    figures[f"export_growth_{first}_{last}"] = round(
        figures[f"export_cpu_ms_{last}"] / figures[f"export_cpu_ms_{first}"], 2
    )
    return figures


def _timed_us(call: Callable[[], list[bytes]]) -> tuple[float, list[bytes]]:
    begun = time.perf_counter_ns()
    result = call()
    return (time.perf_counter_ns() - begun) / 1e3, result


def _quietly(*_: object) -> None:
    """Take progress, or a file that need not be synced."""
