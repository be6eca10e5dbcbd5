"""A town's node that really serves: its own thread, its own loop, a free port of this machine."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

import httpx
import msgspec

from openline.adapters.clock import ManualClock, SystemEntropy
from openline.adapters.http.app import NodeApp, build_app
from openline.adapters.http.server import Serving
from openline.adapters.http.streams import Patience
from openline.adapters.memory import MemoryStore
from openline.node.attachments import AttachmentStore
from openline.node.ports import Record
from openline.node.sequencer import Sequencer
from openline.node.sessions import Sessions
from tests.parties import Town

KEEP_ALIVE = ": the line is open"
"""The comment that goes out when there is nothing to tell; a test that reads it has read everything."""
TIMEOUT_S = 30.0
QUIET_MAX = 400
"""Comments in a row after which a test gives up."""
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Nothing here speaks TLS, and loading certificates takes longer than most tests."""


class SlowStore(MemoryStore):
    """Keeps a write waiting until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.go = threading.Event()
        self.go.set()

    @classmethod
    def under(cls, town: Town) -> Self:
        """Put one under a town, with all that was recorded there."""
        slow = cls()
        slow.records, slow.note = town.store.records, town.store.note
        town.store = town.line.store = slow
        return slow

    def hold(self) -> None:
        """Let the next write wait until `go` is set."""
        self.begun.clear()
        self.go.clear()

    def append(self, records: Sequence[Record], checkpoint: str) -> None:
        self.begun.set()
        assert self.go.wait(10)
        super().append(records, checkpoint)


class Frame(msgspec.Struct, frozen=True):
    """A server-sent event as it was read; `id` is -1 when it has none."""

    id: int
    kind: str
    data: dict[str, Any]


class Node:
    """A context in which a town's line is served."""

    def __init__(
        self,
        town: Town | None = None,
        *,
        keep_alive_s: float = 0.05,
        pulse_s: float = 0.02,
        is_drill: bool = True,
        attachments: AttachmentStore | None = None,
    ) -> None:
        """The clock stands at the town's time until it is moved."""
        self.town = town or Town()
        self.clock = ManualClock(self.town.now_ms)
        self.reports: list[tuple[str, Exception]] = []
        self.sequencer = Sequencer(self.town.line, self.clock, self.report)
        self.sessions = Sessions(self.clock, SystemEntropy())
        self.app: NodeApp = build_app(
            self.sequencer,
            self.sessions,
            is_drill=is_drill,
            report=self.report,
            patience=Patience(keep_alive_s=keep_alive_s),
            pulse_s=pulse_s,
            attachments=attachments,
        )
        self.url = ""
        self.http: httpx.Client
        self._held: dict[str, dict[str, str]] = {}
        self._up = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._serving: Serving | None = None
        self._thread = threading.Thread(target=self._run, name="node")

    def report(self, sentence: str, error: Exception) -> None:
        """What should never happen is kept, so that a test can look at it."""
        self.reports.append((sentence, error))

    def __enter__(self) -> Self:
        self._serving = Serving(self.app, "127.0.0.1", 0, lambda _: self._up.set())
        self.url = self._serving.url
        self._thread.start()
        assert self._up.wait(TIMEOUT_S)
        self.http = httpx.Client(base_url=self.url, timeout=TIMEOUT_S, verify=NO_CERTIFICATES)
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.stop()
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the node's own loop; returns once it is done."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(work, self._loop).result(TIMEOUT_S)

    def line_fenced(self, reason: str) -> None:
        """Let the line take nothing more."""
        self.town.line.fence(reason)

    def stop(self) -> None:
        """Ask it to stop; it does so in its own time."""
        assert self._serving is not None
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._serving.stop)

    def tell(self, party: str, fields: dict[str, Any], name: str = "") -> httpx.Response:
        """Send a notice of a party."""
        return self.http.post("/notices", content=self.town.written(party, fields, name))

    def session(self, party: str) -> dict[str, str]:
        """The header of a fresh session of a party."""
        challenge = self.http.post("/sessions/challenge").json()["challenge"]
        opened = self.http.post("/sessions", content=self.town.pens[party].session(challenge))
        assert opened.status_code == 201, opened.text
        return {"Authorization": f"Bearer {opened.json()['token']}"}

    def get(self, path: str, party: str) -> httpx.Response:
        """Read as a party, always in the same session."""
        return self.http.get(path, headers=self.held(party))

    def held(self, party: str) -> dict[str, str]:
        """The header of the one session that a party keeps."""
        if party not in self._held:
            self._held[party] = self.session(party)
        return self._held[party]

    @contextmanager
    def feed(self, party: str, after: int | None = None, **headers: str) -> Iterator[Iterator[Frame | None]]:
        """Read a party's feed: frames, and None whenever there is nothing more for the moment."""
        where = "/feed" if after is None else f"/feed?after={after}"
        with self.http.stream("GET", where, headers=self.session(party) | headers) as response:
            assert response.status_code == 200, response.read()
            yield frames_in(response.iter_lines())

    def told(self, party: str, after: int | None = None, **headers: str) -> list[Frame]:
        """Everything that a party's feed holds at this moment."""
        with self.feed(party, after, **headers) as frames:
            return until_quiet(frames)

    def _run(self) -> None:
        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            assert self._serving is not None
            await self._serving.run()

        asyncio.run(main())


def until_quiet(frames: Iterator[Frame | None]) -> list[Frame]:
    """Frames up to the first moment without news, or to the end."""
    found: list[Frame] = []
    for frame in frames:
        if frame is None:
            break
        found.append(frame)
    return found


def frames_in(lines: Iterator[str]) -> Iterator[Frame | None]:
    """Read server-sent events as a browser does; None for a comment."""
    fields: dict[str, str] = {}
    quiet = 0
    for line in lines:
        quiet = quiet + 1 if line.startswith(":") else quiet if not line else 0
        assert quiet < QUIET_MAX, "whatever is awaited never comes"
        if line.startswith(":"):
            yield None
        elif line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "data" in fields:
                yield Frame(int(fields.get("id", -1)), fields["event"], msgspec.json.decode(fields["data"]))
            fields = {}


def b64(text: str) -> bytes:
    """Bytes of standard base64."""
    return msgspec.json.decode(f'"{text}"', type=bytes)
