"""Volumes to ask about, made ready once for every peer alike: boxes and limits already widened by the buffers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from bench.engine_parts.boxes import Floats, Ints, boxes
from bench.engine_parts.workloads import BEGIN_MS, MINIMA
from openline.core.time import SECOND_MS
from openline.engine.columns import Columns


class Question(NamedTuple):
    """One volume, widened: what it overlaps in all four may be near enough. Plain numbers."""

    south: float
    west: float
    north: float
    east: float
    start_s: float
    """Since the workload began; a window that only touches does not count."""
    end_s: float
    lower_m: float
    """A band that only touches counts."""
    upper_m: float


def questions_of(asked: Columns) -> list[Question]:
    """Each volume, widened by the buffers."""
    wide = boxes(asked.vertices, asked.lat_deg, asked.lng_deg, asked.radius_m + MINIMA.lateral_m)
    margin_s = MINIMA.time_ms / SECOND_MS
    table = np.column_stack(
        (
            wide,
            seconds(asked.start_ms) - margin_s,
            seconds(asked.end_ms) + margin_s,
            asked.lower_m - MINIMA.vertical_m,
            asked.upper_m + MINIMA.vertical_m,
        )
    )
    return [Question(*row) for row in table.tolist()]


def seconds(instants_ms: Ints) -> Floats:
    """Since the workload began."""
    since: Floats = (instants_ms - BEGIN_MS) / SECOND_MS
    return since


class TimesAndHeights:
    """The two easy steps of a peer whose index knows places only."""

    def __init__(self, volumes: Columns, questions: list[Question]) -> None:
        """One row a volume, so that a candidate costs one line of the cache; signs so that one comparison does."""
        self._rows = np.column_stack(
            (seconds(volumes.start_ms), -seconds(volumes.end_ms), volumes.lower_m, -volumes.upper_m)
        )
        # Whole seconds and whole metres: half a metre more makes a touch of bands count, and less would not.
        self._limits = [np.array((q.end_s, -q.start_s, q.upper_m + 0.5, -q.lower_m + 0.5)) for q in questions]

    def near(self, question: int, candidates: Ints) -> Ints:
        """Those of `candidates` that the question meets in time and height."""
        near: Ints = candidates[(self._rows[candidates] < self._limits[question]).all(axis=1)]
        return near
