"""The figures of live tracks: all pairs, tracks against volumes, peers beside them, accuracy against GeographicLib.

`python -m bench.tracks [--quick] [--json]`; the last line is one JSON object (with --json the only one). The scene is
`tracks_parts/scene.py`: 8 tracks in 1,000 km2 whatever their number (1e5 over 30-60 N, 10 W-40 E), 50-250 m/s, 0-12 km,
40 % climbing or sinking. Pairs: 5 NM, 1,000 ft, 300 s; `close`: 0.5 NM, 500 ft, 60 s. Times are CPU time of one core,
medians; peers take turns with ours in the same process.

| key                               | what                                                                             |
|-----------------------------------|----------------------------------------------------------------------------------|
| `tracks_pairs_ms_1e5`             | all pairs of 1e5 tracks, compiled; `_1e4` of 1e4                                 |
| `tracks_pairs_found_1e5`          | how many pairs that are                                                          |
| `tracks_pairs_plain_ms_1e5`       | the same without a compiler                                                      |
| `tracks_pairs_close_ms_1e5`       | 1e5 tracks, 0.5 NM, 500 ft, 60 s                                                 |
| `tracks_volumes_ms_1e5x1e4`       | 1e5 tracks against 1e4 volumes told for the next half day, 300 s ahead           |
| `tracks_volumes_on_ms_1e5x1e4`    | the same with the windows of all 1e4 volumes open                                |
| `tracks_volumes_found_*`          | how many of each                                                                 |
| `tracks_volumes_prepare_ms_1e4`   | drawing 1e4 outlines, once                                                       |
| `ratio_scipy_1e4`                 | scipy's cKDTree + numpy, asked once for the look-ahead, over ours, at 1e4 tracks |
| `ratio_scipy_sliced_1e4`          | the same with our ideas (slices, heights first); `_1e5` at 1e5 (full run)        |
| `ratio_bluesky_1e4`               | BlueSky's C++ state-based detection over ours, at 1e4 (full run, if installed)   |
| `miss_error_m_median`, `_p95`     | predicted miss distance over 300 s against GeographicLib, `miss_error_n` pairs   |
| `*_n`                             | repeats                                                                          |

The full run adds peers over N and draws `docs/figures/tracks.svg` where matplotlib is installed. Absolute figures are
this machine's; only the ratios travel.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.tracks_parts.accuracy import miss_errors_m
from bench.tracks_parts.figure import draw
from bench.tracks_parts.peers import SLICED_LIKE_OURS, WRITTEN_DOWN, bluesky_detect, bluesky_pairs, scipy_pairs
from bench.tracks_parts.scene import NOW_MS, traffic, volumes
from openline.engine.compiling import HAS_COMPILER
from openline.engine.tracks.crossings import Crossings, find_crossings
from openline.engine.tracks.outlines import Outlines, prepare_outlines
from openline.engine.tracks.pairs import find_pairs
from openline.engine.tracks.reports import Tracks
from openline.engine.tracks.warming import warm

LATERAL_M, VERTICAL_M, LOOK_AHEAD_S = 5.0 * 1852.0, 1000.0 * 0.3048, 300.0
CLOSE = (0.5 * 1852.0, 500.0 * 0.3048, 60.0)
FIGURE = Path(__file__).parents[1] / "docs" / "figures" / "tracks.svg"


def in_turns(repeats: int, **doings: Callable[[], Any]) -> dict[str, float]:
    """Median CPU milliseconds of each, taken in turns; one round before, that does not count."""
    spent: dict[str, list[float]] = {name: [] for name in doings}
    for number in range(repeats + 1):
        for name, doing in doings.items():
            begun = time.process_time()
            doing()
            if number:
                spent[name].append(1000.0 * (time.process_time() - begun))
    return {name: statistics.median(times) for name, times in spent.items()}


def pairs(tracks: Tracks, *, compiled: bool = HAS_COMPILER) -> int:
    """Ours, at the usual separation."""
    return len(
        find_pairs(
            tracks,
            now_ms=NOW_MS,
            look_ahead_s=LOOK_AHEAD_S,
            lateral_m=LATERAL_M,
            vertical_m=VERTICAL_M,
            compiled=compiled,
        )
    )


def crossings(tracks: Tracks, outlines: Outlines) -> Crossings:
    """Ours, at the usual separation."""
    return find_crossings(
        tracks, outlines, now_ms=NOW_MS, look_ahead_s=LOOK_AHEAD_S, lateral_m=LATERAL_M, vertical_m=VERTICAL_M
    )


def ours(*, quick: bool) -> dict[str, Any]:
    """The engine alone."""
    repeats = 7 if quick else 21
    tracks = traffic(100_000)
    lateral_m, vertical_m, look_ahead_s = CLOSE
    told = volumes(10_000, are_on=False)
    outlines, outlines_on = prepare_outlines(told), prepare_outlines(volumes(10_000, are_on=True))
    spent = in_turns(
        repeats,
        pairs=lambda: pairs(tracks),
        close=lambda: find_pairs(
            tracks, now_ms=NOW_MS, look_ahead_s=look_ahead_s, lateral_m=lateral_m, vertical_m=vertical_m
        ),
        told=lambda: crossings(tracks, outlines),
        on=lambda: crossings(tracks, outlines_on),
        prepare=lambda: prepare_outlines(told),
    )
    plain = in_turns(1 if quick else 5, plain=lambda: pairs(tracks, compiled=False))
    return {
        "tracks_pairs_ms_1e5": round(spent["pairs"], 1),
        "tracks_pairs_found_1e5": pairs(tracks),
        "tracks_pairs_plain_ms_1e5": round(plain["plain"], 1),
        "tracks_pairs_close_ms_1e5": round(spent["close"], 1),
        "tracks_volumes_ms_1e5x1e4": round(spent["told"], 1),
        "tracks_volumes_found_told": len(crossings(tracks, outlines)),
        "tracks_volumes_on_ms_1e5x1e4": round(spent["on"], 1),
        "tracks_volumes_found_on": len(crossings(tracks, outlines_on)),
        "tracks_volumes_prepare_ms_1e4": round(spent["prepare"], 1),
        "tracks_n": repeats,
    }


def beside_scipy(count: int, repeats: int, *, sliced_only: bool) -> dict[str, float]:
    """Milliseconds of ours and of scipy's, in turns."""
    tracks = traffic(count)
    doings: dict[str, Callable[[], Any]] = {
        "ours": lambda: pairs(tracks),
        "sliced": lambda: scipy_pairs(tracks, LOOK_AHEAD_S, LATERAL_M, VERTICAL_M, SLICED_LIKE_OURS),
    }
    if not sliced_only:
        doings["scipy"] = lambda: scipy_pairs(tracks, LOOK_AHEAD_S, LATERAL_M, VERTICAL_M, WRITTEN_DOWN)
    return in_turns(repeats, **doings)


def beside_bluesky(detect: Callable[..., Any], tracks: Tracks, repeats: int) -> dict[str, float]:
    """Milliseconds of ours and of BlueSky's, in turns."""
    return in_turns(
        repeats,
        ours=lambda: pairs(tracks),
        bluesky=lambda: bluesky_pairs(detect, tracks, LOOK_AHEAD_S, LATERAL_M, VERTICAL_M),
    )


def measure(*, quick: bool) -> dict[str, Any]:
    """All figures."""
    figures = ours(quick=quick)
    repeats = 5 if quick else 11
    spent = beside_scipy(10_000, repeats, sliced_only=False)
    figures |= {
        "tracks_pairs_ms_1e4": round(spent["ours"], 2),
        "ratio_scipy_1e4": round(spent["scipy"] / spent["ours"], 1),
        "ratio_scipy_sliced_1e4": round(spent["sliced"] / spent["ours"], 1),
        "ratio_scipy_n": repeats,
    }
    errors = miss_errors_m(3_000 if quick else 10_000, LOOK_AHEAD_S, LATERAL_M)
    figures |= {
        "miss_error_m_median": round(float(np.median(errors)), 4),
        "miss_error_m_p95": round(float(np.percentile(errors, 95)), 4),
        "miss_error_m_max": round(float(errors.max()), 4),
        "miss_error_n": len(errors),
    }
    return figures if quick else figures | over_n(figures)


def over_n(figures: dict[str, Any]) -> dict[str, Any]:
    """Peers over N, the plot, BlueSky where it is installed."""
    series: dict[str, list[tuple[int, float]]] = {}
    added: dict[str, Any] = {}
    detect = bluesky_detect()
    if detect is None:
        print("BlueSky is not installed: no figure of it.", file=sys.stderr)
    for count in (1_000, 3_000, 10_000, 30_000, 100_000):
        spent = beside_scipy(count, 3, sliced_only=count > 30_000)
        names = {"ours": "Openline", "scipy": "scipy cKDTree + numpy", "sliced": "scipy, sliced like ours"}
        for name, value in spent.items():
            series.setdefault(names[name], []).append((count, value))
        if count == 100_000:
            added["ratio_scipy_sliced_1e5"] = round(spent["sliced"] / spent["ours"], 1)
        if detect is not None and count <= 10_000:
            beside = beside_bluesky(detect, traffic(count), 1 if count == 10_000 else 3)
            series.setdefault("BlueSky, C++ state-based", []).append((count, beside["bluesky"]))
            if count == 10_000:
                added["ratio_bluesky_1e4"] = round(beside["bluesky"] / beside["ours"], 1)
    series["Openline, plain numpy"] = [(100_000, figures["tracks_pairs_plain_ms_1e5"])]
    if not draw(FIGURE, series):
        print("matplotlib is not installed: no plot is drawn.", file=sys.stderr)
    return added


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="under 50 s")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warm()
    figures = measure(quick=options.quick)
    if not options.json:
        for name, value in figures.items():
            print(f"{name:32} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
