"""What the search begins with: one good document of every kind, and what has broken parsers elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import structs

from openline.adapters.bundle_file import pack
from openline.app import key_documents
from openline.app.pen import Pen
from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, AGREEMENT_TYPE, SESSION_TYPE, read_envelope
from openline.codec.events import write_event
from openline.core.event import Event
from openline.core.time import HOUR_MS
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.ledger.checkpoint import Checkpoint, format_checkpoint, sign_checkpoint
from openline.ledger.cosignature import append_signatures, cosign, format_cosigner_key
from openline.ledger.leaf import OPEN_SERIALS, Leaf, LeafClass, encode_leaf
from openline.ledger.note import format_verifier_key
from openline.ledger.tiles import TileName, encode_bundle, format_tile_path
from openline.ledger.told import told_body
from openline.ledger.tree import HASH_BYTES
from openline.ledger.witnessing import Request, format_request
from tests.fuzz import bundle_targets, ledger_targets, proof_targets, targets, witness_targets
from tests.fuzz.kept_seeds import kept_seeds
from tests.parties import NOON_MS, SOUTH, Town, activity, agreement, in_air, on_ground, presence, site, zone

AGREEMENTS = Path(__file__).parents[2] / "agreements"
_DEEP = 2_000
_SQUARE = [{"lat": 36.0 + lat, "lng": 37.0 + lng} for lat, lng in ((0, 0), (0, 1), (1, 1), (1, 0))]
_HOLE = [{"lat": 36.4 + lat, "lng": 37.4 + lng} for lat, lng in ((0, 0), (0.1, 0), (0.1, 0.1))]


def seeds_of(target: str) -> list[bytes]:
    """What a target begins with."""
    return _all()[target]


@cache
def _all() -> dict[str, list[bytes]]:
    payloads = {
        "notice": _notices(),
        "acknowledgement": [_acknowledgement()],
        "declaration": _declarations(),
        "key_document": _key_documents(),
        "session": [_session()],
    }
    signers = [(key_id(targets.SIGNER.public_key), targets.SIGNER)]
    envelopes = [
        sign_envelope(payloads["notice"][0], AGREEMENT_TYPE, signers * 2),
        sign_envelope(_acknowledgement(), ACKNOWLEDGEMENT_TYPE, signers),
        sign_envelope(_session(), SESSION_TYPE, signers),
    ]
    broken = {name: [*good, *(bad for item in good for bad in _bad_json(item))] for name, good in payloads.items()}
    broken_envelopes = [*envelopes, *(bad for item in envelopes[:1] for bad in _bad_json(item))]
    events = [bad for item in _events() for bad in (item, *_bad_json(item))]
    return broken | {
        "agreement": [agreement(), *(p.read_bytes() for p in sorted(AGREEMENTS.glob("*.toml"))), *_bad_toml()],
        # Not the true ones: nobody has signed those that this target gets.
        "authentication": [envelope.replace(b'"sig":"', b'"sig":"AAAA') for envelope in envelopes],
        "envelope": broken_envelopes,
        "bundle_file": _bundles(),
        "event": events,
        "evidence": _evidence(broken, events),
        "told": [told_body(envelopes[0], 0), b"recorded_at \xff\n", b"recorded_at \n", b"recorded_at 2026"],
        **_of_ledger(),
        **_of_proofs(),
        **_of_witness(),
        **kept_seeds(),
    }


def _notices() -> list[bytes]:
    start_ms, end_ms = NOON_MS, NOON_MS + HOUR_MS
    polygon: dict[str, Any] = {"outline_polygon": {"vertices": _SQUARE, "holes": [_HOLE]}}
    corridor: dict[str, Any] = {
        "outline_corridor": {"vertices": _SQUARE[:2], "half_width": {"value": 500.0, "units": "M"}},
        "altitude_lower": {"value": 10, "reference": "FL", "units": "FL"},
        "altitude_upper": {"reference": "UNL"},
    }
    times = {"time_start": "2026-03-01T12:00:00+03:00", "time_end": "2026-03-01T13:00:00.5Z"}
    local = {"time_start": "2026-03-01T12:00", "time_end": "2026-03-01T13:00"}
    documents = [
        activity(in_air(start_ms, end_ms), emergency=True, purpose="fire"),
        activity(corridor | times, hazard_volumes=[corridor | times | polygon | {"outline_corridor": None}]),
        presence(on_ground(start_ms), refresh_due="2026-03-02T00:00:00Z", private=True),
        presence(polygon | local, supersedes="north-0001"),
        site(on_ground(start_ms) | {"uncertainty": {"value": 50.0, "units": "M"}}),
        zone(polygon | times, guarantors=["RU", "TR"]),
        {"type": "withdrawal", "withdraws": "north-0001", "reason": "over"},
    ]
    return [_told(document) for document in documents]


def _told(fields: dict[str, Any]) -> bytes:
    pen = Pen(targets.PARTY, targets.ROLE, targets.SIGNER)
    raw = pen.notice(fields, identifier="north-0001", agreement=("town", 1), at_ms=NOON_MS)
    return _payload(raw) if fields["type"] == "withdrawal" else _with_checkpoint(_payload(raw))


def _with_checkpoint(payload: bytes) -> bytes:
    seen = {"size": 7, "root": "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="}
    return json.dumps(json.loads(payload) | {"checkpoint": seen}).encode()


def _acknowledgement() -> bytes:
    pen = Pen(targets.PARTY, targets.ROLE, targets.SIGNER)
    return _payload(pen.acknowledgement(alert="a1", precedence="FLASH", identifier="ack-00001", at_ms=NOON_MS))


def _declarations() -> list[bytes]:
    pen = Pen(targets.PARTY, targets.ROLE, targets.SIGNER)
    disclosure = {"type": "disclosure", "entry": 7, "to": "SOUTH", "reason": "asked"}
    inquiry = {"type": "disclosure", "entry": 7, "inquiry": "board 3"}
    return [
        _payload(pen.declaration(fields, identifier="declared-01", at_ms=NOON_MS)) for fields in (disclosure, inquiry)
    ]


def _key_documents() -> list[bytes]:
    key, end_ms = targets.SIGNER.public_key, NOON_MS + HOUR_MS
    each = [
        key_documents.issuer_key(key, NOON_MS, end_ms),
        key_documents.officer_key(key, "duty_officer", "night", NOON_MS, end_ms),
        key_documents.revocation(key_id(key), "lost", NOON_MS),
        key_documents.root_replacement([key], 1),
    ]
    signed = (
        key_documents.signed(fields, [targets.SIGNER], party=targets.PARTY, identifier="keys-0001", at_ms=NOON_MS)
        for fields in each
    )
    return [_payload(raw) for raw in signed]


def _evidence(payloads: dict[str, list[bytes]], events: list[bytes]) -> list[bytes]:
    kinds = [payloads[name] for name in ("notice", "acknowledgement", "declaration", "key_document")]
    kinds += [[agreement()], events, events, [agreement(), *_bad_toml()], [b"recorded_at \xff\n", b""]]
    # The others are tried as what they are, by targets of their own.
    return [bytes([kind]) + payload for kind, given in enumerate(kinds) for payload in (given[0], *given[1::9])]


def _bundles() -> list[bytes]:
    whole = [pack(bundle_targets.bundle_of(kind, _notices()[0])) for kind in range(3)]
    return [*whole, whole[0][:-1], whole[0].replace(b"bundle.json", b"bundle.jsom"), whole[0] + b"\x00"]


def _session() -> bytes:
    return _payload(Pen(targets.PARTY, targets.ROLE, targets.SIGNER).session("challenge"))


def _payload(raw: bytes) -> bytes:
    return read_envelope(raw).payload


def _events() -> list[bytes]:
    """One of each kind that a small history gives."""
    town = Town()
    town.tell(SOUTH, presence(on_ground(town.now_ms)))
    town.tell("NORTH", activity(in_air(town.now_ms + HOUR_MS)))
    town.acknowledge(town.alerts("NORTH")[0])
    town.wait(6 * HOUR_MS)
    kinds = {type(output): output for _, output in town.heard if isinstance(output, Event)}
    return [write_event(event) for event in kinds.values()]


def _bad_json(good: bytes) -> Iterator[bytes]:
    """Bytes that two programs could read differently, and values that no program expects."""
    yield b"\xef\xbb\xbf" + good
    yield good.decode().encode("utf-16")
    yield good + b"\x00"
    yield good + good
    yield good.replace(b",", b",\r\n", 1)
    yield b"{" + good[1:-1] + b"," + good[1:]
    yield good.replace(b"}", b',"more":' + b"[" * _DEEP + b"]" * _DEEP + b"}", 1)
    yield b"[" * _DEEP
    yield b'{"a":' * _DEEP
    for name, value in json.loads(good).items():
        for other in ("1e999", "NaN", "-0", "9" * 400, '"\\ud800"', '"\\u0000"', "null", "[]", "{}", '""', "true"):
            yield json.dumps(json.loads(good) | {name: "@@"}).replace('"@@"', other).encode()
        if isinstance(value, str):
            yield json.dumps(json.loads(good) | {name: value + "\n"}).encode()


def _bad_toml() -> Iterator[bytes]:
    good = agreement()
    yield b"\xef\xbb\xbf" + good
    yield good.replace(b"\n", b"\r\n")
    yield good.replace(b"\n", b"\r")
    yield good + good
    yield good + b"\x00"
    yield good + b"\na = " + b"[" * _DEEP + b"]" * _DEEP
    yield good + b"\n" + b".".join([b"a"] * _DEEP) + b" = 1"
    for value in (
        b"1e999",
        b"nan",
        b"-inf",
        b"9" * 5_000,
        b'"\\ud800"',
        b"1979-05-27",
        b"07:32:00",
        b"0x" + b"f" * 400,
    ):
        yield good.replace(b"version = 1", b"version = " + value)
        yield good.replace(b"lateral_m = 1000", b"lateral_m = " + value)


def _of_ledger() -> dict[str, list[bytes]]:
    head = Checkpoint(ledger_targets.ORIGIN, 70, proof_targets.tree().root())
    text, signed = format_checkpoint(head), sign_checkpoint(head, ledger_targets.SIGNER)
    key = format_verifier_key(ledger_targets.VERIFIER)
    leaf = Leaf(leaf_class=LeafClass.TOLD, channel_tag=bytes(16), serial_field=1, commitment=bytes(32))
    open_leaf = structs.replace(leaf, version=OPEN_SERIALS)
    extended = Checkpoint(head.origin, head.size, head.root, ("extension", "another"))
    names = [TileName(None, 0), TileName(0, 1_234_067), TileName(63, 999, 255), TileName(1, 0, 1)]
    return {
        "bundle": [bytes([1]) + encode_bundle([encode_leaf(leaf), b""]), bytes([255]) + encode_bundle([b"x"] * 256)],
        "checkpoint": [text.encode(), format_checkpoint(extended).encode(), *_bad_lines(text.encode())],
        "leaf": [encode_leaf(leaf), encode_leaf(open_leaf), encode_leaf(leaf)[:-1]],
        "note": [signed.encode(), (signed + signed.split("\n\n")[1]).encode(), *_bad_lines(signed.encode())],
        "tile_path": [format_tile_path(name).encode() for name in names] + [b"tile/00/000", b"tile/0/x000/000"],
        "verifier_key": [key.encode(), *_bad_lines(key.encode())],
    }


def _of_proofs() -> dict[str, list[bytes]]:
    """Besides proof files: numbers that choose a true proof, and how it is changed."""
    files = [proof_targets.true_proof_file(size).encode() for size in (42, 64, 70)]
    pairs = [bytes([first, second, how]) + bytes(HASH_BYTES) for first, second in _PAIRS for how in (0, 6, 255)]
    spans = [bytes([a, count, 70, how]) + bytes(HASH_BYTES) for a, count in _PAIRS for how in (0, 6, 254, 255)]
    tiles = [b"", b"\x02\xfe", b"\x03\xfe\x00\x01", b"\x00", b"\x01" + bytes(HASH_BYTES)]
    without_extra = files[0].replace(b"extra ZXh0cmE=\n", b"")
    lines = [*files, without_extra, files[0].replace(b"index 41", b"index " + b"9" * 5_000)]
    return {
        "consistency": pairs,
        "folder": tiles,
        "inclusion": pairs,
        "proof_file": [*lines, *(bad for bad in _bad_lines(files[2]))],
        "span": spans,
    }


def _of_witness() -> dict[str, list[bytes]]:
    tree, key = proof_targets.tree(), format_cosigner_key(witness_targets.COSIGNER).encode()
    requests: list[bytes] = []
    notes: list[str] = []
    for old, size in ((0, 41), (41, 41), (41, 64), (41, 70), (7, 70)):
        head = Checkpoint(proof_targets.ORIGIN, size, tree.root(size))
        note = sign_checkpoint(head, proof_targets.SIGNER)
        proof = tuple(tree.consistency_proof(old, size)) if old else ()
        requests.append(format_request(Request(old_size=old, proof=proof, note=note)))
        line = cosign(format_checkpoint(head), witness_targets.NAME, witness_targets.SIGNER, NOON_MS // 1_000)
        notes.append(append_signatures(note, [line]))
    return {
        "cosignature": [*(note.encode() for note in notes), *_bad_lines(notes[0].encode())],
        "cosigner_key": [key, *_bad_lines(key)],
        "witness_request": [*requests, requests[0].replace(b"old 0", b"old " + b"9" * 5_000), *_bad_lines(requests[3])],
    }


_PAIRS = ((0, 1), (1, 2), (3, 7), (7, 64), (63, 64), (64, 64), (69, 70), (70, 70))


def _bad_lines(good: bytes) -> Iterator[bytes]:
    yield b"\xef\xbb\xbf" + good
    yield good.replace(b"\n", b"\r\n")
    yield good + b"\n"
    yield good.replace(b"=", b"")
    yield good.replace(b"=\n", b"==\n")
    yield good.replace(b"70", b"9" * 5_000)
    yield good.replace(b"70", "\u0667\u0660".encode())
    yield good.replace(b"example", b"example\xff")
    yield good.replace(b"example", b"exam\x00ple")
    yield good.replace(b"example", "exam\u2028ple".encode())
    yield good.replace(b"example", b"exam\x85ple")
