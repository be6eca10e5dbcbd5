"""The chain of a party's notices: which numbers it has told, and whether the next one continues it."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct, field

from openline.agreement.remarks import Last
from openline.core.notice import Notice


class Chain(Struct):
    """Numbers that one party has told. Memory grows with its gaps, not with its notices."""

    last: Last = Last()
    """The notice of the largest number."""
    gaps: list[tuple[int, int]] = field(default_factory=list)
    """Numbers below the largest that were never told: first and last of each run, in order."""

    def has_told(self, sequence: int) -> bool:
        """True when a notice of this number was told."""
        return 0 < sequence <= self.last.sequence and self._gap_at(sequence) is None

    def take(self, notice: Notice, digest: str) -> None:
        """The party has told a notice; `digest` is that of its payload."""
        number, largest = notice.sequence, self.last.sequence
        if number > largest:
            if number > largest + 1:
                self.gaps.append((largest + 1, number - 1))
            self.last = Last(sequence=number, digest=digest)
            return
        at = self._gap_at(number)
        if at is not None:
            first, last = self.gaps[at]
            self.gaps[at : at + 1] = [(a, b) for a, b in ((first, number - 1), (number + 1, last)) if a <= b]

    def _gap_at(self, sequence: int) -> int | None:
        at = bisect_right(self.gaps, sequence, key=lambda gap: gap[0]) - 1
        return at if at >= 0 and self.gaps[at][1] >= sequence else None
