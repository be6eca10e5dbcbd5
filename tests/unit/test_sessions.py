"""Challenges are answered once and in time; tokens run out; nobody's sessions crowd out another's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openline.adapters.clock import ManualClock, SystemEntropy
from openline.core.errors import NotAuthenticated
from openline.node.sessions import (
    ANSWERS_PER_PARTY,
    CHALLENGE_LIFE_MS,
    SESSION_LIFE_MS,
    SESSIONS_PER_PARTY,
    Sessions,
)
from tests.parties import NOON_MS, NORTH, SOUTH

ROLE = "duty_officer"


def table() -> tuple[Sessions, ManualClock]:
    clock = ManualClock(NOON_MS)
    return Sessions(clock, SystemEntropy()), clock


def opened(sessions: Sessions, party: str = NORTH) -> str:
    return sessions.open(party, ROLE, sessions.challenge().text)[0]


def code_of(error: pytest.ExceptionInfo[NotAuthenticated]) -> str:
    return error.value.code


def test_a_token_speaks_for_its_party_until_it_runs_out() -> None:
    sessions, clock = table()
    token, session = sessions.open(NORTH, ROLE, sessions.challenge().text)
    assert (session.party, session.role, session.expires_ms) == (NORTH, ROLE, NOON_MS + SESSION_LIFE_MS)
    clock.advance(SESSION_LIFE_MS - 1)
    assert sessions.find(token) == session
    assert sessions.left_ms(session) == 1
    clock.advance(1)
    assert sessions.has_expired(session)
    with pytest.raises(NotAuthenticated) as refused:
        sessions.find(token)
    assert code_of(refused) == "SESSION_EXPIRED"


def test_a_challenge_is_answered_once() -> None:
    sessions, _ = table()
    challenge = sessions.challenge().text
    sessions.open(NORTH, ROLE, challenge)
    with pytest.raises(NotAuthenticated) as refused:
        sessions.open(NORTH, ROLE, challenge)
    assert code_of(refused) == "CHALLENGE_UNKNOWN"


def test_a_challenge_is_answered_in_time() -> None:
    sessions, clock = table()
    challenge = sessions.challenge()
    assert challenge.expires_ms == NOON_MS + CHALLENGE_LIFE_MS
    clock.advance(CHALLENGE_LIFE_MS)
    with pytest.raises(NotAuthenticated) as refused:
        sessions.open(NORTH, ROLE, challenge.text)
    assert code_of(refused) == "CHALLENGE_UNKNOWN"


def test_a_challenge_is_one_that_this_node_gave() -> None:
    sessions, _ = table()
    other, _ = table()
    for text in (other.challenge().text, "", ".", "..", "zz.a.b", "9" * 200, "é"):
        with pytest.raises(NotAuthenticated) as refused:
            sessions.open(NORTH, ROLE, text)
        assert code_of(refused) == "CHALLENGE_UNKNOWN"


@given(place=st.integers(min_value=0), letter=st.sampled_from("0123456789abcdefXYZ._-"))
def test_a_challenge_that_was_touched_is_not_one(place: int, letter: str) -> None:
    sessions, _ = table()
    text = sessions.challenge().text
    at = place % len(text)
    touched = text[:at] + letter + text[at + 1 :]
    if touched != text:
        with pytest.raises(NotAuthenticated):
            sessions.open(NORTH, ROLE, touched)


def test_unanswered_challenges_take_no_room() -> None:
    sessions, _ = table()
    before = {name: len(value) for name, value in vars(sessions).items() if hasattr(value, "__len__")}
    assert len({sessions.challenge().text for _ in range(1_000)}) == 1_000
    assert {name: len(value) for name, value in vars(sessions).items() if hasattr(value, "__len__")} == before


def test_one_session_more_ends_the_oldest_of_the_same_party_only() -> None:
    sessions, _ = table()
    theirs = opened(sessions, SOUTH)
    tokens = [opened(sessions) for _ in range(SESSIONS_PER_PARTY + 1)]
    with pytest.raises(NotAuthenticated):
        sessions.find(tokens[0])
    assert [sessions.find(token).party for token in (theirs, *tokens[1:])] == [SOUTH, *[NORTH] * SESSIONS_PER_PARTY]
    assert len(sessions) == SESSIONS_PER_PARTY + 1


def test_answers_are_counted_until_they_run_out() -> None:
    sessions, clock = table()
    for _ in range(ANSWERS_PER_PARTY):
        opened(sessions)
    with pytest.raises(NotAuthenticated) as refused:
        opened(sessions)
    assert code_of(refused) == "LIMIT_EXCEEDED"
    assert opened(sessions, SOUTH)
    clock.advance(CHALLENGE_LIFE_MS)
    assert opened(sessions)


def test_sessions_that_ran_out_leave_nothing() -> None:
    sessions, clock = table()
    for _ in range(10):
        opened(sessions)
    clock.advance(SESSION_LIFE_MS)
    opened(sessions)
    assert len(sessions) == 1
