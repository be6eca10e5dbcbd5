"""The story that the drill on al-Bab has to tell, sentence by sentence, apart from the golden files."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from openline.adapters.memory import MemoryStore
from openline.app.scenario.lines import as_told
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay

SCENARIOS = Path(__file__).parents[2] / "scenarios"
Lines = list[dict[str, Any]]


def _replay(name: str, branch: str = "") -> Lines:
    return list(Replay(load_scenario(SCENARIOS / f"{name}.toml", branch=branch), MemoryStore()).run())


def _of(lines: Lines, kind: str, to: str = "") -> Lines:
    return [line for line in lines if line["kind"] == kind and (not to or line.get("to") == to)]


@pytest.fixture(scope="module")
def ignored() -> Lines:
    return _replay("al-bab-2017", "ignored")


def test_conflict_is_raised_when_the_activity_is_filed(ignored: Lines) -> None:
    alerts = _of(ignored, "alert")
    assert {line["to"] for line in alerts} == {"RUS", "TUR"}
    assert len(alerts) == 2
    for alert in alerts:
        assert alert["at"] == "2017-02-09T01:00:00Z", "four hours and fifteen minutes before the window"
        assert alert["precedence"] == "PRIORITY"
        assert alert["answer_due"] == "2017-02-09T02:00:00Z"


def test_each_alert_names_the_receivers_own_notice_and_one_reference(ignored: Lines) -> None:
    told = {line["label"]: line["notice"] for line in _of(ignored, "notice")}
    rus, tur = _of(ignored, "alert", "RUS")[0], _of(ignored, "alert", "TUR")[0]
    assert (rus["notice"], tur["notice"]) == (told["activity"], told["presence"])
    assert rus["reference"] == tur["reference"]
    assert (rus["reason"], tur["reason"]) == ("protected_nearby", "activity_nearby")


def test_presence_side_sees_the_window_rounded_outward_to_half_hours(ignored: Lines) -> None:
    tur = _of(ignored, "alert", "TUR")[0]
    assert (tur["window_start"], tur["window_end"]) == ("2017-02-09T05:00:00Z", "2017-02-09T06:30:00Z")


@pytest.mark.parametrize(
    ("party", "climbs", "immediate", "flash"),
    [
        ("RUS", ["02:00", "03:00", "03:25", "03:35", "03:45", "05:02"], "03:15", "05:00"),
        ("TUR", ["02:00", "03:00", "03:10", "03:20", "03:30", "04:47"], "03:00", "04:45"),
    ],
)
def test_nobody_answers_and_it_climbs_by_the_timers(
    ignored: Lines, party: str, climbs: list[str], immediate: str, flash: str
) -> None:
    escalations = _of(ignored, "escalation", party)
    unanswered = [line["at"][11:16] for line in escalations if line["cause"] == "unanswered"]
    graver = {line["precedence"]: line["at"][11:16] for line in escalations if line["cause"] == "graver"}
    assert unanswered == climbs
    assert graver == {"IMMEDIATE": immediate, "FLASH": flash}
    tiers = [line["tier"] for line in escalations]
    assert tiers == sorted(tiers)
    assert tiers[-1] == 4


def test_roles_are_added_and_never_dropped(ignored: Lines) -> None:
    for party in ("RUS", "TUR"):
        asked = [line["roles"] for line in _of(ignored, "alert", party) + _of(ignored, "escalation", party)]
        for fewer, more in pairwise(asked):
            assert more[: len(fewer)] == fewer


def test_acknowledged_and_unchanged_it_opens_again() -> None:
    lines = _replay("al-bab-2017", "acknowledged")
    for party, moments in {"RUS": ["03:15", "05:00"], "TUR": ["03:00", "04:45"]}.items():
        escalations = _of(lines, "escalation", party)
        graver = [line["at"][11:16] for line in escalations if line["cause"] == "graver"]
        assert graver == moments
        assert escalations[0]["cause"] == "graver", "the acknowledgement stopped the timer of PRIORITY"


def test_answered_and_moved_the_conflict_ceases_and_the_alerts_close() -> None:
    lines = _replay("al-bab-2017", "answered")
    closures = _of(lines, "closure")
    assert [(line["to"], line["reason"], line["at"][11:16]) for line in closures] == [
        ("TUR", "conflict_ceased", "01:40"),
        ("RUS", "conflict_ceased", "01:40"),
    ]
    assert not _of(lines, "escalation")
    for party in ("RUS", "TUR"):
        by = {line["by"] for line in _of(lines, "acknowledgement", party)}
        assert by == {"own", "other"}, "both sides see whether the other has acknowledged"
    assert lines[-1]["open_alerts"] == 0


def test_no_side_is_told_the_others_notice_or_name(ignored: Lines) -> None:
    told = {line["from"]: line["notice"] for line in _of(ignored, "notice")}
    for party, other in (("RUS", "TUR"), ("TUR", "RUS")):
        heard = str([line for line in ignored if as_told(line, party)])
        assert told[party] in heard
        assert told[other] not in heard
        assert other not in heard


def test_the_last_line_is_the_summary_with_entries_and_root(ignored: Lines) -> None:
    assert ignored[-1]["kind"] == "summary"
    assert ignored[-1]["entries"] == 1 + max(line["index"] for line in ignored if "index" in line)
    assert len(ignored[-1]["root"]) == 44


@pytest.mark.parametrize("variant", ["a-outside-the-line", "e-activity-not-told"])
def test_what_was_not_told_is_not_known(variant: str) -> None:
    lines = _replay(f"al-bab-2017-{variant}")
    assert not _of(lines, "alert")
    assert not _of(lines, "conflict")
    assert lines[-1]["alerts"] == 0


def test_a_time_without_an_offset_is_the_whole_interval() -> None:
    lines = _replay("al-bab-2017-b-no-offset")
    activity = next(line for line in _of(lines, "notice") if line["label"] == "activity")
    assert (activity["window_start"], activity["window_end"]) == ("2017-02-09T05:15:00Z", "2017-02-09T07:15:00Z")
    assert [line["flag"] for line in _of(lines, "flag", "RUS")] == ["OFFSET_ASSUMED"]
    assert len(_of(lines, "alert")) == 2


def test_a_point_300_m_off_is_still_covered() -> None:
    assert len(_of(_replay("al-bab-2017-c-300-m-off"), "alert")) == 2


def test_a_stale_presence_is_said_to_be_stale_first_and_stays_protected() -> None:
    lines = _replay("al-bab-2017-d-stale")
    first, *rest = _of(lines, "alert")
    assert (first["reason"], first["to"], first["at"]) == ("presence_stale", "TUR", "2017-02-02T06:00:00Z")
    assert {(line["reason"], line["to"]) for line in rest} == {("activity_nearby", "TUR"), ("protected_nearby", "RUS")}
    stale_for_others = _of(lines, "flag", "RUS")
    assert [(line["flag"], line["notice"]) for line in stale_for_others] == [("STALE_PRESENCE", "")]


def test_told_one_minute_before_is_late_and_a_flash_to_both() -> None:
    lines = _replay("il-20-2018")
    assert [line["flag"] for line in _of(lines, "flag", "ISR")] == ["LATE"]
    alerts = {(line["to"], line["reason"], line["precedence"]) for line in _of(lines, "alert")}
    assert ("ISR", "told_too_late", "FLASH") in alerts
    assert ("RUS", "notice_too_late", "FLASH") in alerts
    assert ("RUS", "activities_too_near", "FLASH") in alerts


def test_any_officer_on_watch_may_answer() -> None:
    lines = _replay("deir-ez-zor-2016", "true-place")
    own = next(line for line in _of(lines, "acknowledgement", "USA") if line["by"] == "own")
    assert (own["role"], own["is_timer_stopped"]) == ("watch_supervisor", True)
    assert {line["reason"] for line in _of(lines, "closure")} == {"conflict_ceased"}


def test_a_place_told_nine_kilometres_off_finds_nothing() -> None:
    assert not _of(_replay("deir-ez-zor-2016", "as-told"), "alert")
