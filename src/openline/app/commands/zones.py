"""`openline zones`: the zones that a duty officer has to know."""

from __future__ import annotations

from typing import Any

from openline.app.commands.desk import Json, Key, Lang, Node
from openline.app.commands.replay import LanguageChoice
from openline.app.console import out, print_json, printable, say_drill, spoken_errors
from openline.app.desk import DEFAULT_NODE, Desk
from openline.release.phrases import CAVEAT, Language

_RULES: dict[str, dict[Language, str]] = {
    "no_air_activity": {"en": "no air activity", "fr": "pas d'activité aérienne"},
    "no_ground_presence": {"en": "no presence on the ground", "fr": "pas de présence au sol"},
}
_WORDS: dict[str, dict[Language, str]] = {
    "none": {"en": "No zone in force is known to you.", "fr": "Aucune zone en vigueur ne vous est connue."},
    "by": {"en": "told by", "fr": "annoncée par"},
    "guarantors": {"en": "guarantors", "fr": "garants"},
    "circle": {"en": "within {r:g} m of {at}", "fr": "à moins de {r:g} m de {at}"},
    "corridor": {"en": "within {r:g} m of a line from {at}", "fr": "à moins de {r:g} m d'une ligne depuis {at}"},
    "polygon": {"en": "an area that begins at {at}", "fr": "une aire qui commence à {at}"},
}


def zones(key: Key, node: Node = DEFAULT_NODE, json: Json = False, lang: Lang = LanguageChoice.en) -> None:
    """Show the zones in force that were told by you or by those with whom you share an agreement.

    Example:
      openline zones --key alpha.key
    """
    with spoken_errors(), Desk(key, node) as desk:
        desk.open_session()
        known = desk.zones()
    if json:
        print_json(known)
        return
    language: Language = lang.value
    say_drill(is_drill=known["drill"])
    for zone in known["zones"]:
        _print_zone(zone, language)
    if not known["zones"]:
        out.print(_WORDS["none"][language])
    out.print(CAVEAT[language], style="italic")


def _print_zone(zone: dict[str, Any], language: Language) -> None:
    rules = ", ".join(_RULES.get(rule, {}).get(language, rule) for rule in zone["rules"])
    by = f"{_WORDS['by'][language]} {zone['teller']}"
    lines = [
        f"{zone['id']}  {zone['name']}: {rules}",
        f"  {by}  {zone['window_start']} - {zone['window_end']}",
        *(f"  {_place(volume, language)}  {_heights(volume)}" for volume in zone["volumes"]),
    ]
    if zone["guarantors"]:
        lines.append(f"  {_WORDS['guarantors'][language]}: {', '.join(zone['guarantors'])}")
    for line in lines:
        out.print(printable(line), markup=False)


def _place(volume: dict[str, Any], language: Language) -> str:
    if circle := volume.get("outline_circle"):
        return _WORDS["circle"][language].format(r=circle["radius"]["value"], at=_point(circle["center"]))
    if corridor := volume.get("outline_corridor"):
        half_m = corridor["half_width"]["value"]
        return _WORDS["corridor"][language].format(r=half_m, at=_point(corridor["vertices"][0]))
    polygon = volume.get("outline_polygon") or volume["outline_multipolygon"][0]
    return _WORDS["polygon"][language].format(at=_point(polygon["vertices"][0]))


def _point(point: dict[str, float]) -> str:
    return f"{point['lat']:.5f}, {point['lng']:.5f}"


def _heights(volume: dict[str, Any]) -> str:
    """From where to where, as told: a zone that says nothing reaches from the surface upward without end."""
    lower, upper = (volume.get(name) for name in ("altitude_lower", "altitude_upper"))
    return f"{_height(lower or {'reference': 'SFC'})} - {_height(upper or {'reference': 'UNL'})}"


def _height(altitude: dict[str, Any]) -> str:
    reference = str(altitude["reference"])
    if reference in {"SFC", "UNL"}:
        return reference
    value, units = altitude.get("value", 0.0), altitude.get("units", "M")
    return f"FL{value:03g}" if reference == "FL" else f"{value:g} {units} {reference}"
