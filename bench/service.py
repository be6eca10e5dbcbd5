"""The service's figures: notices a second, latencies, alerts, memory, start-up; the stub beside it in the same run.

`python -m bench.service [--quick | --million] [--json]`; the last line is one JSON object (with --json the only one):

| key                       | what                                                                                     |
|---------------------------|------------------------------------------------------------------------------------------|
| `notices_per_s`           | signed, valid, distinct notices answered a second, 32 connections, `in_force` in force   |
| `stub_per_s`              | the same requests at the stub (plain ASGI, one verification, SQLite group commit)        |
| `ratio_to_stub`           | the quotient of the two; rounds alternate, each takes its median                         |
| `p99_ms_32`, `p50_ms_32`  | latency of an answer at 32 connections, milliseconds                                     |
| `p99_ms_1`, `p50_ms_1`    | the same with one connection                                                             |
| `alert_p99_ms`, `_p50_ms` | from the start of a POST to the alert on the other party's feed                          |
| `memory_per_notice_bytes` | growth of the resident set a notice in force, in a process of its own                    |
| `replay_entries_per_s`    | start-up: entries read back, hashed, compared with the checkpoint, state rebuilt         |
| `line_per_s_1e4`, `_1e6`  | signed notices opened, stepped and on disk a second, in groups of 32, by a line without  |
|                           | its web server, with so many in force; rounds alternate, each takes its median           |
| `line_loss_1e6`           | what a million in force lose of it against ten thousand: of each pair of rounds 1 - the  |
|                           | quotient, the median; `line_loss_quartiles` says how pairs differ                        |
| `line_cpu_per_s_*`,       | the same by the time of the core: without waiting for the disk, or for others on a busy  |
| `line_cpu_loss_*`         | machine                                                                                  |
| `line_alerts`             | how many each of the two lines raised: the same, as the whole ledgers are                |
| `line_near_1e6`           | of the million, how many are near such a notice in place and time, mean: the search      |
|                           | reads them, and leaves them out by their height alone                                    |
| `find_us_1e4`, `_1e6`     | microseconds a notice: put into the engine and searched for; alternating, medians        |
| `find_loss_us_1e6`        | the difference in each pair of rounds, the median                                        |
| `*_n`, `in_force`         | the N of each; of the pairs, what each of the two was told                               |

The server has one core, the client another. Absolute figures are this machine's; only the ratio travels.

`line_*` and `find_*` (`service_parts/million.py`) are left out of `--quick`; `--million` measures them alone. A million
notices are judged, held and in the engine, but not journalled: telling them, signed, would take too long for a bench.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.service_parts.alerts import alert_latencies
from bench.service_parts.posting import Posted, percentile, post_all, requests
from bench.service_parts.traffic import make_folder, notices, pens, preload

CONNECTIONS = 32
IN_FORCE = 10_000
_URL = re.compile(r"http://[^: ]+:(\d+)")


@contextmanager
def serving(command: list[str]) -> Iterator[int]:
    """Run a server on the first core; gives its port."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(process.pid, {0})
        assert process.stdout is not None
        port = next(int(found[1]) for line in process.stdout if (found := _URL.search(line)))
        yield port
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def node_command(folder: Path) -> list[str]:
    """The node, as anybody starts it."""
    return [sys.executable, "-m", "openline", "serve", "--data", str(folder), "--port", "0"]


def measure(folder: Path, *, quick: bool) -> dict[str, Any]:
    """All figures; the quick ones without those of a million in force."""
    rounds, count = (2, 4_000) if quick else (5, 15_000)
    now_ms = time.time_ns() // 1_000_000
    writers = pens(CONNECTIONS)
    settings = make_folder(folder / "node", CONNECTIONS)
    entries = preload(folder / "node", settings, writers, IN_FORCE, at_ms=now_ms, seed=1)
    (folder / "stub").mkdir()
    ours: list[Posted] = []
    stubs: list[Posted] = []
    with serving(node_command(folder / "node")) as port, serving(stub_command(folder / "stub")) as stub_port:
        for number in range(rounds):
            sent = requests(list(notices(writers, count, start_ms=now_ms, seed=100 + number)))
            ours.append(_run(port, sent, CONNECTIONS))
            stubs.append(_run(stub_port, sent, CONNECTIONS))
        sent = requests(list(notices(writers, count // 2, start_ms=now_ms, seed=99)))
        single = _run(port, sent, 1)
        waits = asyncio.run(alert_latencies(port, writers[:2], 200 if quick else 1_000, now_ms))
    per_s, stub_per_s = (statistics.median(run.per_s for run in runs) for runs in (ours, stubs))
    busy = [latency for run in ours for latency in run.latencies_ms]
    return {
        "notices_per_s": round(per_s),
        "stub_per_s": round(stub_per_s),
        "ratio_to_stub": round(per_s / stub_per_s, 3),
        "notices_n": rounds * count,
        "in_force": IN_FORCE,
        "connections": CONNECTIONS,
        "p50_ms_32": round(percentile(busy, 0.5), 3),
        "p99_ms_32": round(percentile(busy, 0.99), 3),
        "p50_ms_1": round(percentile(single.latencies_ms, 0.5), 3),
        "p99_ms_1": round(percentile(single.latencies_ms, 0.99), 3),
        "single_n": len(single.latencies_ms),
        "alert_p50_ms": round(percentile(waits, 0.5), 3),
        "alert_p99_ms": round(percentile(waits, 0.99), 3),
        "alert_n": len(waits),
        **_in_a_process_of_its_own("startup", folder / "node"),
        "preloaded_entries": entries,
        **({} if quick else measure_million()),
    }


def measure_million() -> dict[str, Any]:
    """What a million in force cost the line."""
    return _in_a_process_of_its_own("million")


def stub_command(folder: Path) -> list[str]:
    """The stub."""
    return [sys.executable, "-m", "bench.service_parts.stub", str(folder)]


def _in_a_process_of_its_own(part: str, *folders: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", f"bench.service_parts.{part}", *map(str, folders)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _run(port: int, sent: list[bytes], connections: int) -> Posted:
    posted = asyncio.run(post_all(port, sent, connections))
    if set(posted.statuses) != {201}:
        message = f"not every notice was accepted: {posted.statuses}"
        raise RuntimeError(message)
    return posted


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="under 50 s")
    extent.add_argument("--million", action="store_true", help="the line with a million in force alone; takes 4 GB")
    parser.add_argument("--json", action="store_true", help="print the JSON object only")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, set(range(1, os.cpu_count() or 2)))
    if options.million:
        figures = measure_million()
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = measure(Path(folder), quick=options.quick)
    if not options.json:
        for name, value in figures.items():
            print(f"{name:26} {value}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
