"""Times as they are written: with an offset an instant, without one every instant that it may mean."""

from __future__ import annotations

import msgspec
import pytest

from openline.codec.documents import read_notice
from openline.codec.durations import read_duration, read_utc_offset, write_duration
from openline.codec.times import Offsets, Reading, read_instant, read_time
from openline.core.errors import Invalid
from openline.core.notice import Notice
from openline.core.time import DAY_MS, HOUR_MS, MINUTE_MS, to_text

DAMASCUS_ANKARA = Offsets(2 * HOUR_MS, 3 * HOUR_MS)
ZULU = Offsets(0, 0)


def presence_from(start: str, end: str | None = None) -> Notice:
    """A presence with these times, told under an agreement whose clocks are one hour apart."""
    circle = {"center": {"lat": 0, "lng": 0}, "radius": {"value": 1, "units": "M"}}
    document = {
        "type": "ground_presence",
        "id": "presence-1",
        "party": "NORTH",
        "sequence": 1,
        "previous": "",
        "agreement": {"id": "town", "version": 1},
        "issued_at": "2017-02-09T05:15:00Z",
        "mobility": "static",
        "protection_class": "troops",
        "volumes": [{"outline_circle": circle, "time_start": start, "time_end": end}],
    }
    return read_notice(msgspec.json.encode(document), offsets_of=lambda _agreement: DAMASCUS_ANKARA)


def window_of(start: str, end: str) -> tuple[str, str, bool]:
    notice = presence_from(start, end)
    return to_text(notice.window.start_ms)[11:16], to_text(notice.window.end_ms)[11:16], notice.is_offset_assumed


def test_a_local_time_without_offset_is_an_interval() -> None:
    reading = read_time("2017-02-09T08:40", offsets=DAMASCUS_ANKARA, path="")
    assert (to_text(reading.earliest_ms), to_text(reading.latest_ms)) == (
        "2017-02-09T05:40:00Z",
        "2017-02-09T06:40:00Z",
    )
    assert reading.is_assumed


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2017-02-09T08:40", "2017-02-09T09:00", ("05:40", "07:00", True)),
        ("2017-02-09T08:40", "2017-02-09T06:00Z", ("05:40", "06:00", True)),
        ("2017-02-09T06:00Z", "2017-02-09T08:40", ("06:00", "06:40", True)),
        ("2017-02-09T08:40+03:00", "2017-02-09T09:00+02:00", ("05:40", "07:00", False)),
    ],
)
def test_a_window_covers_all_that_it_may_mean(start: str, end: str, expected: tuple[str, str, bool]) -> None:
    assert window_of(start, end) == expected


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2017-02-09T08:40", "2017-02-09T08:40"),
        ("2017-02-09T08:40", "2017-02-09T08:00"),
        ("2017-02-09T08:40", "2017-02-09T05:40Z"),
        ("2017-02-09T06:40Z", "2017-02-09T08:40"),
        ("2017-02-09T06:40Z", "2017-02-09T06:40Z"),
    ],
)
def test_a_window_that_ends_before_it_starts_however_it_is_read(start: str, end: str) -> None:
    with pytest.raises(Invalid, match=r"TIME_INVALID at volumes\[0\].time_end"):
        window_of(start, end)


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2017-02-09T05:15Z", "2017-02-09T05:15:00Z"),
        ("2017-02-09T05:15:00.5Z", "2017-02-09T05:15:00.500Z"),
        ("2017-02-09T08:15:00+03:00", "2017-02-09T05:15:00Z"),
        ("2017-02-08T23:45:00-05:30", "2017-02-09T05:15:00Z"),
        ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ],
)
def test_an_instant_is_read(text: str, same_as: str) -> None:
    assert to_text(read_instant(text, path="")) == same_as
    assert read_time(text, offsets=DAMASCUS_ANKARA, path="").is_assumed is False


@pytest.mark.parametrize(
    "text",
    [
        "2017-02-09",
        "2017-02-09T05Z",
        "2017-2-9T05:15Z",
        "2017-02-09T05:15z",
        "2017-02-09t05:15Z",
        "2017-02-09T05:15:00,5Z",
        "2017-02-09T05:15:00.1234567Z",
        "2017-02-30T05:15:00Z",
        "2017-02-09T05:15:00+0300",
        "2017-02-09T05:15:00+24:00",
        "1969-12-31T23:59:59.999Z",
        "2100-01-01T00:00:00.001Z",
        "1970-01-01T00:30:00",
        " 2017-02-09T05:15Z",
        "2017-02-09T05:15Z\n",
        "\uff1217-02-09T05:15Z",
        "",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="TIME_INVALID at here"):
        read_time(text, offsets=Offsets(HOUR_MS, HOUR_MS), path="here")


def test_an_instant_needs_an_offset_and_the_reason_says_so() -> None:
    with pytest.raises(Invalid, match="has no offset"):
        read_instant("2017-02-09T05:15", path="issued_at")


def test_equal_offsets_leave_no_doubt() -> None:
    assert read_time("1970-01-01T01:00", offsets=Offsets(HOUR_MS, HOUR_MS), path="") == Reading(0, 0)


@pytest.mark.parametrize(
    ("text", "span_ms"), [("90s", 90_000), ("15min", 15 * MINUTE_MS), ("2 h", 2 * HOUR_MS), ("10d", 10 * DAY_MS)]
)
def test_durations(text: str, span_ms: int) -> None:
    assert read_duration(text) == span_ms
    assert read_duration(write_duration(span_ms)) == span_ms


@pytest.mark.parametrize(
    "text", ["", "5", "5m", "-5min", "1.5h", "5 min ", "3661d", "999999999d", "9999999999s", "\u0665h"]
)
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|too long"):
        read_duration(text)


def test_utc_offsets() -> None:
    assert [read_utc_offset(text) for text in ("+03:00", "-05:30", "+00:00")] == [3 * HOUR_MS, -330 * MINUTE_MS, 0]
    for text in ("3", "+3:00", "03:00", "+03:00 "):
        with pytest.raises(ValueError, match="UTC offset"):
            read_utc_offset(text)


def test_a_start_without_an_end_is_taken_at_its_earliest() -> None:
    notice = presence_from("2017-02-09T08:40")
    assert notice.is_offset_assumed
    assert to_text(notice.window.start_ms) == "2017-02-09T05:40:00Z"
    assert notice.window.is_open_ended
