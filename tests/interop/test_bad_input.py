"""Whatever arrives is taken as it was meant, or refused with a code and a reason; a refusal changes nothing.

Two parts: a table of documents, each signed properly, with one thing wrong that has one right answer; and thousands of
seeded mutations of bytes, envelopes and signed documents. Everything is sent to a line that has been told the
originals, so that a mutation that leaves the meaning alone comes back as a repetition and nothing is ever recorded.
"""

from __future__ import annotations

import copy
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, NOTICE_TYPE, SESSION_TYPE
from openline.core.errors import CODES, Refusal
from openline.core.limits import BODY_MAX_BYTES
from openline.core.time import HOUR_MS
from openline.intake.keyring import OperationalKey
from openline.intake.opening import open_acknowledgement
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from tests.invariants import picture
from tests.parties import (
    NOON_MS,
    NORTH,
    SOUTH,
    Town,
    activity,
    in_air,
    on_ground,
    presence,
    signer_of,
    site,
    withdrawal,
    zone,
)
from tests.samples import counts

Document = dict[str, Any]
Edit = Callable[[Document], None]
LOW_ORDER = bytes.fromhex("0100000000000000000000000000000000000000000000000000000000000000")


class Desk:
    """A town that has been told one notice of each kind, and the documents that it was told."""

    def __init__(self) -> None:
        self.town = Town()
        flight = activity(in_air(NOON_MS + 3 * HOUR_MS), hazard_volumes=[in_air(NOON_MS + 3 * HOUR_MS)])
        things = [presence(on_ground(NOON_MS)), site(on_ground(NOON_MS)), zone(on_ground(NOON_MS)), withdrawal("none")]
        for thing in things:
            self.town.tell(SOUTH, thing)
        self.town.tell(SOUTH, presence(on_ground(NOON_MS)), "presence-0002")
        self.town.tell(NORTH, flight, "flight-0001")
        (alert, *_) = self.town.alerts(NORTH)
        self.town.acknowledge(alert)
        self.originals = [raw for raw, _ in self.town.receipts]
        self.documents = [json.loads(b64decode(json.loads(raw)["payload"])) for raw in self.originals]
        self.before = picture(self.town.line.state)
        self.print = self.fingerprint()

    def fingerprint(self) -> tuple[object, ...]:
        state, journal = self.town.line.state, self.town.line.journal
        sizes = state.size, len(state.held), len(state.engine), len(state.desk), len(self.town.store.records)
        return (*sizes, journal.tree.size, journal.tree.root(), self.town.store.note, self.town.line.checkpoint)

    def refused(self, raw: bytes) -> Refusal | None:
        """The refusal of an envelope, None when it repeats what is known; in both cases nothing has changed."""
        refusal, receipt = None, None
        try:
            receipt = self.town.send(raw)
        except Refusal as error:
            refusal = error
        if refusal is not None:
            assert refusal.code in CODES
            assert refusal.reason.strip()
        if receipt is not None:
            assert receipt.is_duplicate
            assert meaning(raw) in [meaning(original) for original in self.originals]
        assert self.fingerprint() == self.print
        return refusal

    def flight(self) -> Document:
        """A fresh copy of the flight, under a name of its own."""
        flight: Document = next(d for d in self.documents if d["type"] == "air_activity")
        return copy.deepcopy(flight) | {"id": "flight-0002"}


def meaning(raw: bytes) -> object:
    """What an ordinary JSON reader makes of an envelope."""
    return json.loads(raw)


def signed(payload: bytes | Document, *, party: str = "", kind: str = "") -> bytes:
    """The envelope of a document, by the right key unless a party is named."""
    if isinstance(payload, dict):
        party = party or payload.get("party", NORTH)
        kind = kind or (ACKNOWLEDGEMENT_TYPE if payload.get("type") == "acknowledgement" else NOTICE_TYPE)
        payload = json.dumps(payload).encode()
    signer = signer_of(party if party in {NORTH, SOUTH} else NORTH)
    return sign_envelope(payload, kind or NOTICE_TYPE, [(key_id(signer.public_key), signer)])


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def put(path: str, value: object) -> Edit:
    """Set a field; a path such as `volumes.0.time_end`."""

    def edit(document: Any) -> None:  # noqa: ANN401 - JSON
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        for step in way:
            document = document[step]
        document[last] = value

    return edit


def ring(*vertices: tuple[float, float], holes: object = ()) -> Edit:
    """A polygon in place of the circle."""
    points = [{"lat": lat, "lng": lng} for lat, lng in vertices]

    def edit(document: Document) -> None:
        del document["volumes"][0]["outline_circle"]
        document["volumes"][0]["outline_polygon"] = {"vertices": points, "holes": list(holes)}  # type: ignore[call-overload]

    return edit


POLYGON, HOLES = "volumes[0].outline_polygon.vertices", "volumes[0].outline_polygon.holes"
CENTER, LOWER, UPPER = "volumes.0.outline_circle.center", "volumes.0.altitude_lower", "volumes.0.altitude_upper"
RADIUS = "volumes.0.outline_circle.radius"
CORRIDOR = {"vertices": [], "half_width": {"value": 1, "units": "M"}}
WRONG: list[tuple[Edit, str, str]] = [
    (put("id", "short"), "PAYLOAD_MALFORMED", "id"),
    (put("id", "x" * 101), "PAYLOAD_MALFORMED", "id"),
    (put("id", "ends-with-a-line\n"), "PAYLOAD_MALFORMED", "id"),
    (put("id", "two words"), "PAYLOAD_MALFORMED", "id"),
    (put("party", "NORTH\n"), "PAYLOAD_MALFORMED", "party"),
    (put("party", SOUTH), "PARTY_MISMATCH", "party"),
    (put("sequence", 0), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", -1), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", 2**53), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", 10**400), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", 1.5), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", "1"), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", bool(1)), "PAYLOAD_MALFORMED", "sequence"),
    (put("sequence", None), "PAYLOAD_MALFORMED", "sequence"),
    (put("previous", "A" * 64), "PAYLOAD_MALFORMED", "previous"),
    (put("previous", "a" * 64 + "\n"), "PAYLOAD_MALFORMED", "previous"),
    (put("agreement", "town"), "PAYLOAD_MALFORMED", "agreement"),
    (put("agreement.version", -1), "PAYLOAD_MALFORMED", "agreement.version"),
    (put("agreement.extra", 1), "PAYLOAD_MALFORMED", "agreement"),
    (put("extra", 1), "PAYLOAD_MALFORMED", ""),
    (put("type", "air_activty"), "PAYLOAD_MALFORMED", "type"),
    (put("issued_at", "2026-03-01T12:00:00"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "2026-03-01 12:00:00Z"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "2026-13-01T12:00:00Z"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "2026-03-01T24:00:00Z"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "2026-03-01T12:00:60Z"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "2026-03-01T12:00:00+99:99"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "2026-03-01T12:00:00Z\n"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "٢026-03-01T12:00:00Z"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "0001-01-01T00:00:00+23:59"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "9999-12-31T23:59:59-23:59"), "TIME_INVALID", "issued_at"),
    (put("issued_at", "x" * 10_000), "TIME_INVALID", "issued_at"),
    (put("checkpoint", {"size": -1, "root": "A" * 44}), "PAYLOAD_MALFORMED", "checkpoint.size"),
    (put("checkpoint", {"size": 1, "root": "A" * 43 + "!"}), "PAYLOAD_MALFORMED", "checkpoint.root"),
    (put("volumes", []), "VALUE_INVALID", "volumes"),
    (put("volumes", {}), "PAYLOAD_MALFORMED", "volumes"),
    (put("volumes.0", None), "PAYLOAD_MALFORMED", "volumes[0]"),
    (put("volumes.0.outline_circle", None), "GEOMETRY_INVALID", "volumes[0]"),
    (put("volumes.0.outline_corridor", CORRIDOR), "GEOMETRY_INVALID", "volumes[0]"),
    (put("volumes.0.time_end", None), "TIME_INVALID", "volumes[0].time_end"),
    (put("volumes.0.time_end", "2026-03-01T15:00:00Z"), "TIME_INVALID", "volumes[0].time_end"),
    (put("volumes.0.time_end", "2028-03-01T15:00:00Z"), "LIMIT_EXCEEDED", "volumes"),
    (put("volumes.0.time_end", "2101-01-01T00:00:00Z"), "TIME_INVALID", "volumes[0].time_end"),
    (put("volumes.0.time_start", ""), "TIME_INVALID", "volumes[0].time_start"),
    (put("hazard_volumes.0.time_start", "1969-12-31T23:59:59Z"), "TIME_INVALID", "hazard_volumes[0].time_start"),
    (put(f"{CENTER}.lat", 90.0000001), "GEOMETRY_INVALID", "volumes[0].outline_circle.center.lat"),
    (put(f"{CENTER}.lng", -180.0000001), "GEOMETRY_INVALID", "volumes[0].outline_circle.center.lng"),
    (put(f"{CENTER}.lat", "36"), "PAYLOAD_MALFORMED", "volumes[0].outline_circle.center.lat"),
    (put(f"{CENTER}.alt", 1), "PAYLOAD_MALFORMED", "volumes[0].outline_circle.center"),
    (put(f"{RADIUS}.value", -1e-9), "VALUE_INVALID", "volumes[0].outline_circle.radius"),
    (put(f"{RADIUS}.value", 1_000_000.1), "LIMIT_EXCEEDED", "volumes[0].outline_circle.radius"),
    (put(f"{RADIUS}.units", "NM"), "PAYLOAD_MALFORMED", "volumes[0].outline_circle.radius.units"),
    (put("volumes.0.uncertainty", {"value": 999_999.9, "units": "M"}), "GEOMETRY_INVALID", "volumes[0].uncertainty"),
    (put(LOWER, None), "ALTITUDE_INVALID", "volumes[0].altitude_lower"),
    (put(LOWER, {"reference": "UNL"}), "ALTITUDE_INVALID", "volumes[0].altitude_lower"),
    (put(LOWER, {"reference": "SFC", "value": 1}), "ALTITUDE_INVALID", "volumes[0].altitude_lower.value"),
    (put(LOWER, {"reference": "MSL", "value": 3_001}), "ALTITUDE_INVALID", "volumes[0].altitude_upper"),
    (put(UPPER, {"reference": "FL", "value": 100}), "ALTITUDE_INVALID", "volumes[0].altitude_upper.units"),
    (put(UPPER, {"reference": "MSL", "units": "FL"}), "ALTITUDE_INVALID", "volumes[0].altitude_upper.units"),
    (put(UPPER, {"reference": "MSL", "value": 100_000.1}), "ALTITUDE_INVALID", "volumes[0].altitude_upper.value"),
    (put(UPPER, {"reference": "MSL", "value": -1_000.1}), "ALTITUDE_INVALID", "volumes[0].altitude_upper.value"),
    (put(UPPER, {"reference": "QNH", "value": 1}), "PAYLOAD_MALFORMED", "volumes[0].altitude_upper.reference"),
    (ring((0, 0), (1, 1), (1, 0), (0, 1)), "GEOMETRY_INVALID", POLYGON),
    (ring((0, 0), (1, 1)), "GEOMETRY_INVALID", POLYGON),
    (ring((0, 0), (0, 1), (0, 2)), "GEOMETRY_INVALID", POLYGON),
    (ring((0, 0), (0, 1), (1, 1), (0, 0)), "GEOMETRY_INVALID", f"{POLYGON}[3]"),
    (ring((0, 0), (0, 120), (0, -120)), "GEOMETRY_INVALID", POLYGON),
    (ring(), "GEOMETRY_INVALID", "volumes[0].outline_polygon"),
    (ring((0, 0), (0, 1), (1, 1), holes=[[]]), "GEOMETRY_INVALID", "volumes[0].outline_polygon.holes[0]"),
    (ring((0, 0), (0, 1), (1, 1), holes=[[{"lat": 9, "lng": 9}] * 3]), "GEOMETRY_INVALID", f"{HOLES}[0][2]"),
    (ring(*[(0.0, k / 1e4) for k in range(2_001)]), "LIMIT_EXCEEDED", "volumes[0].outline_polygon"),
    (put("emergency", 1), "PAYLOAD_MALFORMED", "emergency"),
    (put("supersedes", "a b"), "PAYLOAD_MALFORMED", "supersedes"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "code", "path"), WRONG, ids=[f"{n}-{code}" for n, (_, code, _) in enumerate(WRONG)])
def test_one_thing_wrong_has_one_answer(desk: Desk, edit: Edit, code: str, path: str) -> None:
    document = desk.flight()
    edit(document)
    refusal = desk.refused(signed(document, party=NORTH))
    assert refusal is not None
    assert (refusal.code, refusal.path[: len(path)]) == (code, path)
    assert bool(refusal.path) == bool(path)


def test_too_many_volumes(desk: Desk) -> None:
    refusal = desk.refused(signed(desk.flight() | {"volumes": [in_air(NOON_MS + HOUR_MS)] * 100}))
    assert refusal is not None
    assert (refusal.code, refusal.path) == ("LIMIT_EXCEEDED", "volumes")


TEXTS: list[tuple[bytes, bytes, str]] = [
    (b'"sequence": 1', b'"sequence": NaN', "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": Infinity', "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": 1e400', "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": -0', "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": 01', "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": 1, "sequence": 1', "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": 1, "\\u0073equence": 1', "PAYLOAD_MALFORMED"),
    (b'"reference": "SFC"', b'"reference": "SFC", "reference": "SFC"', "PAYLOAD_MALFORMED"),
    (b'"flight-0002"', b'"flight-\\ud800"', "PAYLOAD_MALFORMED"),
    (b'"flight-0002"', b'"flight-\\udc00\\ud800"', "PAYLOAD_MALFORMED"),
    (b'"flight-0002"', b'"flight-\xff\xfe"', "PAYLOAD_MALFORMED"),
    (b'"flight-0002"', b'"flight-\xc0\xaf\xc0\xaf"', "PAYLOAD_MALFORMED"),
    (b'"flight-0002"', b'"flight-0002\x00"', "PAYLOAD_MALFORMED"),
    (b'{"type"', b'\xef\xbb\xbf{"type"', "PAYLOAD_MALFORMED"),
    (b'{"type"', b'[{"type"', "PAYLOAD_MALFORMED"),
    (b'{"type"', b'{} {"type"', "PAYLOAD_MALFORMED"),
    (b'"volumes": [', b'"volumes": ' + b"[" * 100_000, "PAYLOAD_MALFORMED"),
    (b'"sequence": 1', b'"sequence": ' + b"9" * 5_000, "PAYLOAD_MALFORMED"),
]


@pytest.mark.parametrize(("old", "new", "code"), TEXTS, ids=[str(number) for number in range(len(TEXTS))])
def test_json_that_two_readers_could_read_differently_is_refused(desk: Desk, old: bytes, new: bytes, code: str) -> None:
    payload = json.dumps(desk.flight() | {"sequence": 1}).encode()
    assert old in payload
    refusal = desk.refused(signed(payload.replace(old, new, 1)))
    assert refusal is not None
    assert refusal.code == code


def envelopes_gone_wrong(desk: Desk) -> Iterator[tuple[bytes, str]]:
    """Envelopes that no key holder meant, with the code of each."""
    raw = signed(desk.flight())
    document = json.loads(raw)
    one = document["signatures"][0]
    padded = document["payload"].rstrip("=")
    yield b"", "ENVELOPE_MALFORMED"
    yield b" " * (BODY_MAX_BYTES + 1 - len(raw)) + raw, "BODY_TOO_LARGE"
    yield raw.replace(b'"payload":', b'"payload":"","payload":', 1), "ENVELOPE_MALFORMED"
    yield raw.replace(b'"keyid":', b'"keyid":"","keyid":', 1), "ENVELOPE_MALFORMED"
    yield raw.replace(b'"keyid":', b'"kid":"","keyid":', 1), "ENVELOPE_MALFORMED"
    for payload in (padded + "=" * 5, padded[:-1] + "\u00e9", padded[:-1] + "-", padded + "\n", 7, None):
        yield json.dumps(document | {"payload": payload}).encode(), "ENVELOPE_MALFORMED"
    for kind, code in ((SESSION_TYPE, "PAYLOAD_TYPE_UNKNOWN"), ("", "PAYLOAD_TYPE_UNKNOWN"), (3, "ENVELOPE_MALFORMED")):
        yield json.dumps(document | {"payloadType": kind}).encode(), code
    several: list[object] = [[], [one, one], [one] * 101, [one | {"sig": one["sig"][:-4]}], [{"sig": one["sig"]}], {}]
    for signatures in several:
        yield json.dumps(document | {"signatures": signatures}).encode(), "ENVELOPE_MALFORMED"
    stranger, south = (key_id(key) for key in (b"\x07" * 32, signer_of(SOUTH).public_key))
    yield json.dumps(document | {"signatures": [one | {"keyid": stranger}]}).encode(), "KEY_UNKNOWN"
    yield json.dumps(document | {"signatures": [one | {"keyid": south}]}).encode(), "SIGNATURE_INVALID"
    yield signed(desk.flight(), party=SOUTH), "PARTY_MISMATCH"
    # a signature that every message has under a key of low order
    desk.town.line.state.keyring.enrol(OperationalKey(party=NORTH, role="duty_officer", public_key=LOW_ORDER))
    weak = {"keyid": key_id(LOW_ORDER), "sig": b64encode(LOW_ORDER + bytes(32)).decode()}
    yield json.dumps(document | {"signatures": [weak]}).encode(), "SIGNATURE_INVALID"


def test_envelopes_that_nobody_meant(desk: Desk) -> None:
    for raw, code in envelopes_gone_wrong(desk):
        refusal = desk.refused(raw)
        assert refusal is not None, raw[:300]
        assert refusal.code == code, raw[:300]


def test_an_acknowledgement_speaks_for_the_role_of_its_key(desk: Desk) -> None:
    document = copy.deepcopy(desk.documents[-1]) | {"role": "political"}
    with pytest.raises(Refusal, match="PARTY_MISMATCH at role"):
        open_acknowledgement(signed(document), keyring=desk.town.line.state.keyring)
    assert desk.refused(signed(document)) is not None


def test_thousands_of_mutations(desk: Desk) -> None:
    random = Random(2017)
    outcomes: dict[str, int] = {}
    for _ in range(counts(10_000, 500_000)):
        number = random.randrange(len(desk.originals))
        if random.random() < 0.5:
            raw = damaged(random, desk.originals[number])
            is_unlike = False
        else:
            document = copy.deepcopy(desk.documents[number])
            spoil(random, document)
            raw, is_unlike = signed(document, party=desk.documents[number]["party"]), True
        refusal = desk.refused(raw)
        if is_unlike:
            assert refusal is not None, raw
            assert refusal.code not in {"SIGNATURE_INVALID", "ALERT_UNKNOWN", "ENVELOPE_MALFORMED"}
        code = "repeated" if refusal is None else refusal.code
        outcomes[code] = outcomes.get(code, 0) + 1
    assert picture(desk.town.line.state) == desk.before
    assert len(outcomes) >= 6, outcomes


def damaged(random: Random, raw: bytes) -> bytes:
    """Bytes of an envelope, damaged on the way."""
    at = random.randrange(len(raw))
    upto = min(len(raw), at + random.choice([1, 1, 2, 8, 64]))
    flipped = bytes([raw[at] ^ (1 << random.randrange(8))])
    odd = random.choice([b" ", b"\n", b"\t", b"\x00", b"\xa0", b"\xed\xa0\x80"])
    respaced = json.dumps(json.loads(raw), indent=random.choice([None, 1, 7])).encode()
    ways = [
        raw[:at],
        raw[:at] + flipped + raw[at + 1 :],
        raw[:at] + random.randbytes(upto - at) + raw[upto:],
        raw[:at] + raw[upto:],
        raw[:upto] + raw[at:],
        raw[:at] + odd + raw[at:],
        respaced,
    ]
    return random.choice(ways)


def spoil(random: Random, document: Document) -> None:
    """Make a signed document wrong in a way that no reader could take for right."""
    places = list(walk(document))
    holder, key = random.choice(places)
    value = holder[key]
    match random.randrange(4):
        case 0:
            # no field takes an object of this kind, and none that is there may be without its type
            holder[key] = {"nothing": [value]}
        case 1:
            holder[key] = [[value]]
        case 2:
            inside = random.choice([h for h, _ in places if isinstance(h, dict)])
            inside[random.choice(["Extra", "lon", "__proto__", "", "\u202e"])] = copy.deepcopy(value)
        case _:
            wrong = {str: 12.5, int: "12", float: "12.5", bool: "true", dict: 1, list: 1, type(None): 1}
            holder[key] = wrong[type(value)]


def walk(value: Any) -> Iterator[tuple[Any, Any]]:  # noqa: ANN401 - JSON
    """Every place of a document: what holds it, and its key."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from walk(inner)
