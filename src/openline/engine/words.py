"""What the engine is told and what it answers."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

from msgspec import Struct

from openline.core.notice import Kind, ZoneRule
from openline.core.place import Outline
from openline.core.time import Window
from openline.geo.band import Band
from openline.geo.bounds import Box


class JudgedVolume(Struct, frozen=True, kw_only=True):
    """A volume as it is judged: private places already blurred, altitudes already on the ellipsoid."""

    outline: Outline
    box: Box
    """Holds the whole outline."""
    band: Band
    window: Window


class Standing(Struct, frozen=True, gc=False, kw_only=True):
    """All of a notice that rules may look at: notices that stand alike are judged alike."""

    party: str
    kind: Kind
    protection_class: str = ""
    zone_rules: tuple[ZoneRule, ...] = ()
    """What a zone forbids."""


class Item(Struct, frozen=True, kw_only=True):
    """A notice in force, or one that is asked about."""

    notice_id: str
    standing: Standing
    volumes: tuple[JudgedVolume, ...]
    package: str = ""
    """The joint package that the notice belongs to, if any: partners in one package are not judged against each
    other."""


class Minima(Struct, frozen=True, gc=False, kw_only=True):
    """The separations that an agreement demands of a pair; two volumes conflict when all three are undercut."""

    lateral_m: float
    """Geodesic metres between the outlines, protection radius included; at this distance exactly they still
    conflict."""
    vertical_m: float
    """Metres between the bands; at this distance exactly they still conflict."""
    time_ms: int
    """Milliseconds between the windows, which are half-open."""

    def exceeds(self, other: Minima) -> bool:
        """True when any of the three is larger than in `other`."""
        return self.lateral_m > other.lateral_m or self.vertical_m > other.vertical_m or self.time_ms > other.time_ms


class Rules(Protocol):
    """What a search judges by: pure, and the same answers for as long as `edition` is the same."""

    @property
    def edition(self) -> Hashable:
        """Rules of one edition answer alike; an engine may keep their answers."""
        ...

    @property
    def reach(self) -> Minima:
        """The largest of each of the minima that may be answered."""
        ...

    def minima(self, first: Standing, second: Standing, /) -> Minima | None:
        """The minima between a notice in force and one that is asked about; None when the pair is not judged."""
        ...


class Encounter(Struct, frozen=True, gc=False, kw_only=True):
    """Two notices nearer than their minima allow, and when."""

    first: str
    """The notice in force."""
    second: str
    """The notice that was asked about."""
    first_window: Window
    """From the earliest to the latest instant of the first notice's volumes that conflict."""
    second_window: Window
    """The same of the second notice's."""
    common_window: Window
    """From the earliest to the latest instant that both share; of volumes near in time only, the gap between them."""
