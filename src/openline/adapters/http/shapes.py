"""The JSON that the node answers with. Instants are RFC 3339 text in UTC; bytes are standard base64."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct


class Text(Struct, kw_only=True):
    """The same sentence in both languages."""

    en: str
    fr: str


class Receipt(Struct, kw_only=True):
    """The entry is on disk. With `salt`, `recorded_at` and the bytes that were sent, `leaf` can be checked."""

    index: int
    recorded_at: str
    leaf: str
    leaf_hash: str
    salt: str
    checkpoint: str
    """The signed checkpoint that covers the entry, or a later one."""
    signed: str
    """The signed promise that the entry is in the ledger, and by when that is shown: a note to keep."""
    duplicate: bool
    """True when the same bytes had been told before; nothing new was recorded."""
    flags: list[str]
    drill: bool
    """True when nothing of it is real."""


class ChallengeGiven(Struct, kw_only=True):
    """A text to sign."""

    challenge: str
    expires_at: str


class SessionOpened(Struct, kw_only=True):
    """A token to read with."""

    token: str
    party: str
    role: str
    expires_at: str


class OwnAlert(Struct, kw_only=True):
    """An open alert of the session's party, as it stands."""

    alert: str
    reference: str
    count: int
    """How many conflicts it stands for: more than one when FLASHes repeat."""
    references: list[str]
    """Those of all of them."""
    agreement: str
    reason: str
    notice: str
    zone: str
    window_start: str | None
    """As told; None when no window is."""
    window_end: str | None
    precedence: str
    answer_due: str | None
    """None when nobody is left to ask; the alert stays open."""
    tier: int
    roles: list[str]
    """The roles asked so far."""
    acknowledged: bool
    """True when a person on watch of this party has read it at its present precedence."""


class OwnAlerts(Struct, kw_only=True):
    """Every open alert of the session's party, oldest first."""

    as_of: int
    """Index of the last entry that this reflects, -1 before the first: `GET /feed?after=` it continues from here."""
    drill: bool
    """True when nothing of it is real."""
    alerts: list[OwnAlert]


class OwnNotice(Struct, kw_only=True):
    """A notice of the session's party that is in force."""

    id: str
    type: str
    agreement: str
    index: int
    recorded_at: str
    digest: str
    """SHA-256 of the payload, hex."""
    window_start: str
    window_end: str
    refresh_due: str | None
    stale: bool
    witnessed: str
    """`yes`, `not_yet`, or `no_policy` when its agreement asks for no witnesses."""


class OwnNotices(Struct, kw_only=True):
    """Every notice of the session's party that is in force, and what its next one has to name."""

    as_of: int
    drill: bool
    sequence: int
    """Of the party's last notice; 0 before the first."""
    previous: str
    """Digest of the party's last notice; empty before the first."""
    notices: list[OwnNotice]


class KnownZone(Struct, kw_only=True):
    """A zone in force, told by the session's party or by one with whom it shares an agreement."""

    id: str
    """The teller's name for it, by which alerts name it."""
    teller: str
    agreement: str
    name: str
    rules: list[str]
    guarantors: list[str]
    window_start: str
    window_end: str
    volumes: Annotated[list[dict[str, Any]], Meta(extra_json_schema={"items": {"$ref": "#/components/schemas/Volume"}})]
    """Outlines, altitudes and times exactly as told."""


class KnownZones(Struct, kw_only=True):
    """Every zone that the session's party has to know, in the order told."""

    as_of: int
    drill: bool
    zones: list[KnownZone]


class KnownKey(Struct, kw_only=True):
    """A key that speaks for a party, or vouches for those that do."""

    key_id: str
    key: str
    role: str
    """`issuer` for one that vouches for officers."""
    standing: str
    """`in_force`, `not_yet`, `expired` or `revoked`."""
    vouched_by: str
    """Id of the root or issuer that vouches for it; empty when the operator of the node enrolled it."""
    watch: str
    not_before: str | None
    not_after: str | None
    """None for what the operator enrolled, which is in force until its party takes it back."""
    entry: int | None
    """Of the document that vouches for it."""


class KeyDocumentTold(Struct, kw_only=True):
    """A key document, exactly as its party told it."""

    index: int
    recorded_at: str
    envelope: str


class PartyKeys(Struct, kw_only=True):
    """The keys of one party."""

    party: str
    roots: list[str]
    """The present ones."""
    threshold: int
    """How many of them it takes to replace them; 0 when this ledger holds none."""
    keys: list[KnownKey]
    documents: list[KeyDocumentTold]
    """In the order told: with the first roots they show all of the above again."""


class KnownKeys(Struct, kw_only=True):
    """Keys of the session's party and of those with whom it shares an agreement, by code of the party."""

    as_of: int
    drill: bool
    parties: list[PartyKeys]


class OwnEntry(Struct, kw_only=True):
    """An entry that the session's party told or that was addressed to it, with all that proves it."""

    index: int
    leaf: str
    body: str
    salt: str
    witnessed: str
    """`yes`, `not_yet`, or `no_policy` when its agreement asks for no witnesses."""
    proof: list[str]
    """The inclusion proof of RFC 9162 section 2.1.3 in the tree of `checkpoint`."""
    checkpoint: str


class AttachmentKept(Struct, kw_only=True):
    """An attachment is on disk, encrypted."""

    digest: str
    duplicate: bool
    """True when it had been sent before."""
    drill: bool


class OwnChannel(Struct, kw_only=True):
    """A channel's name and the secret that blinds its tags."""

    name: str
    secret: str


class ExclusiveChannel(Struct, kw_only=True):
    """An exclusive channel under one version of its agreement, and the secret that its epochs' secrets follow from."""

    name: str
    secret: str
    agreement: str
    version: int
    """Of the agreement; each has a secret of its own."""
    role: Literal["from", "to"]
    entry: int
    """Index of the entry that began it under this version."""
    open: bool
    """False when a later version has taken over, or no agreement in force names it."""


class OwnChannels(Struct, kw_only=True):
    """The channels of the session's party: what it told, and what it was told."""

    told: OwnChannel
    feed: OwnChannel
    exclusive: list[ExclusiveChannel]
    """Those that an agreement in force names, or that one ever named, and that the party tells over or may count."""


class Alive(Struct, kw_only=True):
    """The process answers."""

    alive: bool


class WitnessCounts(Struct, kw_only=True):
    """How many of the witnesses that the node asks stand how."""

    waiting: int
    """Not asked yet."""
    answering: int
    silent: int
    """Did not answer last time, or not with a cosignature."""
    trouble: int
    """The ledger says what."""


class Ready(Struct, kw_only=True):
    """The node takes notices."""

    ready: bool
    entries: int
    witnessed: int | None
    """Entries witnessed under every agreement in force that asks for it; None when none does."""
    witnesses: WitnessCounts


class Problem(Struct, kw_only=True):
    """A problem document (RFC 9457)."""

    type: str
    """`/problems/` and the code: a page that says what it means."""
    title: str
    status: int
    detail: str
    code: str
    path: str
    """The field at fault, empty when it is none."""
    remedy: str
    retry: str
    """`never`, `after_change` or `later`."""
