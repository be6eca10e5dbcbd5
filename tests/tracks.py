"""Tracks and volumes for tests, from rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openline.core.place import Outline
from openline.engine.columns import GOES_ON, Columns, chains
from openline.engine.tracks.reports import Tracks

_STILL = {
    "height_m": 1_000.0,
    "ground_speed_mps": 0.0,
    "true_track_deg": 0.0,
    "vertical_rate_mps": 0.0,
    "lateral_m": 0.0,
    "vertical_m": 0.0,
    "lateral_growth_mps": 0.0,
    "vertical_growth_mps": 0.0,
}


def track(lat_deg: float, lng_deg: float, at_ms: int, **values: float) -> dict[str, float]:
    """One row; what is not said hovers, level and sure, at 1,000 m."""
    return {"lat_deg": lat_deg, "lng_deg": lng_deg, "at_ms": at_ms, **_STILL, **values}


def table(rows: Sequence[dict[str, float]]) -> Tracks:
    """The columns of some rows."""
    names = ("lat_deg", "lng_deg", *_STILL)
    columns = {name: np.array([row[name] for row in rows], dtype=np.float64) for name in names}
    return Tracks(at_ms=np.array([row["at_ms"] for row in rows], dtype=np.int64), **columns)


def columns_of_outlines(
    outlines: Sequence[Outline], bands_m: Sequence[tuple[float, float]], windows_ms: Sequence[tuple[int, int]]
) -> Columns:
    """Volumes, one for each outline."""
    count = len(outlines)
    rows = [
        (volume, point.lat_deg, point.lng_deg, GOES_ON if number else mark)
        for volume, outline in enumerate(outlines)
        for mark, chain in chains(outline)
        for number, point in enumerate(chain)
    ]
    places = np.array(rows, dtype=np.float64).reshape(-1, 4)
    nothing = np.zeros(count, np.int64)
    return Columns(
        number=nothing,
        standing=nothing,
        package=nothing,
        start_ms=np.array([start for start, _ in windows_ms], dtype=np.int64),
        end_ms=np.array([end for _, end in windows_ms], dtype=np.int64),
        lower_m=np.array([lower for lower, _ in bands_m], dtype=np.float64),
        upper_m=np.array([upper for _, upper in bands_m], dtype=np.float64),
        box_deg=np.zeros((count, 4)),
        radius_m=np.array([outline.radius_m for outline in outlines], dtype=np.float64),
        vertices=np.bincount(places[:, 0].astype(np.int64), minlength=count).astype(np.int64),
        lat_deg=places[:, 1].copy(),
        lng_deg=places[:, 2].copy(),
        mark=places[:, 3].astype(np.int8),
    )
