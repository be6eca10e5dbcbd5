"""Random pairs, most of them about as far apart as the minima allow, judged by us and by PostGIS geography.

Both measure along geodesics of the ellipsoid, and circles are compared as points less their radii, on both sides. But
PostGIS looks for the nearest points on a sphere, with edges that are great circles of that sphere, and takes to the
ellipsoid only the two points that it found. So it may say too much by metres, and long edges lie elsewhere. Where the
two differ most, GeographicLib's distances of sampled points tell who is right.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from bench.engine_parts.boxes import Floats, Ints
from bench.engine_parts.cores import cores
from bench.engine_parts.nearest import nearest_m
from bench.engine_parts.ours import Ours
from bench.engine_parts.outlines import begins_of, outline_of
from bench.engine_parts.postgis import PostGis
from bench.engine_parts.workloads import BEGIN_MS, CORRIDORS, MINIMA, WORLD, Spread, draw
from openline.core.time import HOUR_MS, MINUTE_MS
from openline.engine.columns import Columns
from openline.geo.ellipsoid import RADIUS_MIN_M
from openline.geo.separation import lateral_band_m, lateral_gap_m
from openline.geo.shape import prepare

_LATS_DEG = (-80.0, 80.0)
_DISTANCES = "SELECT ST_Distance(one::geography, other::geography) FROM unnest($1::text[], $2::text[]) pair(one, other)"
_FAR_M = 1_000_000.0
_WORST = 200


def agreement_figures(postgis: PostGis, count: int) -> dict[str, Any]:
    """Over `count` pairs of the usual shapes, and half as many pairs of corridors, anywhere but at the poles."""
    usual = replace(WORLD, lat_deg=_LATS_DEG)
    corridors = replace(CORRIDORS, lat_deg=_LATS_DEG, lng_deg=WORLD.lng_deg)
    return {
        **_figures("agreement", postgis, usual, count),
        **_figures("agreement_corridors", postgis, corridors, count // 2),
    }


def _figures(name: str, postgis: PostGis, spread: Spread, count: int) -> dict[str, Any]:
    first, second = pairs(spread, count)
    radii_m = first.radius_m + second.radius_m
    whole = [_hex(cores(side, side.lng_deg, side.lat_deg)) for side in (first, second)]
    theirs_m = np.maximum(0.0, np.array([row[0] for row in postgis.fetch(_DISTANCES, *whole)]) - radii_m)
    ours_m = _gaps(first, second)
    band_m = np.array([lateral_band_m(gap_m) for gap_m in (ours_m + radii_m).tolist()])
    beyond_m = _beyond_m(ours_m, theirs_m, band_m)
    worst = np.argsort(beyond_m)[-_WORST:]
    worst = worst[beyond_m[worst] > 0.0]
    sampled_m = np.array([_sampled_m(first, second, index) for index in worst.tolist()]) - radii_m[worst]
    differ = _found(first, second) != (theirs_m <= MINIMA.lateral_m)
    from_limit_m = np.abs(theirs_m[differ] - MINIMA.lateral_m)
    return {
        f"{name}_pairs": count,
        f"{name}_near": int((theirs_m <= MINIMA.lateral_m).sum()),
        f"{name}_differ": int(differ.sum()),
        f"{name}_differ_within_m": round(float(from_limit_m.max(initial=0.0)), 3),
        f"{name}_largest_m": round(float(beyond_m.max()), 3),
        f"{name}_p99_m": round(float(np.percentile(beyond_m, 99)), 3),
        f"{name}_above_sampled_m": round(float((ours_m[worst] - sampled_m).max(initial=0.0)), 3),
        f"{name}_below_sampled_m": round(float((sampled_m - ours_m[worst] - band_m[worst]).max(initial=0.0)), 3),
    }


def pairs(spread: Spread, count: int) -> tuple[Columns, Columns]:
    """Pair by pair at an hour of their own, so that no pair meets another."""
    first = draw(spread, count, seed=21)
    unplaced = draw(spread, count, seed=22, first_number=count)
    chance = np.random.default_rng(23)
    # Halves of the boxes stand for sizes; a third of the pairs overlap.
    apart_m = (_half_m(first) + _half_m(unplaced)) * chance.uniform(0.5, 1.0, count)
    apart_m += chance.uniform(0.0, 4.0 * MINIMA.lateral_m, count)
    begins = np.cumsum(first.vertices) - first.vertices
    lat, lng = np.radians(first.lat_deg[begins]), np.radians(first.lng_deg[begins])
    turn, arc = chance.uniform(0.0, 2.0 * np.pi, count), apart_m / RADIUS_MIN_M
    there = np.clip(lat + arc * np.cos(turn), -1.45, 1.45), lng + arc * np.sin(turn) / np.cos(lat)
    second = draw(spread, count, seed=22, first_number=count, centres=there)
    start_ms = BEGIN_MS + np.arange(count) * HOUR_MS
    same = {
        "start_ms": start_ms,
        "end_ms": start_ms + 10 * MINUTE_MS,
        "lower_m": np.zeros(count),
        "upper_m": np.full(count, 100.0),
    }
    return replace(first, **same), replace(second, **same)


def _beyond_m(ours_m: Floats, theirs_m: Floats, band_m: Floats) -> Floats:
    """By how much ours, which never exceeds the truth and falls short of it by a band at most, contradicts theirs."""
    beyond: Floats = np.maximum(0.0, np.maximum(ours_m - theirs_m, theirs_m - ours_m - band_m))
    return beyond


def _sampled_m(first: Columns, second: Columns, index: int) -> float:
    return nearest_m(outline_of(first, index), outline_of(second, index))


def _hex(geometries: Any) -> list[str]:  # noqa: ANN401 -- geometries of shapely
    texts: list[str] = shapely.to_wkb(np.asarray(geometries, dtype=np.object_), hex=True).tolist()
    return texts


def _half_m(columns: Columns) -> Floats:
    half: Floats = np.radians(columns.box_deg[:, 2] - columns.box_deg[:, 0]) / 2.0 * RADIUS_MIN_M
    return half


def _gaps(first: Columns, second: Columns) -> Floats:
    begins, other_begins = begins_of(first), begins_of(second)
    return np.array(
        [
            lateral_gap_m(
                prepare(outline_of(first, index, begins[index])),
                prepare(outline_of(second, index, other_begins[index])),
                at_most_m=_FAR_M,
            )
            for index in range(len(first))
        ]
    )


def _found(first: Columns, second: Columns) -> Ints:
    """1 for each pair in which our search finds the first from the second, else 0."""
    return Ours(first, second).hits()
