"""A replay for people: one or two lines an event, the words that the officer reads."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from openline.app.scenario.loading import Scenario
from openline.release.phrases import CAVEAT, Language

_STYLES = {"ROUTINE": "cyan", "PRIORITY": "yellow", "IMMEDIATE": "dark_orange", "FLASH": "bold red"}
_SILENT = frozenset(
    {
        "tick",
        "conflict",
        "conflict_ceased",
        "channel_closed",
        "channel_epoch",
        "node_started",
        "key_enrolled",
        "agreement",
        "receipt",
        "delivery",
    }
)
_IDENTIFIER = re.compile(r"\b([0-9a-f]{8})(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b([0-9a-f]{8})[0-9a-f]{12}\b")
_INSTANT = re.compile(r"\b(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d)Z")
_WHO_WIDTH = 25
_HEADS: dict[str, dict[Language, str]] = {
    "notice": {"en": "tells", "fr": "annonce"},
    "acknowledgement": {"en": "acknowledges", "fr": "accuse lecture"},
    "refusal": {"en": "is refused", "fr": "est refusé"},
    "outside": {"en": "outside the line", "fr": "hors de la ligne"},
    "link": {"en": "link", "fr": "liaison"},
}
_WORDS: dict[str, dict[Language, str]] = {
    "drill": {
        "en": "DRILL. Counterfactual, on disputed facts; what is marked synthetic is invented.",
        "fr": "EXERCICE. Contrefactuel, sur des faits contestés; ce qui est marqué synthétique est inventé.",
    },
    "disputed": {"en": "Disputed", "fr": "Contesté"},
    "synthetic": {"en": "Synthetic", "fr": "Synthétique"},
    "branch": {"en": "Branch", "fr": "Branche"},
    "warned": {"en": "The line warns", "fr": "La ligne avertit"},
    "silent": {
        "en": "No conflict known among {notices} notices, as of {at}. The line knows only what it was told.",
        "fr": "Aucun conflit connu parmi {notices} avis, à {at}. La ligne ne sait que ce qu'on lui a dit.",
    },
    "ledger": {"en": "Ledger: {entries} entries, root {root}", "fr": "Registre: {entries} entrées, racine {root}"},
    "open": {"en": "{n} alerts raised, {open} still open", "fr": "{n} alertes levées, {open} encore ouvertes"},
}


class Timeline:
    """Prints a replay as it goes."""

    def __init__(self, console: Console, language: Language = "en") -> None:
        """Print to `console` in `language`."""
        self._console = console
        self._language: Language = language
        self._day = ""

    def head(self, scenario: Scenario, *, is_whole: bool = True) -> None:
        """The drill mark; and for the whole story its title, what is disputed, what is synthetic."""
        table, lang = scenario.table, self._language
        self._console.print(Text(_WORDS["drill"][lang], style="bold magenta"))
        if not is_whole:
            return
        self._console.print(Text(table.title, style="bold"))
        if scenario.branch:
            said = f"{_WORDS['branch'][lang]} {scenario.branch}: {table.branches[scenario.branch]}"
            self._console.print(Text(said))
        for title, lines in (("disputed", table.disputed), ("synthetic", table.synthetic)):
            for line in lines:
                self._console.print(Text(f"  {_WORDS[title][lang]}: {line}", style="dim"))

    def line(self, line: dict[str, Any]) -> None:
        """One event, or nothing when no officer would see it."""
        if line["kind"] == "summary":
            self._summary(line)
        elif line["kind"] not in _SILENT:
            self._row(line)

    def _row(self, line: dict[str, Any]) -> None:
        moment = datetime.fromisoformat(line["at"])
        day = moment.strftime("%Y-%m-%d")
        if day != self._day:
            self._day = day
            self._console.print(Text(f"\n{day} (UTC)", style="bold"))
        row = Text(f"  {moment.strftime('%H:%M')}Z  ")
        row.append(self._who(line).ljust(_WHO_WIDTH), style="bold" if line.get("to") else "")
        precedence = str(line.get("precedence", ""))
        if line["kind"] in {"alert", "repeat", "escalation"}:
            row.append(precedence.ljust(10), style=_STYLES.get(precedence, ""))
        row.append(self._short(self._words(line)))
        self._console.print(row)

    def _who(self, line: dict[str, Any]) -> str:
        if line["from"] == "line" and "to" in line:
            return f"line -> {line['to']}"
        head = _HEADS.get(line["kind"], {}).get(self._language, line["kind"])
        return f"{line['from']} {head}"

    def _words(self, line: dict[str, Any]) -> str:
        if line["kind"] == "refusal":
            return f"{line['code']} {line['path']}: {line['reason']}"
        text = line.get("text", "")
        said = text.get(self._language, "") if isinstance(text, dict) else text
        if line["kind"] == "notice":
            said = f"{said} [{line['label']} = {line['notice']}, {line['window_start']} - {line['window_end']}]"
        return str(said or line.get("state", ""))

    def _short(self, words: str) -> str:
        """Ids by their first eight characters, times of the same day by hour and minute."""
        words = _IDENTIFIER.sub(lambda found: found[1] or found[3], words)
        return _INSTANT.sub(lambda found: f"{found[2]}Z" if found[1] == self._day else f"{found[1]} {found[2]}Z", words)

    def _summary(self, line: dict[str, Any]) -> None:
        lang = self._language
        self._console.print()
        if "alerts" in line:
            said = _WORDS["open"][lang].format(n=line["alerts"], open=line["open_alerts"])
            self._console.print(Text(said, style="bold"))
            if not line["alerts"]:
                self._console.print(Text(_WORDS["silent"][lang].format(**line), style="bold"))
        self._console.print(Text(_WORDS["ledger"][lang].format(**line)))
        self._console.print(Text(CAVEAT[lang], style="italic"))
