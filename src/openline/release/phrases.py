"""What a party is told, in words: English and French, from the event alone.

The words follow from the event, so a ledger that proves the event proves them too. They never say more than it does.
"""

from __future__ import annotations

from typing import Literal

from openline.core.event import (
    Acknowledged,
    Alert,
    AlertChanged,
    Closed,
    CloseReason,
    Disclosed,
    Escalation,
    EscalationCause,
    Event,
    Flagged,
    ForkSeen,
    Reason,
    RepeatChange,
    Repeated,
)
from openline.core.flags import FlagCode
from openline.core.time import to_text

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = ("en", "fr")

CAVEAT: dict[Language, str] = {
    "en": "Notification is not a condition of protection. No objection is not permission. No known conflict is not "
    "safety.",
    "fr": "La notification n'est pas une condition de la protection. L'absence d'objection n'est pas une permission. "
    "L'absence de conflit connu n'est pas la sécurité.",
}

_REASONS: dict[Reason, dict[Language, str]] = {
    Reason.PROTECTED_NEARBY: {
        "en": "Your notice {notice} conflicts with something protected. Move it, delay it or talk.",
        "fr": "Votre avis {notice} est en conflit avec quelque chose de protégé. Déplacez, retardez ou appelez.",
    },
    Reason.ACTIVITY_NEARBY: {
        "en": "Your people or site in notice {notice} may be affected by an activity between {start} and {end}.",
        "fr": "Vos gens ou votre site de l'avis {notice} peuvent être touchés par une activité entre {start} et {end}.",
    },
    Reason.ACTIVITIES_TOO_NEAR: {
        "en": "Your notice {notice} conflicts with another activity between {start} and {end}.",
        "fr": "Votre avis {notice} est en conflit avec une autre activité entre {start} et {end}.",
    },
    Reason.PRESENCES_TOO_NEAR: {
        "en": "Your notice {notice} is nearer to something protected than agreed.",
        "fr": "Votre avis {notice} est plus proche de quelque chose de protégé que convenu.",
    },
    Reason.ZONE_RULE: {
        "en": "Your notice {notice} touches a rule of zone {zone}.",
        "fr": "Votre avis {notice} touche une règle de la zone {zone}.",
    },
    Reason.ZONE_RULE_TOUCHED: {
        "en": "A rule of zone {zone} is touched between {start} and {end}.",
        "fr": "Une règle de la zone {zone} est touchée entre {start} et {end}.",
    },
    Reason.TOLD_TOO_LATE: {
        "en": "Your notice {notice} was told too late for the others to act in the ordinary way. Call them now.",
        "fr": "Votre avis {notice} est arrivé trop tard pour que les autres agissent normalement. Appelez-les.",
    },
    Reason.NOTICE_TOO_LATE: {
        "en": "An activity under this agreement was told too late. Call them now, by reference {reference}.",
        "fr": "Une activité sous cet accord a été annoncée trop tard. Appelez, avec la référence {reference}.",
    },
    Reason.PRESENCE_STALE: {
        "en": "Your notice {notice} was not confirmed in time. It stays protected. Confirm, change or withdraw it.",
        "fr": "Votre avis {notice} n'a pas été confirmé à temps. Il reste protégé. Confirmez, changez ou retirez-le.",
    },
}

_ZONE_TOUCHED: dict[Language, str] = {
    "en": "A rule of zone {zone} is touched. Call by reference {reference}.",
    "fr": "Une règle de la zone {zone} est touchée. Appelez avec la référence {reference}.",
}
"""What is said of a touched zone to those who learn no window."""

_REPEATS: dict[RepeatChange, dict[Language, str]] = {
    RepeatChange.JOINED: {
        "en": "{p} again: alert {a} now stands for {n} warnings. The newest has reference {r}{when}. Read it again.",
        "fr": "{p} de nouveau: l'alerte {a} vaut pour {n} avertissements. Le dernier: référence {r}{when}. Relisez-la.",
    },
    RepeatChange.MOVED: {
        "en": "Alert {a}: one of its {n} warnings has moved, reference {r}{when}.",
        "fr": "Alerte {a}: un de ses {n} avertissements a changé, référence {r}{when}.",
    },
    RepeatChange.ENDED: {
        "en": "Alert {a}: {k} of its warnings ended, {n} left.",
        "fr": "Alerte {a}: avertissements terminés: {k}, restants: {n}.",
    },
}

_FLAGS: dict[FlagCode, dict[Language, str]] = {
    FlagCode.LATE: {
        "en": "told with less than the minimum useful lead time",
        "fr": "annoncé avec moins que le préavis minimal utile",
    },
    FlagCode.LEAD_TIME_SHORT: {"en": "told later than agreed", "fr": "annoncé plus tard que convenu"},
    FlagCode.NO_AGREEMENT: {
        "en": "its agreement is not in force for you here",
        "fr": "son accord n'est pas en vigueur pour vous ici",
    },
    FlagCode.OUT_OF_SCOPE: {
        "en": "its agreement judges no pair of this kind",
        "fr": "son accord ne juge aucune paire de ce genre",
    },
    FlagCode.VERSION_DIFFERS: {
        "en": "it names another version of its agreement than the one that judges it",
        "fr": "il nomme une autre version de son accord que celle qui le juge",
    },
    FlagCode.OUT_OF_AREA: {
        "en": "it lies outside the agreement's area, or above or below it",
        "fr": "il est hors de l'aire de l'accord, ou au-dessus ou au-dessous",
    },
    FlagCode.SEQUENCE_GAP: {
        "en": "its sequence number does not follow your last",
        "fr": "son numéro ne suit pas votre dernier",
    },
    FlagCode.PREVIOUS_DIFFERS: {
        "en": "it names another previous notice than the one recorded",
        "fr": "il nomme un autre avis précédent que celui enregistré",
    },
    FlagCode.SEQUENCE_FORK: {
        "en": "its sequence number was told before with other bytes: compare what was told",
        "fr": "son numéro a déjà été annoncé avec d'autres octets: comparez ce qui a été annoncé",
    },
    FlagCode.OFFSET_ASSUMED: {
        "en": "a time has no offset: the whole interval that it may mean is used",
        "fr": "une heure est sans décalage: tout l'intervalle possible est retenu",
    },
    FlagCode.REFERENCE_UNKNOWN: {
        "en": "it changes or withdraws a notice that you have not in force",
        "fr": "il change ou retire un avis que vous n'avez pas en vigueur",
    },
    FlagCode.NO_COMMON_AGREEMENT: {
        "en": "it is near something told by somebody with whom you have no agreement",
        "fr": "il est proche de quelque chose annoncé par quelqu'un sans accord avec vous",
    },
    FlagCode.ALREADY_ENDED: {"en": "its window had already ended", "fr": "sa fenêtre était déjà terminée"},
    FlagCode.ISSUED_AHEAD: {
        "en": "it was issued later than it was received: check the clocks",
        "fr": "il est émis après sa réception: vérifiez les horloges",
    },
    FlagCode.CHECKPOINT_DIFFERS: {
        "en": "the checkpoint that it saw is not one of this ledger: compare histories now",
        "fr": "le point de contrôle vu n'est pas de ce registre: comparez les histoires",
    },
    FlagCode.STALE_VIEW: {
        "en": "it was told without sight of what the ledger had long held: look at the ledger anew",
        "fr": "il est annoncé sans voir ce que le registre contenait depuis longtemps: relisez le registre",
    },
    FlagCode.CLOCK_SKEW: {
        "en": "it was issued more than an hour from its receipt: a clock is wrong, or it was stored on the way",
        "fr": "plus d'une heure entre son émission et sa réception: une horloge est fausse, ou il a été retenu",
    },
    FlagCode.NODE_CLOCK: {
        "en": "the node's clock jumped: what is recorded keeps its order; compare times with your own",
        "fr": "l'horloge du nœud a sauté: l'ordre enregistré reste; comparez les heures avec les vôtres",
    },
    FlagCode.CLASS_UNKNOWN: {
        "en": "its protection class is not in the agreement: the largest radius is used",
        "fr": "sa classe n'est pas dans l'accord: le plus grand rayon est retenu",
    },
    FlagCode.KEY_EXPIRED: {
        "en": "the key that signed is valid no longer; it was taken because it is urgent: get a new key now",
        "fr": "la clé qui a signé n'est plus valable; c'est accepté car urgent: prenez une nouvelle clé",
    },
    FlagCode.STALE_PRESENCE: {
        "en": "presence was not confirmed in time; it stays protected",
        "fr": "une présence n'a pas été confirmée à temps; elle reste protégée",
    },
}

_OTHERS: dict[FlagCode, dict[Language, str]] = {
    FlagCode.SEQUENCE_GAP: {
        "en": "notices of a party do not follow each other: one may be missing",
        "fr": "les avis d'une partie ne se suivent pas: il peut en manquer",
    },
    FlagCode.SEQUENCE_FORK: {
        "en": "a party told two notices under one number: its desk was put back, or it has two histories",
        "fr": "une partie a annoncé deux avis sous un même numéro: poste restauré, ou deux histoires",
    },
    FlagCode.PREVIOUS_DIFFERS: {
        "en": "a party's notice names another previous one than is recorded: compare what was told",
        "fr": "l'avis d'une partie nomme un autre avis précédent que l'enregistré: comparez ce qui a été annoncé",
    },
    FlagCode.STALE_VIEW: {
        "en": "a party tells without sight of what the ledger had long held: it may not have read your notices",
        "fr": "une partie annonce sans voir ce que le registre contenait: elle n'a peut-être pas lu vos avis",
    },
    FlagCode.CLOCK_SKEW: {
        "en": "a notice was issued more than an hour from its receipt: a clock is wrong, or it was stored on the way",
        "fr": "plus d'une heure entre émission et réception d'un avis: horloge fausse, ou avis retenu en route",
    },
    FlagCode.CHECKPOINT_DIFFERS: {
        "en": "a party saw a checkpoint that is not one of this ledger: compare checkpoints with the others now",
        "fr": "une partie a vu un point de contrôle étranger à ce registre: comparez les points de contrôle",
    },
}
"""What a flag says to those whose notice it is not."""

_CLOSED: dict[CloseReason, dict[Language, str]] = {
    CloseReason.CONFLICT_CEASED: {"en": "the conflict has ceased", "fr": "le conflit a cessé"},
    CloseReason.WINDOW_ENDED: {"en": "its window has ended", "fr": "sa fenêtre est terminée"},
    CloseReason.CONFIRMED: {"en": "the presence was told anew", "fr": "la présence a été annoncée de nouveau"},
}


def phrase(event: Event, language: Language = "en") -> str:  # noqa: PLR0911 - one sentence a kind of event
    """One or two sentences for the officer that `event` is addressed to; empty for what no officer sees."""
    french = language == "fr"
    match event:
        case Alert():
            return _alert(event, language)
        case Escalation():
            return _escalation(event, language)
        case AlertChanged():
            said = "L'alerte {a} a changé: {p}." if french else "Alert {a} has changed: it is now {p}."
            return said.format(a=event.alert, p=event.precedence.name)
        case Repeated():
            return _repeat(event, language)
        case Acknowledged():
            return _acknowledged(event, language)
        case Closed():
            said = "Alerte {a} close: {why}." if french else "Alert {a} is closed: {why}."
            return said.format(a=event.alert, why=_CLOSED[event.reason][language])
        case Flagged():
            return _flagged(event, language)
        case ForkSeen():
            return _FORK[language].format(n=event.size)
        case Disclosed():
            said = (
                "L'entrée {e} d'une autre partie vous a été ouverte."
                if french
                else "An entry of another party, {e}, was disclosed to you."
            )
            return said.format(e=event.entry)
        case _:
            return ""


_FORK: dict[Language, str] = {
    "en": "TWO HISTORIES: a checkpoint of {n} entries, signed by this node, is none of this ledger. Keep what you "
    "have, compare it with the others, and do not rely on this node alone.",
    "fr": "DEUX HISTOIRES: un point de contrôle de {n} entrées, signé par ce nœud, n'est pas de ce registre. Gardez "
    "ce que vous avez, comparez avec les autres, et ne vous fiez pas à ce nœud seul.",
}


def flag_words(flag: FlagCode, language: Language = "en") -> str:
    """What a flag says of a notice."""
    return _FLAGS[flag][language]


def _flagged(event: Flagged, language: Language) -> str:
    if event.notice:
        return f"{event.flag.value} - {event.notice}: {_FLAGS[event.flag][language]}."
    about = f" ({event.agreement})" if event.agreement else ""
    why = _OTHERS.get(event.flag, _FLAGS[event.flag])[language]
    return f"{event.flag.value}{about}: {why}."


def witnessed_words(agreement: str, size: int, language: Language) -> str:
    """That a quorum of witnesses has cosigned the record up to a size."""
    if language == "fr":
        return f"{agreement}: tout ce qui a été enregistré avant l'entrée {size} est attesté par les témoins."
    return f"{agreement}: everything recorded before entry {size} is witnessed."


def _alert(event: Alert, language: Language) -> str:
    is_untold_zone = event.reason is Reason.ZONE_RULE_TOUCHED and not event.window_end_ms
    words = _ZONE_TOUCHED if is_untold_zone else _REASONS[event.reason]
    said = words[language].format(
        notice=event.notice,
        zone=event.zone,
        reference=event.reference,
        start=to_text(event.window_start_ms),
        end=to_text(event.window_end_ms),
    )
    due = "Réponse due à {due}." if language == "fr" else "Answer due {due}."
    return f"{said} {due.format(due=to_text(event.answer_due_ms))}"


def _repeat(event: Repeated, language: Language) -> str:
    french = language == "fr"
    between = ", entre {s} et {e}" if french else ", between {s} and {e}"
    when = between.format(s=to_text(event.part_start_ms), e=to_text(event.part_end_ms)) if event.part_end_ms else ""
    said = _REPEATS[event.change][language].format(
        p=event.precedence.name,
        a=event.alert,
        n=event.count,
        k=len(event.references),
        r=event.references[0],
        when=when,
    )
    if event.change is not RepeatChange.JOINED:
        return said
    due = "Réponse due à {due}." if french else "Answer due {due}."
    return f"{said} {due.format(due=to_text(event.answer_due_ms))}"


def _escalation(event: Escalation, language: Language) -> str:
    french = language == "fr"
    if event.cause is EscalationCause.GRAVER:
        said = "L'alerte {a} est maintenant {p}." if french else "Alert {a} is now {p}: its window is nearer."
    elif event.answer_due_ms:
        said = "Personne n'a répondu à l'alerte {a} ({p})." if french else "Nobody has acknowledged alert {a} ({p})."
    else:
        last = "Personne n'a répondu à l'alerte {a} ({p}) et tous les rôles ont été appelés. Elle reste ouverte."
        said = last if french else "Nobody has acknowledged alert {a} ({p}) and every role was asked. It stays open."
    asked = "Rôles appelés: {r}." if french else "Asked: {r}."
    due = "Réponse due à {due}." if french else "Answer due {due}."
    parts = [said.format(a=event.alert, p=event.precedence.name), asked.format(r=", ".join(event.roles))]
    if event.answer_due_ms:
        parts.append(due.format(due=to_text(event.answer_due_ms)))
    return " ".join(parts)


def _acknowledged(event: Acknowledged, language: Language) -> str:
    french = language == "fr"
    if event.by == "other":
        said = "L'autre côté a lu l'alerte {a}." if french else "The other side has acknowledged its side of alert {a}."
        return said.format(a=event.alert)
    said = "{role} a lu l'alerte {a} ({p})." if french else "{role} has acknowledged alert {a} at {p}."
    text = said.format(role=event.role, a=event.alert, p=event.precedence.name)
    if event.is_timer_stopped:
        return text
    risen = (
        " Elle est devenue plus grave depuis: lisez-la de nouveau." if french else " It has risen since: read it again."
    )
    return text + risen
