"""Agreements: the TOML that the parties sign, to core values. `docs/reference/agreement.md` describes every field."""

from __future__ import annotations

import tomllib
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from openline.codec.durations import read_duration, read_utc_offset, write_duration
from openline.codec.times import read_instant
from openline.codec.volumes import placed, read_altitude, read_outline
from openline.codec.wire import Code, Name, Reference, Text, WireAltitude, WireCircle, WirePolygon, WireVolume
from openline.core.agreement import (
    Agreement,
    Capacity,
    ChannelStatus,
    ExclusiveChannel,
    LeadTimes,
    LegalStatus,
    PrivateRule,
    Scope,
    Signatory,
    WitnessKey,
)
from openline.core.errors import BadUse, Invalid, OpenlineError
from openline.core.ladder import TIER_ROLES, TOP_TIER, Role, Timers
from openline.core.notice import Kind
from openline.core.place import Outline
from openline.core.time import DAY_MS, FOREVER_MS, MINUTE_MS, SECOND_MS, Window
from openline.core.volume import VerticalRanges

_T = TypeVar("_T")
Metres = Annotated[float, Meta(ge=0, le=1_000_000)]
Ground = Annotated[float, Meta(ge=-1_000, le=10_000)]
Pressure = Annotated[float, Meta(ge=850, le=1_100)]
"""Wider than the records: 870 hPa (typhoon Tip, 1979) and 1,085 hPa (Tosontsengel, 2001), both of the WMO archive."""
Deviation = Annotated[float, Meta(ge=-100, le=100)]
Tier = Annotated[int, Meta(ge=0, le=TOP_TIER)]


class _Table(Struct, forbid_unknown_fields=True, kw_only=True):
    """Nothing unknown passes."""


class RoleTable(_Table, kw_only=True):
    """A desk."""

    name: Reference
    tier: Tier


class PartyTable(_Table, kw_only=True):
    """A signatory."""

    code: Code
    name: Name
    capacity: Capacity = Capacity.PARTY
    roles: list[RoleTable] = []


class AreaTable(_Table, kw_only=True):
    """Where it applies."""

    outline_polygon: WirePolygon | None = None
    outline_circle: WireCircle | None = None
    floor: WireAltitude | None = None
    ceiling: WireAltitude | None = None
    terrain_min_m: Ground = -430.0
    terrain_max_m: Ground = 8849.0
    qnh_min_hpa: Pressure = 960.0
    qnh_max_hpa: Pressure = 1060.0
    isa_deviation_min_c: Deviation = -40.0
    isa_deviation_max_c: Deviation = 40.0
    utc_offset_min: str = "-12:00"
    utc_offset_max: str = "+14:00"


class ScopeTable(_Table, kw_only=True):
    """Which pairs are judged."""

    air_air: bool = True
    air_ground: bool = True
    ground_ground: bool = True


class MinimaTable(_Table, kw_only=True):
    """How near is too near."""

    lateral_m: Metres
    vertical_m: Metres
    time: str = "0s"


class LeadTable(_Table, kw_only=True):
    """How early an activity is to be told."""

    normal: str = "2h"
    emergency: str = "30min"
    minimum_useful: str = "10min"


class PresenceTable(_Table, kw_only=True):
    """How often presence is confirmed and how coarsely the private kind is judged."""

    refresh: str = "24h"
    private_grid_m: Annotated[float, Meta(ge=1_000, le=100_000)] = 10_000.0
    private_offset_m: Annotated[float, Meta(ge=0, le=100_000)] = 10_000.0


class TimersTable(_Table, kw_only=True):
    """How long an answer may take, and when severity rises."""

    flash: str = "2min"
    immediate: str = "10min"
    priority: str = "60min"
    routine: str = "6h"
    priority_before: str = "24h"
    immediate_before: str = "2h"
    flash_before: str = "15min"


class ClauseTable(_Table, kw_only=True):
    """A clause of the text, for those who read it."""

    id: Reference
    text: Text


class WitnessTable(_Table, kw_only=True):
    """A witness whose cosignature counts."""

    party: Code
    key: Annotated[str, Meta(pattern=r"^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$", max_length=4_000)]


class ExclusiveChannelTable(_Table, kw_only=True):
    """Kinds of notice that one party tells over one channel alone."""

    id: Annotated[Reference, Meta(min_length=1)]
    sender: Code = msgspec.field(name="from")
    receivers: Annotated[list[Code], Meta(min_length=1)] = msgspec.field(name="to")
    kinds: list[Kind] = []


class AgreementTable(_Table, kw_only=True):
    """The whole file."""

    id: Reference
    version: Annotated[int, Meta(ge=1)]
    title: Text
    note: str = ""
    in_force_from: str
    in_force_until: str | None = None
    legal_status: LegalStatus = LegalStatus.IN_FORCE
    channel_status: ChannelStatus = ChannelStatus.OPEN
    parties: Annotated[list[PartyTable], Meta(min_length=2)]
    area: AreaTable = msgspec.field(default_factory=AreaTable)
    scope: ScopeTable = msgspec.field(default_factory=ScopeTable)
    minima: MinimaTable
    protection_radii_m: Annotated[dict[Reference, Metres], Meta(min_length=1)]
    lead_times: LeadTable = msgspec.field(default_factory=LeadTable)
    presence: PresenceTable = msgspec.field(default_factory=PresenceTable)
    timers: TimersTable = msgspec.field(default_factory=TimersTable)
    exclusive_channels: list[ExclusiveChannelTable] = []
    clauses: list[ClauseTable] = []
    witnesses: Annotated[list[WitnessTable], Meta(max_length=99)] = []  # and the node's own: a note has 100 lines
    witness_quorum: Annotated[int, Meta(ge=1)] | None = None
    witness_deadline: str = "60s"
    stale_view: str = "15min"


def read_toml(raw: bytes, kind: type[_T], *, code: str, name: str) -> _T:
    """Read TOML strictly into a table.

    Raises:
        BadUse: with `code`; the path is the file's name and the line, or the field.
    """
    try:
        document: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
        return msgspec.convert(document, kind)
    except UnicodeDecodeError:
        raise BadUse(code, "the file is not UTF-8 text", path=name, remedy="Save it as UTF-8.") from None
    except RecursionError:
        raise BadUse(code, "it is nested too deeply", path=name, remedy="Write it more plainly.") from None
    except ValueError as error:
        # A TOMLDecodeError, or a number of more digits than Python reads.
        raise BadUse(code, f"it is not valid TOML: {error}", path=name, remedy="Mend that line.") from None
    except msgspec.ValidationError as error:
        reason, _, field = str(error).partition(" - at `$")
        place = field.rstrip("`").lstrip(".")
        remedy = "The reference page lists every field."
        where = f"{name}: {place}" if place else name
        raise BadUse(code, reason, path=where, remedy=remedy) from None


def read_agreement(raw: bytes, *, name: str = "agreement") -> Agreement:
    """Read an agreement.

    Raises:
        BadUse: AGREEMENT_INVALID with file and field.
    """
    table = read_toml(raw, AgreementTable, code="AGREEMENT_INVALID", name=name)
    try:
        return _to_agreement(table)
    except OpenlineError as error:
        raise BadUse("AGREEMENT_INVALID", error.reason, path=f"{name}: {error.path}", remedy=error.remedy) from error
    except ValueError as error:
        raise BadUse(
            "AGREEMENT_INVALID", str(error), path=name, remedy="The reference page lists every field."
        ) from error


def _to_agreement(table: AgreementTable) -> Agreement:
    codes = [party.code for party in table.parties]
    if len(set(codes)) != len(codes):
        message = "a party stands in it twice"
        raise ValueError(message)
    area = table.area
    offset_min_ms, offset_max_ms = read_utc_offset(area.utc_offset_min), read_utc_offset(area.utc_offset_max)
    if offset_min_ms > offset_max_ms:
        message = "area.utc_offset_min is larger than area.utc_offset_max"
        raise ValueError(message)
    for low, high in (
        ("terrain_min_m", "terrain_max_m"),
        ("qnh_min_hpa", "qnh_max_hpa"),
        ("isa_deviation_min_c", "isa_deviation_max_c"),
    ):
        if getattr(area, low) > getattr(area, high):
            message = f"area.{low} is larger than area.{high}"
            raise ValueError(message)
    return Agreement(
        id=table.id,
        version=table.version,
        title=table.title,
        signatories=tuple(map(_signatory, table.parties)),
        window=_window(table),
        legal_status=table.legal_status,
        channel_status=table.channel_status,
        area=_area(area),
        floor=read_altitude(area.floor, None, path="area.floor") if area.floor else None,
        ceiling=read_altitude(area.ceiling, None, path="area.ceiling") if area.ceiling else None,
        ranges=VerticalRanges(
            terrain_min_m=area.terrain_min_m,
            terrain_max_m=area.terrain_max_m,
            qnh_min_hpa=area.qnh_min_hpa,
            qnh_max_hpa=area.qnh_max_hpa,
            isa_deviation_min_c=area.isa_deviation_min_c,
            isa_deviation_max_c=area.isa_deviation_max_c,
        ),
        scope=Scope(
            air_air=table.scope.air_air, air_ground=table.scope.air_ground, ground_ground=table.scope.ground_ground
        ),
        lateral_m=table.minima.lateral_m,
        vertical_m=table.minima.vertical_m,
        separation_ms=read_duration(table.minima.time),
        protection_radii_m=dict(table.protection_radii_m),
        lead_times=_lead_times(table.lead_times),
        presence_refresh_ms=read_duration(table.presence.refresh),
        timers=_timers(table.timers),
        private=PrivateRule(grid_m=table.presence.private_grid_m, offset_m=table.presence.private_offset_m),
        offset_min_ms=offset_min_ms,
        offset_max_ms=offset_max_ms,
        witnesses=tuple(WitnessKey(party=witness.party, key=witness.key) for witness in table.witnesses),
        witness_quorum=_quorum(table),
        witness_deadline_ms=_span("witness_deadline", table.witness_deadline, SECOND_MS, DAY_MS),
        stale_view_ms=_span("stale_view", table.stale_view, MINUTE_MS, 365 * DAY_MS),
        exclusive_channels=_exclusive(table),
    )


def _quorum(table: AgreementTable) -> int:
    # What follows the last plus sign is the key itself: under two names it is one witness still.
    if len({witness.key.rpartition("+")[2] for witness in table.witnesses}) != len(table.witnesses):
        message = "witnesses: one key stands in it twice"
        raise ValueError(message)
    parties = len({witness.party for witness in table.witnesses})
    if table.witness_quorum is None:
        return 0
    if table.witness_quorum > parties:
        message = f"witness_quorum asks for {table.witness_quorum} parties, and the witnesses are those of {parties}"
        raise ValueError(message)
    return table.witness_quorum


def _span(name: str, text: str, least_ms: int, most_ms: int) -> int:
    span_ms = read_duration(text)
    if not least_ms <= span_ms <= most_ms:
        message = f"{name} is a time from {write_duration(least_ms)} to {write_duration(most_ms)}"
        raise ValueError(message)
    return span_ms


def _exclusive(table: AgreementTable) -> tuple[ExclusiveChannel, ...]:
    codes = {party.code for party in table.parties}
    found: list[ExclusiveChannel] = []
    for row in table.exclusive_channels:
        channel = ExclusiveChannel(
            id=row.id, sender=row.sender, receivers=tuple(row.receivers), kinds=frozenset(row.kinds)
        )
        where = f"exclusive_channels: {row.id}"
        if not {channel.sender, *channel.receivers} <= codes:
            raise ValueError(f"{where} is from or to somebody who is no party")
        if channel.sender in channel.receivers or len(set(channel.receivers)) != len(channel.receivers):
            raise ValueError(f"{where} names a party twice")
        for other in found:
            if other.id == channel.id:
                raise ValueError(f"{where} stands in it twice")
            is_apart = channel.kinds and other.kinds and not channel.kinds & other.kinds
            if other.sender == channel.sender and not is_apart:
                raise ValueError(f"{where} and {other.id} are from one party and for the same kinds")
        found.append(channel)
    return tuple(found)


def _lead_times(table: LeadTable) -> LeadTimes:
    return LeadTimes(
        normal_ms=read_duration(table.normal),
        emergency_ms=read_duration(table.emergency),
        minimum_useful_ms=read_duration(table.minimum_useful),
    )


def _timers(table: TimersTable) -> Timers:
    timers = Timers(**{f"{name}_ms": read_duration(getattr(table, name)) for name in table.__struct_fields__})
    if not timers.priority_before_ms > timers.immediate_before_ms > timers.flash_before_ms:
        message = "timers: priority_before, immediate_before and flash_before must shrink in this order"
        raise ValueError(message)
    if min(timers.flash_ms, timers.immediate_ms, timers.priority_ms, timers.routine_ms) <= 0:
        message = "timers: an answer needs more than no time"
        raise ValueError(message)
    return timers


def _signatory(table: PartyTable) -> Signatory:
    named = [Role(name=role.name, tier=role.tier) for role in table.roles]
    tiers = {role.tier for role in named}
    defaults = [Role(name=name, tier=tier) for tier, name in enumerate(TIER_ROLES) if tier not in tiers]
    roles = tuple(sorted([*named, *defaults], key=lambda role: role.tier))
    return Signatory(code=table.code, name=table.name, capacity=table.capacity, roles=roles)


def _window(table: AgreementTable) -> Window:
    start_ms = read_instant(table.in_force_from, path="in_force_from")
    if table.in_force_until is None:
        return Window(start_ms=start_ms, end_ms=FOREVER_MS)
    end_ms = read_instant(table.in_force_until, path="in_force_until")
    if end_ms <= start_ms:
        message = "in_force_until is not after in_force_from"
        raise ValueError(message)
    return Window(start_ms=start_ms, end_ms=end_ms)


def _area(table: AreaTable) -> Outline | None:
    if table.outline_polygon is None and table.outline_circle is None:
        return None
    volume = WireVolume(outline_polygon=table.outline_polygon, outline_circle=table.outline_circle, time_start="")
    try:
        return read_outline(volume)
    except Invalid as error:
        raise placed(error, "area") from None
