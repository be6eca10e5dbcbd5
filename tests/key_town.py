"""Roots, issuers and officers for tests: a town whose parties vouch for their own keys."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from openline.app import key_documents as written
from openline.app.pen import Pen
from openline.codec.envelope import to_base64
from openline.core.event import RootsEnrolled
from openline.core.time import DAY_MS
from openline.keys.identify import key_id
from openline.keys.signing import Signer
from openline.node.line import Receipt
from tests.parties import NOON_MS, NORTH, SOUTH, Town, signer_of

START_MS = NOON_MS - DAY_MS
ISSUER_END_MS = START_MS + 60 * DAY_MS
OFFICER_END_MS = START_MS + 10 * DAY_MS


def name_of(signer: Signer) -> str:
    """The id of a key."""
    return key_id(signer.public_key)


class KeyTown(Town):
    """A town that holds the roots of its parties."""

    def __init__(self, *agreements: bytes, roots: int = 1, threshold: int = 1) -> None:
        """Every party has so many roots, called root0, root1 and so on."""
        super().__init__(*agreements)
        self.numbers = count(1)
        for party in (NORTH, SOUTH):
            keys = tuple(to_base64(self.root(party, number).public_key) for number in range(roots))
            self.administer([RootsEnrolled(at_ms=self.now_ms, party=party, keys=keys, threshold=threshold)])

    @staticmethod
    def root(party: str = NORTH, number: int = 0) -> Signer:
        return signer_of(party, f"root{number}")

    def written_keys(
        self, fields: dict[str, Any], signers: Sequence[Signer], party: str = NORTH, name: str = ""
    ) -> bytes:
        """The signed envelope of a key document; without a name it gets a number."""
        identifier = name or f"keys-{next(self.numbers):06}"
        return written.signed(fields, signers, party=party, identifier=identifier, at_ms=self.now_ms)

    def tell_keys(self, fields: dict[str, Any], *signers: Signer, party: str = NORTH, name: str = "") -> Receipt:
        """Tell a key document; raises what the line raises."""
        return self.send(self.written_keys(fields, signers, party, name))

    def issue(self, party: str = NORTH, label: str = "issuer", start_ms: int = START_MS, **more: Any) -> Signer:  # noqa: ANN401 - an end, or another root
        """An issuer that the first root of its party vouches for."""
        key = signer_of(party, label)
        fields = written.issuer_key(key.public_key, start_ms, more.get("end_ms", ISSUER_END_MS))
        self.tell_keys(fields, more.get("root", self.root(party)), key, party=party)
        return key

    def appoint(
        self,
        issuer: Signer,
        party: str = NORTH,
        role: str = "duty_officer",
        *,
        label: str = "officer",
        start_ms: int = START_MS,
        end_ms: int = OFFICER_END_MS,
    ) -> Signer:
        """An officer that an issuer vouches for; its pen becomes the party's."""
        key = signer_of(party, label)
        fields = written.officer_key(key.public_key, role, "night watch", start_ms, end_ms)
        self.tell_keys(fields, issuer, key, party=party)
        self.hand_over(party, key, role)
        return key

    def hand_over(self, party: str, key: Signer, role: str = "duty_officer") -> None:
        """Whoever writes for the party uses this key from now on."""
        pen = self.pens[party]
        self.pens[party] = Pen(party, role, key, sequence=pen.sequence, previous=pen.previous)

    def revoke(self, key: Signer, party: str = NORTH, *, by: Signer | None = None, **more: int) -> Receipt:
        """Take back a key, by the first root unless another signs."""
        fields = written.revocation(name_of(key), "lost", more.get("suspected_since_ms", 0))
        return self.tell_keys(fields, by or self.root(party), party=party)

    def replace_roots(
        self, roots: Sequence[Signer], signers: Sequence[Signer], threshold: int = 1, party: str = NORTH
    ) -> Receipt:
        """Put other roots in place of the present ones."""
        fields = written.root_replacement([root.public_key for root in roots], threshold)
        return self.tell_keys(fields, *signers, party=party)
