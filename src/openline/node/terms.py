"""On whose keys and under which agreements the words in a bundle stand, as far as the bundle and its reader say.

The roots that the reader knows come first. What only the node says, that a key is a party's or that an agreement holds,
is taken as its word and called so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from openline.agreement.register import Register
from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, Envelope, from_base64, read_envelope
from openline.codec.times import Offsets
from openline.core.agreement import Agreement
from openline.core.errors import OpenlineError
from openline.core.event import AgreementLoaded, Event, KeyEnrolled
from openline.intake.keyring import Keyring, OperationalKey
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, verify
from openline.record.evidence import Ground, Witnessing

Roots = Mapping[str, tuple[bytes, ...]]
"""Root keys by party."""


class Heard(Struct, frozen=True, kw_only=True):
    """An entry that lies in the tree as shown; an event is signed by the node."""

    index: int
    body: bytes
    event: Event | None
    """None for what a party told."""


class Shown(Struct, frozen=True, kw_only=True):
    """An agreement in the bundle."""

    index: int
    agreement: Agreement
    ground: Ground
    """What it rests on that its parties signed it: the weakest of them."""


class Terms:
    """Keys and agreements, by the index from which they count."""

    def __init__(self, held: Iterable[Heard], roots: Roots) -> None:
        """Take them from the entries that hold; `roots` are those that the reader gave."""
        self._roots = roots
        self._register = Register()
        self.keys: list[tuple[int, OperationalKey]] = []
        self.agreements: dict[tuple[str, int], Shown] = {}
        self.faults: list[tuple[int, str]] = []
        for heard in held:
            self._take(heard)

    def keyring_at(self, index: int) -> Keyring:
        """The keys enrolled before entry `index`."""
        keyring = Keyring()
        for since, key in self.keys:
            if since < index:
                keyring.enrol(key)
        return keyring

    def offsets_of(self, agreement: str) -> Offsets:
        """The UTC offsets that a time without one may have."""
        return Offsets(*self._register.offsets_of(agreement))

    def shown(self, agreement: str, version: int, party: str) -> Shown | None:
        """The agreement of this id and version, when the party is one of its signatories."""
        held = self.agreements.get((agreement, version))
        return held if held is not None and held.agreement.signatory(party) is not None else None

    def roots_shown(self) -> Iterator[tuple[str, bytes]]:
        """Roots that only the bundle names."""
        yield from ()

    def witnessing(self, _note: str) -> dict[str, Witnessing]:
        """What the cosignatures of a checkpoint show, by agreement."""
        return {
            name: Witnessing(agreement=name, version=version, quorum=0, size=0, parties=(), at_ms=0, ground=held.ground)
            for (name, version), held in sorted(self.agreements.items())
        }

    def _take(self, heard: Heard) -> None:
        event = heard.event
        try:
            if isinstance(event, KeyEnrolled):
                key = OperationalKey(party=event.party, role=event.role, public_key=from_base64(event.key))
                self.keys.append((heard.index, key))
            elif isinstance(event, AgreementLoaded):
                self._take_agreement(heard.index, read_envelope(from_base64(event.envelope)), event)
        except OpenlineError as error:
            self.faults.append((heard.index, error.reason))

    def _take_agreement(self, index: int, envelope: Envelope, event: AgreementLoaded) -> None:
        agreement = read_agreement(envelope.payload, name=event.id)
        if envelope.payload_type != AGREEMENT_TYPE or (agreement.id, agreement.version) != (event.id, event.version):
            self.faults.append((index, "the agreement in it is another one than it says"))
            return
        grounds = [self._signed(envelope, party) for party in agreement.parties]
        if None in grounds:
            party = agreement.parties[grounds.index(None)]
            self.faults.append((index, f"the agreement in it is not signed with the root that you gave for {party}"))
            return
        is_given = all(ground is Ground.ROOT_GIVEN for ground in grounds)
        ground = Ground.ROOT_GIVEN if is_given else Ground.OPERATOR
        self.agreements[agreement.id, agreement.version] = Shown(index=index, agreement=agreement, ground=ground)
        self._register.load(agreement)

    def _signed(self, envelope: Envelope, party: str) -> Ground | None:
        """What it rests on that the party signed; None when it did not, by a root that is known."""
        roots = self._roots.get(party)
        if roots is None:
            return Ground.OPERATOR
        message = pae(AGREEMENT_TYPE, envelope.payload)
        for root in roots:
            for signature in envelope.signatures:
                if signature.key_id == key_id(root) and _is_signed(root, message, signature.value):
                    return Ground.ROOT_GIVEN
        return None


def _is_signed(root: bytes, message: bytes, signature: bytes) -> bool:
    try:
        verify(root, message, signature)
    except BadSignature:
        return False
    return True
