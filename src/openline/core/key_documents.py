"""How a party says which keys speak for it: its roots vouch for an issuer, the issuer for officers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from openline.core.time import DAY_MS, Window

ROOT_ROLE = "root"
ISSUER_ROLE = "issuer"
SIGNATORY_ROLE = "signatory"
"""An officer of this role is the second person of an agreement change."""

ISSUER_MAX_MS = 90 * DAY_MS
"""Longest validity of an issuer key."""
OFFICER_MAX_MS = 31 * DAY_MS
"""Longest validity of an officer key."""
ROOTS_MAX = 20
"""Most roots of one party."""


class Standing(StrEnum):
    """What a key is good for at one moment. The later in this list the worse; the worst of a chain counts."""

    IN_FORCE = "in_force"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyDocument(Struct, frozen=True, kw_only=True):
    """What every key document carries."""

    id: str
    party: str
    issued_ms: int


class IssuerKey(KeyDocument, frozen=True, kw_only=True):
    """A root vouches for the key that signs officer keys."""

    key: bytes
    window: Window


class OfficerKey(KeyDocument, frozen=True, kw_only=True):
    """An issuer vouches for the key of a role on a watch."""

    role: str
    key: bytes
    watch: str
    window: Window


class Revocation(KeyDocument, frozen=True, kw_only=True):
    """A key of the party is good for nothing from the entry of this document on."""

    key_id: str
    reason: str = ""
    suspected_since_ms: int = 0
    """When it may have been lost, by the party's own account; 0 when it does not say. Recorded as a claim, no more."""


class RootReplacement(KeyDocument, frozen=True, kw_only=True):
    """Another set of roots takes the place of the present one."""

    roots: tuple[bytes, ...]
    threshold: int
    """How many of them it takes to replace them again."""


class RootSet(Struct, frozen=True, kw_only=True):
    """The roots of a party, and how many of them it takes to replace them."""

    keys: tuple[bytes, ...]
    threshold: int = 1
