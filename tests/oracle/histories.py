"""Histories of a few volumes, drawn to be nasty: as near to every limit as numbers can be.

A history stays around one place and one hour, so that nearly everything may conflict with everything. Outlines share
vertices and edges, touch, lie a centimetre to either side of the limit, are slivers or points or hold each other;
windows begin and end a second or a millisecond from one another, or last a year, or for ever; heights meet exactly.
"""

from __future__ import annotations

from random import Random

from pyproj import Geod

from openline.core.notice import Kind
from openline.core.place import Outline, Point, Polygon
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Window
from openline.engine.words import Item, JudgedVolume, Minima, Standing
from openline.geo.band import Band
from openline.geo.bounds import bounding_box
from tests.oracle.outlines import away, point, star

GEOD = Geod(ellps="WGS84")
PLACES = [
    *[(36.37, 37.516), (0.0, 0.0), (0.0, 180.0), (51.3, -179.9999), (-16.5, 179.99999), (89.9999, 10.0), (90.0, 0.0)],
    *[(-90.0, 0.0), (-89.99, -120.0), (66.56, 25.7), (1e-9, -1e-9), (78.2, 180.0), (37.0, 35.5)],
]
SIZES_M = [5.0, 100.0, 2_000.0, 30_000.0]
LATERAL_M = [0.0, 100.0, 1_000.0, 20_000.0]
NUDGES_M = [0.0, 0.01, -0.01, 0.2, -0.2, 5.0, -5.0]
LENGTHS_MS = [1, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 40 * DAY_MS, 366 * DAY_MS, FOREVER_MS]
TIMES_MS = [0, SECOND_MS, -SECOND_MS, 1, -1, 5 * MINUTE_MS]
HEIGHTS_M = [0.0, 150.0, 149.99, 150.01, 1_000.0]
PARTIES = ["north", "south", "east"]
T0_MS = 1_486_600_000_000


class Draw:
    """One history's volumes, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        place = self.random.choice(PLACES)
        self.centre = point(*place) if self.random.random() < 0.7 else self._anywhere()
        self.size_m = self.random.choice(SIZES_M)
        self.minima = Minima(
            lateral_m=self.random.choice(LATERAL_M),
            vertical_m=self.random.choice([0.0, 150.0]),
            time_ms=self.random.choice([0, 5 * MINUTE_MS]),
        )
        self._outlines: list[Outline] = []

    def item(self, number: int) -> Item:
        """A notice of one volume, now and then of two."""
        choice = self.random.choice
        volumes = tuple(self._volume() for _ in range(choice([1, 1, 1, 2])))
        standing = Standing(party=choice(PARTIES), kind=Kind.AIR_ACTIVITY)
        return Item(notice_id=f"n{number}", standing=standing, volumes=volumes, package=choice(["", "", "", "joint"]))

    def _anywhere(self) -> Point:
        return point(self.random.uniform(-90.0, 90.0), self.random.uniform(-180.0, 180.0))

    def _volume(self) -> JudgedVolume:
        choice = self.random.choice
        outline = self._outline()
        self._outlines.append(outline)
        start_ms = T0_MS + choice([-1, 0, 0, 1]) * HOUR_MS + choice(TIMES_MS)
        lower_m = choice(HEIGHTS_M)
        return JudgedVolume(
            outline=outline,
            box=bounding_box(outline),
            band=Band(lower_m=lower_m, upper_m=lower_m + choice([0.0, 0.0, *HEIGHTS_M, 1e9])),
            window=Window(start_ms=start_ms, end_ms=min(start_ms + choice(LENGTHS_MS), FOREVER_MS)),
        )

    def _outline(self) -> Outline:
        ways = [self._circle, self._circle, self._ring, self._corridor, self._sliver]
        if self._outlines:
            ways += [self._beside, self._beside, self._sharing, self._again]
        return self.random.choice(ways)()

    def _near(self, *, up_to: float = 2.0) -> Point:
        return away(self.centre, self.random.uniform(0.0, 360.0), self.size_m * self.random.uniform(0.0, up_to))

    def _circle(self) -> Outline:
        return Outline(line=(self._near(),), radius_m=self.random.choice([0.0, 0.01, 0.3, 1.0]) * self.size_m)

    def _ring(self) -> Outline:
        centre = self._near()
        count = self.random.randint(3, 5)
        first_deg = self.random.uniform(0.0, 360.0)
        shares = [self.random.uniform(0.5, 1.0) for _ in range(count)]
        ring = star(centre, [share * self.size_m for share in shares], first_deg)
        holes: tuple[tuple[Point, ...], ...] = ()
        if self.random.random() < 0.2 and count > 3:
            holes = (star(centre, [0.5 * share * self.size_m for share in shares], first_deg),)
        polygons: tuple[Polygon, ...] = (Polygon(exterior=ring, holes=holes),)
        if self.random.random() < 0.1:
            other = away(centre, self.random.uniform(0.0, 360.0), 2.5 * self.size_m)
            polygons = (*polygons, Polygon(exterior=star(other, [0.7 * self.size_m] * 3)))
        return Outline(polygons=polygons, radius_m=self.random.choice([0.0, 0.0, 0.1]) * self.size_m)

    def _corridor(self) -> Outline:
        line = tuple(self._near() for _ in range(self.random.randint(2, 3)))
        return Outline(line=line, radius_m=self.random.choice([0.0, 0.05]) * self.size_m)

    def _sliver(self) -> Outline:
        one = self._near()
        azimuth = self.random.uniform(0.0, 360.0)
        far = away(one, azimuth, self.size_m)
        return Outline(polygons=(Polygon(exterior=(one, far, away(far, azimuth + 90.0, 0.05))),))

    def _again(self) -> Outline:
        return self.random.choice(self._outlines)

    def _beside(self) -> Outline:
        """A circle whose edge lies at the limit from a vertex of another outline, give or take a nudge."""
        other = self.random.choice(self._outlines)
        radius_m = self.random.choice([0.0, 0.1]) * self.size_m
        apart_m = self.minima.lateral_m + radius_m + other.radius_m + self.random.choice(NUDGES_M)
        return Outline(
            line=(away(self._vertex(other), self.random.uniform(0, 360), max(0.0, apart_m)),), radius_m=radius_m
        )

    def _sharing(self) -> Outline:
        """A triangle with a vertex, or an edge, of another outline."""
        other = self.random.choice(self._outlines)
        chain = other.line or other.polygons[0].exterior
        first, second = chain[0], chain[1] if len(chain) > 1 and self.random.random() < 0.5 else self._near(up_to=3.0)
        third = self._near(up_to=3.0)
        return Outline(line=(first, second)) if _is_thin(first, second, third) else _triangle(first, second, third)

    def _vertex(self, outline: Outline) -> Point:
        chain = outline.line or self.random.choice(outline.polygons).exterior
        return self.random.choice(chain)


def _triangle(*ring: Point) -> Outline:
    return Outline(polygons=(Polygon(exterior=ring),))


def _is_thin(*ring: Point) -> bool:
    """True when a ring has hardly any area, which intake refuses."""
    area_m2, around_m = GEOD.polygon_area_perimeter([p.lng_deg for p in ring], [p.lat_deg for p in ring])
    return bool(abs(area_m2) < 1e-4 * around_m or around_m == 0.0)
