"""Who vouched for a key, asked years later: given a party's first roots, is an envelope its word.

Pure, and for whoever trusts neither operator nor party: nothing is taken from the node but the order of entries and the
times that it recorded. Every document is opened and admitted again; one that the rules would have refused counts for
nothing and is named as a fault.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from enum import StrEnum
from operator import attrgetter

import msgspec
from msgspec import Struct

from openline.codec.envelope import Envelope, Signature, read_envelope
from openline.core.errors import OpenlineError
from openline.core.key_documents import ISSUER_ROLE, ROOT_ROLE, RootSet, Standing
from openline.intake.key_admission import admit
from openline.intake.key_opening import open_key_document
from openline.intake.keyring import Keyring, OperationalKey
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, verify


class ToldKey(Struct, frozen=True, kw_only=True):
    """A key document as it was told: the envelope exactly as received, its entry, and the recorded time."""

    index: int
    at_ms: int
    raw: bytes


class EnrolledKey(Struct, frozen=True, kw_only=True):
    """What the entry `index`, an act of the operator (`key_enrolled`), says of a key."""

    index: int
    key: OperationalKey


class Rests(StrEnum):
    """What it rests on that an envelope is a party's word."""

    ON_ROOT = "root"
    """A root of the party vouches for the issuer, the issuer for the key, and none was taken back before."""
    ON_OPERATOR = "operator"
    """The operator of the node says that the key is the party's."""
    ON_NOTHING = "nothing"
    """It is not authentic, or nothing that was given shows that it is."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What can be said of one envelope."""

    rests: Rests
    why: str
    """In plain words."""
    party: str = ""
    role: str = ""
    key_id: str = ""
    standing: Standing | None = None
    """Of the key when the entry was recorded; `expired` is still authentic, because such a key carries FLASH."""
    entries: tuple[int, ...] = ()
    """Key documents that it rests on, the nearest to the root first; for the operator's word, the enrolment."""


class KeyFault(Struct, frozen=True, kw_only=True):
    """A key document in the ledger that should have been refused."""

    index: int
    why: str


class _Signed(Struct):
    """What every payload of a party says of itself."""

    party: str = ""
    role: str = ""


class Chain:
    """The keys of parties at every index of a ledger."""

    def __init__(
        self, roots: Mapping[str, RootSet], documents: Iterable[ToldKey], enrolled: Iterable[EnrolledKey] = ()
    ) -> None:
        """`roots` are the first roots of each party, known by some other way than from the node."""
        keyring = Keyring()
        for party, first in roots.items():
            keyring.enrol_roots(party, first)
        self.faults: list[KeyFault] = []
        self._enrolments: dict[str, int] = {}
        self._told: set[tuple[str, str]] = set()
        """Parties and ids of the documents that were taken: the rules take each once."""
        self._indexes: list[int] = []
        self._keyrings = [keyring]
        entries: list[ToldKey | EnrolledKey] = [*documents, *enrolled]
        for entry in sorted(entries, key=attrgetter("index")):
            self._follow(entry)

    def keyring_at(self, index: int) -> Keyring:
        """The keys as they stood before entry `index`; not to be changed."""
        return self._keyrings[bisect_left(self._indexes, index)]

    def judge(self, raw: bytes, *, index: int, at_ms: int) -> Verdict:
        """What shows that the envelope told as entry `index`, recorded at `at_ms`, is the word of the party it names.

        For notices, acknowledgements and declarations: envelopes with one signature.
        """
        try:
            envelope = read_envelope(raw)
            said = msgspec.json.decode(envelope.payload, type=_Signed)
        except (OpenlineError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            return Verdict(rests=Rests.ON_NOTHING, why=f"it is not an envelope that a party signs ({error})")
        if len(envelope.signatures) != 1:
            return Verdict(rests=Rests.ON_NOTHING, why="it needs exactly one signature", party=said.party)
        signature = envelope.signatures[0]
        return self._judged(envelope, signature, said, self.keyring_at(index), at_ms)

    def _judged(self, envelope: Envelope, signature: Signature, said: _Signed, keyring: Keyring, at_ms: int) -> Verdict:
        name = signature.key_id
        key = keyring.find(name)
        if key is None:
            why = "no key document or enrolment before it names the key that signed it"
            return Verdict(rests=Rests.ON_NOTHING, why=why, party=said.party, key_id=name)
        standing = keyring.standing(name, at_ms)
        entries = self._entries(keyring, name)
        known = Verdict(
            rests=Rests.ON_NOTHING,
            why="",
            party=key.party,
            role=key.role,
            key_id=name,
            standing=standing,
            entries=entries,
        )
        fault = _fault(envelope, signature, said, key) or _out_of_force(standing)
        if fault:
            return msgspec.structs.replace(known, why=fault)
        if keyring.certificate(name) is None:
            why = f"the operator of the node enrolled its key for {key.party}; no root of {key.party} vouches for it"
            return msgspec.structs.replace(known, rests=Rests.ON_OPERATOR, why=why)
        why = f"a root of {key.party} vouches for the issuer of its key, in the role {key.role}"
        if standing is Standing.EXPIRED:
            why += "; its validity had ended, and it had not been taken back"
        return msgspec.structs.replace(known, rests=Rests.ON_ROOT, why=why)

    def _entries(self, keyring: Keyring, name: str) -> tuple[int, ...]:
        held = keyring.certificate(name)
        if held is None:
            return (self._enrolments[name],) if name in self._enrolments else ()
        return (*(self._entries(keyring, held.signer) if held.key.role != ISSUER_ROLE else ()), held.index)

    def _follow(self, entry: ToldKey | EnrolledKey) -> None:
        keyring = self._keyrings[-1].copy()
        if isinstance(entry, EnrolledKey):
            keyring.enrol(entry.key)
            self._enrolments.setdefault(key_id(entry.key.public_key), entry.index)
        else:
            try:
                opened = open_key_document(entry.raw, keyring=keyring)
                admit(opened.document, opened.signers, keyring=keyring, at_ms=entry.at_ms)
            except OpenlineError as error:
                self.faults.append(KeyFault(index=entry.index, why=error.reason))
                return
            told = (opened.document.party, opened.document.id)
            if told in self._told:
                self.faults.append(KeyFault(index=entry.index, why="its party has told a document of this id before"))
                return
            self._told.add(told)
            keyring.take(opened.document, opened.signers, entry.index)
        self._indexes.append(entry.index)
        self._keyrings.append(keyring)


def _fault(envelope: Envelope, signature: Signature, said: _Signed, key: OperationalKey) -> str:
    try:
        verify(key.public_key, pae(envelope.payload_type, envelope.payload), signature.value)
    except BadSignature:
        return "the signature does not verify"
    if said.party != key.party:
        return f"it speaks for {said.party or 'nobody'}, and its key for {key.party}"
    if said.role and said.role != key.role:
        return f"it says that it comes from the role {said.role}, and its key is that of {key.role}"
    return "" if key.role != ROOT_ROLE else "a root tells nothing"


def _out_of_force(standing: Standing) -> str:
    if standing is Standing.REVOKED:
        return "the key, or the one that vouches for it, had been taken back"
    return "the key was not valid yet" if standing is Standing.NOT_YET else ""
