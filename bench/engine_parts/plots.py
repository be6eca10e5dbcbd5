"""The plots of results, as SVG beside the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bench.engine_parts.clock import Spent
from bench.engine_parts.optional import optional
from bench.engine_parts.page import TITLES

_COLOURS = {
    "ours": "#c1121f",
    "strtree": "#1d3557",
    "rtree": "#457b9d",
    "sqlite": "#2a9d8f",
    "numpy": "#8d99ae",
    "postgis": "#b5651d",
}


def plot_over_n(folder: Path, scenes: Mapping[str, Mapping[str, Spent]], growth: Mapping[str, Spent]) -> None:
    """p50 and p99 of every engine over N, and ours at an equal density of answers.

    Raises:
        Unavailable: without matplotlib.
    """
    matplotlib = optional("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "bench", "svg.fonttype": "none", "font.size": 9})
    pyplot = optional("matplotlib.pyplot")
    figure, panels = pyplot.subplots(1, 2, figsize=(9.0, 4.4), sharey=True, layout="constrained")
    for panel, percentile in zip(panels, ("p50", "p99"), strict=True):
        for engine, title in TITLES.items():
            points = [
                (float(name), getattr(spans[engine], percentile))
                for name, spans in scenes.items()
                if name[0].isdigit() and engine in spans
            ]
            if points:
                width = 2.2 if engine == "ours" else 1.2
                panel.plot(
                    *zip(*points, strict=True), marker="o", color=_COLOURS[engine], lw=width, label=title.strip("*")
                )
        equal = sorted((float(name), getattr(span, percentile)) for name, span in growth.items())
        if equal:
            panel.plot(*zip(*equal, strict=True), "--", color=_COLOURS["ours"], label="ours, as many answers at each N")
        panel.set(xscale="log", yscale="log", xlabel="volumes in force", title=f"µs a question, {percentile}")
        panel.grid(visible=True, which="major", alpha=0.3)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "engine-query.svg", metadata={"Date": None}, facecolor="white")
    pyplot.close(figure)
