"""Windows and instants: rounding only widens, near is symmetric, and text keeps every millisecond."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from openline.codec.durations import read_duration, write_duration
from openline.codec.times import Offsets, read_instant, read_time
from openline.core.limits import LATEST_MS
from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, Window, to_text

instants = st.integers(0, LATEST_MS)
windows = st.builds(
    lambda start, length: Window(start_ms=start, end_ms=min(start + length, FOREVER_MS)),
    instants,
    st.integers(0, 400 * DAY_MS) | st.just(FOREVER_MS),
)
steps = st.sampled_from([1, 1_000, 15 * 60_000, HOUR_MS, DAY_MS])


@given(windows, steps)
def test_rounding_covers_adds_less_than_a_step_and_is_done_once(told: Window, step_ms: int) -> None:
    rounded = told.rounded_outward(step_ms)
    assert rounded.start_ms <= told.start_ms < rounded.start_ms + step_ms
    assert rounded.end_ms >= told.end_ms
    assert told.is_open_ended or rounded.end_ms - told.end_ms <= step_ms
    assert rounded.end_ms > rounded.start_ms
    assert rounded.rounded_outward(step_ms) == rounded


@given(windows, windows, st.integers(0, DAY_MS))
def test_near_in_time_is_the_same_from_both_sides_and_grows_with_the_separation(
    one: Window, other: Window, separation_ms: int
) -> None:
    near = one.overlaps(other, separation_ms=separation_ms)
    assert near is other.overlaps(one, separation_ms=separation_ms)
    assert near or not one.overlaps(other)
    assert one.overlaps(other, separation_ms=separation_ms + 1) or not near


@given(instants)
def test_what_is_written_is_read_back(instant_ms: int) -> None:
    assert read_instant(to_text(instant_ms), path="") == instant_ms


@given(st.integers(DAY_MS, LATEST_MS - DAY_MS), st.integers(-12 * 60, 14 * 60), st.integers(0, 6 * 60))
def test_a_local_time_means_every_offset_between_the_two(local_ms: int, minutes: int, spread: int) -> None:
    local_ms -= local_ms % 1_000
    offsets = Offsets(minutes * 60_000, (minutes + spread) * 60_000)
    reading = read_time(to_text(local_ms).removesuffix("Z"), offsets=offsets, path="")
    sign = "-" if minutes < 0 else "+"
    text = f"{to_text(local_ms).removesuffix('Z')}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    assert read_instant(text, path="") == reading.latest_ms
    assert reading.latest_ms - reading.earliest_ms == spread * 60_000


@given(st.integers(1, 3_660), st.sampled_from(["s", "min", "h", "d"]))
def test_durations_are_read_back(count: int, unit: str) -> None:
    span_ms = read_duration(f"{count}{unit}")
    assert read_duration(write_duration(span_ms)) == span_ms
