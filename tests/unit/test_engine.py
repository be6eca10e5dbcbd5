"""The engine on cases that a duty officer would draw on a map."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from openline.core.notice import Kind
from openline.core.place import Outline
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, Window
from openline.engine.compiled.search import CompiledSearch
from openline.engine.compiling import HAS_COMPILER
from openline.engine.finder import Engine
from openline.engine.plain.index import Index
from openline.engine.plain.search import PlainSearch
from openline.engine.search import Entry
from openline.engine.shapes import Shapes
from openline.engine.words import Encounter, Item, JudgedVolume, Minima, Standing
from openline.geo.band import Band
from openline.geo.bounds import Box, bounding_box
from tests.oracle.outlines import line, polygon
from tests.oracle.rules import Asked, Fixed

MINIMA = Minima(lateral_m=1_000.0, vertical_m=150.0, time_ms=5 * MINUTE_MS)
ALWAYS = Fixed(MINIMA)
STANDING = Standing(party="north", kind=Kind.AIR_ACTIVITY)
AL_BAB = line((36.37, 37.516), radius_m=500.0)


def volume(
    outline: Outline = AL_BAB, *, lower_m: float = 0.0, upper_m: float = 1_000.0, start: int = 0, end: int = HOUR_MS
) -> JudgedVolume:
    return JudgedVolume(
        outline=outline,
        box=bounding_box(outline),
        band=Band(lower_m=lower_m, upper_m=upper_m),
        window=Window(start_ms=start, end_ms=end),
    )


def item(notice_id: str, *volumes: JudgedVolume) -> Item:
    return Item(notice_id=notice_id, standing=STANDING, volumes=volumes or (volume(),))


def found(engine: Engine, asked: Item) -> list[str]:
    return [encounter.first for encounter in engine.find(asked, ALWAYS)]


EngineOf = Callable[..., Engine]


@pytest.fixture(params=["plain", "compiled"])
def engine_of(request: pytest.FixtureRequest) -> EngineOf:
    """Makes an engine with notices in force; every case is put to both searches."""
    if request.param == "compiled" and not HAS_COMPILER:
        pytest.skip("there is no compiler here")

    def made(*items: Item) -> Engine:
        engine = Engine(CompiledSearch() if request.param == "compiled" else PlainSearch())
        engine.load(items)
        return engine

    return made


def test_two_at_one_place(engine_of: EngineOf) -> None:
    engine = engine_of(item("a", volume(end=HOUR_MS)))
    assert engine.find(item("b", volume(start=MINUTE_MS, end=2 * HOUR_MS)), ALWAYS) == [
        Encounter(
            first="a",
            second="b",
            first_window=Window(start_ms=0, end_ms=HOUR_MS),
            second_window=Window(start_ms=MINUTE_MS, end_ms=2 * HOUR_MS),
            common_window=Window(start_ms=MINUTE_MS, end_ms=HOUR_MS),
        )
    ]


def test_near_in_time_without_overlap_has_the_gap_in_common(engine_of: EngineOf) -> None:
    engine = engine_of(item("a", volume(end=HOUR_MS)))
    (encounter,) = engine.find(item("b", volume(start=HOUR_MS + MINUTE_MS, end=2 * HOUR_MS)), ALWAYS)
    assert encounter.common_window == Window(start_ms=HOUR_MS, end_ms=HOUR_MS + MINUTE_MS)


def test_time_is_half_open(engine_of: EngineOf) -> None:
    engine = engine_of(item("a", volume(end=HOUR_MS)))
    limit_ms = HOUR_MS + MINIMA.time_ms
    assert found(engine, item("b", volume(start=limit_ms, end=limit_ms + 1))) == []
    assert found(engine, item("b", volume(start=limit_ms - 1, end=limit_ms))) == ["a"]


def test_a_vertical_gap_of_exactly_the_minimum_conflicts(engine_of: EngineOf) -> None:
    engine = engine_of(item("a", volume(upper_m=1_000.0)))
    assert found(engine, item("b", volume(lower_m=1_150.0, upper_m=2_000.0))) == ["a"]
    assert found(engine, item("b", volume(lower_m=1_150.1, upper_m=2_000.0))) == []


def test_windows_span_only_the_volumes_in_conflict(engine_of: EngineOf) -> None:
    far_off = line((10.0, 10.0), radius_m=500.0)
    here = [volume(start=k * DAY_MS, end=k * DAY_MS + HOUR_MS) for k in (1, 3)]
    engine = engine_of(item("a", volume(far_off, start=0, end=9 * DAY_MS), *here))
    (encounter,) = engine.find(item("b", volume(start=0, end=5 * DAY_MS)), ALWAYS)
    assert encounter.first_window == Window(start_ms=DAY_MS, end_ms=3 * DAY_MS + HOUR_MS)
    assert encounter.second_window == Window(start_ms=0, end_ms=5 * DAY_MS)
    assert encounter.common_window == encounter.first_window


def test_open_ended_windows_meet_at_any_time(engine_of: EngineOf) -> None:
    engine = engine_of(item("a", volume(end=FOREVER_MS)))
    assert found(engine, item("b", volume(start=9_999 * DAY_MS, end=FOREVER_MS))) == ["a"]


def test_order_is_that_of_insertion(engine_of: EngineOf) -> None:
    engine = engine_of(item("b"), item("c"), item("a"))
    engine.remove("b")
    engine.insert(item("b"))
    assert found(engine, item("z")) == ["c", "a", "b"]
    assert engine.find_many(["b", "c"], ALWAYS) == [engine.find(item(name), ALWAYS) for name in ("b", "c")]


def test_a_notice_does_not_conflict_with_itself(engine_of: EngineOf) -> None:
    assert found(engine_of(item("a")), item("a")) == []


def test_pairs_that_are_not_judged_are_not_found(engine_of: EngineOf) -> None:
    assert engine_of(item("a")).find(item("b"), Fixed(None, reach=MINIMA)) == []


def test_the_rules_are_told_who_is_in_force(engine_of: EngineOf) -> None:
    rules = Asked(MINIMA)
    here, there = (Standing(party=party, kind=Kind.ZONE) for party in ("north", "south"))
    engine = engine_of()
    for name in ("a", "b"):
        engine.insert(Item(notice_id=name, standing=here, volumes=(volume(), volume())))
    engine.find(Item(notice_id="c", standing=there, volumes=(volume(), volume())), rules)
    assert rules.asked == [(here, there)]


def test_new_rules_are_asked_anew(engine_of: EngineOf) -> None:
    engine = engine_of(item("a"))
    assert found(engine, item("b")) == ["a"]
    assert engine.find(item("b"), Fixed(None, reach=MINIMA)) == []


def test_partners_in_a_package_are_not_judged(engine_of: EngineOf) -> None:
    packages = {"a": "joint", "b": "joint", "c": "other", "d": ""}
    engine = engine_of(*[msgspec.structs.replace(item(name), package=held) for name, held in packages.items()])
    assert [e.first for e in engine.find_in_force("a", ALWAYS)] == ["c", "d"]
    assert [e.first for e in engine.find_in_force("d", ALWAYS)] == ["a", "b", "c"]


def test_minima_beyond_the_reach_are_refused(engine_of: EngineOf) -> None:
    small = Minima(lateral_m=1.0, vertical_m=1.0, time_ms=1)
    with pytest.raises(ValueError, match="exceed"):
        engine_of(item("a")).find(item("b"), Fixed(MINIMA, reach=small))


def test_one_notice_is_in_force_once(engine_of: EngineOf) -> None:
    engine = engine_of(item("a"))
    with pytest.raises(ValueError, match="already in force"):
        engine.insert(item("a"))
    with pytest.raises(KeyError):
        engine.remove("b")
    assert (len(engine), "a" in engine, "b" in engine) == (1, True, False)


def test_removal_leaves_nothing_behind(engine_of: EngineOf) -> None:
    engine = engine_of(item("a"), item("b", volume(line((0.0, 180.0), radius_m=5e6))))
    engine.remove("a")
    engine.remove("b")
    assert found(engine, item("z", volume(line((0.0, 0.0), radius_m=2e7), end=FOREVER_MS))) == []


def test_an_index_forgets_what_is_taken_and_only_that() -> None:
    index, one, other = Index(), volume(), volume(line((0.0, 180.0), radius_m=5e6), end=FOREVER_MS)
    first, second = Entry(0, 0, 0, (one,)), Entry(1, 0, 0, (other,))
    index.put(0, first, one)
    index.put(1, second, other)
    index.take(1, second, other)
    with pytest.raises(KeyError):
        index.take(1, second, other)
    assert list(index.near(one, MINIMA)) == [0]
    index.take(0, first, one)
    assert not index


def test_expiry_takes_what_has_ended_everywhere(engine_of: EngineOf) -> None:
    engine = engine_of(
        item("late", volume(end=3 * HOUR_MS)),
        item("early", volume(end=HOUR_MS)),
        item("twice", volume(end=HOUR_MS), volume(end=5 * HOUR_MS)),
        item("endless", volume(end=FOREVER_MS)),
    )
    engine.remove("late")
    engine.insert(item("late", volume(end=4 * HOUR_MS)))
    assert engine.expire(3 * HOUR_MS) == ["early"]
    assert engine.expire(FOREVER_MS) == ["late", "twice"]
    assert len(engine) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (line((0.0, 179.999)), line((0.0, -179.999))),
        (line((0.0, 180.0)), line((0.0, -180.0))),
        (line((89.999, 0.0)), line((89.999, 180.0))),
        (line((90.0, 0.0)), line((90.0, 123.0))),
        (line((-89.9999, 45.0)), line((-89.9999, -100.0))),
        (line((0.0, 0.0), radius_m=9.9e6), line((10.0, 80.0))),
    ],
)
def test_maps_have_no_edges(engine_of: EngineOf, one: Outline, other: Outline) -> None:
    assert found(engine_of(item("a", volume(one))), item("b", volume(other))) == ["a"]
    assert found(engine_of(item("a", volume(other))), item("b", volume(one))) == ["a"]


@pytest.mark.parametrize("gap_deg", [5e-8, 1e-7, 1.9e-7, 2.1e-7, 1e-6])
def test_a_ring_that_is_nearly_closed_goes_all_the_way_round(engine_of: EngineOf, gap_deg: float) -> None:
    lngs_deg = [10.0 + gap_deg, 55.0, 100.0, 145.0, -170.0, -125.0, -80.0, -35.0, 10.0]
    slit = polygon(*[(80.0, lng) for lng in lngs_deg], *[(82.0, lng) for lng in reversed(lngs_deg)])
    inside = line((81.0, -100.0), radius_m=10.0)
    assert found(engine_of(item("a", volume(slit))), item("b", volume(inside))) == ["a"]
    assert found(engine_of(item("a", volume(inside))), item("b", volume(slit))) == ["a"]


def test_rounding_hides_no_height(engine_of: EngineOf) -> None:
    """Here the gap rounds to the minimum, and the widened ceiling to less than the floor."""
    upper_m, lower_m, minimum_m = 26.1, 126.10000000000001, 100.0
    assert lower_m - upper_m <= minimum_m
    assert upper_m + minimum_m < lower_m
    engine = engine_of(item("a", volume(lower_m=0.0, upper_m=upper_m)))
    rules = Fixed(msgspec.structs.replace(MINIMA, vertical_m=minimum_m))
    asked = item("b", volume(lower_m=lower_m, upper_m=lower_m + 1.0))
    assert [encounter.first for encounter in engine.find(asked, rules)] == ["a"]


def test_touching_exactly_at_the_antimeridian_without_minima(engine_of: EngineOf) -> None:
    nothing = Minima(lateral_m=0.0, vertical_m=0.0, time_ms=0)
    west, east = (
        msgspec.structs.replace(volume(line((0.0, edge), (0.0, inner))), box=Box(0.0, 0.0, *sorted((edge, inner))))
        for edge, inner in ((180.0, 179.0), (-180.0, -179.0))
    )
    assert len(engine_of(item("a", west)).find(item("b", east), Fixed(nothing))) == 1


def test_a_full_cell_is_still_searched_in_full(engine_of: EngineOf) -> None:
    many = [item(f"n{k}", volume(start=k * HOUR_MS, end=(k + 1) * HOUR_MS)) for k in range(200)]
    engine = engine_of(*reversed(many), item("endless", volume(end=FOREVER_MS)))
    asked = item("z", volume(start=100 * HOUR_MS, end=101 * HOUR_MS))
    assert found(engine, asked) == ["n101", "n100", "n99", "endless"]


def test_prepared_outlines_are_bounded_in_number() -> None:
    shapes = Shapes(most=2)
    first = shapes.of(1, AL_BAB)
    shapes.of(2, AL_BAB)
    assert shapes.of(1, AL_BAB) is first
    shapes.of(3, AL_BAB)
    assert len(shapes) == 2
    assert shapes.of(1, AL_BAB) is first
    shapes.forget(1)
    assert shapes.of(1, AL_BAB) is not first
