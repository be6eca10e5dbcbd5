"""The peers in this process: each finds candidates its own way, and decides them as `planar` does."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import shapely

from bench.engine_parts.boxes import Ints
from bench.engine_parts.planar import Plane
from bench.engine_parts.questions import Question, TimesAndHeights, seconds
from openline.engine.columns import Columns


class Peer(Protocol):
    """What is measured beside us."""

    name: str

    def query(self, question: int) -> Ints:
        """The rows of the volumes that conflict with one that is asked about, in no order."""
        ...


class StrTree:
    """shapely's STRtree: boxes in the plane of longitude and latitude; packed once, without insertion or removal."""

    name = "strtree"

    def __init__(self, plane: Plane, questions: list[Question]) -> None:
        """Build the tree."""
        south, west, north, east = plane.volumes.box_deg.T
        self._tree = shapely.STRtree(shapely.box(west, south, east, north))
        self._boxes = [shapely.box(q.west, q.south, q.east, q.north) for q in questions]
        self._times = TimesAndHeights(plane.volumes, questions)
        self._plane = plane

    def query(self, question: int) -> Ints:
        candidates: Ints = self._tree.query(self._boxes[question])
        return self._plane.near(question, self._times.near(question, candidates))


class RTree:
    """The package rtree (libspatialindex) with boxes in four dimensions, loaded in bulk."""

    name = "rtree"

    def __init__(self, plane: Plane, questions: list[Question]) -> None:
        """Build the tree."""
        from rtree import index  # noqa: PLC0415 -- only the full run needs it

        volumes = plane.volumes
        low, high = corners(volumes)
        properties = index.Property(dimension=4)
        self._tree = index.Index((np.arange(len(volumes)), low, high), properties=properties, interleaved=True)
        self._boxes = [(q.west, q.south, q.lower_m, q.start_s, q.east, q.north, q.upper_m, q.end_s) for q in questions]
        self._times = TimesAndHeights(volumes, questions)
        self._plane = plane

    def query(self, question: int) -> Ints:
        candidates = np.fromiter(self._tree.intersection(self._boxes[question]), dtype=np.int64)
        return self._plane.near(question, self._times.near(question, candidates))


class Sqlite:
    """SQLite's R*Tree with boxes in four dimensions, in memory; its 32-bit numbers are rounded outward."""

    name = "sqlite"
    _TABLE = "CREATE VIRTUAL TABLE volume USING rtree(id, west, east, south, north, lower, upper, start, stop)"
    _INSERT = "INSERT INTO volume VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    _SELECT = """SELECT id FROM volume WHERE west <= ? AND east >= ? AND south <= ? AND north >= ?
        AND lower <= ? AND upper >= ? AND start <= ? AND stop >= ?"""

    def __init__(self, plane: Plane, questions: list[Question]) -> None:
        """Fill the table."""
        volumes = plane.volumes
        low, high = corners(volumes)
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.execute(self._TABLE)
        columns = [column for pair in zip(low.T.tolist(), high.T.tolist(), strict=True) for column in pair]
        self._connection.execute("BEGIN")
        self._connection.executemany(self._INSERT, zip(range(len(volumes)), *columns, strict=True))
        self._connection.execute("COMMIT")
        self._given = [(q.east, q.west, q.north, q.south, q.upper_m, q.lower_m, q.end_s, q.start_s) for q in questions]
        self._times = TimesAndHeights(volumes, questions)
        self._plane = plane

    def query(self, question: int) -> Ints:
        found = self._connection.execute(self._SELECT, self._given[question]).fetchall()
        candidates = np.array([row[0] for row in found], dtype=np.int64)
        return self._plane.near(question, self._times.near(question, candidates))


class Plain:
    """numpy alone: boxes in the order of their start, the rest by comparing arrays."""

    name = "numpy"

    def __init__(self, plane: Plane, questions: list[Question]) -> None:
        """Sort."""
        volumes = plane.volumes
        starts = seconds(volumes.start_ms)
        self._order = np.argsort(starts, kind="stable")
        self._starts = starts[self._order]
        self._longest_s = float((seconds(volumes.end_ms) - starts).max())
        south, west, north, east = (np.ascontiguousarray(side) for side in volumes.box_deg[self._order].T)
        self._south, self._west, self._north, self._east = south, west, north, east
        self._questions = questions
        self._times = TimesAndHeights(volumes, questions)
        self._plane = plane

    def query(self, question: int) -> Ints:
        asked = self._questions[question]
        first, last = np.searchsorted(self._starts, (asked.start_s - self._longest_s, asked.end_s)).tolist()
        here = np.flatnonzero((self._south[first:last] <= asked.north) & (self._north[first:last] >= asked.south))
        here += first
        here = here[(self._west[here] <= asked.east) & (self._east[here] >= asked.west)]
        candidates: Ints = self._order[here]
        return self._plane.near(question, self._times.near(question, candidates))


ALL: dict[str, Callable[[Plane, list[Question]], Peer]] = {
    "strtree": StrTree,
    "rtree": RTree,
    "sqlite": Sqlite,
    "numpy": Plain,
}
"""By the names that keys of figures carry."""


def corners(volumes: Columns) -> tuple[Any, Any]:
    """Lowest and highest corner of each box: longitude, latitude, height, time."""
    south, west, north, east = volumes.box_deg.T
    low = np.column_stack((west, south, volumes.lower_m, seconds(volumes.start_ms)))
    return low, np.column_stack((east, north, volumes.upper_m, seconds(volumes.end_ms)))
