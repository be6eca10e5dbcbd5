"""The page of results: docs/figures/engine.md, in Markdown."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.engine_parts.bars import bar_rows
from bench.engine_parts.clock import Spent

TITLES = {
    "ours": "**ours**",
    "strtree": "shapely STRtree",
    "rtree": "rtree (libspatialindex), 4D",
    "sqlite": "SQLite R*Tree, 4D",
    "numpy": "numpy alone",
    "postgis": "PostGIS, GiST and geography",
}
_HEAD = """---
orphan: true
---
# The engine's figures

`python -m bench.engine` writes this page. Edit nothing here. What each key says stands at the top of `bench/engine.py`.

"""
_OVER_N = """
## The sparse region, over N

Microseconds a question, p50 / p99. Every engine answers exactly, and the answers were compared. All run in one process
and take turns, but for the PostGIS server, which has the other core; its times hold the way there and back, {trip} µs.
Peers have their own index and share one exact step (`bench/engine_parts/planar.py`).

"""


_OTHERS = """
## Other workloads

In the hot spot all volumes lie in one city, in layers of altitude. Corridors are up to 1,000 km long. In the world one
volume in a thousand is as large as a flight information region. Microseconds a question, p50 / p99; one projection
does not hold the last two, so of the peers only PostGIS is asked.

"""


def write_page(folder: Path, figures: Mapping[str, Any], scenes: Mapping[str, Mapping[str, Spent]]) -> None:
    """Write the page; the plots that it shows lie beside it. `scenes` are the sizes of the region, then the others."""
    text = [_HEAD, _machine(figures), "\n## Against the bars\n\n"]
    text.append(table(("figure", "key", "bar", "measured", "met"), bar_rows(figures)))
    text.append(_OVER_N.format(trip=figures.get("postgis_round_trip_us", "?")))
    text.append(_spans({f"N={name}": spans for name, spans in scenes.items() if name[0].isdigit()}))
    text.append("\n![Microseconds a question over N](engine-query.svg)\n")
    text.append(_OTHERS)
    text.append(_spans({name: spans for name, spans in scenes.items() if not name[0].isdigit()}))
    text.append("\n## All figures\n\n")
    text.append(table(("key", "figure"), [(f"`{key}`", str(value)) for key, value in figures.items()]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "engine.md").write_text("".join(text), encoding="utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, figures to the right."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _machine(figures: Mapping[str, Any]) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "numba", "shapely"))
    return (
        f"- Machine: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, shared with others"
        f" (load before and after: {figures['load_average_before']}, {figures['load_average_after']}).\n"
        f"- Memory: one read at random that depends on the one before takes {figures['memory_latency_ns']} ns;"
        f" the lookups are bound by it.\n"
        f"- Python {platform.python_version()}, {packages}. One core for us; the clock's overhead,"
        f" {figures['clock_overhead_ns']} ns, is subtracted.\n"
    )


def _spans(scenes: Mapping[str, Mapping[str, Spent]]) -> str:
    rows = [
        (title, *[_pair(spans.get(engine)) for spans in scenes.values()])
        for engine, title in TITLES.items()
        if any(engine in spans for spans in scenes.values())
    ]
    return table(("engine", *scenes), rows)


def _pair(span: Spent | None) -> str:
    return "-" if span is None else f"{_short(span.p50)} / {_short(span.p99)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100.0 else f"{value:.3g}"
