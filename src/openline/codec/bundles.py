"""Evidence bundles to and from their members: names and bytes. `docs/reference/evidence.md` describes each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from openline.codec.envelope import from_base64, to_base64
from openline.core.errors import BadUse, Malformed
from openline.core.evidence import FORMAT, EvidenceBundle, Manifest, OpenedEntry
from openline.core.limits import BODY_MAX_BYTES

Member = tuple[str, bytes]

MANIFEST, CHECKPOINT, WITNESSED, CONSISTENCY = "bundle.json", "checkpoint", "witnessed", "consistency"
OPENED, KEYS = "opened.jsonl", "keys.jsonl"
SMALL_MAX_BYTES = 1 << 16
"""Largest manifest, checkpoint, proof or receipt."""
ABSENCE_MAX_BYTES = 1 << 26
"""Largest proof of absence."""
ABSENCES_MAX = 100

_PROOF = re.compile(r"proofs/(0|[1-9][0-9]{0,18})\.tlog-proof")
_RECEIPT = re.compile(r"receipts/(0|[1-9][0-9]{0,18})\.receipt")
_ABSENCE = re.compile(r"absence/(0|[1-9][0-9]?)\.json")
_PARTY = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")
_LINE_MAX_BYTES = 2 * BODY_MAX_BYTES
_MANIFEST_DECODER = msgspec.json.Decoder(Manifest)
_ENTRY_DECODER = msgspec.json.Decoder(OpenedEntry)
_INDEX_MAX = (1 << 63) - 1


def to_members(bundle: EvidenceBundle) -> list[Member]:
    """The members in their one order."""
    members = [(MANIFEST, msgspec.json.encode(bundle.manifest) + b"\n"), (CHECKPOINT, bundle.checkpoint.encode())]
    if bundle.witnessed:
        members.append((WITNESSED, bundle.witnessed.encode()))
    if bundle.consistency:
        members.append((CONSISTENCY, "".join(f"{to_base64(d)}\n" for d in bundle.consistency).encode()))
    members += [(OPENED, _lines(bundle.opened)), (KEYS, _lines(bundle.keys))]
    members += [(f"proofs/{index}.tlog-proof", text.encode()) for index, text in sorted(bundle.proofs.items())]
    members += [(f"receipts/{index}.receipt", text.encode()) for index, text in sorted(bundle.receipts.items())]
    members += [(f"absence/{number}.json", raw) for number, raw in enumerate(bundle.absences)]
    return members


def from_members(members: Sequence[Member]) -> EvidenceBundle:
    """The bundle of these members. Whoever reads strictly writes it again and compares.

    Raises:
        BadUse: BUNDLE_MALFORMED, for a name that is none of a bundle's, or twice there, or a member that is malformed.
    """
    named: dict[str, bytes] = {}
    proofs: dict[int, str] = {}
    receipts: dict[int, str] = {}
    absences: list[bytes] = []
    for name, data in members:
        if name in {MANIFEST, CHECKPOINT, WITNESSED, CONSISTENCY, OPENED, KEYS} and name not in named:
            named[name] = data
        elif (index := _index(_PROOF, name)) is not None and index not in proofs:
            proofs[index] = _text(name, data)
        elif (index := _index(_RECEIPT, name)) is not None and index not in receipts:
            receipts[index] = _text(name, data)
        elif _ABSENCE.fullmatch(name) and len(data) <= ABSENCE_MAX_BYTES:
            absences.append(data)
        else:
            raise malformed(f"{name[:100]!r} is no member of a bundle, is there twice, or is too large")
    missing = sorted({MANIFEST, CHECKPOINT, OPENED, KEYS} - named.keys())
    if missing:
        raise malformed(f"{missing[0]} is missing from it")
    return EvidenceBundle(
        manifest=_manifest(named[MANIFEST]),
        checkpoint=_text(CHECKPOINT, named[CHECKPOINT]),
        witnessed=_text(WITNESSED, named.get(WITNESSED, b"")),
        consistency=_hashes(named.get(CONSISTENCY, b"")),
        opened=_entries(OPENED, named[OPENED]),
        keys=_entries(KEYS, named[KEYS]),
        proofs=proofs,
        receipts=receipts,
        absences=tuple(absences),
    )


def malformed(reason: str) -> BadUse:
    """The refusal of a bundle that cannot be read."""
    return BadUse(
        "BUNDLE_MALFORMED",
        f"the bundle cannot be read: {reason}",
        remedy="Ask whoever gave it to you for it again, byte for byte as it was exported.",
    )


def _lines(entries: Iterable[OpenedEntry]) -> bytes:
    return b"".join(msgspec.json.encode(entry) + b"\n" for entry in entries)


def _manifest(raw: bytes) -> Manifest:
    try:
        manifest = _MANIFEST_DECODER.decode(_small(MANIFEST, raw))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(f"{MANIFEST}: {error}") from None
    if manifest.format != FORMAT:
        raise malformed(f"it is of the format {manifest.format[:100]!r}, and this program reads {FORMAT}")
    if not _PARTY.fullmatch(manifest.party):
        raise malformed(f"{MANIFEST}: it names no party")
    if not 0 <= manifest.from_index <= manifest.to_index <= _INDEX_MAX:
        raise malformed(f"{MANIFEST}: its range cannot be")
    return manifest


def _entries(name: str, raw: bytes) -> tuple[OpenedEntry, ...]:
    entries: list[OpenedEntry] = []
    last = -1
    for line in raw.split(b"\n")[:-1]:
        if len(line) > _LINE_MAX_BYTES:
            raise malformed(f"{name}: a line is too long")
        try:
            entry = _ENTRY_DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise malformed(f"{name}: {error}") from None
        if not last < entry.index <= _INDEX_MAX:
            raise malformed(f"{name}: its entries do not stand in the order of the ledger, each once")
        last = entry.index
        entries.append(entry)
    return tuple(entries)


def _hashes(raw: bytes) -> tuple[bytes, ...]:
    try:
        return tuple(from_base64(line) for line in _text(CONSISTENCY, raw).split("\n")[:-1])
    except Malformed as error:
        raise malformed(f"{CONSISTENCY}: {error.reason}") from None


def _text(name: str, raw: bytes) -> str:
    try:
        return _small(name, raw).decode("utf-8")
    except UnicodeDecodeError:
        raise malformed(f"{name} is not UTF-8 text") from None


def _small(name: str, raw: bytes) -> bytes:
    if len(raw) > SMALL_MAX_BYTES:
        raise malformed(f"{name} is larger than {SMALL_MAX_BYTES} bytes")
    return raw


def _index(pattern: re.Pattern[str], name: str) -> int | None:
    found = pattern.fullmatch(name)
    return None if found is None or int(found[1]) > _INDEX_MAX else int(found[1])
