"""Windows are half-open, rounding goes outward, and text has milliseconds only when there are some."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from openline.core.time import DAY_MS, FOREVER_MS, HOUR_MS, MINUTE_MS, Window, span, to_ms, to_text


def window(start_ms: int, end_ms: int = FOREVER_MS) -> Window:
    return Window(start_ms=start_ms, end_ms=end_ms)


@pytest.mark.parametrize(
    ("one", "other", "separation_ms", "expected"),
    [
        (window(0, 10), window(9, 20), 0, True),
        (window(0, 10), window(10, 20), 0, False),
        (window(0, 10), window(10, 20), 1, True),
        (window(0, 10), window(15, 20), 5, False),
        (window(0, 10), window(14, 20), 5, True),
        (window(0), window(10**12, 10**12 + 1), 0, True),
        (window(5, 6), window(0, 10), 0, True),
    ],
)
def test_windows_overlap_or_come_near(one: Window, other: Window, separation_ms: int, *, expected: bool) -> None:
    assert one.overlaps(other, separation_ms=separation_ms) is expected
    assert other.overlaps(one, separation_ms=separation_ms) is expected


@pytest.mark.parametrize(
    ("told", "rounded"),
    [
        (window(0, 30), window(0, 30)),
        (window(1, 31), window(0, 60)),
        (window(29, 30), window(0, 30)),
        (window(30, 30), window(30, 60)),
        (window(31, 31), window(30, 60)),
        (window(59), window(30)),
        (window(-1, 1), window(-30, 30)),
    ],
)
def test_rounding_goes_outward_and_leaves_no_window_empty(told: Window, rounded: Window) -> None:
    assert told.rounded_outward(30) == rounded


def test_the_span_of_windows() -> None:
    assert span([window(5, 9), window(7, 8), window(1, 2)]) == window(1, 9)
    assert span([window(5, 9), window(7)]).is_open_ended


@pytest.mark.parametrize(
    ("instant_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_486_617_300_000, "2017-02-09T05:15:00Z"),
        (1_486_617_300_007, "2017-02-09T05:15:00.007Z"),
        (FOREVER_MS, "unbounded"),
        (FOREVER_MS + 1, "unbounded"),
    ],
)
def test_an_instant_in_words(instant_ms: int, text: str) -> None:
    assert to_text(instant_ms) == text


def test_milliseconds_are_rounded_down_whatever_the_offset() -> None:
    moment = datetime(2017, 2, 9, 8, 15, 0, 1_999, tzinfo=timezone(timedelta(hours=3)))
    assert to_ms(moment) == 1_486_617_300_001
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)) == -1
    assert DAY_MS == 24 * HOUR_MS == 1_440 * MINUTE_MS
