"""A line that serves its standard input on a disk that forgets: the process that the tests end.

    python -m tests.faults.child ORDER

ORDER is the JSON of an `Order`. In: a number and an envelope on each line. Out: `ready`, then `receipt`, `refusal`,
`alert` and `report` lines, each a JSON array.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec

from openline.adapters.clock import ManualClock
from openline.adapters.sqlite import SqliteStore
from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE
from openline.core.errors import OpenlineError
from openline.core.event import Alert, Event
from openline.core.time import MINUTE_MS
from openline.node.journal import Output
from openline.node.line import Line
from openline.node.sequencer import Sequencer
from tests.faults.disk import Apsw, Disk
from tests.faults.tellers import ORIGIN, SECRETS, administration

STEP_MS = 3 * MINUTE_MS
_LIMIT = 1 << 22


class Order(msgspec.Struct, kw_only=True):
    """How a child is to live."""

    path: str
    seed: int
    keeps: float
    dies_at: int
    is_careless: bool
    now_ms: int


class _Passing(ManualClock):
    """Time passes by being asked for."""

    def now_ms(self) -> int:
        self.advance(STEP_MS)
        return super().now_ms()


def _say(kind: str, *parts: object) -> None:
    sys.stdout.write(msgspec.json.encode([kind, *parts]).decode() + "\n")
    sys.stdout.flush()


class _Child:
    def __init__(self, order: Order) -> None:
        disk = Disk("faulty", seed=order.seed, keeps=order.keeps, dies_at=order.dies_at)
        store = SqliteStore(Path(order.path), Apsw(disk, is_careless=order.is_careless))
        self._line = Line(store, SECRETS, ORIGIN)
        self._line.open()
        self._line.administer(order.now_ms, administration())
        self._line.listen(self._hear)
        self._sequencer = Sequencer(
            self._line, _Passing(order.now_ms), lambda text, error: _say("report", text, repr(error))
        )

    async def serve(self) -> None:
        self._sequencer.start()
        reader = asyncio.StreamReader(_LIMIT)
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        _say("ready")
        async with asyncio.TaskGroup() as tasks:
            while line := await reader.readline():
                number, _, raw = line.rstrip(b"\n").partition(b" ")
                tasks.create_task(self._take(int(number), raw))

    async def _take(self, number: int, raw: bytes) -> None:
        is_acknowledgement = ACKNOWLEDGEMENT_TYPE.encode() in raw
        try:
            receipt = await (self._sequencer.acknowledge if is_acknowledgement else self._sequencer.tell)(raw)
        except OpenlineError as error:
            _say("refusal", number, error.code)
        else:
            _say("receipt", number, receipt)

    def _hear(self, outputs: list[tuple[int, Output]]) -> None:
        for index, output in outputs:
            if isinstance(output, Event) and output.to and index % 3 == 0:
                self._sequencer.deliver(output.to, (index,), "feed")
            if isinstance(output, Alert):
                _say("alert", output.to, output.alert, output.precedence.name)


if __name__ == "__main__":
    asyncio.run(_Child(msgspec.json.decode(sys.argv[1], type=Order)).serve())
