"""Witnesses over HTTP, real servers on this machine: alone, beside a node, and asked by one."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from openline.adapters.http.app import build_app
from openline.adapters.http.server import Serving
from openline.adapters.http.witness import Witnessing
from openline.adapters.witness_client import ANSWER_MAX_BYTES, HttpWitnesses
from openline.adapters.witness_store import WitnessStore
from openline.core.errors import BadUse
from openline.ledger.cosignature import confirmed_cosignatures, cosigner_of
from openline.ledger.note import NoteVerifier
from openline.ledger.witnessing import MAX_REQUEST_BYTES
from openline.node.cosigning import Cosigners, Place
from openline.node.ports import WitnessSilent
from openline.node.replay import replay
from openline.node.witness import Witness
from tests.cosigning import name_of, watched, watched_town, witness_signer
from tests.growing_log import ORIGIN, Log
from tests.parties import NOON_MS, NORTH, SOUTH, agreement, on_ground, presence
from tests.parties import ORIGIN as TOWN_ORIGIN
from tests.serving import TIMEOUT_S, Node
from tests.witnesses import Served, served

LOG = Log(40)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, NORTH, LOG.verifier) as alone:
        yield alone


def test_it_cosigns_what_continues(witness: Served) -> None:
    cosigner = cosigner_of(name_of(NORTH), witness_signer(NORTH))
    for old, size in ((0, 7), (7, 7), (7, 30), (30, 40)):
        answer = witness.add(LOG.body(old, size))
        assert answer.status_code == 200, answer.text
        (found,) = confirmed_cosignatures(LOG.note(size) + answer.text, [cosigner])
        assert found.time_s == NOON_MS // 1000
    assert witness.store.head(ORIGIN).size == 40


def test_the_statuses_of_the_specification(witness: Served) -> None:
    fork = LOG.fork(5, 30)
    assert witness.add(LOG.body(0, 20)).status_code == 200
    conflict = witness.add(LOG.body(0, 30))
    assert (conflict.status_code, conflict.text) == (409, "20\n")
    assert conflict.headers["content-type"] == "text/x.tlog.size"
    same = witness.add(fork.body(20, 20))
    assert (same.status_code, same.text, same.headers["content-type"]) == (409, "20\n", "text/x.tlog.size")
    assert witness.add(fork.body(20)).status_code == 422
    assert witness.add(LOG.body(0).replace(b"old 0", b"old 41")).status_code == 400
    assert witness.add(b"old 0\n\n").status_code == 400
    assert witness.add(Log(3, origin="log.example/other").body(0)).status_code == 404
    assert witness.add(Log(3, seed=bytes([7] * 32)).body(0)).status_code == 403
    assert witness.store.head(ORIGIN).size == 20
    assert len(witness.reports) == 2
    assert len(witness.store.evidence(ORIGIN)) == 2


def test_what_else_is_there_and_what_is_not(witness: Served) -> None:
    page = witness.http.get("/")
    assert (page.status_code, ORIGIN in page.text, name_of(NORTH) in page.text) == (200, True, True)
    assert witness.http.get("/healthz").status_code == 200
    assert witness.http.get("/add-checkpoint").status_code == 405
    assert witness.http.get("/nothing").status_code == 404
    assert witness.add(b"x" * (MAX_REQUEST_BYTES + 1)).status_code == 413

    def parts() -> Iterator[bytes]:
        yield from [b"x" * 65_536] * (MAX_REQUEST_BYTES // 65_536 + 1)

    assert witness.http.post("/add-checkpoint", content=parts()).status_code == 413


def test_a_disk_that_refuses_cosigns_nothing(witness: Served) -> None:
    witness.store.close()
    witness.store.path.unlink()
    witness.store.path.mkdir()
    answer = witness.add(LOG.body(0))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(witness.reports) == 1
    witness.store.path.rmdir()
    assert witness.add(LOG.body(0)).status_code == 200


def test_beside_a_node_it_is_the_same(tmp_path: Path) -> None:
    store = WitnessStore(tmp_path / "witness.sqlite")
    node = Node()
    witness = Witness("town.example/w", witness_signer("town"), {ORIGIN: [LOG.verifier]}, store, node.clock)
    node.app = build_app(
        node.sequencer, node.sessions, is_drill=True, report=node.report, witness=Witnessing(witness, node.report)
    )
    with closing(store), node:
        answer = node.http.post("/add-checkpoint", content=LOG.body(0))
        assert confirmed_cosignatures(LOG.note() + answer.text, [witness.cosigner])
        assert node.http.post("/add-checkpoint", content=LOG.body(3)).text == "40\n"
        too_large = node.http.post("/add-checkpoint", content=b"x" * (MAX_REQUEST_BYTES + 1))
        assert too_large.json()["code"] == "BODY_TOO_LARGE"


def test_a_node_that_watches_no_log_knows_none() -> None:
    with Node() as node:
        assert node.http.post("/add-checkpoint", content=LOG.body(0)).status_code == 404


def test_a_node_asks_its_witnesses_and_says_everywhere_what_is_witnessed(tmp_path: Path) -> None:
    town = watched_town(watched(2, (NORTH, SOUTH)), agreement("other"), parties=(NORTH, SOUTH))
    verifier = NoteVerifier(TOWN_ORIGIN, town.secrets.signer.public_key)
    told = town.tell(SOUTH, presence(on_ground(NOON_MS)))
    with served(tmp_path, NORTH, verifier) as north, served(tmp_path, SOUTH, verifier) as south:
        node = Node(town)
        places = [
            Place(name=name_of(NORTH), url=north.serving.url + "/"),
            Place(name=name_of(SOUTH), url=south.serving.url),
        ]
        cosigners = Cosigners(node.sequencer, HttpWitnesses(), places, node.report)
        node.app = build_app(
            node.sequencer, node.sessions, is_drill=True, report=node.report, cosigners=cosigners, pulse_s=0.02
        )
        witnessed = threading.Event()
        town.line.listen(lambda _: witnessed.set() if town.line.state.witnessed("town") else None)
        with node:
            assert witnessed.wait(TIMEOUT_S)
            (notice,) = node.get("/notices", SOUTH).json()["notices"]
            assert notice["witnessed"] == "yes"
            assert node.get(f"/entries/{told.index}", SOUTH).json()["witnessed"] == "yes"
            with node.feed(SOUTH) as frames:
                said = next(frame for frame in frames if frame and frame.kind == "witnessed")
            assert (said.id, said.data["agreement"], said.data["size"]) == (-1, "town", told.index + 1)
            assert set(said.data["text"]) == {"en", "fr"}
            ready = node.http.get("/readyz").json()
            assert ready["witnessed"] == told.index + 1
            assert ready["witnesses"] == {"waiting": 0, "answering": 2, "silent": 0, "trouble": 0}
            counts = node.http.get("/metrics").text
            assert f"openline_witnessed_entries {float(told.index + 1)}" in counts
            assert "openline_witness_lag 0.0" in counts
            assert 'openline_witnesses{state="answering"} 2.0' in counts
            assert not any(party in counts for party in (NORTH, SOUTH))
        note = town.line.witnessed_note("town")
        cosigners_known = [north.witness.cosigner, south.witness.cosigner]
        assert len(confirmed_cosignatures(note, cosigners_known)) == 2
        assert node.reports == []
    replay(town.store, town.secrets, TOWN_ORIGIN)


def test_without_cosignatures_it_says_not_yet_and_without_a_policy_so() -> None:
    town = watched_town(watched(2), agreement("other"))
    town.tell(SOUTH, presence(on_ground(NOON_MS)))
    town.tell(SOUTH, presence(on_ground(NOON_MS, north_m=9000.0)), under="other")
    with Node(town) as node:
        words = [notice["witnessed"] for notice in node.get("/notices", SOUTH).json()["notices"]]
        assert words == ["not_yet", "no_policy"]
        ready = node.http.get("/readyz").json()
        assert (ready["witnessed"], ready["witnesses"]["waiting"]) == (0, 0)
        assert f"openline_witness_lag {float(town.line.committed)}" in node.http.get("/metrics").text


def ask(url: str, patience_s: float = TIMEOUT_S) -> Any:  # noqa: ANN401 - whatever comes
    async def main() -> Any:  # noqa: ANN401 - whatever comes
        door = HttpWitnesses(patience_s)
        try:
            return await door.add_checkpoint(url, LOG.body(0))
        finally:
            await door.close()

    return asyncio.run(main())


def test_the_client_asks_a_real_witness(witness: Served) -> None:
    assert ask(witness.serving.url).status == 200
    assert ask(f"{witness.serving.url}/deeper").status == 404


@contextmanager
def talking(*parts: bytes) -> Iterator[str]:
    """A server that says these bytes to whoever comes first, and nothing more."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        done = threading.Event()

        def talk() -> None:
            peer, _ = listening.accept()
            with peer:
                peer.recv(65_536)
                for part in parts:
                    try:
                        peer.sendall(part)
                    except OSError:
                        break
                done.wait(TIMEOUT_S)

        thread = threading.Thread(target=talk)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            done.set()
            thread.join(TIMEOUT_S)


def test_the_client_gives_up() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    endless = [head + b"content-length: 9999999\r\n\r\n", *[b"x" * 65_536] * (ANSWER_MAX_BYTES // 65_536 + 1)]
    with talking(*endless) as url, pytest.raises(WitnessSilent, match="more than"):
        ask(url)
    with talking(head) as url, pytest.raises(WitnessSilent, match="TimeoutError"):
        ask(url, 0.05)
    with talking(b"nonsense\r\n\r\n") as url, pytest.raises(WitnessSilent):
        ask(url)
    with talking(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n") as url:
        assert ask(url).status == 302
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    for nowhere in (f"http://127.0.0.1:{port}", "http://[::"):
        with pytest.raises(WitnessSilent):
            ask(nowhere)


def test_a_witness_serves_other_machines_when_it_is_told_to_and_a_drill_does_not(witness: Served) -> None:
    assert witness.app.is_drill is False
    with Node() as node, pytest.raises(BadUse):
        Serving(node.app, "0.0.0.0", 0)  # noqa: S104 - the address that must be refused
