"""The engine's figures: exact questions among a million volumes, its peers beside it in the same run.

`python -m bench.engine [--quick] [--json] [--figures FOLDER]`; the last line is one JSON object (with --json the only
one). The full run asks all peers and writes a page and plots into FOLDER (docs/figures); `--quick` keeps a million for
us and for shapely's STRtree, and leaves out what is marked (full).

Every key ends with its N. Times are microseconds of one call from Python, by itself, one core, warm, from questions
that were made ready beforehand (`engine_parts/clock.py` tells how percentiles are taken). The workloads are in
`engine_parts/workloads.py`: R the sparse region, H the hot spot, C long corridors, W the world.

| key                                   | what                                                                         |
|---------------------------------------|------------------------------------------------------------------------------|
| `query_p50_us_N`, `query_p99_us_N`    | an exact question among N volumes of R; `hits_N` answers each                |
| `query_best_*_us_N`                   | of the block of calls that met the least noise                               |
| `PEER_p50_us_N`, `PEER_p99_us_N`      | the same of a peer: strtree; (full) rtree, sqlite, numpy, postgis            |
| `ratio_PEER_N`                        | the peer's p50 over ours                                                     |
| `PEER_build_s_N`                      | seconds to fill and index the peer                                           |
| `PEER_differ_N`                       | of 400 questions, those it answers otherwise than we do                      |
| `hotspot_*_N`                         | the same in H; `hits_p99`, `hits_most`: answers of a question                |
| `hotspot_p99_beyond_us_N`             | p99 of time less 1 us for each answer                                        |
| `growth_N_M`, `growth_mean_N_M`       | p50 (mean) at M volumes over that at N, where answers are as many            |
| `growth_p50_us_N`, `growth_hits_N`    | what that is made of                                                         |
| `load_s_N`, `load_cpu_s_N`            | seconds to load N volumes from columns, with their shapes; and of the core   |
| `bytes_per_volume_N`                  | all arrays of the search, a volume                                           |
| `resident_bytes_per_volume_N`         | growth of the process by the load, a volume                                  |
| `batch_million_per_s_N`               | questions a second, in millions, asked all at once; `_cpu_s`: of the core    |
| `insert_*_us_N`, `remove_*_us_N`      | one volume from columns, one notice out; p50, p99, worst (growth of arrays)  |
| `put_*_us_N`                          | one notice from the words of the house                                       |
| `corridors_*_N`, `world_*_N` (full)   | as in R, in C and W; only PostGIS beside us                                  |
| `find_*_us_N`, `find_new_*_us_N` (full) | `Engine.find_in_force`, `Engine.find` of a notice not in force             |
| `tell_*_us_N`, `load_items_s_N` (full) | `Engine.insert`; seconds of `Engine.load`                                   |
| `find_many_million_per_s_N` (full)    | `Engine.find_many`                                                           |
| `agreement_pairs` (full)              | random pairs judged by us and by PostGIS geography                           |
| `agreement_near`, `agreement_differ`  | how many of them PostGIS finds near; how many we judge otherwise             |
| `agreement_differ_within_m`           | how far from the limit those are, at most                                    |
| `agreement_largest_m`, `_p99_m`       | by how much distances differ beyond our stated band                          |
| `agreement_above_sampled_m`           | of the 200 that differ most: ours above GeographicLib's of sampled points    |
| `agreement_below_sampled_m`           | and by how much ours falls short of that, beyond our band                    |
| `agreement_corridors_*`               | the same of corridors with legs up to 200 km                                 |
| `memory_latency_ns`                   | one dependent read at random over 256 MB; lookups are bound by it            |
| `clock_overhead_ns`                   | subtracted from each time                                                    |
| `postgis_round_trip_us` (full)        | to ask PostGIS for nothing, p50; within its times                            |
| `warm_up_s`                           | numba: kernels from the cache, or compiled when they are not there           |
| `load_average_before`, `_after`       | what else ran on the machine                                                 |
| `took_s`                              | the whole run                                                                |

Absolute figures are this machine's; only the ratios travel.
"""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.engine_parts.agreement import agreement_figures
from bench.engine_parts.bars import BARS
from bench.engine_parts.clock import Spent, memory_latency_ns, spent
from bench.engine_parts.contest import Pace
from bench.engine_parts.optional import optional
from bench.engine_parts.ours import warm_up
from bench.engine_parts.page import write_page
from bench.engine_parts.peers import ALL
from bench.engine_parts.plots import plot_over_n
from bench.engine_parts.postgis import PostGis
from bench.engine_parts.scenes import Bench, load_average, rounded, say, size
from bench.engine_parts.server import Unavailable, serving
from bench.engine_parts.telling import telling_figures
from bench.engine_parts.workloads import REGION
from openline.engine.compiling import HAS_COMPILER

MOST = 1_000_000
CITY = CORRIDORS = 100_000
QUICK = Pace(rounds=10, ours=1_000, peers=200)
FULL = Pace(rounds=20, ours=2_000, peers=200)
PAIRS = 10_000


class Results:
    """Figures by key; spans by scene (the N of the region, or a name) and engine for the page."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = {}
        self.scenes: dict[str, dict[str, Spent]] = {}
        self.growth: dict[str, Spent] = {}


def measure(*, quick: bool) -> Results:
    """All figures."""
    results = Results()
    figures = results.figures
    begin = time.perf_counter()
    figures["load_average_before"] = load_average()
    figures["memory_latency_ns"] = round(memory_latency_ns())
    say("Reading the compiled kernels; the first time ever they are compiled, which takes a minute.")
    figures["warm_up_s"] = rounded(warm_up())
    with ExitStack() as stack:
        postgis = None if quick else _postgis(stack, figures)
        bench = Bench(QUICK if quick else FULL, ["strtree"] if quick else ALL, postgis)
        figures["clock_overhead_ns"] = bench.overhead
        _scenes(bench, results, quick=quick)
        if postgis is not None:
            trip = spent([postgis.round_trip(500, bench.overhead) for _ in range(10)])
            figures["postgis_round_trip_us"] = rounded(trip.p50)
            say(f"{PAIRS} pairs with PostGIS")
            figures |= agreement_figures(postgis, PAIRS)
    if quick:
        say("Left out for being quick: PostGIS and other peers, corridors, the world, a million notices told as words.")
    else:
        say("A million notices, told as words")
        told = telling_figures(REGION, MOST, 2_000, bench.overhead)
        figures |= {f"{key}_{size(MOST)}": rounded(value) for key, value in told.items()}
    figures["load_average_after"] = load_average()
    figures["took_s"] = round(time.perf_counter() - begin, 1)
    return results


def _scenes(bench: Bench, results: Results, *, quick: bool) -> None:
    figures = results.figures
    for in_force in (MOST,) if quick else (MOST, 300_000, 100_000, 30_000, 10_000):
        say(f"The region, {size(in_force)}")
        region, ours = bench.region(in_force)
        figures |= region.keyed
        results.scenes = {size(in_force): region.spent, **results.scenes}
        if in_force == MOST:
            say("Growth, changes")
            growth = bench.growth(MOST, ours)
            figures |= growth.keyed
            results.growth = growth.spent
            figures |= bench.changes(MOST, ours)
        del ours
    others = [("hot spot", bench.city, CITY)]
    if not quick:
        others += [("corridors", bench.corridors, CORRIDORS), ("world", bench.world, MOST)]
    for name, scene, in_force in others:
        say(f"{name.capitalize()}, {size(in_force)}")
        done = scene(in_force)
        figures |= done.keyed
        results.scenes[f"{name}, {size(in_force)}"] = done.spent


def _postgis(stack: ExitStack, figures: dict[str, Any]) -> PostGis | None:
    """A server and a connection for as long as the stack lasts; None, and said so, where there can be none."""
    try:
        optional("asyncpg")
        peer = PostGis(stack.enter_context(serving()))
    except Unavailable as reason:
        say(str(reason))
        figures["postgis_left_out"] = str(reason)
        return None
    stack.callback(peer.close)
    return peer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    parser.add_argument("--figures", type=Path, default=Path("docs/figures"), help="where the full run writes")
    options = parser.parse_args()
    if not HAS_COMPILER:
        parser.exit(message="There is no numba here, and without it no compiled search to measure.\n")
    results = measure(quick=options.quick)
    if not options.json:
        for name, value in results.figures.items():
            print(f"{name:34} {value}")
        for bar in BARS:
            value = results.figures.get(bar.key)
            if value is not None and not bar.is_met(value):
                print(
                    f"{'not yet' if bar.is_wish else 'missed'}: {bar.what}, {value:g} against {bar.limit:g} {bar.unit}"
                )
    if not options.quick:
        write_page(options.figures, results.figures, results.scenes)
        try:
            plot_over_n(options.figures, results.scenes, results.growth)
        except Unavailable as reason:
            say(f"No plots. {reason}")
    print(json.dumps(results.figures))


if __name__ == "__main__":
    main()
