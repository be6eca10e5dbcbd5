"""The bars that the engine is held to, and what was measured against each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Bar(NamedTuple):
    """A figure with what it must not exceed, or must reach."""

    key: str
    what: str
    limit: float
    unit: str = "µs"
    is_least: bool = False
    """True when more is better."""
    is_wish: bool = False
    """True for a stretch, that no one is held to."""

    def is_met(self, value: float) -> bool:
        """Below the limit, or beyond it where more is better."""
        return value > self.limit if self.is_least else value < self.limit


BARS = (
    Bar("query_p50_us_1e6", "exact question, p50", 6.0),
    Bar("query_p99_us_1e6", "exact question, p99", 30.0),
    Bar("query_p99_us_1e6", "exact question, p99, stretch", 15.0, is_wish=True),
    Bar("ratio_strtree_1e6", "times faster than shapely STRtree, p50", 6.0, "×", is_least=True),
    Bar("ratio_postgis_1e6", "times faster than PostGIS, p50", 25.0, "×", is_least=True),
    Bar("hotspot_p99_beyond_us_1e5", "hot spot, p99 beyond 1 µs a conflict", 20.0),
    Bar("insert_p99_us_1e6", "insertion, p99", 15.0),
    Bar("remove_p99_us_1e6", "removal, p99", 15.0),
    Bar("load_s_1e6", "load in bulk", 2.0, "s"),
    Bar("bytes_per_volume_1e6", "arrays, bytes a volume", 450.0, "B"),
    Bar("batch_million_per_s_1e6", "questions in bulk, millions a second", 0.25, "M/s", is_least=True),
    Bar("growth_1e4_1e6", "growth of p50 at equal density of answers", 3.0, "×"),
)


def bar_rows(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Of each bar that was measured: what, the key, the bar, the figure, whether it is met."""
    rows: list[tuple[str, ...]] = []
    for bar in BARS:
        value = figures.get(bar.key)
        if value is not None:
            sign = "&gt;" if bar.is_least else "&lt;"
            met = "yes" if bar.is_met(value) else "not yet" if bar.is_wish else "**no**"
            rows.append((bar.what, f"`{bar.key}`", f"{sign} {bar.limit:g} {bar.unit}", f"{value:g} {bar.unit}", met))
    return rows
