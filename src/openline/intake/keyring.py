"""The keys that speak for parties, and who vouches for each. Pure values: where keys are stored is no business of ours.

An operational key was enrolled by the operator of the node, or a party's issuer vouches for it, for whom a root of the
party vouches. What the operator enrolled stays in force until its party takes it back.
"""

from __future__ import annotations

from msgspec import Struct

from openline.core.key_documents import (
    ISSUER_ROLE,
    ROOT_ROLE,
    IssuerKey,
    KeyDocument,
    OfficerKey,
    Revocation,
    RootReplacement,
    RootSet,
    Standing,
)
from openline.core.time import Window
from openline.keys.identify import key_id

_WORSE = tuple(Standing)


class OperationalKey(Struct, frozen=True, kw_only=True):
    """A public key, the party it speaks for, and the role of its holder."""

    party: str
    role: str
    public_key: bytes


class Certificate(Struct, frozen=True, kw_only=True):
    """What a party's key document says of a key."""

    key: OperationalKey
    """Its role is `issuer` for the key that vouches for officers."""
    signer: str
    """Id of the root or the issuer that vouches for it."""
    window: Window
    watch: str
    index: int
    """Entry of the key document."""


class Keyring:
    """Keys by key id, the roots of every party, and what was taken back."""

    def __init__(self) -> None:
        """Start with no key."""
        self._enrolled: dict[str, OperationalKey] = {}
        self._certificates: dict[str, Certificate] = {}
        self._roots: dict[str, RootSet] = {}
        self._known_roots: dict[str, OperationalKey] = {}
        """Every root that there ever was."""
        self._revoked: dict[tuple[str, str], int] = {}
        """Entries of revocations, by party and key id: nobody takes back another's key."""

    def __eq__(self, other: object) -> bool:
        """True when both answer every question alike."""
        return isinstance(other, Keyring) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def copy(self) -> Keyring:
        """Another keyring with the same keys: what one learns later the other does not."""
        other = Keyring()
        for name, table in vars(self).items():
            setattr(other, name, dict(table))
        return other

    def enrol(self, key: OperationalKey) -> None:
        """Take the operator's word for a key. It never stands against what a party has said of the same key."""
        name = key_id(key.public_key)
        known = self.known(name)
        if known is None or (name in self._enrolled and name not in self._certificates and known.party == key.party):
            self._enrolled[name] = key

    def enrol_roots(self, party: str, roots: RootSet) -> None:
        """Take the first roots of a party; later ones come by a replacement only."""
        if party not in self._roots:
            self._set_roots(party, roots)

    def take(self, document: KeyDocument, signers: frozenset[bytes], index: int) -> None:
        """Take a key document that was admitted as entry `index`, signed by these public keys."""
        match document:
            case IssuerKey():
                key = OperationalKey(party=document.party, role=ISSUER_ROLE, public_key=document.key)
                self._certify(key, signers, document.window, "", index)
            case OfficerKey():
                key = OperationalKey(party=document.party, role=document.role, public_key=document.key)
                self._certify(key, signers, document.window, document.watch, index)
            case Revocation():
                self._revoked.setdefault((document.party, document.key_id), index)
            case RootReplacement():
                self._set_roots(document.party, RootSet(keys=document.roots, threshold=document.threshold))

    def find(self, name: str) -> OperationalKey | None:
        """The operational key of this id, or None. Roots and issuers are none: they vouch, and tell nothing."""
        held = self._certificates.get(name)
        if held is None:
            return self._enrolled.get(name)
        return None if held.key.role == ISSUER_ROLE else held.key

    def known(self, name: str) -> OperationalKey | None:
        """The key of this id with its party and whatever role it has, a root's or an issuer's too."""
        held = self._certificates.get(name)
        return self._known_roots.get(name) or (self._enrolled.get(name) if held is None else held.key)

    def certificate(self, name: str) -> Certificate | None:
        """What its party's key document says of a key; None for roots and for what the operator enrolled."""
        return self._certificates.get(name)

    def roots(self, party: str) -> RootSet | None:
        """The present roots of a party, or None."""
        return self._roots.get(party)

    def revoked_at(self, party: str, name: str) -> int | None:
        """The entry by which a party took back a key by name, or None."""
        return self._revoked.get((party, name))

    def standing(self, name: str, at_ms: int) -> Standing:
        """What a key is good for now, by the entries taken so far and, for its validity, at `at_ms`.

        Raises:
            LookupError: when no key has this id.
        """
        key = self.known(name)
        if key is None:
            raise LookupError(name)
        if (key.party, name) in self._revoked:
            return Standing.REVOKED
        if key.role == ROOT_ROLE:
            present = self._roots.get(key.party)  # a forged record may call an officer of nobody a root
            return Standing.IN_FORCE if present is not None and key.public_key in present.keys else Standing.REVOKED
        held = self._certificates.get(name)
        if held is None:
            return Standing.IN_FORCE
        own = _standing_in(held.window, at_ms)
        if key.role == ISSUER_ROLE:
            return own
        return max(own, self.standing(held.signer, at_ms), key=_WORSE.index)

    def of_party(self, party: str) -> tuple[OperationalKey, ...]:
        """Every key of a party that is not a root, in a fixed order."""
        names = {name for name, key in self._enrolled.items() if key.party == party}
        names |= {name for name, held in self._certificates.items() if held.key.party == party}
        return tuple(key for key in map(self.known, sorted(names)) if key is not None)

    def parties(self) -> tuple[str, ...]:
        """Codes of all parties that have a key or roots, sorted."""
        certified = {held.key.party for held in self._certificates.values()}
        return tuple(sorted({key.party for key in self._enrolled.values()} | certified | set(self._roots)))

    def holds(self, key: OperationalKey) -> bool:
        """True when exactly this key, party and role speaks."""
        return self.find(key_id(key.public_key)) == key

    def _certify(self, key: OperationalKey, signers: frozenset[bytes], window: Window, watch: str, index: int) -> None:
        (signer,) = signers - {key.public_key}
        self._certificates[key_id(key.public_key)] = Certificate(
            key=key, signer=key_id(signer), window=window, watch=watch, index=index
        )

    def _set_roots(self, party: str, roots: RootSet) -> None:
        self._roots[party] = roots
        for key in roots.keys:
            self._known_roots[key_id(key)] = OperationalKey(party=party, role=ROOT_ROLE, public_key=key)


def _standing_in(window: Window, at_ms: int) -> Standing:
    if at_ms < window.start_ms:
        return Standing.NOT_YET
    return Standing.IN_FORCE if at_ms < window.end_ms else Standing.EXPIRED
