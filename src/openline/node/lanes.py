"""Two lanes before the sequencer: one with a limit, and one for what may be a FLASH, which is never refused for load.

The second has no limit of its own, so it is kept short in other ways. Of one sender it takes the same thing once: the
same bytes again wait for the same answer, and another notice of the same place and time, or another acknowledgement of
the same alert, goes to the first lane, for the FLASH is on its way already.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Hashable
from itertools import chain

from msgspec import Struct

from openline.intake.opening import Opened, OpenedAcknowledgement
from openline.node.batch import Input
from openline.node.line import Receipt

_URGENT_SHARE = 0.75
"""Of a commit: a quarter is left to the others, however many are urgent."""


class Waiting(Struct):
    """An input and who waits for what becomes of it."""

    given: Input
    answers: list[asyncio.Future[Receipt]]
    subject: Hashable = None
    """What it is about, when it is urgent: nothing else with the same subject is urgent beside it."""


class Lanes:
    """Inputs in the order in which they are stepped."""

    def __init__(self, limit: int) -> None:
        """`limit` is how many may wait that are not urgent."""
        self.limit = limit
        self.repeats = 0
        """How many were taken for a repeat of something urgent that waited already."""
        self._urgent: deque[Waiting] = deque()
        self._others: deque[Waiting] = deque()
        self._subjects: dict[Hashable, Waiting] = {}
        self._parties: Counter[str] = Counter()
        self._bell = asyncio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._urgent) + len(self._others)

    @property
    def urgent(self) -> int:
        """How many wait that no load turns away."""
        return len(self._subjects)

    @property
    def is_full(self) -> bool:
        """True when only what is urgent is taken."""
        return len(self._others) >= self.limit

    def put(self, waiting: Waiting) -> bool:
        """Take it; False when it is not urgent and the lane is full."""
        if waiting.subject is not None:
            twin = self._subjects.get(waiting.subject)
            if twin is None:
                self._subjects[waiting.subject] = waiting
                # What a party has told before goes first, or its numbers would have gaps.
                is_first = isinstance(waiting.given, OpenedAcknowledgement) or not self._parties[_party(waiting)]
                self._push(self._urgent if is_first else self._others, waiting)
                return True
            self.repeats += 1
            if _digest(twin) == _digest(waiting):
                twin.answers += waiting.answers
                return True
            waiting.subject = None
        if self.is_full:
            return False
        self._push(self._others, waiting)
        return True

    async def take(self, most: int) -> list[Waiting]:
        """What is stepped next: what is urgent first, and never it alone while others wait. Waits for the first."""
        while not len(self):
            self._bell.clear()
            await self._bell.wait()
        share = int(most * _URGENT_SHARE) if self._others else most
        group = [self._urgent.popleft() for _ in range(min(share, len(self._urgent)))]
        for waiting in group:
            self._subjects.pop(waiting.subject)
        return group + [self._next() for _ in range(min(most - len(group), len(self._others)))]

    def drain(self) -> list[Waiting]:
        """Everything that waits."""
        waiting = list(chain(self._urgent, self._others))
        for lane in (self._urgent, self._others, self._subjects, self._parties):
            lane.clear()
        return waiting

    def _push(self, lane: deque[Waiting], waiting: Waiting) -> None:
        lane.append(waiting)
        if lane is self._others:
            self._parties[_party(waiting)] += 1
        self._bell.set()

    def _next(self) -> Waiting:
        """The next of those that are not urgent, or were told after one that is not."""
        waiting = self._others.popleft()
        self._parties[_party(waiting)] -= 1
        self._subjects.pop(waiting.subject, None)
        return waiting


def _party(waiting: Waiting) -> str:
    given = waiting.given
    return given.key.party if isinstance(given, Opened) else ""


def _digest(waiting: Waiting) -> str:
    given = waiting.given
    return given.digest if isinstance(given, Opened) else ""
