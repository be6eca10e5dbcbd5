"""The scenes of the bench: each loads a workload, asks, and gives figures whose keys carry the N."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from bench.engine_parts.boxes import check_boxes
from bench.engine_parts.changes import batch_figures, change_figures, memory_figures
from bench.engine_parts.clock import Spent, overhead_ns, spent
from bench.engine_parts.contest import Pace, blocks_of, contest, differences, our_runner, peer_runner
from bench.engine_parts.ours import Ours
from bench.engine_parts.peers import ALL, Peer
from bench.engine_parts.planar import Plane
from bench.engine_parts.postgis import PostGis
from bench.engine_parts.questions import questions_of
from bench.engine_parts.workloads import CITY, CORRIDORS, REGION, Spread, denser, draw, draw_world, part
from openline.engine.columns import Columns

_SEED, _ASKED_SEED = 11, 12
_CHECKED = 400
"""Questions to which the answers of every peer are compared with ours."""
_CHANGES = 5_000


class Figures(NamedTuple):
    """What a scene gives."""

    keyed: dict[str, Any]
    """As they are published."""
    spent: dict[str, Spent]
    """By engine, for tables and plots."""


class Bench:
    """What all scenes share: the pace, the clock's overhead, and the peers that there are."""

    def __init__(self, pace: Pace, peers: Iterable[str], postgis: PostGis | None) -> None:
        self.pace, self.postgis = pace, postgis
        self.peers = list(peers)
        self.overhead = overhead_ns()

    def region(self, in_force: int) -> tuple[Figures, Ours]:
        """The sparse region."""
        volumes, asked = self._drawn(REGION, in_force)
        return self._contest(size(in_force), volumes, asked, self.peers)

    def city(self, in_force: int) -> Figures:
        """The hot spot; also what is beyond a microsecond for each conflict that is found."""
        volumes, asked = self._drawn(CITY, in_force)
        figures, ours = self._contest(f"hotspot_{size(in_force)}", volumes, asked, self.peers)
        hits = ours.hits()
        runner = our_runner(ours, self.pace, self.overhead)
        per_hit = [
            np.maximum(0, block - 1_000 * hits[number * len(block) : (number + 1) * len(block)])
            for number, block in enumerate(blocks_of([runner], self.pace)["ours"])
        ]
        name = size(in_force)
        keyed = {
            f"hotspot_p99_beyond_us_{name}": rounded(spent(per_hit).p99),
            f"hotspot_hits_p99_{name}": int(np.percentile(hits, 99)),
            f"hotspot_hits_most_{name}": int(hits.max()),
        }
        return Figures({**figures.keyed, **keyed}, figures.spent)

    def corridors(self, in_force: int) -> Figures:
        """Long corridors; of the peers only PostGIS, because one projection of the region does not hold them."""
        volumes, asked = self._drawn(CORRIDORS, in_force)
        return self._contest(f"corridors_{size(in_force)}", volumes, asked, ())[0]

    def world(self, in_force: int) -> Figures:
        """The whole globe; of the peers only PostGIS."""
        volumes = draw_world(in_force, seed=_SEED)
        asked = draw_world(self.pace.questions, seed=_ASKED_SEED, first_number=in_force)
        return self._contest(f"world_{size(in_force)}", volumes, asked, ())[0]

    def growth(self, largest: int, ours: Ours) -> Figures:
        """Fewer volumes in less place and time, so that the answers stay as many, beside the `largest`."""
        all_ours = {size(largest): ours}
        for times in (100, 10):
            spread, fewer = denser(times), largest // times
            volumes = draw(spread, fewer, seed=_SEED)
            asked = draw(spread, self.pace.questions, seed=_ASKED_SEED, first_number=fewer)
            all_ours[size(fewer)] = Ours(volumes, asked)
        runners = [our_runner(each, self.pace, self.overhead, name) for name, each in all_ours.items()]
        spans = contest(runners, self.pace)
        keyed: dict[str, Any] = {}
        for name, each in all_ours.items():
            keyed[f"growth_p50_us_{name}"] = rounded(spans[name].p50)
            keyed[f"growth_hits_{name}"] = rounded(float(each.hits().mean()))
        least, most = size(largest // 100), size(largest)
        keyed[f"growth_{least}_{most}"] = rounded(spans[most].p50 / spans[least].p50)
        keyed[f"growth_mean_{least}_{most}"] = rounded(spans[most].mean / spans[least].mean)
        return Figures(keyed, spans)

    def changes(self, in_force: int, ours: Ours) -> dict[str, Any]:
        """Load, memory, batches, insertions and removals; the search is not as it was afterwards."""
        name = size(in_force)
        keyed: dict[str, Any] = {"load_s": ours.load_s, "load_cpu_s": ours.load_cpu_s, **memory_figures(ours, in_force)}
        keyed |= batch_figures(ours)
        keyed |= change_figures(ours, REGION, in_force, _CHANGES, self.overhead)
        return {f"{key}_{name}": rounded(value) for key, value in keyed.items()}

    def _drawn(self, spread: Spread, in_force: int) -> tuple[Columns, Columns]:
        asked = draw(spread, self.pace.questions, seed=_ASKED_SEED, first_number=in_force)
        return draw(spread, in_force, seed=_SEED), asked

    def _contest(self, label: str, volumes: Columns, asked: Columns, peers: Iterable[str]) -> tuple[Figures, Ours]:
        """Build all, compare their answers, let them take turns."""
        check_boxes(volumes, 200, seed=1)
        ours = Ours(volumes, asked)
        few = part(asked, 0, self.pace.peer_questions)
        built: list[Peer | PostGis] = []
        keyed: dict[str, Any] = {}
        where, _, name = label.rpartition("_")
        for other, seconds in self._built(volumes, few, list(peers)):
            built.append(other)
            keyed[_key(where, other.name, "build_s", name)] = rounded(seconds)
        for other in built:
            differ = differences(ours, other, min(_CHECKED, len(few)))
            keyed[_key(where, other.name, "differ", name)] = len(differ)
            if differ and other.name != "postgis":
                raise RuntimeError(f"{label}: {other.name} answers differently to questions {differ[:5]}")
        runners = [our_runner(ours, self.pace, self.overhead)]
        runners += [peer_runner(other, self.pace, self.overhead) for other in built]
        spans = contest(runners, self.pace)
        for engine, span in spans.items():
            told = "query" if engine == "ours" else engine
            keyed[_key(where, told, "p50_us", name)] = rounded(span.p50)
            keyed[_key(where, told, "p99_us", name)] = rounded(span.p99)
            if engine == "ours":
                keyed[_key(where, told, "best_p50_us", name)] = rounded(span.best_p50)
                keyed[_key(where, told, "best_p99_us", name)] = rounded(span.best_p99)
            else:
                keyed[_key(where, "ratio", engine, name)] = rounded(span.p50 / spans["ours"].p50)
        keyed[_key(where, "hits", name)] = rounded(float(ours.hits().mean()))
        return Figures(keyed, spans), ours

    def _built(self, volumes: Columns, few: Columns, peers: list[str]) -> Iterable[tuple[Peer | PostGis, float]]:
        if peers:
            plane, questions = Plane(volumes, few), questions_of(few)
            for peer in peers:
                begin = time.perf_counter()
                made = ALL[peer](plane, questions)
                yield made, time.perf_counter() - begin
        if self.postgis is not None:
            begin = time.perf_counter()
            self.postgis.load(volumes, few)
            yield self.postgis, time.perf_counter() - begin


def size(number: int) -> str:
    """1e6, 3e5."""
    power = int(math.log10(number))
    return f"{number // 10**power}e{power}"


def rounded(value: float) -> float:
    """Three digits that count; a whole number as it is."""
    return value if isinstance(value, int) else float(f"{value:.3g}")


def load_average() -> float:
    """What else runs on the machine, over the last minute; -1 where it does not say."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else -1.0


def say(sentence: str) -> None:
    """Progress, beside the figures."""
    print(sentence, file=sys.stderr, flush=True)


def _key(where: str, *parts: str) -> str:
    return "_".join(part for part in (where, *parts) if part)
