"""A bisection attack on a private presence: what whoever probes with binding notices can learn, at best."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, hypot, pi, radians, sin
from random import Random
from statistics import median

from pyproj import Geod

from openline.core.place import Outline, Point
from openline.geo.blur import grid_cell, private_outline
from tests.samples import counts

GEOD = Geod(ellps="WGS84")
GRID_M = 10_000.0
OFFSET_M = 10_000.0
STATED_BOUND_M = 5_000.0
SECRET = b"a secret that the attacker lacks"

Probe = Callable[[float, float], bool]


def probe_of(judged: Outline, origin: Point) -> Probe:
    """Whether a point so many metres east and north of the origin (locally) is answered with a conflict."""
    (centre,) = judged.line

    def answer(east_m: float, north_m: float) -> bool:
        lat_deg, lng_deg = place(origin, east_m, north_m)
        _, _, apart_m = GEOD.inv(lng_deg, lat_deg, centre.lng_deg, centre.lat_deg)
        return bool(apart_m <= judged.radius_m)

    return answer


def place(origin: Point, east_m: float, north_m: float) -> tuple[float, float]:
    lng_deg = origin.lng_deg + east_m / (111_320.0 * cos(radians(origin.lat_deg)))
    return origin.lat_deg + north_m / 110_900.0, lng_deg


def edge(probe: Probe, start: tuple[float, float], direction: tuple[float, float]) -> float:
    """How far from an answered start the answers end, by bisection to a metre."""
    inside, outside = 0.0, 120_000.0
    while outside - inside > 1.0:
        middle = (inside + outside) / 2
        if probe(start[0] + middle * direction[0], start[1] + middle * direction[1]):
            inside = middle
        else:
            outside = middle
    return inside


def located(probe: Probe, start: tuple[float, float]) -> tuple[float, float]:
    """The centre of the circle of answers: the middle of the chord north, then of the one east, twice."""
    east_m, north_m = start
    for _ in range(2):
        north_m += (edge(probe, (east_m, north_m), (0, 1)) - edge(probe, (east_m, north_m), (0, -1))) / 2
        east_m += (edge(probe, (east_m, north_m), (1, 0)) - edge(probe, (east_m, north_m), (-1, 0))) / 2
    return east_m, north_m


def better_guess(centre: Point) -> tuple[float, float]:
    """What one who knows the grid makes of the circle: the mean of the cells from which it could have come."""
    lats, lngs = [], []
    for ring in range(6):
        for spoke in range(24):
            turn = 2 * pi * spoke / 24
            reach_m = (ring + 0.5) / 6 * OFFSET_M
            lat_deg, lng_deg = place(centre, reach_m * sin(turn), reach_m * cos(turn))
            cell = grid_cell(Point(lat_deg=lat_deg, lng_deg=lng_deg), grid_m=GRID_M)
            _, _, apart_m = GEOD.inv(centre.lng_deg, centre.lat_deg, cell.centre.lng_deg, cell.centre.lat_deg)
            if apart_m <= OFFSET_M:
                lats.append(cell.centre.lat_deg)
                lngs.append(cell.centre.lng_deg)
    cells = sorted(set(zip(lats, lngs, strict=True)))
    return sum(lat for lat, _ in cells) / len(cells), sum(lng for _, lng in cells) / len(cells)


def test_bisection_stays_five_kilometres_off() -> None:
    random = Random(7)
    errors_m, informed_m, missed_m = [], [], []
    for _ in range(counts(300, 5_000)):
        site = Point(lat_deg=random.uniform(34.0, 38.0), lng_deg=random.uniform(34.0, 40.0))
        true = Outline(line=(site,), radius_m=100.0)
        judged = private_outline(true, grid_m=GRID_M, offset_m=OFFSET_M, secret=SECRET)
        (centre,) = judged.line
        east_m, north_m = located(probe_of(judged, site), (0.0, 0.0))
        lat_deg, lng_deg = place(site, east_m, north_m)
        missed_m.append(GEOD.inv(lng_deg, lat_deg, centre.lng_deg, centre.lat_deg)[2])
        errors_m.append(hypot(east_m, north_m))
        lat_deg, lng_deg = better_guess(centre)
        informed_m.append(GEOD.inv(lng_deg, lat_deg, site.lng_deg, site.lat_deg)[2])
    print(f"median error: circle {median(errors_m) / 1000:.1f} km, with the grid {median(informed_m) / 1000:.1f} km")  # noqa: T201
    assert median(missed_m) < 500.0, "the attack does not find the circle"
    assert median(errors_m) >= STATED_BOUND_M
    assert median(informed_m) >= STATED_BOUND_M


def test_telling_again_gives_nothing_to_average() -> None:
    random = Random(8)
    site = Point(lat_deg=36.37, lng_deg=37.516)
    circles = {
        private_outline(
            Outline(line=(site,), radius_m=random.uniform(1.0, 250.0)), grid_m=GRID_M, offset_m=OFFSET_M, secret=SECRET
        ).line
        for _ in range(50)
    }
    assert len(circles) == 1
