"""Nothing leaks: figures that nobody else could know are looked for in every byte that the other party can get.

NORTH's notices carry coordinates, sizes, altitudes, names and minutes that occur nowhere else. SOUTH, whose notices are
in conflict with them, then reads all that the node's addresses give it. The figures are looked for as decimals of
several lengths, as text, and as doubles in either byte order; in the answers and in every base64 within them.
"""

from __future__ import annotations

import re
import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from openline.codec.envelope import read_envelope
from openline.core.event import Event
from openline.core.time import HOUR_MS, MINUTE_MS, to_text
from openline.node.journal import Told
from tests.parties import CENTRE, NOON_MS, NORTH, SOUTH, Town, activity, in_air, on_ground, presence, site, withdrawal
from tests.samples import counts
from tests.serving import Node

BASE64 = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}")


class Secrets:
    """Values drawn for one party's notices, with every form in which they could show."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.forms: set[bytes] = set()

    def number(self, low: float, high: float) -> float:
        """A figure with enough digits that it is nobody else's."""
        value = self._random.uniform(low, high)
        texts = {repr(value), *(f"{value:.{digits}f}" for digits in (4, 5, 6, 7, 9))}
        self.forms |= {text.encode() for text in texts}
        self.forms |= {struct.pack(order + "d", value) for order in "<>"}
        self.forms |= {struct.pack(order + "d", value).hex().encode() for order in "<>"}
        return value

    def name(self) -> str:
        text = f"n-{self._random.randbytes(9).hex()}"
        self.forms |= {text.encode(), text.upper().encode()}
        return text

    def moment(self, near_ms: int) -> str:
        """A time that is on no half hour, to the millisecond."""
        at_ms = near_ms + self._random.randrange(3, 27) * MINUTE_MS + self._random.randrange(1_001, 59_999)
        text = to_text(at_ms)
        self.forms |= {text.encode(), text[14:23].encode(), str(at_ms).encode(), str(at_ms // 1000).encode()}
        return text

    def seen_in(self, shown: bytes) -> list[bytes]:
        """The forms that occur in some bytes or in what their base64 holds, up to two layers deep."""
        return [form for layer in layers(shown, 2) for form in self.forms if form in layer]


def layers(shown: bytes, deep: int) -> Iterator[bytes]:
    """Some bytes, and what every base64 in them stands for."""
    yield shown
    if deep:
        for found in BASE64.finditer(shown):
            text = found[0].rstrip(b"=")
            for start in range(min(4, len(text))):
                part = text[start:]
                part = part[: len(part) // 4 * 4]
                yield from layers(b64decode(part), deep - 1)


def hidden(secrets: Secrets, volume: dict[str, Any], *, ends: bool = True) -> dict[str, Any]:
    """The volume with every figure secret, still in conflict with whatever is in the middle of the town."""
    volume["outline_circle"] = {
        "center": {
            "lat": secrets.number(CENTRE[0] - 0.001, CENTRE[0] + 0.001),
            "lng": secrets.number(CENTRE[1] - 0.001, CENTRE[1] + 0.001),
        },
        "radius": {"value": secrets.number(100, 300), "units": "M"},
    }
    volume["altitude_lower"] = {"reference": "MSL", "value": secrets.number(0, 500)}
    volume["altitude_upper"] = {"reference": "MSL", "value": secrets.number(600, 3_000)}
    volume["time_start"] = secrets.moment(NOON_MS + 3 * HOUR_MS)
    if ends:
        volume["time_end"] = secrets.moment(NOON_MS + 4 * HOUR_MS)
    return volume


def a_day(secrets: Secrets) -> Town:
    """NORTH tells secrets in all sorts of notices; SOUTH is near to each of them."""
    town = Town()
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(SOUTH, activity(in_air(NOON_MS + 2 * HOUR_MS, NOON_MS + 6 * HOUR_MS)))
    town.tell(SOUTH, site(on_ground(NOON_MS), private=True))
    far = hidden(secrets, in_air(NOON_MS))
    far["outline_circle"]["center"]["lat"] = secrets.number(10, 11)
    names = [secrets.name() for _ in range(5)]
    near = [hidden(secrets, in_air(NOON_MS)) for _ in range(2)]
    town.tell(NORTH, activity(near[0], far, hazard_volumes=[near[1]]), names[0])
    town.tell(NORTH, presence(hidden(secrets, on_ground(NOON_MS), ends=False), private=True), names[1])
    town.tell(NORTH, presence(hidden(secrets, on_ground(NOON_MS))), names[2])
    town.tell(NORTH, activity(hidden(secrets, in_air(NOON_MS)), supersedes=names[0]), names[3])
    town.acknowledge(town.alerts(SOUTH)[0])
    town.acknowledge(town.alerts(NORTH)[0])
    town.wait(3 * HOUR_MS)
    town.tell(NORTH, withdrawal(names[2]), names[4])
    town.wait(9 * HOUR_MS)
    return town


def owned(town: Town, party: str) -> list[bytes]:
    """Every body that a party may open."""
    bodies = []
    for index, output in town.heard:
        if isinstance(output, Told) and output.party == party:
            bodies.append(town.store.records[index].body)
        elif isinstance(output, Event) and output.to == party:
            body = town.store.records[index].body
            bodies += [body, read_envelope(body).payload]
    return bodies


@pytest.mark.parametrize("seed", range(counts(8, 400)))
def test_no_figure_of_one_party_is_in_what_the_other_may_open(seed: int) -> None:
    secrets = Secrets(Random(seed))
    town = a_day(secrets)
    assert len(town.told(SOUTH, Event)) > 20
    shown = b"\n".join(
        [*owned(town, SOUTH), *(record.leaf for record in town.store.records), *map(str.encode, town.heads)]
    )
    assert secrets.seen_in(shown) == []
    assert len(secrets.seen_in(b"\n".join(owned(town, NORTH)))) > 40


def test_no_figure_of_one_party_is_in_what_the_addresses_give_the_other() -> None:
    secrets = Secrets(Random(2017))
    town = a_day(secrets)
    fed = len(town.line.state.entries.feeds[SOUTH])
    count = fed + sum(isinstance(o, Told) and o.party == SOUTH for _, o in town.heard)
    with Node(town) as node:
        bearer = node.session(SOUTH)
        size = town.line.committed
        tiles = [f"/tile/0/000.p/{size}", f"/tile/entries/000.p/{size}", "/tile/0/000", "/checkpoint"]
        plain = ["/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/nowhere", *tiles]
        own = ["/alerts", "/notices", "/zones", "/channels", *(f"/entries/{index}" for index in range(size + 2))]
        answers = [node.http.get(path, headers=bearer) for path in plain + own]
        answers += [node.http.get(path) for path in plain + own]
        frames = [frame.data for frame in node.told(SOUTH)]
        opened = [a for a in answers if a.status_code == 200 and "/entries/" in str(a.url) and "tile" not in str(a.url)]
    assert len(opened) == count
    shown = b"\n".join([*(a.content + repr(dict(a.headers)).encode() for a in answers), repr(frames).encode()])
    assert len(frames) > 20
    assert secrets.seen_in(shown) == []


def test_a_disclosure_shows_what_it_opens_and_no_other_figure() -> None:
    """One notice of NORTH's is opened to SOUTH; every figure of all its others stays where it was."""
    opened, kept = Secrets(Random(9)), Secrets(Random(2))
    town = a_day(kept)
    name = opened.name()
    index = town.tell(NORTH, activity(hidden(opened, in_air(NOON_MS))), name).index
    reason = f"because of {kept.name()}"
    town.declare(NORTH, {"type": "disclosure", "entry": index, "to": SOUTH, "reason": reason})
    with Node(town) as node:
        paths = ["/alerts", "/notices", "/zones", "/channels", "/metrics", "/checkpoint"]
        paths += [f"/entries/{which}" for which in range(town.line.committed)]
        answers = [node.http.get(path, headers=node.held(SOUTH)) for path in paths]
        frames = [frame.data for frame in node.told(SOUTH)]
    shown = b"\n".join([*(a.content for a in answers), repr(frames).encode()])
    assert len(opened.seen_in(shown)) > 5
    assert kept.seen_in(shown) == []


def test_the_search_finds_what_is_there() -> None:
    secrets = Secrets(Random(1))
    value, moment = secrets.number(30, 40), secrets.moment(NOON_MS)
    for shown in (
        f"lat {value:.5f}".encode(),
        b"xx" + struct.pack(">d", value),
        b'{"body":"' + b64encode(b"a" + struct.pack("<d", value) * 2) + b'"}',
        b'{"payload":"' + b64encode(b'{"sig":"' + b64encode(moment.encode()) + b'"}') + b'"}',
    ):
        assert secrets.seen_in(shown)
    assert not secrets.seen_in(b"nothing 36.37 of it" + b64encode(b"and nothing here either"))
