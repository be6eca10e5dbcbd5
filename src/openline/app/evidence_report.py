"""What an examination found, as JSON. `docs/reference/evidence.md` lists every field."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from openline.core.time import to_text
from openline.node.bundle_examination import Examination, Trust
from openline.record.findings import Finding, Promised, Silence, Subject, Witnessing
from openline.record.wording import CAVEATS, Language, Words, receipt_sentence, sentence
from openline.release.phrases import CAVEAT

Document = dict[str, Any]
_BOTH: tuple[Language, ...] = ("en", "fr")

_TRUST: dict[tuple[str, bool], Words] = {
    ("node", True): {
        "en": "The node's key is the one that you gave, {fingerprint}.",
        "fr": "La clé du nœud est celle que vous avez donnée, {fingerprint}.",
    },
    ("node", False): {
        "en": "The node's key is taken from the bundle: compare the fingerprint {fingerprint} with one that you "
        "got otherwise. Until then all of this holds only if that key is the node's.",
        "fr": "La clé du nœud est prise dans le dossier: comparez l'empreinte {fingerprint} avec une autre, reçue par "
        "un autre chemin. D'ici là, tout ceci ne vaut que si cette clé est celle du nœud.",
    },
    ("root", True): {
        "en": "The root of {party} is the one that you gave, {fingerprint}.",
        "fr": "La racine de {party} est celle que vous avez donnée, {fingerprint}.",
    },
    ("root", False): {
        "en": "The root of {party} is taken from the bundle: compare the fingerprint {fingerprint} with one that you "
        "got otherwise.",
        "fr": "La racine de {party} est prise dans le dossier: comparez l'empreinte {fingerprint} avec une autre, "
        "reçue par un autre chemin.",
    },
}
_NO_ROOT: Words = {
    "en": "No root of {party} is known: what it told rests on the word of the node's operator. Give one with --root.",
    "fr": "Aucune racine de {party} n'est connue: ce qu'elle a annoncé repose sur la parole de l'opérateur du nœud. "
    "Donnez-en une avec --root.",
}


def to_document(found: Examination) -> Document:
    """The whole report, in the order in which it is to be read."""
    manifest, head = found.bundle.manifest, found.head
    return {
        "drill": found.is_drill,
        "verifies": not found.faults,
        "format": manifest.format,
        "origin": manifest.origin,
        "party": manifest.party,
        "range": {
            "from_index": manifest.from_index,
            "to_index": manifest.to_index,
            "from": manifest.since or None,
            "to": manifest.until or None,
        },
        "inquiry": manifest.inquiry or None,
        "checkpoint": None if head is None else {"size": head.size, "root": b64encode(head.root).decode("ascii")},
        "trust": [_trust(one) for one in found.trust] + [_no_root(party) for party in found.rootless],
        "faults": [{"entry": fault.entry, "reason": fault.reason} for fault in found.faults],
        "remarks": list(found.remarks),
        "witnessing": [_witnessing(one) for _, one in sorted(found.case.witnessing.items())],
        "subjects": [_subject(one) for one in found.subjects],
        "receipts": [_promised(one) for one in found.promised],
        "absences": [_silence(one) for one in found.silences],
        "caveats": {language: f"{CAVEATS[language]} {CAVEAT[language]}" for language in _BOTH},
    }


def _trust(trust: Trust) -> Document:
    words = _TRUST[trust.what, trust.is_given]
    values = {"party": trust.party, "fingerprint": trust.fingerprint}
    return {
        "what": trust.what,
        "party": trust.party or None,
        "key": b64encode(trust.key).decode("ascii"),
        "fingerprint": trust.fingerprint,
        "given_by": "reader" if trust.is_given else "bundle",
        "text": {language: words[language].format(**values) for language in _BOTH},
    }


def _no_root(party: str) -> Document:
    return {
        "what": "root",
        "party": party,
        "key": None,
        "fingerprint": None,
        "given_by": None,
        "text": {language: _NO_ROOT[language].format(party=party) for language in _BOTH},
    }


def _witnessing(seen: Witnessing) -> Document:
    return {
        "agreement": seen.agreement,
        "version": seen.version,
        "quorum": seen.quorum,
        "reached": seen.is_reached,
        "parties": list(seen.parties),
        "size": seen.size,
        "at": to_text(seen.at_ms) if seen.at_ms else None,
    }


def _promised(promised: Promised) -> Document:
    return {
        "entry": promised.entry,
        "recorded_at": to_text(promised.recorded_ms),
        "deadline": to_text(promised.deadline_ms),
        "promised": "witnessed" if promised.is_witnessed else "published",
        "shown": promised.is_shown,
        "text": {language: receipt_sentence(promised, language) for language in _BOTH},
    }


def _silence(silence: Silence) -> Document:
    return {
        "channel": silence.channel,
        "from_index": silence.start,
        "to_index": silence.end,
        "sender": silence.sender,
        "receivers": list(silence.receivers),
        "standing": silence.standing.value,
        "by_kind": {kind: standing.value for kind, standing in silence.by_kind.items()},
        "witnessed_from": None if silence.from_ms is None else to_text(silence.from_ms),
        "witnessed_until": None if silence.until_ms is None else to_text(silence.until_ms),
        "text": list(silence.said),
    }


def _subject(subject: Subject) -> Document:
    return {
        "kind": subject.kind,
        "id": subject.id,
        "type": subject.type,
        "party": subject.party,
        "entry": subject.entry,
        "at": to_text(subject.at_ms),
        "agreement": subject.agreement,
        "agreement_version": subject.agreement_version,
        "about": subject.about,
        "reference": subject.reference,
        "precedence": subject.precedence,
        "closed": subject.is_closed,
        "disclosed": subject.is_disclosed,
        "flags": list(subject.flags),
        "findings": [_finding(finding) for finding in subject.findings],
    }


def _finding(finding: Finding) -> Document:
    return {
        "claim": finding.claim.value,
        "standing": finding.standing.value,
        "by": finding.by,
        "role": finding.role,
        "entry": finding.entry,
        "at": to_text(finding.at_ms) if finding.at_ms else None,
        "precedence": finding.precedence,
        "why": finding.why.value,
        "rests_on": finding.ground.value if finding.ground is not None else None,
        "witnesses": list(finding.witnesses),
        "quorum": finding.quorum,
        "text": {language: sentence(finding, language) for language in _BOTH},
    }
