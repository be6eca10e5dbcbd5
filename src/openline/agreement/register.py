"""The agreements that the node has loaded, every version kept, and which of them judge."""

from __future__ import annotations

from openline.core.agreement import Agreement
from openline.core.time import HOUR_MS

WIDEST_OFFSETS_MS = (-12 * HOUR_MS, 14 * HOUR_MS)
"""Every UTC offset in civil use lies between -12:00 and +14:00 (IANA time zone database)."""


class Register:
    """Agreements by id, every version; the highest that has begun is the one that judges."""

    def __init__(self) -> None:
        """Start with none."""
        self._versions: dict[str, list[Agreement]] = {}

    def load(self, agreement: Agreement) -> None:
        """Take a version that all its parties have signed."""
        others = [a for a in self._versions.get(agreement.id, []) if a.version != agreement.version]
        self._versions[agreement.id] = sorted([*others, agreement], key=lambda a: a.version, reverse=True)

    def holds(self, identifier: str, version: int) -> bool:
        """True when this version is loaded."""
        return any(a.version == version for a in self._versions.get(identifier, ()))

    def get(self, identifier: str) -> Agreement | None:
        """The highest version loaded, or None."""
        return next(iter(self._versions.get(identifier, ())), None)

    def all_loaded(self) -> tuple[Agreement, ...]:
        """Every version of every agreement, by id."""
        return tuple(a for key in sorted(self._versions) for a in self._versions[key])

    def judging(self, identifier: str, at_ms: int) -> Agreement | None:
        """The version under which notices are judged at `at_ms`, or None. One not yet begun changes nothing."""
        begun = (a for a in self._versions.get(identifier, ()) if a.window.start_ms <= at_ms)
        highest = next(begun, None)
        return highest if highest is not None and highest.is_in_force_at(at_ms) else None

    def in_force(self, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements under which notices are judged at `at_ms`, by id."""
        judging = (self.judging(key, at_ms) for key in sorted(self._versions))
        return tuple(a for a in judging if a is not None)

    def of_party(self, party: str, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements in force that `party` signed, by id."""
        return tuple(a for a in self.in_force(at_ms) if a.signatory(party) is not None)

    def common(self, first: str, second: str, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements in force that both signed, by id."""
        return tuple(a for a in self.of_party(first, at_ms) if a.signatory(second) is not None)

    def offsets_of(self, identifier: str) -> tuple[int, int]:
        """Smallest and largest UTC offset in use under an agreement, milliseconds; the widest when unknown."""
        agreement = self.get(identifier)
        return WIDEST_OFFSETS_MS if agreement is None else (agreement.offset_min_ms, agreement.offset_max_ms)
