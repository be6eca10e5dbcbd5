"""The agreements that the node has loaded, every version kept, and which of them judge."""

from __future__ import annotations

from openline.core.agreement import Agreement
from openline.core.time import HOUR_MS

WIDEST_OFFSETS_MS = (-12 * HOUR_MS, 14 * HOUR_MS)
"""Every UTC offset in civil use lies between -12:00 and +14:00 (IANA time zone database)."""


class Register:
    """Agreements by id; the highest version loaded is the one that judges."""

    def __init__(self) -> None:
        """Start with none."""
        self._latest: dict[str, Agreement] = {}
        self._all: dict[tuple[str, int], Agreement] = {}

    def load(self, agreement: Agreement) -> None:
        """Take a version that all its parties have signed."""
        self._all[agreement.id, agreement.version] = agreement
        held = self._latest.get(agreement.id)
        if held is None or held.version <= agreement.version:
            self._latest[agreement.id] = agreement

    def holds(self, identifier: str, version: int) -> bool:
        """True when this version is loaded."""
        return (identifier, version) in self._all

    def get(self, identifier: str) -> Agreement | None:
        """The version that judges, or None."""
        return self._latest.get(identifier)

    def all_latest(self) -> tuple[Agreement, ...]:
        """The judging version of every agreement, by id."""
        return tuple(self._latest[key] for key in sorted(self._latest))

    def in_force(self, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements under which notices are judged at `at_ms`, by id."""
        return tuple(a for a in self.all_latest() if a.is_in_force_at(at_ms))

    def of_party(self, party: str, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements in force that `party` signed, by id."""
        return tuple(a for a in self.in_force(at_ms) if a.signatory(party) is not None)

    def common(self, first: str, second: str, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements in force that both signed, by id."""
        return tuple(a for a in self.of_party(first, at_ms) if a.signatory(second) is not None)

    def offsets_of(self, identifier: str) -> tuple[int, int]:
        """Smallest and largest UTC offset in use under an agreement, milliseconds; the widest when unknown."""
        agreement = self._latest.get(identifier)
        return WIDEST_OFFSETS_MS if agreement is None else (agreement.offset_min_ms, agreement.offset_max_ms)
