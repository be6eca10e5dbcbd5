"""Volumes as columns, one array for each thing known of them: the form in which very many are loaded at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from openline.core.place import Outline, Point, Polygon
from openline.engine.search import Entry

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.int8]

GOES_ON = 0
"""A vertex that goes on with the chain of the vertex before."""
EXTERIOR = 1
"""The first vertex of a polygon's exterior ring, which closes."""
HOLE = 2
"""The first vertex of a hole in the last exterior, which closes."""
LINE = 3
"""The first vertex of a line, which does not close; its only one for a circle."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """`n` volumes and their `m` vertices, in the order of the volumes; those of a notice follow each other.

    The arrays are contiguous.
    """

    number: Ints
    """(n,) the notice that each belongs to."""
    standing: Ints
    """(n,) see `judgement`."""
    package: Ints
    """(n,) 0 for none."""
    start_ms: Ints
    """(n,)"""
    end_ms: Ints
    """(n,) not included; FOREVER_MS for no end."""
    lower_m: Floats
    """(n,) above the WGS84 ellipsoid."""
    upper_m: Floats
    """(n,)"""
    box_deg: Floats
    """(n, 4) south, west, north, east of a box that holds the whole outline with its radius; west above east crosses
    the antimeridian."""
    radius_m: Floats
    """(n,) around the polygons or the line."""
    vertices: Ints
    """(n,) how many vertices each has."""
    lat_deg: Floats
    """(m,)"""
    lng_deg: Floats
    """(m,)"""
    mark: Marks
    """(m,) `EXTERIOR`, `HOLE`, `LINE` where a chain begins, else `GOES_ON`."""

    def __len__(self) -> int:
        return len(self.number)


def columns_of(entries: Iterable[Entry]) -> Columns:
    """The volumes of notices, in their order."""
    rows: list[tuple[int, int, int, int, int]] = []
    sizes: list[tuple[float, ...]] = []
    vertices: list[int] = []
    places: list[tuple[float, float, int]] = []
    for entry in entries:
        for volume in entry.volumes:
            box, band, outline = volume.box, volume.band, volume.outline
            rows.append((entry.number, entry.standing, entry.package, volume.window.start_ms, volume.window.end_ms))
            extent = (box.lat_min_deg, box.lng_min_deg, box.lat_max_deg, box.lng_max_deg)
            sizes.append((band.lower_m, band.upper_m, outline.radius_m, *extent))
            before = len(places)
            for mark, chain in chains(outline):
                places.append((chain[0].lat_deg, chain[0].lng_deg, mark))
                places.extend([(point.lat_deg, point.lng_deg, GOES_ON) for point in chain[1:]])
            vertices.append(len(places) - before)
    whole = np.ascontiguousarray(np.array(rows, dtype=np.int64).reshape(-1, 5).T)
    size = np.array(sizes, dtype=np.float64).reshape(-1, 7)
    place = np.ascontiguousarray(np.array(places, dtype=np.float64).reshape(-1, 3).T)
    return Columns(
        number=whole[0],
        standing=whole[1],
        package=whole[2],
        start_ms=whole[3],
        end_ms=whole[4],
        lower_m=size[:, 0].copy(),
        upper_m=size[:, 1].copy(),
        radius_m=size[:, 2].copy(),
        box_deg=size[:, 3:].copy(),
        vertices=np.array(vertices, dtype=np.int64),
        lat_deg=place[0],
        lng_deg=place[1],
        mark=place[2].astype(np.int8),
    )


def points_of(outline: Outline) -> list[float]:
    """Latitude, longitude and mark of every vertex, one after the other."""
    points: list[float] = []
    for mark, chain in chains(outline):
        for point in chain:
            points += (point.lat_deg, point.lng_deg, mark)
            mark = GOES_ON  # noqa: PLW2901 - only the first vertex begins the chain
    return points


def chains(outline: Outline) -> Iterator[tuple[int, tuple[Point, ...]]]:
    """The lines and rings of an outline, each with what begins it."""
    if outline.line:
        yield LINE, outline.line
    for polygon in outline.polygons:
        yield EXTERIOR, polygon.exterior
        for hole in polygon.holes:
            yield HOLE, hole


def outline_of(places: Floats, marks: Marks, radius_m: float) -> Outline:
    """The outline of one volume's vertices, rows of latitude and longitude: what `chains` took apart."""
    line: tuple[Point, ...] = ()
    polygons: list[Polygon] = []
    begins = np.flatnonzero(marks).tolist()
    for begin, end in zip(begins, [*begins[1:], len(marks)], strict=True):
        points = tuple(Point(lat_deg=lat, lng_deg=lng) for lat, lng in places[begin:end].tolist())
        if marks[begin] == LINE:
            line = points
        elif marks[begin] == EXTERIOR:
            polygons.append(Polygon(exterior=points))
        else:
            last = polygons.pop()
            polygons.append(Polygon(exterior=last.exterior, holes=(*last.holes, points)))
    return Outline(polygons=tuple(polygons), line=line, radius_m=radius_m)
