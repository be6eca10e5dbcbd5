"""Findings in words, English and French. A sentence never says more than its finding does."""

from __future__ import annotations

from typing import Literal

from openline.core.time import to_text
from openline.record.findings import LINE, OTHER_SIDE, Claim, Finding, Ground, Promised, Standing, Why

Language = Literal["en", "fr"]
Words = dict[Language, str]

_TOLD: Words = {
    "en": "{by} told it, signed in the role {role}; recorded at {at} as entry {entry}.",
    "fr": "{by} l'a annoncé, signé dans le rôle {role}; inscrit à {at}, entrée {entry}.",
}
_TOLD_BY_LINE: Words = {
    "en": "The line told it, signed by the node; recorded at {at} as entry {entry}.",
    "fr": "La ligne l'a annoncé, signé par le nœud; inscrit à {at}, entrée {entry}.",
}
_RECEIVED: Words = {
    "en": "The machine of {by} has taken it: recorded at {at} as entry {entry}. Whether anybody read it does not "
    "follow from that.",
    "fr": "La machine de {by} l'a reçu: inscrit à {at}, entrée {entry}. Que quelqu'un l'ait lu n'en suit pas.",
}
_ACKNOWLEDGED: Words = {
    "en": "A person on watch of {by}, in the role {role}, read it at {precedence}; recorded at {at} as entry {entry}.",
    "fr": "Une personne de quart de {by}, dans le rôle {role}, l'a lu à {precedence}; inscrit à {at}, entrée {entry}.",
}
_ACKNOWLEDGED_BY_OTHER: Words = {
    "en": "The other side, which the line does not name, has read its own alert of the same reference at {precedence}; "
    "recorded at {at} as entry {entry}.",
    "fr": "L'autre partie, que la ligne ne nomme pas, a lu sa propre alerte de même référence à {precedence}; inscrit "
    "à {at}, entrée {entry}.",
}
_NONE: dict[Claim, Words] = {
    Claim.RECEIVED: {
        "en": "No delivery to the machine of {by} is in this bundle.",
        "fr": "Aucune remise à la machine de {by} n'est dans ce dossier.",
    },
    Claim.ACKNOWLEDGED: {
        "en": "No acknowledgement by {by}{precedence} is in this bundle.",
        "fr": "Aucun accusé de lecture de {by}{precedence} n'est dans ce dossier.",
    },
    Claim.DISSEMINATED: {
        "en": "No attestation of dissemination is in this bundle: whether it reached those who act is not known.",
        "fr": "Aucune attestation de diffusion n'est dans ce dossier: on ne sait pas si ceux qui agissent l'ont eu.",
    },
}
_WITNESSED: Words = {
    "en": "Witnessed: witnesses of {witnesses} cosigned, and the agreement asks for {quorum}; the last by its own "
    "clock at {at}.",
    "fr": "Attesté: des témoins de {witnesses} ont cosigné, et l'accord en demande {quorum}; le dernier à {at}, selon "
    "sa propre horloge.",
}
_NOT_WITNESSED: Words = {"en": "Not witnessed.", "fr": "Non attesté."}
_WHY: dict[Why, Words] = {
    Why.NONE: {"en": "", "fr": ""},
    Why.OPERATORS_KEY: {
        "en": "That the key is that party's rests on the word of the node's operator.",
        "fr": "Que la clé soit celle de cette partie repose sur la parole de l'opérateur du nœud.",
    },
    Why.AGREEMENT_UNKNOWN: {
        "en": "The agreement that it names is not shown here as signed by that party: that it was told on this line "
        "rests on the node's word.",
        "fr": "L'accord qu'il nomme n'est pas montré ici comme signé par cette partie: qu'il ait été annoncé sur cette "
        "ligne repose sur la parole du nœud.",
    },
    Why.NO_PROOF_OF_ABSENCE: {
        "en": "No proof of absence is with it, so there may be one outside this bundle.",
        "fr": "Aucune preuve d'absence ne l'accompagne: il peut y en avoir un hors de ce dossier.",
    },
    Why.NO_SUCH_ATTESTATION: {"en": "", "fr": ""},
    Why.NO_POLICY: {
        "en": "The agreement asks for no witnesses.",
        "fr": "L'accord ne demande pas de témoins.",
    },
    Why.AGREEMENT_NOT_SHOWN: {
        "en": "The agreement that would name the witnesses is not in this bundle.",
        "fr": "L'accord qui nommerait les témoins n'est pas dans ce dossier.",
    },
    Why.NO_QUORUM: {
        "en": "The agreement asks for witnesses of {quorum} parties; those of {witnesses} have cosigned.",
        "fr": "L'accord demande des témoins de {quorum} parties; ceux de {witnesses} ont cosigné.",
    },
    Why.AFTER_THE_WITNESSED: {
        "en": "It was recorded after the checkpoint that witnesses cosigned.",
        "fr": "Il a été inscrit après le point de contrôle que les témoins ont cosigné.",
    },
    Why.OPERATORS_POLICY: {
        "en": "That its parties signed the agreement with these witnesses rests on the word of the node's operator.",
        "fr": "Que l'accord, avec ses témoins, soit signé par ses parties repose sur la parole de l'opérateur du nœud.",
    },
}
_STANDINGS: dict[Standing, Words] = {
    Standing.PROVEN: {"en": "proven", "fr": "prouvé"},
    Standing.LINES_WORD: {"en": "on the line's word", "fr": "sur la parole de la ligne"},
    Standing.NOT_PROVEN: {"en": "not proven", "fr": "non prouvé"},
    Standing.RECORD: {"en": "record", "fr": "inscription"},
    Standing.NO_RECORD_COMPLETE: {"en": "no record, complete", "fr": "aucune inscription, complet"},
    Standing.NO_RECORD: {"en": "no record, not provable", "fr": "aucune inscription, non prouvable"},
}
_CLAIMS: dict[Claim, Words] = {
    Claim.TOLD: {"en": "told", "fr": "annoncé"},
    Claim.RECEIVED: {"en": "received", "fr": "reçu"},
    Claim.ACKNOWLEDGED: {"en": "acknowledged", "fr": "lu"},
    Claim.DISSEMINATED: {"en": "disseminated", "fr": "diffusé"},
    Claim.WITNESSED: {"en": "witnessed", "fr": "attesté"},
}
_GROUNDS: dict[Ground, Words] = {
    Ground.ROOT_GIVEN: {"en": "under the root that you gave", "fr": "sous la racine que vous avez donnée"},
    Ground.ROOT_SHOWN: {
        "en": "under a root taken from the bundle",
        "fr": "sous une racine prise dans le dossier",
    },
    Ground.OPERATOR: {"en": "", "fr": ""},
    Ground.NODE: {"en": "", "fr": ""},
}
_RECEIPT: dict[bool, Words] = {
    True: {
        "en": "The node gave a receipt for entry {entry}, recorded at {at}, and the entry shown is that one.",
        "fr": "Le nœud a donné un reçu pour l'entrée {entry}, inscrite à {at}, et l'entrée montrée est bien celle-là.",
    },
    False: {
        "en": "The node gave a receipt for entry {entry}, recorded at {at}; the entry is not in this bundle.",
        "fr": "Le nœud a donné un reçu pour l'entrée {entry}, inscrite à {at}; l'entrée n'est pas dans ce dossier.",
    },
}
_NOBODY: Words = {"en": "nobody", "fr": "personne"}
_OTHER: Words = {"en": "the other side", "fr": "l'autre partie"}
_AT: Words = {"en": " at {precedence}", "fr": " à {precedence}"}
CAVEATS: Words = {
    "en": "Times are those of the node's clock, except where a witness's is named. That a key was not taken back by an "
    "entry outside this bundle cannot be seen from it. What is not in it may be in the ledger.",
    "fr": "Les heures sont celles de l'horloge du nœud, sauf où celle d'un témoin est nommée. Ce dossier ne montre pas "
    "si une clé a été retirée par une entrée qui n'y est pas. Ce qui n'y est pas peut être dans le registre.",
}


def claim_words(claim: Claim, language: Language) -> str:
    """The field's word for a claim."""
    return _CLAIMS[claim][language]


def standing_words(standing: Standing, language: Language) -> str:
    """How far a claim is carried, in a few words."""
    return _STANDINGS[standing][language]


def sentence(finding: Finding, language: Language) -> str:
    """The finding in one or two sentences."""
    by = _OTHER[language] if finding.by == OTHER_SIDE else finding.by
    at_precedence = _AT[language].format(precedence=finding.precedence) if finding.precedence else ""
    values = {
        "by": by,
        "role": finding.role,
        "at": to_text(finding.at_ms),
        "entry": finding.entry,
        "precedence": at_precedence if finding.entry is None else finding.precedence,
        "witnesses": ", ".join(finding.witnesses) or _NOBODY[language],
        "quorum": finding.quorum,
    }
    ground = _GROUNDS[finding.ground][language] if finding.ground is not None else ""
    parts = (_statement(finding), _WHY[finding.why])
    said = [part[language].format(**values) for part in parts if part[language]]
    if ground:
        said.append(f"({ground[:1].upper()}{ground[1:]}.)")
    return " ".join(said)


def receipt_sentence(promised: Promised, language: Language) -> str:
    """What a receipt says."""
    words = _RECEIPT[promised.is_shown][language]
    return words.format(entry=promised.entry, at=to_text(promised.recorded_ms))


def _statement(finding: Finding) -> Words:
    if finding.claim is Claim.WITNESSED:
        return _NOT_WITNESSED if finding.standing is Standing.NOT_PROVEN else _WITNESSED
    if finding.entry is None:
        return _NONE[finding.claim]
    if finding.claim is Claim.TOLD:
        return _TOLD_BY_LINE if finding.by == LINE else _TOLD
    if finding.claim is Claim.RECEIVED:
        return _RECEIVED
    return _ACKNOWLEDGED_BY_OTHER if finding.by == OTHER_SIDE else _ACKNOWLEDGED
