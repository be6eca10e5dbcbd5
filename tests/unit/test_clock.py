from __future__ import annotations

import re
import time

from openline.adapters.clock import ManualClock, SystemClock, SystemEntropy
from openline.node.ports import Clock, Entropy


def test_the_clock_of_the_machine_gives_whole_milliseconds_since_1970() -> None:
    clock: Clock = SystemClock()
    before, now, after = time.time_ns(), clock.now_ms(), time.time_ns()
    assert before // 1_000_000 <= now <= after // 1_000_000


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(1_000)
    moved: Clock = clock
    assert [moved.now_ms(), moved.now_ms()] == [1_000, 1_000]
    clock.advance(250)
    assert moved.now_ms() == 1_250
    clock.move_to(900)
    assert moved.now_ms() == 900


def test_tokens_are_long_differ_and_are_safe_in_an_address() -> None:
    entropy: Entropy = SystemEntropy()
    tokens = {entropy.token() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) for token in tokens)
