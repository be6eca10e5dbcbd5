"""The planes in which outlines are drawn keep the bounds that they state, measured with GeographicLib."""

from __future__ import annotations

import numpy as np
import pytest
from pyproj import Geod

from openline.core.place import Point
from openline.engine.tracks.outlines import BEND, EDGE_M, FARTHEST_M, GROWTH, prepare_outlines
from openline.geo.ellipsoid import RADIUS_MIN_M, Floats, ecef
from tests.oracle.outlines import line, polygon, regular
from tests.tracks import columns_of_outlines

GEOD = Geod(ellps="WGS84")
MIDDLES = [(0.0, 10.0), (45.0, 179.99), (90.0, 0.0), (-89.9, -77.0), (-33.0, -180.0), (60.0, 1.0)]


def drawn(frame: Floats, lng_deg: Floats, lat_deg: Floats) -> Floats:
    apart = ecef(lat_deg, lng_deg) - frame[0:3]
    factor = frame[12] / (frame[12] + apart @ frame[9:12])
    return np.stack((apart @ frame[3:6] * factor, apart @ frame[6:9] * factor), axis=1)


@pytest.mark.parametrize("middle", MIDDLES)
@pytest.mark.parametrize("far_m", [10_000.0, 100_000.0, 600_000.0, 0.9 * FARTHEST_M])
def test_scale_and_bend(middle: tuple[float, float], far_m: float) -> None:
    outlines = prepare_outlines(columns_of_outlines([line(middle)], [(0.0, 1.0)], [(0, 1)]))
    frame = outlines.frames[0]
    rng = np.random.default_rng(3)
    same = np.ones(500)
    lng, lat, _ = GEOD.fwd(middle[1] * same, middle[0] * same, rng.uniform(0.0, 360.0, 500), far_m * same)
    azimuth = rng.uniform(0.0, 360.0, 500)
    length_m = 20_000.0
    ahead = GEOD.fwd(lng, lat, azimuth, length_m * same)
    between = GEOD.fwd(lng, lat, azimuth, length_m / 2.0 * same)
    begin, end = drawn(frame, lng, lat), drawn(frame, ahead[0], ahead[1])
    along = end - begin
    grown = np.hypot(along[:, 0], along[:, 1]) / length_m
    angle = (far_m + length_m) / RADIUS_MIN_M
    assert grown.min() >= 1.0 - 1e-9
    assert grown.max() <= 1.0 + GROWTH * np.tan(angle) ** 2
    aside = drawn(frame, between[0], between[1]) - begin
    off_m = np.abs(along[:, 0] * aside[:, 1] - along[:, 1] * aside[:, 0]) / np.hypot(along[:, 0], along[:, 1])
    assert off_m.max() <= BEND * angle * length_m**2 / RADIUS_MIN_M + 1e-6


@pytest.mark.parametrize("middle", MIDDLES)
def test_the_ball_holds_the_outline(middle: tuple[float, float]) -> None:
    outline = regular(Point(lat_deg=middle[0], lng_deg=middle[1]), 400_000.0, count=5)
    outlines = prepare_outlines(columns_of_outlines([outline], [(0.0, 1.0)], [(0, 1)]))
    ring = outline.polygons[0].exterior
    for one, other in zip(ring, (*ring[1:], ring[0]), strict=True):
        azimuth, _, length = GEOD.inv(one.lng_deg, one.lat_deg, other.lng_deg, other.lat_deg)
        ways = np.linspace(0.0, length, 50)
        same = np.ones(50)
        lng, lat, _ = GEOD.fwd(one.lng_deg * same, one.lat_deg * same, azimuth * same, ways)
        far = np.linalg.norm(ecef(lat, lng) - outlines.frames[0, 0:3], axis=1)
        assert far.max() <= outlines.frames[0, 13]


def test_long_edges_are_cut_along_their_geodesics() -> None:
    outline = polygon((50.0, 170.0), (50.0, -170.0), (40.0, -170.0), (40.0, 170.0))
    outlines = prepare_outlines(columns_of_outlines([outline], [(0.0, 1.0)], [(0, 1)]))
    edges, frame = outlines.edges, outlines.frames[0]
    assert (edges[:, 6] <= EDGE_M * (1.0 + GROWTH * np.tan(1_500_000.0 / RADIUS_MIN_M) ** 2)).all()
    assert np.array_equal(edges[1:, 0:2], edges[:-1, 2:4])
    assert np.array_equal(edges[0, 0:2], edges[-1, 2:4])
    assert edges[:, 7].tolist() == [2.0] + [1.0] * (len(edges) - 1)
    azimuth, _, length = GEOD.inv(170.0, 50.0, -170.0, 50.0)
    lng, lat, _ = GEOD.fwd(170.0, 50.0, azimuth, length / 2.0)
    middle = drawn(frame, np.array([lng]), np.array([lat]))
    off = edges[:, 4] * (middle[0, 1] - edges[:, 1]) - edges[:, 5] * (middle[0, 0] - edges[:, 0])
    assert np.abs(off).min() < 1.0
