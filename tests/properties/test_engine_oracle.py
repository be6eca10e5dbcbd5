"""The engine against brute force: nothing missed, and nothing added beyond the stated band."""

from __future__ import annotations

from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from openline.core.notice import Kind
from openline.core.time import FOREVER_MS, HOUR_MS, MINUTE_MS, Window, span
from openline.engine.finder import Engine
from openline.engine.words import Encounter, Item, JudgedVolume, Minima, Standing
from openline.geo.band import Band
from openline.geo.bounds import bounding_box
from tests.oracle.conflicts import compared, near_in_height, near_in_time
from tests.oracle.items import crowds
from tests.oracle.outlines import line
from tests.oracle.rules import Fixed, NotOwn
from tests.samples import counts

GEOD = Geod(ellps="WGS84")

MINIMA = st.builds(
    Minima,
    lateral_m=st.sampled_from([0.0, 1_000.0, 20_000.0]),
    vertical_m=st.sampled_from([0.0, 150.0]),
    time_ms=st.sampled_from([0, 5 * MINUTE_MS, HOUR_MS]),
)


def assert_agrees(found: list[Encounter], in_force: list[Item], asked: Item, minima: Minima) -> None:
    by_id = {encounter.first: encounter for encounter in found}
    assert list(by_id) == [item.notice_id for item in in_force if item.notice_id in by_id]
    for item in in_force:
        encounter = by_id.get(item.notice_id)
        if item.notice_id == asked.notice_id or item.standing.party == asked.standing.party:
            assert encounter is None
            continue
        expected = compared(item, asked, minima)
        assert encounter is not None or not expected.certain, "missed"
        assert encounter is None or expected.possible, "beyond the band"
        if encounter is not None and expected.certain == expected.possible:
            assert encounter.first_window == span([first for first, _ in expected.certain])
            assert encounter.second_window == span([second for _, second in expected.certain])


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(crowds(), MINIMA, st.randoms(use_true_random=False))
def test_any_history_gives_what_brute_force_gives(items: list[Item], minima: Minima, random: Random) -> None:
    engine = Engine()
    engine.load(items)
    in_force = list(items)
    for item in random.sample(items, k=len(items) // 2):
        engine.remove(item.notice_id)
        in_force.remove(item)
        if random.random() < 0.5:
            engine.insert(item)
            in_force.append(item)
    assert len(engine) == len(in_force)
    for item in random.sample(items, k=2):
        found = engine.find(item, NotOwn(minima))
        assert_agrees(found, in_force, item, minima)


def circles(random: Random, count: int, name: str) -> list[Item]:
    """Circles of a metre to a hemisphere, more of them at poles and antimeridian, short and endless."""
    items = []
    for number in range(count):
        lat_deg = random.choice([90.0, -90.0, 89.9, 0.0, *(random.uniform(-90.0, 90.0) for _ in range(4))])
        lng_deg = random.choice([180.0, -180.0, 179.9, *(random.uniform(-180.0, 180.0) for _ in range(3))])
        outline = line((lat_deg, lng_deg), radius_m=10.0 ** random.uniform(0.0, 6.95))
        start_ms = random.randrange(0, 200 * HOUR_MS)
        end_ms = random.choice([FOREVER_MS, start_ms + int(HOUR_MS * 10.0 ** random.uniform(-2.0, 2.5))])
        floor_m = random.uniform(0.0, 5_000.0)
        volume = JudgedVolume(
            outline=outline,
            box=bounding_box(outline),
            band=Band(lower_m=floor_m, upper_m=floor_m + random.choice([100.0, 3_000.0, 1e9])),
            window=Window(start_ms=start_ms, end_ms=end_ms),
        )
        items.append(
            Item(notice_id=f"{name}{number}", standing=Standing(party=name, kind=Kind.AIR_ACTIVITY), volumes=(volume,))
        )
    return items


def circles_conflict(one: JudgedVolume, other: JudgedVolume, minima: Minima, slack_m: float) -> bool:
    if not (near_in_time(one.window, other.window, minima.time_ms) and near_in_height(one, other, minima)):
        return False
    (a,), (b,) = one.outline.line, other.outline.line
    _, _, apart_m = GEOD.inv(a.lng_deg, a.lat_deg, b.lng_deg, b.lat_deg)
    return bool(apart_m - one.outline.radius_m - other.outline.radius_m <= minima.lateral_m + slack_m)


def test_many_circles_all_over_the_globe() -> None:
    random = Random(20)
    minima = Minima(lateral_m=5_000.0, vertical_m=150.0, time_ms=5 * MINUTE_MS)
    in_force = circles(random, counts(400, 3_000), "here")
    engine = Engine()
    engine.load(in_force)
    for gone in random.sample(in_force, k=100):
        engine.remove(gone.notice_id)
        in_force.remove(gone)
    certain = 0
    for asked in circles(random, counts(150, 1_000), "asked"):
        found = {encounter.first for encounter in engine.find(asked, Fixed(minima))}
        for item in in_force:
            one, other = item.volumes[0], asked.volumes[0]
            if circles_conflict(one, other, minima, -0.001):
                certain += 1
                assert item.notice_id in found
            elif item.notice_id in found:
                assert circles_conflict(one, other, minima, 0.1)
    assert certain > 1_000
