"""What the search begins with for the files that parties keep: good ones, whole and with their seals made anew."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from openline.adapters.backup_files import FORMAT, FileSum, Manifest
from openline.adapters.root_files import LEAST, write_root
from openline.app.fork_evidence import format_evidence
from openline.core.time import MINUTE_MS
from openline.ledger.absence_proof import write_absence
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.receipt import Promise, format_receipt
from openline.node.absence import gather_absence
from tests.exclusive import FLIGHTS
from tests.fuzz import kept_targets
from tests.fuzz.kept_targets import RESEALED
from tests.fuzz.ledger_targets import ORIGIN, SIGNER, VERIFIER
from tests.parties import NOON_MS, NORTH, SOUTH

_MARKS = (bytes([0]), bytes([RESEALED]))


def kept_seeds() -> dict[str, list[bytes]]:
    """Good ones of each kind."""
    return {
        "absence": [mark + proof for proof in _proofs() for mark in _MARKS],
        "backup_manifest": [mark + file for file in _manifests() for mark in _MARKS],
        "fork_evidence": _evidence(),
        "receipt": _receipts(),
        "root_file": [mark + _root_file() for mark in _MARKS],
    }


def _receipts() -> list[bytes]:
    promises = [
        Promise(
            origin=ORIGIN,
            index=index,
            leaf_hash=bytes(range(32)),
            digest=bytes(32),
            recorded_ms=NOON_MS,
            deadline_ms=NOON_MS + MINUTE_MS,
            is_witnessed=is_witnessed,
        )
        for index, is_witnessed in ((0, True), ((1 << 63) - 1, False))
    ]
    return [format_receipt(promise).encode() for promise in promises]


def _evidence() -> list[bytes]:
    notes = [sign_checkpoint(Checkpoint(ORIGIN, 70, bytes([n]) * 32), SIGNER) for n in (1, 2)]
    return [format_evidence(VERIFIER, notes[0], other).encode() for other in notes]


def _proofs() -> list[bytes]:
    line = kept_targets.silent_town().line
    begins = line.state.channels.chains[FLIGHTS].epochs[0].index
    asked = [(SOUTH, begins, begins + 1), (SOUTH, begins, line.committed), (NORTH, begins, line.committed)]
    return [
        write_absence(gather_absence(line, party=party, channel=FLIGHTS, start=start, end=end))
        for party, start, end in asked
    ]


def _root_file() -> bytes:
    with TemporaryDirectory() as folder, kept_targets.cheap_derivation():
        path = Path(folder, "root.key")
        write_root(path, SIGNER.public_key, kept_targets.WORDS, party=NORTH, cost=LEAST)
        return path.read_bytes()


def _manifests() -> list[bytes]:
    sums = {name: FileSum(bytes=3, sha256=sha256(b"abc").hexdigest()) for name in ("ledger.sqlite", "attachments/ab")}
    manifests = [
        Manifest(
            format=FORMAT,
            openline="0",
            made_at="2026-03-01T12:00:00Z",
            origin=ORIGIN,
            node_key="",
            drill=True,
            entries=7,
            checkpoint="",
            has_secret=False,
            files=files,
        )
        for files in ({}, sums, {"../outside": sums["ledger.sqlite"]}, {"a\x00b": sums["ledger.sqlite"]})
    ]
    lines = [msgspec.json.encode(manifest) for manifest in manifests]
    return [line + b"\n" + sha256(line).hexdigest().encode() + b"\n" for line in lines]
