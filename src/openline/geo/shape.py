"""Outlines prepared for exact comparison. An outline that is never compared costs nothing."""

from __future__ import annotations

import math
from functools import cached_property
from itertools import pairwise

import numpy as np

from openline.core.place import Outline, Point
from openline.geo.ellipsoid import Floats
from openline.geo.face import Face
from openline.geo.pieces import LONGEST_PIECE_M, Pieces, edges_of

_LARGEST_BALL_M = 4_000_000.0


class Shape:
    """An outline with its edges in Cartesian space. Nothing of it changes once made; the rest is computed when asked.

    The core is the polygons or the line; the region is what lies within `radius_m` of the core.
    """

    def __init__(self, outline: Outline) -> None:
        """The outline must have passed `validity.check_outline`."""
        self.outline = outline
        self.radius_m = outline.radius_m
        chains: list[tuple[tuple[Point, ...], bool]] = [(outline.line, False)] if outline.line else []
        for polygon in outline.polygons:
            chains.append((polygon.exterior, True))
            chains.extend((hole, True) for hole in polygon.holes)
        self._edges = edges_of(chains)

    @cached_property
    def pieces(self) -> Pieces:
        """Every edge of the core, long ones cut."""
        return self._edges.cut(LONGEST_PIECE_M)[0]

    @cached_property
    def only_point(self) -> Point | None:
        """The core when it is a single point."""
        line = self.outline.line
        return line[0] if len(line) == 1 else None

    @cached_property
    def ball(self) -> tuple[float, float, float, float]:
        """A ball that holds the core, interiors included: centre x, y, z and radius, Cartesian metres.

        The radius is infinite when the core is so large that a ball around its edges might not hold its interior.
        """
        start = self.pieces.start
        centre = start.sum(axis=0) / len(start)
        ends = np.concatenate((start, start + self.pieces.chord)) - centre
        reach_m = math.sqrt(float(np.einsum("ij,ij->i", ends, ends).max())) + float(self.pieces.sagitta_m().max())
        x, y, z = centre.tolist()
        return x, y, z, reach_m if reach_m <= _LARGEST_BALL_M else math.inf

    @cached_property
    def samples(self) -> Floats:
        """One boundary point of every connected part of the core, Cartesian metres, one row each."""
        if self.outline.line:
            return self._edges.start[:1]
        return self._edges.start[[where for where, _ in self._spans]]

    @cached_property
    def faces(self) -> list[Face]:
        """The polygons drawn in planes; none for a line."""
        if not self.outline.polygons:
            return []
        return [
            Face(
                self._edges.take(slice(rings[0], rings[1])),
                [self._edges.take(slice(a, b)) for a, b in pairwise(rings[1:])],
            )
            for _, rings in self._spans
        ]

    @cached_property
    def _spans(self) -> list[tuple[int, list[int]]]:
        """Of each polygon, its first edge and where each of its rings begins and ends."""
        spans: list[tuple[int, list[int]]] = []
        where = 0
        for polygon in self.outline.polygons:
            rings = [where, where + len(polygon.exterior)]
            for hole in polygon.holes:
                rings.append(rings[-1] + len(hole))
            spans.append((where, rings))
            where = rings[-1]
        return spans

    def holds_a_sample_of(self, other: Shape) -> bool:
        """True when a sample point of `other` lies within one of the polygons."""
        if not self.outline.polygons:
            return False
        x, y, z, reach_m = self.ball
        near = [sample for sample in other.samples if math.dist((x, y, z), sample) <= reach_m]
        return any(face.contains(sample) for sample in near for face in self.faces)


def prepare(outline: Outline) -> Shape:
    """The prepared form of a valid outline: about 50 us for a polygon of six edges."""
    return Shape(outline)
