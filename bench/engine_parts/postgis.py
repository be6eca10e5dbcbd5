"""The peer PostGIS: a GiST index over box, time and height, and distances of type geography.

The questions lie in a table of the server and are asked by number through one prepared statement, so that nothing is
parsed or planned while the clock runs. The client is asyncpg on uvloop, the quickest that was found; what it takes to
ask for nothing is told beside the figures.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any, TypeVar

import numpy as np
import shapely
import uvloop

from bench.engine_parts.boxes import Ints
from bench.engine_parts.clock import Times
from bench.engine_parts.cores import cores
from bench.engine_parts.optional import optional
from bench.engine_parts.questions import Question, questions_of, seconds
from bench.engine_parts.server import INSTALL, Unavailable
from bench.engine_parts.workloads import MINIMA
from openline.engine.columns import Columns

_T = TypeVar("_T")
_TABLES = """
DROP TABLE IF EXISTS volume, question;
CREATE UNLOGGED TABLE volume
    (id int, place box, during int8range, heights int4range, radius float8, core geography);
CREATE UNLOGGED TABLE question
    (id int, place box, during int8range, heights int4range, radius float8, core geography);
"""
_INDEXES = (
    "CREATE INDEX ON volume USING gist (place, during, heights)",
    "CREATE INDEX ON question (id)",
    "VACUUM ANALYZE volume",
    "VACUUM ANALYZE question",
)
_FIND = f"""SELECT v.id FROM question q JOIN volume v
    ON v.place && q.place AND v.during && q.during AND v.heights && q.heights
    AND ST_DWithin(v.core, q.core, v.radius + q.radius + {MINIMA.lateral_m}) WHERE q.id = $1"""  # noqa: S608 -- no text


class PostGis:
    """A connection, and the loop that it lives on."""

    name = "postgis"

    def __init__(self, folder: Path) -> None:
        """Connect to the server whose socket is in `folder`.

        Raises:
            Unavailable: without asyncpg, and when the server knows no PostGIS.
        """
        asyncpg = optional("asyncpg")
        self._loop = uvloop.new_event_loop()
        self._connection = self.run(asyncpg.connect(host=str(folder), user="bench", database="postgres"))
        try:
            self.run(self._connection.execute("CREATE EXTENSION IF NOT EXISTS postgis"))
        except asyncpg.PostgresError as error:
            self.close()
            raise Unavailable(f"PostgreSQL has no PostGIS ({error}). On Debian and Ubuntu: {INSTALL}") from error
        # An index that is there is used, and a prepared statement is planned once.
        settings = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan"
        self.run(self._connection.execute(settings))
        self._find: Any = None

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do it to the end."""
        return self._loop.run_until_complete(work)

    def fetch(self, command: str, *given: object) -> list[Any]:
        """The rows that a command answers."""
        rows: list[Any] = self.run(self._connection.fetch(command, *given))
        return rows

    def close(self) -> None:
        """Hang up."""
        self.run(self._connection.close())
        self._loop.close()

    def load(self, volumes: Columns, asked: Columns) -> None:
        """Fill both tables, in place of what was there."""
        self.run(self._connection.execute(_TABLES))
        for table, columns, rows in (
            ("volume", volumes, _own(volumes)),
            ("question", asked, questions_of(asked)),
        ):
            text = io.BytesIO("".join(_lines(columns, rows)).encode())
            self.run(self._connection.copy_to_table(table, source=text, format="text"))
        for command in _INDEXES:
            self.run(self._connection.execute(command))
        self._find = self.run(self._connection.prepare(_FIND))

    def query(self, question: int) -> Ints:
        """The rows of the volumes that conflict with one that is asked about, in no order."""
        return np.array([row[0] for row in self.run(self._find.fetch(question))], dtype=np.int64)

    def timed(self, questions: Sequence[int], overhead: int) -> Times:
        """As `clock.timed`, from within the loop."""
        return self.run(_timed(self._find, questions, overhead))

    def round_trip(self, count: int, overhead: int) -> Times:
        """What it takes to ask for nothing."""
        statement = self.run(self._connection.prepare("SELECT $1::int"))
        return self.run(_timed(statement, range(count), overhead))


async def _timed(statement: Any, questions: Sequence[int], overhead: int) -> Times:  # noqa: ANN401 -- asyncpg's
    times = np.empty(len(questions), dtype=np.int64)
    for index, question in enumerate(questions):
        begin = perf_counter_ns()
        await statement.fetch(question)
        times[index] = perf_counter_ns() - begin
        if index % 64 == 0:
            await asyncio.sleep(0)
    return np.maximum(0, times - overhead)


def _own(volumes: Columns) -> list[Question]:
    """The volumes themselves, not widened."""
    table = np.column_stack(
        (volumes.box_deg, seconds(volumes.start_ms), seconds(volumes.end_ms), volumes.lower_m, volumes.upper_m)
    )
    return [Question(*row) for row in table.tolist()]


def _lines(columns: Columns, rows: list[Question]) -> Iterator[str]:
    """The text format of COPY. A box across the antimeridian becomes two rows."""
    texts: list[str] = shapely.to_wkb(cores(columns, columns.lng_deg, columns.lat_deg), hex=True).tolist()
    for index, (row, core, radius) in enumerate(zip(rows, texts, columns.radius_m.tolist(), strict=True)):
        rest = f"[{row.start_s:.0f},{row.end_s:.0f})\t[{row.lower_m:.0f},{row.upper_m:.0f}]\t{radius!r}\t{core}\n"
        sides = ((row.west, row.east),) if row.west <= row.east else ((row.west, 180.0), (-180.0, row.east))
        for west, east in sides:
            yield f"{index}\t({east!r},{row.north!r}),({west!r},{row.south!r})\t{rest}"
