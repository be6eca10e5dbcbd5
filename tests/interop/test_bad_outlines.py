"""An outline that cannot be compared is refused with the path of the field as its sender has written it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from openline.core.errors import Invalid
from tests.parties import NOON_MS, NORTH, Town, activity, in_air

Vertices = Sequence[tuple[float, float]]
SQUARE: Vertices = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
BOW: Vertices = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]
INSIDE: Vertices = [(0.2, 0.2), (0.2, 0.4), (0.4, 0.4)]
METRES = {"value": 1, "units": "M"}


def points(vertices: Vertices) -> list[dict[str, float]]:
    return [{"lat": lat, "lng": lng} for lat, lng in vertices]


def circle(lat: float, lng: float) -> dict[str, Any]:
    return {"outline_circle": {"center": {"lat": lat, "lng": lng}, "radius": METRES}}


def corridor(*vertices: tuple[float, float]) -> dict[str, Any]:
    return {"outline_corridor": {"vertices": points(vertices), "half_width": METRES}}


def polygon(vertices: Vertices, *holes: Vertices) -> dict[str, Any]:
    return {"outline_polygon": {"vertices": points(vertices), "holes": [points(hole) for hole in holes]}}


def several(*polygons: Vertices) -> dict[str, Any]:
    return {"outline_multipolygon": [{"vertices": points(vertices)} for vertices in polygons]}


def much(outline: dict[str, Any]) -> dict[str, Any]:
    (inner,) = outline.values()
    inner["radius" if "radius" in inner else "half_width"] = {"value": 600_000, "units": "M"}
    return outline | {"uncertainty": {"value": 600_000, "units": "M"}}


WRONG = [
    (circle(91, 0), "outline_circle.center.lat"),
    (circle(0, 181), "outline_circle.center.lng"),
    (much(circle(0, 0)), "uncertainty"),
    (corridor((0, 0), (0, -181)), "outline_corridor.vertices[1].lng"),
    (corridor((0, 0), (0, 1), (0, 1)), "outline_corridor.vertices[2]"),
    (corridor((0, 0), (0, 180)), "outline_corridor.vertices[0]"),
    (much(corridor((0, 0), (0, 1))), "uncertainty"),
    (polygon(BOW), "outline_polygon.vertices"),
    (polygon(SQUARE[:2]), "outline_polygon.vertices"),
    (polygon([*SQUARE, SQUARE[0]]), "outline_polygon.vertices[4]"),
    (polygon([*SQUARE[:3], (-90.5, 0.0)]), "outline_polygon.vertices[3].lat"),
    (polygon(SQUARE, INSIDE[:2]), "outline_polygon.holes[0]"),
    (polygon(SQUARE, INSIDE, [(2.0, 2.0), (2.0, 3.0), (3.0, 3.0)]), "outline_polygon.holes[1]"),
    (polygon(SQUARE, [*INSIDE, (0.5, 200.0)]), "outline_polygon.holes[0][3].lng"),
    (several(BOW), "outline_multipolygon[0].vertices"),
    (several(SQUARE, SQUARE[:2]), "outline_multipolygon[1].vertices"),
    (several(SQUARE, [*SQUARE, (0.0, 181.0)]), "outline_multipolygon[1].vertices[4].lng"),
]


@pytest.mark.parametrize("name", ["volumes", "hazard_volumes"])
@pytest.mark.parametrize(("outline", "path"), WRONG, ids=[f"{n}-{path}" for n, (_, path) in enumerate(WRONG)])
def test_what_is_wrong_with_an_outline_is_named_as_it_was_sent(outline: dict[str, Any], path: str, name: str) -> None:
    town = Town()
    right = in_air(NOON_MS)
    wrong = {key: value for key, value in right.items() if key != "outline_circle"} | outline
    told = activity(right) | {name: [right, wrong]}
    with pytest.raises(Invalid) as refused:
        town.tell(NORTH, told)
    assert (refused.value.code, refused.value.path) == ("GEOMETRY_INVALID", f"{name}[1].{path}")
