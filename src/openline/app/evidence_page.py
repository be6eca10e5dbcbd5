"""A report on an evidence bundle for people: what it rests on first, then what is proven and what is not."""

from __future__ import annotations

from openline.app.console import out, printable, say_drill
from openline.app.evidence_report import Document, to_document
from openline.node.bundle_examination import Examination
from openline.record.findings import Finding, Silence, Standing, Subject
from openline.record.wording import Language, claim_words, sentence, standing_words

_HEADS: dict[str, dict[Language, str]] = {
    "whose": {
        "en": "Evidence bundle of {party}, from the ledger {origin}: entries {first} up to {end}.",
        "fr": "Dossier de preuve de {party}, du registre {origin}: entrées {first} à {end}.",
    },
    "inquiry": {
        "en": "Only what {party} has disclosed to this inquiry: {inquiry}.",
        "fr": "Seulement ce que {party} a ouvert à cette enquête: {inquiry}.",
    },
    "rests": {"en": "What it rests on", "fr": "Sur quoi il repose"},
    "verifies": {"en": "Everything shown verifies.", "fr": "Tout ce qui est montré se vérifie."},
    "faults": {
        "en": "Something in it does not verify; it counts for nothing below:",
        "fr": "Quelque chose ne se vérifie pas; cela ne compte pour rien ci-dessous:",
    },
    "remarks": {"en": "To be known", "fr": "À savoir"},
    "nothing": {"en": "It shows no notice and no alert.", "fr": "Il ne montre ni avis ni alerte."},
    "notice": {"en": "Notice {id} ({type}) of {party}", "fr": "Avis {id} ({type}) de {party}"},
    "declaration": {
        "en": "Declaration {id} ({type} of entry {about}) of {party}",
        "fr": "Déclaration {id} ({type} de l'entrée {about}) de {party}",
    },
    "declaration_alone": {
        "en": "Declaration {id} ({type}) of {party}",
        "fr": "Déclaration {id} ({type}) de {party}",
    },
    "alert": {
        "en": "Alert {id} for {party}{detail}",
        "fr": "Alerte {id} pour {party}{detail}",
    },
    "alert_detail": {
        "en": ": {type}, about notice {about}, up to {precedence}",
        "fr": ": {type}, sur l'avis {about}, jusqu'à {precedence}",
    },
    "silence": {
        "en": "Exclusive channel {channel}, entries {first} to {last}: what is not on it",
        "fr": "Canal exclusif {channel}, entrées {first} à {last}: ce qui n'y est pas",
    },
    "disclosed": {"en": ", disclosed to {reader}", "fr": ", ouvert à {reader}"},
}
_STYLES = {
    Standing.PROVEN: "green",
    Standing.LINES_WORD: "cyan",
    Standing.NOT_PROVEN: "yellow",
    Standing.RECORD: "cyan",
    Standing.NO_RECORD_COMPLETE: "green",
    Standing.NO_RECORD: "yellow",
}


def print_report(found: Examination, language: Language) -> None:
    """Print all of it."""
    document = to_document(found)
    say_drill(is_drill=found.is_drill)
    manifest = found.bundle.manifest
    first, end = manifest.from_index, manifest.to_index
    _say(_HEADS["whose"][language].format(party=manifest.party, origin=manifest.origin, first=first, end=end), "bold")
    if manifest.inquiry:
        _say(_HEADS["inquiry"][language].format(party=manifest.party, inquiry=manifest.inquiry))
    _say(_HEADS["rests"][language], "bold")
    for trust in document["trust"]:
        _say(f"  {trust['text'][language]}")
    _say_faults(document, language)
    if not found.subjects:
        _say(_HEADS["nothing"][language])
    for subject in found.subjects:
        _say(_title(subject, manifest.party, language), "bold")
        for finding in subject.findings:
            _say_finding(finding, language)
    for promised in document["receipts"]:
        _say(promised["text"][language])
    for silence in found.silences:
        _say_silence(silence, language)
    _say(document["caveats"][language], "italic")


def _say_faults(document: Document, language: Language) -> None:
    if document["verifies"]:
        _say(_HEADS["verifies"][language], "bold green")
    else:
        _say(_HEADS["faults"][language], "bold red")
    for fault in document["faults"]:
        where = "" if fault["entry"] is None else f"entry {fault['entry']}: "
        _say(f"  {where}{fault['reason']}", "red")
    if document["remarks"]:
        _say(_HEADS["remarks"][language], "bold")
    for remark in document["remarks"]:
        _say(f"  {remark}", "yellow")


def _say_silence(silence: Silence, language: Language) -> None:
    values = {"channel": silence.channel, "first": silence.start, "last": silence.end - 1}
    _say(_HEADS["silence"][language].format(**values), "bold")
    for kind, standing in silence.by_kind.items():
        _say(f"  {kind}: {standing_words(standing, language)}", _STYLES[standing])
    for said in silence.said:
        _say(f"  {said}")


def _say_finding(finding: Finding, language: Language) -> None:
    head = f"{claim_words(finding.claim, language)}: {standing_words(finding.standing, language)}"
    _say(f"  {head}. {sentence(finding, language)}", _STYLES[finding.standing])


def _title(subject: Subject, reader: str, language: Language) -> str:
    values = {"id": subject.id, "type": subject.type, "about": subject.about, "party": subject.party}
    detail = ""
    if subject.kind == "alert" and subject.type:
        detail = _HEADS["alert_detail"][language].format(precedence=subject.precedence, **values)
    head = "declaration_alone" if subject.kind == "declaration" and not subject.about else subject.kind
    title = _HEADS[head][language].format(detail=detail, **values)
    return title + (_HEADS["disclosed"][language].format(reader=reader) if subject.is_disclosed else "")


def _say(text: str, style: str = "") -> None:
    """One line: whatever is named in it comes from the bundle and must not look like a line of ours."""
    out.print(printable(text.replace("\n", " ")), style=style or None, markup=False)
