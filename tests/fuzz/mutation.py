"""Changes that keep a document's form, which random bytes seldom do: another value here, a key twice there."""

from __future__ import annotations

import json
import random
import re

_VALUES = (
    "null", "true", "[]", "{}", '""', "0", "-0", "-1", "1e999", "-1e-999", "NaN", "Infinity", "9007199254740993",
    "9" * 400, '"\\ud800"', '"\\u0000"', '"\\u202e"', '"A\\n"', "0.1", "90", "-180.0000001", "[" * 90 + "]" * 90,
    '"2026-03-01T12:00:00Z"', '"2026-02-30T24:00:00Z"', '"9999-12-31T23:59:60+14:00"', '"FOO"', '"\u0130"',
)  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+0-9.eE]+|true|false|null|[\[\]{}:,]')
_INSERTED = (b"\x00", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"\xc0\x80", b"=", b"\n", b"\xe2\x80\xa8", b"\\", b'"')


def mutated(data: bytes, seed: int) -> bytes:
    """One change to a text: a token for another, gone, doubled or exchanged, or an awkward byte put in."""
    chance = random.Random(seed)
    tokens = list(_TOKEN.finditer(data))
    way = chance.randrange(6)
    if not tokens or way == 0:
        at = chance.randint(0, len(data))
        return data[:at] + chance.choice(_INSERTED) + data[at:]
    one = chance.choice(tokens)
    if way == 1:
        return data[: one.start()] + data[one.end() :]
    if way == 2:
        other = chance.choice(tokens)
        return data[: one.start()] + other.group() + data[one.end() :]
    if way == 3:
        first, last = sorted((one.start(), chance.choice(tokens).end()))
        return data[:last] + b"," * chance.randrange(2) + data[first:last] + data[last:]
    return data[: one.start()] + chance.choice(_VALUES).encode() + data[one.end() :]


def is_text(data: bytes) -> bool:
    """True when the bytes are a JSON document, so that changing a token is worth more than changing a byte."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
