"""From columns back to the words of the house, one volume at a time: for samples, and for notices told singly."""

from __future__ import annotations

from openline.core.notice import Kind
from openline.core.place import Outline, Point, Polygon
from openline.core.time import Window
from openline.engine.columns import LINE, Columns
from openline.engine.search import Entry
from openline.engine.words import Item, JudgedVolume, Standing
from openline.geo.band import Band
from openline.geo.bounds import Box

STANDING = Standing(party="north", kind=Kind.AIR_ACTIVITY)
"""All notices of a bench stand alike."""


def begins_of(columns: Columns) -> list[int]:
    """Where the vertices of each volume begin, and where the last ones end."""
    return [0, *columns.vertices.cumsum().tolist()]


def outline_of(columns: Columns, index: int, begin: int | None = None) -> Outline:
    """The outline of one volume; `begin`, where its vertices begin, saves adding up."""
    if begin is None:
        begin = int(columns.vertices[:index].sum())
    end = begin + int(columns.vertices[index])
    lats, lngs = columns.lat_deg[begin:end].tolist(), columns.lng_deg[begin:end].tolist()
    points = tuple([Point(lat_deg=lat, lng_deg=lng) for lat, lng in zip(lats, lngs, strict=True)])
    radius_m = float(columns.radius_m[index])
    if columns.mark[begin] == LINE:
        return Outline(line=points, radius_m=radius_m)
    return Outline(polygons=(Polygon(exterior=points),), radius_m=radius_m)


def volume_of(columns: Columns, index: int, begin: int | None = None) -> JudgedVolume:
    """One volume, with the box that its columns give it."""
    south, west, north, east = columns.box_deg[index].tolist()
    return JudgedVolume(
        outline=outline_of(columns, index, begin),
        box=Box(lat_min_deg=south, lat_max_deg=north, lng_min_deg=west, lng_max_deg=east),
        band=Band(lower_m=float(columns.lower_m[index]), upper_m=float(columns.upper_m[index])),
        window=Window(start_ms=int(columns.start_ms[index]), end_ms=int(columns.end_ms[index])),
    )


def entry_of(columns: Columns, index: int, begin: int | None = None) -> Entry:
    """One volume as a notice of its own, as a search takes it."""
    number, standing, package = (int(column[index]) for column in (columns.number, columns.standing, columns.package))
    return Entry(number, standing, package, (volume_of(columns, index, begin),))


def item_of(columns: Columns, index: int, begin: int | None = None) -> Item:
    """One volume as a notice of its own, as the engine takes it."""
    volume = volume_of(columns, index, begin)
    return Item(notice_id=f"n{columns.number[index]}", standing=STANDING, volumes=(volume,))
