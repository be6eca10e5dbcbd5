"""The agreements that the node has loaded, every version kept, and which of them judge."""

from __future__ import annotations

from msgspec import Struct

from openline.agreement.pairs import PairMinima, reach_of
from openline.core.agreement import Agreement
from openline.core.time import HOUR_MS

WIDEST_OFFSETS_MS = (-12 * HOUR_MS, 14 * HOUR_MS)
"""Every UTC offset in civil use lies between -12:00 and +14:00 (IANA time zone database)."""

_EARLIEST_MS, _LATEST_MS = -(2**62), 2**62


class _Season(Struct, frozen=True, kw_only=True):
    """A time during which no agreement begins or ends, and what is in force throughout."""

    start_ms: int
    end_ms: int
    in_force: tuple[Agreement, ...]
    reach: PairMinima
    """The largest minima that any pair can have."""


_NONE = _Season(start_ms=0, end_ms=0, in_force=(), reach=reach_of(()))


class Register:
    """Agreements by id, every version; the highest that has begun is the one that judges."""

    def __init__(self) -> None:
        """Start with none."""
        self._versions: dict[str, list[Agreement]] = {}
        self._season = _NONE
        self._seasons = 0
        self.longest_separation_ms = 0
        """The largest separation in time of any version loaded."""
        self.longest_flash_lead_ms = 0
        """How long before a window anything of any version loaded may be a FLASH."""
        self._common: dict[tuple[str, str], tuple[Agreement, ...]] = {}

    def load(self, agreement: Agreement) -> None:
        """Take a version that all its parties have signed."""
        others = [a for a in self._versions.get(agreement.id, []) if a.version != agreement.version]
        self._versions[agreement.id] = sorted([*others, agreement], key=lambda a: a.version, reverse=True)
        self._season = _NONE
        self.longest_separation_ms = reach_of(self.all_loaded()).separation_ms
        leads = [max(a.timers.flash_before_ms, a.lead_times.minimum_useful_ms) for a in self.all_loaded()]
        self.longest_flash_lead_ms = max(leads)

    def holds(self, identifier: str, version: int) -> bool:
        """True when this version is loaded."""
        return any(a.version == version for a in self._versions.get(identifier, ()))

    def version(self, identifier: str, version: int) -> Agreement | None:
        """One version of an agreement, or None when it is not loaded."""
        return next((a for a in self._versions.get(identifier, ()) if a.version == version), None)

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
        return self._season_at(at_ms).in_force

    def reach(self, at_ms: int) -> PairMinima:
        """The largest minima that any pair can have at `at_ms`: how far a search must look."""
        return self._season_at(at_ms).reach

    def edition(self, at_ms: int) -> int:
        """A number that stays as long as no agreement begins, ends or is loaded; it is never used again."""
        self._season_at(at_ms)
        return self._seasons

    def of_party(self, party: str, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements in force that `party` signed, by id."""
        return tuple(a for a in self.in_force(at_ms) if a.signatory(party) is not None)

    def common(self, first: str, second: str, at_ms: int) -> tuple[Agreement, ...]:
        """Agreements in force that both signed, by id."""
        self._season_at(at_ms)
        known = self._common.get((first, second))
        if known is None:
            known = tuple(a for a in self.of_party(first, at_ms) if a.signatory(second) is not None)
            self._common[first, second] = known
        return known

    def have_common(self, first: str, second: str) -> bool:
        """True when both signed a version of some agreement, whether it is in force or not."""
        return any(a.signatory(first) is not None and a.signatory(second) is not None for a in self.all_loaded())

    def _season_at(self, at_ms: int) -> _Season:
        if not self._season.start_ms <= at_ms < self._season.end_ms:
            self._season = self._season_of(at_ms)
            self._seasons += 1
            self._common = {}
        return self._season

    def _season_of(self, at_ms: int) -> _Season:
        """What is in force at `at_ms`, and from when to when nothing begins or ends."""
        judging = (self.judging(key, at_ms) for key in sorted(self._versions))
        edges = [edge for a in self.all_loaded() for edge in (a.window.start_ms, a.window.end_ms)]
        in_force = tuple(a for a in judging if a is not None)
        return _Season(
            start_ms=max((edge for edge in edges if edge <= at_ms), default=_EARLIEST_MS),
            end_ms=min((edge for edge in edges if edge > at_ms), default=_LATEST_MS),
            in_force=in_force,
            reach=reach_of(in_force),
        )

    def offsets_of(self, identifier: str) -> tuple[int, int]:
        """Smallest and largest UTC offset in use under an agreement, milliseconds; over all its versions."""
        versions = self._versions.get(identifier)
        if not versions:
            return WIDEST_OFFSETS_MS
        return min(a.offset_min_ms for a in versions), max(a.offset_max_ms for a in versions)
