"""Ten thousand and a million notices in force: what the line loses. Run in a process of its own by the service bench.

Two lines on stores of their own are told the same signed notices in alternating rounds, in groups of 32, as the
sequencer does it: opened, stepped, on disk, receipts written. One has 10,000 in force, the other 1,000,000.

Those were put in force by `State.take_notice`: judged, held and in the engine, but **not journalled** and never signed;
telling them would take too long. They are spread over the region and the week of what is told, so that the search meets
them in the cells that it reads, but they lie higher by more than the vertical minimum. So both lines raise the same
alerts, and the two ledgers end with the same checkpoint, which is asserted; otherwise alerts would be measured, of
which a million in force cause more. What is told is in force afterwards: both lines grow by `line_n` and by the
rounds before it that do not count.
"""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from bench.engine_parts.outlines import begins_of, outline_of
from bench.engine_parts.workloads import BEGIN_MS, REGION, Spread, draw
from bench.service_parts.traffic import AGREEMENT, make_folder, new_line, notices, party, pens
from openline.adapters.sqlite import SqliteStore
from openline.app.composition import LEDGER_NAME
from openline.app.configuration import SearchChoice
from openline.app.searching import engine_maker
from openline.core.event import Alert
from openline.core.notice import AirActivity, Kind
from openline.core.time import HOUR_MS, Window
from openline.core.volume import Altitude, Datum, Volume4D
from openline.engine.words import Item, Minima, Standing
from openline.intake.opening import open_notice
from openline.node.judging import PairRules, judged
from openline.node.line import Line, outcome_of
from openline.node.state import EngineMaker
from openline.node.urgency import subject_of

PARTIES = 32
FEW, MANY = 10_000, 1_000_000
GROUP = 32
ROUNDS, PER_ROUND = 120, 128
"""Short rounds: what else runs on a machine comes and goes within seconds, and should meet both lines of a pair."""
_UNCOUNTED = 8
"""Rounds before those that count: the arrays of a search that was just loaded grow with the first insertions."""
ABOVE = replace(REGION, floor_m=(16_000, 31_000))
"""What is told reaches up to 15,000 m."""
TOLD = replace(REGION, floor_m=(300, 12_000))
_NEAR = 1_024
_GC_THRESHOLDS = (20_000, 20, 50)
"""Those of `openline serve`."""


class Spent(NamedTuple):
    """Seconds, by the clock on the wall and by the core."""

    wall_s: float
    core_s: float


class _AnyHeight:
    """The minima of the bench's agreement, whatever the heights."""

    edition = "any height"
    reach = Minima(lateral_m=1_000.0, vertical_m=1e6, time_ms=300_000)

    def minima(self, _first: Standing, _second: Standing, /) -> Minima | None:
        return self.reach


def activities(spread: Spread, count: int, *, at_ms: int, seed: int, name: str) -> Iterator[AirActivity]:
    """`count` different activities of one volume each, the parties in turn. Sequence 0 is nobody's last notice."""
    columns = draw(spread, count, seed=seed)
    begins = begins_of(columns)
    shift_ms = at_ms + HOUR_MS - BEGIN_MS
    windows = zip((columns.start_ms + shift_ms).tolist(), (columns.end_ms + shift_ms).tolist(), strict=True)
    heights = zip(columns.lower_m.tolist(), columns.upper_m.tolist(), strict=True)
    for index, ((start_ms, end_ms), (lower_m, upper_m)) in enumerate(zip(windows, heights, strict=True)):
        window = Window(start_ms=start_ms, end_ms=end_ms)
        volume = Volume4D(
            outline=outline_of(columns, index, begins[index]),
            lower=Altitude(value_m=lower_m, datum=Datum.MSL),
            upper=Altitude(value_m=upper_m, datum=Datum.MSL),
            window=window,
        )
        yield AirActivity(
            id=f"{name}-{index:07d}",
            kind=Kind.AIR_ACTIVITY,
            party=party(index % PARTIES),
            sequence=0,
            previous="",
            agreement_id=AGREEMENT[0],
            agreement_version=AGREEMENT[1],
            issued_ms=at_ms,
            volumes=(volume,),
            window=window,
        )


class Subject:
    """A line with so many in force."""

    def __init__(self, folder: Path, in_force: int, make_engine: EngineMaker, at_ms: int) -> None:
        """Everything in force, and in the search as after a start."""
        settings = make_folder(folder, PARTIES)
        self.store = SqliteStore(folder / LEDGER_NAME)
        self.line: Line = new_line(folder, settings, self.store, make_engine, at_ms=at_ms)
        self.at_ms = at_ms
        self.alerts = 0
        self.told: list[Spent] = []
        self.found: list[Spent] = []
        state = self.line.state
        for index, notice in enumerate(activities(ABOVE, in_force, at_ms=at_ms, seed=in_force, name="held")):
            state.take_notice(notice, digest=f"{index:064x}", at_ms=at_ms)
        self.near(self.items(1, seed=1, name="first"), _AnyHeight())
        assert len(state.engine) == in_force

    def tell(self, group: Sequence[bytes]) -> None:
        """What the sequencer does with those that wait for it together."""
        line, state, at_ms = self.line, self.line.state, self.at_ms
        opened = [open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of) for raw in group]
        for given in opened:
            subject_of(given, state, at_ms)
        batch = line.commit(opened, at_ms)
        for position in range(len(group)):
            line.receipt(outcome_of(batch, position))
        self.alerts += sum(isinstance(output, Alert) for output in batch.outputs)

    def find(self, items: Sequence[Item]) -> None:
        """What a step asks of the engine."""
        engine, register = self.line.state.engine, self.line.state.register
        for item in items:
            engine.insert(item)
            engine.find_in_force(item.notice_id, PairRules(register, self.at_ms))

    def near(self, items: Sequence[Item], rules: _AnyHeight) -> int:
        """How many of what is in force each item would meet under other rules, summed."""
        return sum(len(self.line.state.engine.find(item, rules)) for item in items)

    def items(self, count: int, *, seed: int, name: str) -> list[Item]:
        """Activities at the heights of what is told, as the engine sees them."""
        state = self.line.state
        drawn = activities(TOLD, count, at_ms=self.at_ms, seed=seed, name=name)
        return [judged(n, key=n.id, agreement=state.agreement_of(n, self.at_ms), secrets=state.secrets) for n in drawn]


def figures(folder: Path) -> dict[str, Any]:
    """All figures of the two lines."""
    make_engine = engine_maker(SearchChoice.COMPILED)
    at_ms = time.time_ns() // 1_000_000
    # making millions of values and no cycles, as when a ledger is read back
    gc.disable()
    few = Subject(folder / "few", FEW, make_engine, at_ms)
    many = Subject(folder / "many", MANY, make_engine, at_ms)
    both = (few, many)
    count = PER_ROUND * (_UNCOUNTED + ROUNDS)
    raws = list(notices(pens(PARTIES), count, start_ms=at_ms, seed=200))
    items = few.items(count, seed=300, name="found")
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    near = many.near(items[:_NEAR], _AnyHeight()) / _NEAR
    for number in range(_UNCOUNTED + ROUNDS):
        cut = slice(number * PER_ROUND, (number + 1) * PER_ROUND)
        groups = [raws[begin : begin + GROUP] for begin in range(cut.start, cut.stop, GROUP)]
        for subject in both if number % 2 else reversed(both):
            subject.told.append(_spent(subject.tell, groups))
    assert few.alerts == many.alerts
    assert few.line.checkpoint == many.line.checkpoint
    assert few.line.committed == many.line.committed > count
    for number in range(_UNCOUNTED + ROUNDS):
        block = items[number * PER_ROUND : (number + 1) * PER_ROUND]
        for subject in both if number % 2 else reversed(both):
            subject.found.append(_spent(subject.find, [block]))
    for subject in both:
        subject.store.close()
    return _summed(few, many, near)


def _spent(work: Callable[[Any], None], parts: Sequence[Any]) -> Spent:
    begun, begun_core = time.perf_counter(), time.process_time()
    for part in parts:
        work(part)
    core_s = time.process_time() - begun_core
    return Spent(time.perf_counter() - begun, core_s)


def _summed(few: Subject, many: Subject, near: float) -> dict[str, Any]:
    """Medians over the rounds that count."""
    told = [subject.told[_UNCOUNTED:] for subject in (few, many)]
    found = [subject.found[_UNCOUNTED:] for subject in (few, many)]
    wall = [[spent.wall_s for spent in rounds] for rounds in told]
    core = [[spent.core_s for spent in rounds] for rounds in told]
    find = [[spent.wall_s / PER_ROUND * 1e6 for spent in rounds] for rounds in found]
    return {
        "line_per_s_1e4": round(PER_ROUND / statistics.median(wall[0])),
        "line_per_s_1e6": round(PER_ROUND / statistics.median(wall[1])),
        **_loss("line_loss", wall),
        "line_cpu_per_s_1e4": round(PER_ROUND / statistics.median(core[0])),
        "line_cpu_per_s_1e6": round(PER_ROUND / statistics.median(core[1])),
        **_loss("line_cpu_loss", core),
        "line_n": ROUNDS * PER_ROUND,
        "line_rounds": ROUNDS,
        "line_alerts": few.alerts,
        "line_near_1e6": round(near, 1),
        "line_near_n": _NEAR,
        "find_us_1e4": round(statistics.median(find[0]), 1),
        "find_us_1e6": round(statistics.median(find[1]), 1),
        "find_loss_us_1e6": round(statistics.median(b - a for a, b in zip(*find, strict=True)), 1),
        "find_n": ROUNDS * PER_ROUND,
    }


def _loss(name: str, seconds: list[list[float]]) -> dict[str, Any]:
    """How much lower the second's rate is, from each pair of rounds: the median, and the quartiles."""
    losses = [1 - few_s / many_s for few_s, many_s in zip(*seconds, strict=True)]
    low, middle, high = (round(cut, 3) for cut in statistics.quantiles(losses, n=4))
    return {f"{name}_1e6": middle, f"{name}_quartiles": [low, high]}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(figures(Path(folder))))


if __name__ == "__main__":
    main()
