"""Where in the document something is that is wrong with an outline: by the names that its sender has written."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_HOLE = re.compile(r"(\.holes\[\d+\])\.vertices")


def as_sent(payload: bytes, volume: str, inner: str) -> str:
    """The path of a field in a notice's payload.

    `volume` is where the volume stands, such as `volumes[0]`, and `inner` the place in its outline as `geo` calls it,
    such as `.line[0].lat_deg`.
    """
    name, _, number = volume.rstrip("]").partition("[")
    sent: dict[str, Any] = msgspec.json.decode(payload)[name][int(number)]
    return f"{volume}.{_within(sent, inner)}"


def _within(sent: dict[str, Any], inner: str) -> str:
    inner = _HOLE.sub(r"\1", inner.replace("lat_deg", "lat").replace("lng_deg", "lng"))
    if inner == ".radius_m":
        # radius and half width have passed a limit of their own: it is what was added to them
        return "uncertainty"
    if sent.get("outline_circle") is not None:
        return "outline_circle" + re.sub(r"^\.line(\[0\])?", ".center", inner)
    if sent.get("outline_corridor") is not None:
        return "outline_corridor" + re.sub(r"^\.line", ".vertices", inner)
    if sent.get("outline_polygon") is not None:
        return "outline_polygon" + inner
    several = re.sub(r"^\.polygons", "", inner)
    return f"outline_multipolygon{several}" if several.startswith("[") else f"outline_multipolygon[0]{inner}"
