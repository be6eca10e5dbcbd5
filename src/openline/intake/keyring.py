"""The operational keys that speak for parties. Pure values: where keys are stored is no business of this room."""

from __future__ import annotations

from msgspec import Struct

from openline.keys.identify import key_id


class OperationalKey(Struct, frozen=True, kw_only=True):
    """A public key, the party it speaks for, and the role of its holder."""

    party: str
    role: str
    public_key: bytes


class Keyring:
    """Operational keys by key id."""

    def __init__(self) -> None:
        """Start with no key."""
        self._keys: dict[str, OperationalKey] = {}

    def enrol(self, key: OperationalKey) -> None:
        """Add a key; the same key again changes nothing."""
        self._keys[key_id(key.public_key)] = key

    def find(self, name: str) -> OperationalKey | None:
        """The key of this id, or None."""
        return self._keys.get(name)

    def parties(self) -> tuple[str, ...]:
        """Codes of all parties that have a key, sorted."""
        return tuple(sorted({key.party for key in self._keys.values()}))

    def holds(self, key: OperationalKey) -> bool:
        """True when exactly this key, party and role is enrolled."""
        return self._keys.get(key_id(key.public_key)) == key
