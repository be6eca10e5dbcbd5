"""The plot of time over the number of tracks."""

from __future__ import annotations

import importlib
from pathlib import Path


def draw(path: Path, series: dict[str, list[tuple[int, float]]]) -> bool:
    """Write milliseconds over tracks as SVG; False where matplotlib is not installed."""
    try:
        matplotlib = importlib.import_module("matplotlib")
    except ImportError:
        return False
    matplotlib.use("svg")
    # one and the same file for one and the same figures
    matplotlib.rcParams["svg.hashsalt"] = "openline"
    plot = importlib.import_module("matplotlib.pyplot")
    figure, axes = plot.subplots(figsize=(7.0, 4.2))
    for name, points in series.items():
        axes.loglog([count for count, _ in points], [spent for _, spent in points], marker="o", label=name)
    axes.set_xlabel("tracks")
    axes.set_ylabel("CPU milliseconds, one core")
    axes.set_title("All pairs that undercut 5 NM and 1,000 ft within 300 s")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")
    return True
