"""The geoid against published points, and its range over boxes against every node within them."""

from __future__ import annotations

from hashlib import sha256
from importlib import resources
from random import Random

import pytest

from openline.geo.bounds import Box
from openline.geo.geoid import GEOID_BAND_M, undulation_m, undulation_range_m

INTERPOLATION_BAND_M = 1.4

# NGA's test points of EGM96 (OUTPUT.DAT, distributed with WW15MGH.DAC): latitude, longitude, undulation in metres.
PUBLISHED = [
    (38.6281550, 269.7791550, -31.628),
    (-14.6212170, 305.0211140, -2.969),
    (46.8743190, 102.4487290, -43.575),
    (-23.6174460, 133.8747120, 15.871),
    (38.6254730, 359.9995000, 50.066),
    (-0.4667440, 0.0023000, 17.329),
]


@pytest.mark.parametrize(("lat_deg", "lng_deg", "published_m"), PUBLISHED)
def test_published_points(lat_deg: float, lng_deg: float, published_m: float) -> None:
    lng_deg = lng_deg - 360.0 if lng_deg > 180.0 else lng_deg
    assert undulation_m(lat_deg=lat_deg, lng_deg=lng_deg) == pytest.approx(published_m, abs=0.06)


def test_al_bab() -> None:
    assert undulation_m(lat_deg=36.37, lng_deg=37.516) == pytest.approx(27.07, abs=0.02)


@pytest.mark.parametrize("lat_deg", [-90.0, 90.0])
def test_a_pole_has_one_value(lat_deg: float) -> None:
    values = {undulation_m(lat_deg=lat_deg, lng_deg=lng_deg) for lng_deg in (-180.0, -91.1, 0.0, 37.5, 180.0)}
    assert max(values) - min(values) < 1e-9


@pytest.mark.parametrize("lat_deg", [-72.3, 0.0, 36.4, 89.9])
def test_the_antimeridian_is_no_seam(lat_deg: float) -> None:
    west, east = undulation_m(lat_deg=lat_deg, lng_deg=-180.0), undulation_m(lat_deg=lat_deg, lng_deg=180.0)
    assert west == pytest.approx(east, abs=1e-9)


@pytest.mark.parametrize(
    "box",
    [
        Box(36.3, 36.5, 37.4, 37.6),
        Box(36.37, 36.37, 37.516, 37.516),
        Box(-20.0, 15.0, 60.0, 110.0),
        Box(-10.0, -3.0, 178.0, -177.0),
        Box(88.0, 90.0, -180.0, 180.0),
        Box(-90.0, 90.0, -180.0, 180.0),
    ],
)
def test_the_range_covers_the_box(box: Box) -> None:
    lowest, highest = undulation_range_m(box)
    random = Random(1)
    width = (box.lng_max_deg - box.lng_min_deg) % 360.0 or 360.0 * (box.lng_max_deg > box.lng_min_deg)
    for _ in range(300):
        lat_deg = random.uniform(box.lat_min_deg, box.lat_max_deg)
        lng_deg = (box.lng_min_deg + random.uniform(0.0, width) + 180.0) % 360.0 - 180.0
        value = undulation_m(lat_deg=lat_deg, lng_deg=lng_deg)
        assert lowest + GEOID_BAND_M - 1e-9 <= value <= highest - GEOID_BAND_M + 1e-9


def test_a_small_box_has_a_narrow_range() -> None:
    lowest, highest = undulation_range_m(Box(36.3, 36.4, 37.4, 37.5))
    assert highest - lowest < 2 * GEOID_BAND_M + 1.0


def test_the_extremes_of_the_earth() -> None:
    # the Indian Ocean low and the New Guinea high, as PROJ's file has them
    lowest, highest = undulation_range_m(Box(-90.0, 90.0, -180.0, 180.0))
    assert (lowest + GEOID_BAND_M, highest - GEOID_BAND_M) == pytest.approx((-106.99, 85.39))


def test_interpolation_is_within_its_share_of_the_band() -> None:
    steps = [k / 4 for k in range(-359, 360)]
    for lng_deg in (-70.0, 0.0, 80.25, 142.5):
        column = [undulation_m(lat_deg=lat_deg, lng_deg=lng_deg) for lat_deg in steps]
        bends = [abs(a - 2 * b + c) / 8 for a, b, c in zip(column, column[1:], column[2:], strict=False)]
        assert max(bends) < INTERPOLATION_BAND_M


def test_the_file_is_the_one_whose_origin_is_told() -> None:
    data = resources.files("openline.geo").joinpath("data")
    digest = sha256(data.joinpath("egm96_15.i2.z").read_bytes()).hexdigest()
    assert digest in data.joinpath("ORIGIN.md").read_text("utf-8")
