"""The server: where it may listen, what it says when it has started, and that it ends when it is asked to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from openline.adapters.clock import ManualClock, SystemEntropy
from openline.adapters.http.app import NodeApp, build_app
from openline.adapters.http.server import Serving
from openline.core.errors import BadUse
from openline.node.sequencer import Sequencer
from openline.node.sessions import Sessions
from tests.parties import NOON_MS, NORTH, Town
from tests.serving import Node, until_quiet

ROOT = Path(__file__).parents[2]


def app_of(*, is_drill: bool) -> NodeApp:
    town, clock = Town(), ManualClock(NOON_MS)
    sequencer = Sequencer(town.line, clock, lambda *_: None)
    return build_app(sequencer, Sessions(clock, SystemEntropy()), is_drill=is_drill, report=lambda *_: None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])  # noqa: S104 - refused, and tested to be
def test_a_drill_listens_on_its_own_machine_only(host: str) -> None:
    with pytest.raises(BadUse) as refused:
        Serving(app_of(is_drill=True), host, 0)
    assert (refused.value.code, refused.value.path) == ("CONFIGURATION_INVALID", "host")


def test_an_address_that_is_taken_is_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held, pytest.raises(BadUse) as refused:
        Serving(app_of(is_drill=True), "127.0.0.1", held.getsockname()[1])
    assert refused.value.path == "port"
    with pytest.raises(BadUse):
        Serving(app_of(is_drill=True), "127.0.0.1", 70_000)


def test_a_node_that_stops_lets_go_of_its_port_and_its_streams() -> None:
    with Node() as node, node.feed(NORTH) as frames:
        until_quiet(frames)
        node.stop()
        assert [frame.kind for frame in frames if frame] == ["node_stopping"]
    port = int(node.url.rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        pass
    assert node.reports == []


SCRIPT = """
from openline.adapters.clock import SystemClock, SystemEntropy
from openline.adapters.http.app import build_app
from openline.adapters.http.server import serve
from openline.node.sequencer import Sequencer
from openline.node.sessions import Sessions
from tests.parties import Town
clock = SystemClock()
app = build_app(
    Sequencer(Town().line, clock, print), Sessions(clock, SystemEntropy()), is_drill=True, report=print
)
serve(app, "127.0.0.1", 0, lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_at_once_though_a_feed_is_being_read(number: signal.Signals) -> None:
    command = [sys.executable, "-W", "error", "-c", SCRIPT]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        with httpx.Client(base_url=url) as client:
            challenge = client.post("/sessions/challenge").json()["challenge"]
            token = client.post("/sessions", content=Town().pens[NORTH].session(challenge)).json()["token"]
            with client.stream("GET", "/feed", headers={"Authorization": f"Bearer {token}"}) as response:
                lines = response.iter_lines()
                assert next(lines) == "retry: 2000"
                process.send_signal(number)
                assert "event: node_stopping" in list(lines)
        said, complained = process.communicate(timeout=10)
    assert (process.returncode, said, complained) == (0, "stopped\n", "")


def test_the_loop_is_the_fast_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[str] = []
    monkeypatch.setattr(Serving, "run", _noting(found))
    from openline.adapters.http.server import serve  # noqa: PLC0415 - beside what it needs

    serve(app_of(is_drill=True), "127.0.0.1", 0)
    assert sys.platform == "win32" or found == ["uvloop"]


def _noting(found: list[str]) -> Callable[[Serving], object]:
    async def run(serving: Serving) -> None:
        import asyncio  # noqa: PLC0415 - as above

        found.append(type(asyncio.get_running_loop()).__module__)
        serving._socket.close()  # noqa: SLF001 - it was never served on

    return run
