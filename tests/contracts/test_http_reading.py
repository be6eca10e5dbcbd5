"""What a party reads of its own, and that what is another's looks the same as what is not there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise

import httpx
import pytest

from openline.core.limits import EMPTY_BODY_MAX_BYTES
from openline.core.time import HOUR_MS
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.leaf import LEAF_BYTES, ChannelTags, commitment, decode_leaf
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import verify_inclusion
from openline.ledger.tiles import decode_bundle
from openline.ledger.tree import leaf_hash
from openline.node.sessions import CHALLENGE_LIFE_MS, SESSION_LIFE_MS
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, Town, activity, in_air, on_ground, presence, withdrawal
from tests.serving import Node, SlowStore, b64

OWN = ("/alerts", "/notices", "/zones", "/channels", "/entries/3", "/feed")
FAR_M = 50_000.0


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """A presence of the south, an activity of the north that comes too near, and something far from both."""
    with Node() as served:
        served.tell(SOUTH, presence(on_ground(NOON_MS)), "the-presence")
        served.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)), "the-activity")
        served.tell(NORTH, presence(on_ground(NOON_MS, north_m=FAR_M)), "far-away")
        yield served


def problem_code(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["code"])


def test_both_sides_read_their_own_alert_with_the_same_reference(node: Node) -> None:
    (north,) = node.get("/alerts", NORTH).json()["alerts"]
    (south,) = node.get("/alerts", SOUTH).json()["alerts"]
    assert north["reference"] == south["reference"]
    assert north["alert"] != south["alert"]
    assert (north["notice"], south["notice"]) == ("the-activity", "the-presence")
    assert (north["reason"], south["reason"]) == ("protected_nearby", "activity_nearby")
    assert north["window_start"] == "2026-03-01T15:00:00Z"
    assert (north["roles"], north["tier"], north["acknowledged"]) == (["duty_officer"], 0, False)


def test_a_party_reads_its_own_notices_in_force_and_where_it_stands() -> None:
    with Node() as node:
        empty = node.get("/notices", NORTH).json()
        assert (empty["sequence"], empty["previous"], empty["notices"]) == (0, "", [])
        node.tell(NORTH, presence(on_ground(NOON_MS)), "staying-on")
        node.tell(NORTH, presence(on_ground(NOON_MS, north_m=FAR_M)), "taken-back")
        node.tell(NORTH, withdrawal("taken-back"))
        told = node.get("/notices", NORTH).json()
        assert [notice["id"] for notice in told["notices"]] == ["staying-on"]
        assert (told["sequence"], told["previous"]) == (3, node.town.pens[NORTH].previous)
        assert told["notices"][0]["window_end"] == "unbounded"
        assert told["as_of"] == len(node.town.store.records) - 1


def test_an_entry_of_ones_own_comes_with_all_that_proves_it(node: Node) -> None:
    verifier = NoteVerifier(ORIGIN, node.town.secrets.signer.public_key)
    proven = 0
    for index in range(len(node.town.store.records)):
        response = node.get(f"/entries/{index}", NORTH)
        if response.status_code == 404:
            continue
        entry = response.json()
        leaf = b64(entry["leaf"])
        head = open_checkpoint(entry["checkpoint"], verifier)
        proof = [b64(digest) for digest in entry["proof"]]
        verify_inclusion(index=index, size=head.size, leaf_hash=leaf_hash(leaf), proof=proof, root=head.root)
        assert decode_leaf(leaf).commitment == commitment(b64(entry["salt"]), b64(entry["body"]))
        proven += 1
    assert proven >= 3


def test_every_entry_is_open_to_at_most_one_party(node: Node) -> None:
    sessions = [node.session(NORTH), node.session(SOUTH)]
    missing = node.http.get("/entries/999999", headers=sessions[0])
    opened = [0, 0]
    for index in range(len(node.town.store.records)):
        answers = [node.http.get(f"/entries/{index}", headers=session) for session in sessions]
        for side, answer in enumerate(answers):
            opened[side] += answer.status_code == 200
            if answer.status_code != 200:
                assert (answer.status_code, answer.content) == (404, missing.content)
                assert _but_date(answer) == _but_date(missing)
        assert sum(answer.status_code == 200 for answer in answers) <= 1
    assert min(opened) >= 2


@pytest.mark.parametrize("index", ["-1", "1.0", "0x1", "1e3", "٣", "99999999999999999999", "a"])
def test_what_is_no_index_is_not_there(node: Node, index: str) -> None:
    assert problem_code(node.get(f"/entries/{index}", NORTH)) == "NOT_FOUND"


def test_channels_let_a_party_find_its_serials_without_a_gap_and_no_others(node: Node) -> None:
    width = len(node.town.store.records)
    leaves = decode_bundle(node.http.get(f"/tile/entries/000.p/{width}").content, width)
    found: dict[str, int] = {}
    for party in (NORTH, SOUTH):
        own = node.get("/channels", party).json()
        assert own.pop("exclusive") == []
        for kind, channel in own.items():
            assert channel["name"] == f"{party}/{kind}"
            tags = ChannelTags(b64(channel["secret"]))
            places = (tags.serial_of(decode_leaf(leaf)) for leaf in leaves)
            serials = [serial for serial in places if serial is not None]
            assert all(after == before + 1 for before, after in pairwise([0, *serials]))
            found[channel["name"]] = len(serials)
    assert found["NORTH/told"] == 2
    assert found["SOUTH/told"] == 1
    assert min(found.values()) >= 1


def all_that_north_reads(where: dict[str, float]) -> list[object]:
    """Everything but hashes, which depend on every entry through its salt and tell nothing of it."""
    with Node() as node:
        node.tell(SOUTH, presence(on_ground(NOON_MS, None, **where)), "the-presence")
        receipt = node.tell(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)), "the-activity").json()
        node.tell(SOUTH, presence(on_ground(NOON_MS, None, **where), supersedes="the-presence"), "it-again")
        read: list[object] = [node.get(path, NORTH).json() for path in ("/alerts", "/notices", "/channels")]
        read += [(frame.id, frame.kind, frame.data) for frame in node.told(NORTH)]
        read += [receipt["index"], receipt["flags"], node.http.get("/metrics").text]
        for index in range(len(node.town.store.records)):
            entry = node.get(f"/entries/{index}", NORTH)
            read.append((entry.status_code, b64(entry.json().get("body", ""))))
        return read


def test_what_a_party_reads_does_not_depend_on_where_exactly_another_is() -> None:
    read = all_that_north_reads({"radius_m": 100.0})
    assert read == all_that_north_reads({"radius_m": 150.5, "north_m": 120.0, "east_m": -80.0})
    assert read != all_that_north_reads({"radius_m": 100.0, "north_m": FAR_M})
    for secret in ("the-presence", "it-again", "SOUTH"):
        assert secret not in str(read)


def test_reading_needs_a_session(node: Node) -> None:
    for path in OWN:
        none = node.http.get(path)
        assert (none.status_code, problem_code(none)) == (401, "SESSION_REQUIRED")
        assert none.headers["www-authenticate"] == "Bearer"
        for value in ("Bearer", "Basic abc", "abc"):
            assert problem_code(node.http.get(path, headers={"Authorization": value})) == "SESSION_REQUIRED"
        wrong = node.http.get(path, headers={"Authorization": "Bearer wrong"})
        assert (wrong.status_code, problem_code(wrong)) == (401, "SESSION_EXPIRED")


def test_where_no_body_is_asked_for_only_a_small_one_is_read(node: Node) -> None:
    assert node.http.post("/sessions/challenge", content=b" " * EMPTY_BODY_MAX_BYTES).status_code == 201
    refused = node.http.post("/sessions/challenge", content=b" " * (EMPTY_BODY_MAX_BYTES + 1))
    assert (refused.status_code, problem_code(refused)) == (413, "BODY_TOO_LARGE")
    assert str(EMPTY_BODY_MAX_BYTES) in refused.json()["remedy"]


def test_a_session_runs_out_and_a_challenge_is_answered_once_in_time() -> None:
    with Node() as node:
        session = node.session(NORTH)
        assert node.http.get("/alerts", headers=session).status_code == 200
        given = node.http.post("/sessions/challenge")
        assert given.status_code == 201
        assert given.json()["expires_at"] == "2026-03-01T12:02:00Z"
        answer = node.town.pens[NORTH].session(given.json()["challenge"])
        opened = node.http.post("/sessions", content=answer)
        assert opened.status_code == 201
        assert {k: v for k, v in opened.json().items() if k != "token"} == {
            "party": NORTH,
            "role": "duty_officer",
            "expires_at": "2026-03-01T12:15:00Z",
        }
        again = node.http.post("/sessions", content=answer)
        assert (again.status_code, problem_code(again)) == (403, "CHALLENGE_UNKNOWN")
        late = node.town.pens[NORTH].session(node.http.post("/sessions/challenge").json()["challenge"])
        node.clock.advance(CHALLENGE_LIFE_MS)
        assert problem_code(node.http.post("/sessions", content=late)) == "CHALLENGE_UNKNOWN"
        node.clock.advance(SESSION_LIFE_MS - CHALLENGE_LIFE_MS)
        ended = node.http.get("/alerts", headers=session)
        assert (ended.status_code, problem_code(ended)) == (401, "SESSION_EXPIRED")


def test_nothing_is_seen_before_it_is_on_disk() -> None:
    town = Town()
    slow = SlowStore.under(town)
    with Node(town) as node:
        node.tell(SOUTH, presence(on_ground(NOON_MS)))
        session, feed = node.session(SOUTH), node.session(SOUTH)
        raw = town.written(NORTH, activity(in_air(NOON_MS + 3 * HOUR_MS)))
        slow.hold()
        seen: list[httpx.Response] = []
        threads = [
            threading.Thread(target=lambda: seen.append(node.http.post("/notices", content=raw))),
            threading.Thread(target=lambda: seen.append(node.http.get("/alerts", headers=session))),
        ]
        threads[0].start()
        assert slow.begun.wait(10)
        threads[1].start()
        size = len(town.store.records)
        assert node.http.get(f"/tile/0/000.p/{size + 1}").status_code == 404
        assert node.http.get(f"/entries/{size}", headers=session).status_code == 404
        assert node.http.get("/checkpoint").text.splitlines()[1] == str(size)
        with node.http.stream("GET", "/feed", headers=feed) as response:
            lines = response.iter_lines()
            assert not any(line.startswith("id:") for line, _ in zip(lines, range(6), strict=False))
            assert seen == []
            slow.go.set()
            assert any(line.startswith("event: alert") for line in lines)
        for thread in threads:
            thread.join(10)
        (alerts,) = [answer.json() for answer in seen if "alerts" in answer.json()]
        assert len(alerts["alerts"]) == 1


def _but_date(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name != "date"}


def test_a_leaf_says_nothing_by_its_length(node: Node) -> None:
    assert {len(record.leaf) for record in node.town.store.records} == {LEAF_BYTES}
