"""Items for properties: every datum, short and endless windows, all near one another in place and time."""

from __future__ import annotations

from hypothesis import strategies as st

from openline.core.notice import Kind
from openline.core.place import Outline
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, Window
from openline.core.volume import Altitude, Datum, VerticalRanges
from openline.engine.words import Item, JudgedVolume, Standing
from openline.geo.band import altitude_band
from openline.geo.bounds import bounding_box
from tests.oracle.outlines import AZIMUTHS, SIZES_M, away, centres, outlines

RANGES = VerticalRanges(
    terrain_min_m=100.0,
    terrain_max_m=900.0,
    qnh_min_hpa=990.0,
    qnh_max_hpa=1030.0,
    isa_deviation_min_c=-10.0,
    isa_deviation_max_c=20.0,
)
LOWER = [datum for datum in Datum if datum is not Datum.UNLIMITED]
LENGTHS_MS = [1, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 2 * DAY_MS, 30 * DAY_MS, FOREVER_MS]


@st.composite
def windows(draw: st.DrawFn) -> Window:
    """Starts on a few instants, so that windows often meet exactly."""
    start_ms = draw(st.integers(0, 40)) * 15 * MINUTE_MS + draw(st.sampled_from([0, 0, 1, -1]))
    return Window(start_ms=start_ms, end_ms=min(start_ms + draw(st.sampled_from(LENGTHS_MS)), FOREVER_MS))


@st.composite
def judged(draw: st.DrawFn, outline: Outline) -> JudgedVolume:
    """The outline with altitudes and a window."""
    box = bounding_box(outline)
    lower = Altitude(value_m=draw(st.sampled_from([0.0, 500.0, 3_000.0])), datum=draw(st.sampled_from(LOWER)))
    above_m = draw(st.sampled_from([0.0, 300.0, 3_000.0]))
    upper = Altitude(value_m=lower.value_m + above_m, datum=draw(st.sampled_from([lower.datum, *Datum])))
    return JudgedVolume(outline=outline, box=box, band=altitude_band(lower, upper, box, RANGES), window=draw(windows()))


@st.composite
def crowds(draw: st.DrawFn) -> list[Item]:
    """Some items of one or two volumes each, around one place."""
    centre, size_m = draw(centres()), draw(SIZES_M)
    items = []
    for number in range(draw(st.integers(2, 6))):
        volumes = []
        for _ in range(draw(st.integers(1, 2))):
            beside = away(centre, draw(AZIMUTHS), size_m * draw(st.sampled_from([0.0, 0.3, 1.0, 1.5, 2.5])))
            own_size_m = size_m * draw(st.sampled_from([1.0, 0.3, 0.03]))
            volumes.append(draw(judged(draw(outlines(beside, own_size_m)))))
        party = draw(st.sampled_from(["north", "south", "east"]))
        kind = draw(st.sampled_from(list(Kind)))
        items.append(Item(notice_id=f"n{number}", standing=Standing(party=party, kind=kind), volumes=tuple(volumes)))
    return items
