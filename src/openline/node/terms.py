"""On whose keys and under which agreements the words in a bundle stand, as far as the bundle and its reader say.

The roots that the reader knows come first. What only the node says, that a key or a root is a party's or that an
agreement holds, is taken as its word and called so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from openline.agreement.register import Register
from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, KEY_TYPE, Envelope, from_base64, read_envelope, read_own_envelope
from openline.codec.times import Offsets, read_instant
from openline.core.agreement import Agreement
from openline.core.errors import OpenlineError
from openline.core.event import AgreementLoaded, Event, KeyEnrolled, RootsEnrolled
from openline.core.key_documents import RootSet
from openline.core.time import SECOND_MS
from openline.intake.chain import Chain, EnrolledKey, Rests, ToldKey, Verdict
from openline.intake.keyring import OperationalKey
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, verify
from openline.ledger.absence_proof import AbsenceMalformed, read_absence
from openline.ledger.checkpoint import Checkpoint
from openline.ledger.cosignature import confirmed_cosignatures, parse_cosigner_key
from openline.ledger.note import NoteError
from openline.ledger.told import split_told
from openline.record.findings import Ground, Witnessing

_LAST = 1 << 63
"""Behind every entry."""

Roots = Mapping[str, tuple[bytes, ...]]
"""Root keys by party: the first that it had on this ledger."""


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

    def __init__(self, held: Sequence[Heard], roots: Roots) -> None:
        """Take them from the entries that hold; `roots` are those that the reader gave."""
        self._given = roots
        self._register = Register()
        self._shown: dict[str, RootSet] = {}
        self.agreements: dict[tuple[str, int], Shown] = {}
        self.faults: list[tuple[int | None, str]] = []
        self._chain = self._follow(held)
        for heard in held:
            if isinstance(heard.event, AgreementLoaded):
                self._read(heard.index, heard.event)

    def judge(self, raw: bytes, *, index: int, at_ms: int) -> tuple[Verdict, Ground]:
        """Whether an envelope is the word of the party that it names, and what that rests on."""
        verdict = self._chain.judge(raw, index=index, at_ms=at_ms)
        return verdict, self._ground(verdict.party) if verdict.rests is Rests.ON_ROOT else Ground.OPERATOR

    def offsets_of(self, agreement: str) -> Offsets:
        """The UTC offsets that a time without one may have."""
        return Offsets(*self._register.offsets_of(agreement))

    def shown(self, agreement: str, version: int, party: str) -> Shown | None:
        """The agreement of this id and version, when the party is one of its signatories."""
        held = self.agreements.get((agreement, version))
        return held if held is not None and held.agreement.signatory(party) is not None else None

    def roots_shown(self) -> list[tuple[str, bytes]]:
        """Roots that only the bundle names."""
        return [(party, key) for party in sorted(self._shown.keys() - self._given) for key in self._shown[party].keys]

    def witnessing(self, heads: Mapping[str, Checkpoint], party: str) -> dict[str, Witnessing]:
        """What the cosignatures of these checkpoints, all the node's, show: by agreement, in its last version.

        The last that `party` signed, if it signed one: others may have made a later one of the same name.
        """
        versions = sorted(
            self.agreements.items(), key=lambda item: (item[1].agreement.signatory(party) is not None, item[0])
        )
        latest = {name: shown for (name, _), shown in versions}
        return {name: self._witnessing(shown, heads) for name, shown in latest.items()}

    def read_signed(self, raw: bytes) -> Agreement:
        """The agreement in an envelope, once all its parties are seen to have signed it.

        Raises:
            ValueError, OpenlineError: when one of them has not, by the roots that are known.
        """
        envelope = read_envelope(raw)
        agreement = read_agreement(envelope.payload)
        grounds = [self._signed(_LAST, envelope, party) for party in agreement.parties]
        held = self.agreements.get((agreement.id, agreement.version))
        if held is not None and held.agreement == agreement:
            # the roots of its own time have signed it; for what is not shown to have been loaded only present ones do
            grounds = [held.ground]
        if envelope.payload_type != AGREEMENT_TYPE or None in grounds:
            message = "a party has not signed it"
            raise ValueError(message)
        if Ground.OPERATOR in grounds:
            message = "the root of a party is not known"
            raise ValueError(message)
        return agreement

    def rootless_in(self, raw: bytes) -> str:
        """A party of an agreement in a proof of absence whose root nobody has named; empty when there is none."""
        try:
            envelopes = read_absence(raw).agreements
            parties = {p for one in envelopes for p in read_agreement(read_own_envelope(one)[1]).parties}
        except (AbsenceMalformed, OpenlineError, msgspec.MsgspecError):
            return ""
        return min(parties - self._given.keys() - self._shown.keys(), default="")

    def _follow(self, held: Iterable[Heard]) -> Chain:
        documents: list[ToldKey] = []
        enrolled: list[EnrolledKey] = []
        for heard in held:
            try:
                if isinstance(heard.event, KeyEnrolled):
                    key = from_base64(heard.event.key)
                    named = OperationalKey(party=heard.event.party, role=heard.event.role, public_key=key)
                    enrolled.append(EnrolledKey(index=heard.index, key=named))
                elif isinstance(heard.event, RootsEnrolled):
                    keys = tuple(map(from_base64, heard.event.keys))
                    self._shown.setdefault(heard.event.party, RootSet(keys=keys, threshold=heard.event.threshold))
                elif heard.event is None:
                    documents += _key_document(heard)
            except (OpenlineError, ValueError) as error:
                self.faults.append((heard.index, f"it cannot be read ({error})"))
        chain = Chain({party: self._roots_of(party) for party in {*self._given, *self._shown}}, documents, enrolled)
        self.faults += [(fault.index, fault.why) for fault in chain.faults]
        return chain

    def _roots_of(self, party: str) -> RootSet:
        """The first roots. How many it takes to replace those that the reader gave only the node says; else all."""
        shown, given = self._shown.get(party), self._given.get(party)
        if given is None:
            return shown or RootSet(keys=())
        is_known = shown is not None and set(shown.keys) == set(given)
        return shown if is_known and shown is not None else RootSet(keys=given, threshold=len(given))

    def _ground(self, party: str) -> Ground:
        return Ground.ROOT_GIVEN if party in self._given else Ground.ROOT_SHOWN

    def _read(self, index: int, event: AgreementLoaded) -> None:
        try:
            envelope = read_envelope(from_base64(event.envelope))
            agreement = read_agreement(envelope.payload, name=event.id)
        except OpenlineError as error:
            self.faults.append((index, error.reason))
            return
        if envelope.payload_type != AGREEMENT_TYPE or (agreement.id, agreement.version) != (event.id, event.version):
            self.faults.append((index, "the agreement in it is another one than it says"))
            return
        grounds = [self._signed(index, envelope, party) for party in agreement.parties]
        if None in grounds:
            party = agreement.parties[grounds.index(None)]
            self.faults.append((index, f"the agreement in it is not signed with a root of {party}"))
            return
        ground = next(g for g in (Ground.OPERATOR, Ground.ROOT_SHOWN, Ground.ROOT_GIVEN) if g in grounds)
        self.agreements[agreement.id, agreement.version] = Shown(index=index, agreement=agreement, ground=ground)
        self._register.load(agreement)

    def _signed(self, index: int, envelope: Envelope, party: str) -> Ground | None:
        """What it rests on that the party signed; None when it did not, by the roots that are known."""
        roots = self._chain.keyring_at(index).roots(party)
        if roots is None:
            return Ground.OPERATOR
        message = pae(AGREEMENT_TYPE, envelope.payload)
        signed = {
            root
            for root in roots.keys
            for signature in envelope.signatures
            if signature.key_id == key_id(root) and _is_signed(root, message, signature.value)
        }
        if signed and len(signed) < self._needed(party, roots):
            return Ground.OPERATOR  # a signatory may have signed it too, whose key the bundle need not show
        return self._ground(party) if signed else None

    def _needed(self, party: str, roots: RootSet) -> int:
        """Of how many roots a party's signature is made, where more is known of that than the node's word: else one."""
        given = self._given.get(party)
        is_guessed = roots.keys == given and set(self._shown.get(party, RootSet(keys=())).keys) != set(given)
        return 1 if is_guessed else max(roots.threshold, 1)

    def _witnessing(self, shown: Shown, heads: Mapping[str, Checkpoint]) -> Witnessing:
        """By the largest checkpoint that enough witnesses have cosigned; else by what there is of them."""
        agreement = shown.agreement
        best = Witnessing(
            agreement=agreement.id,
            version=agreement.version,
            quorum=agreement.witness_quorum,
            size=0,
            parties=(),
            at_ms=0,
            ground=shown.ground,
            signatories=frozenset(agreement.parties),
        )
        for note, head in sorted(heads.items(), key=lambda item: item[1].size):
            found = self._cosigned(best, shown, note, head)
            if found.is_reached or not best.is_reached:
                best = found
        return best

    def _cosigned(self, best: Witnessing, shown: Shown, note: str, head: Checkpoint) -> Witnessing:
        parties = {}
        try:
            for witness in shown.agreement.witnesses:
                cosigner = parse_cosigner_key(witness.key)
                parties[cosigner.name, cosigner.key_hash] = (cosigner, witness.party)
            confirmed = confirmed_cosignatures(note, [cosigner for cosigner, _ in parties.values()])
        except NoteError as error:
            self.faults.append((None, f"a cosignature of its checkpoint does not verify ({error})"))
            return best
        names = sorted({parties[one.line.name, one.line.key_hash][1] for one in confirmed})
        return Witnessing(
            agreement=best.agreement,
            version=best.version,
            quorum=best.quorum,
            size=head.size,
            parties=tuple(names),
            at_ms=max((one.time_s for one in confirmed), default=0) * SECOND_MS,
            ground=best.ground,
            signatories=best.signatories,
        )


def _key_document(heard: Heard) -> list[ToldKey]:
    time_text, raw = split_told(heard.body)
    if read_own_envelope(raw)[0] != KEY_TYPE:
        return []
    return [ToldKey(index=heard.index, at_ms=read_instant(time_text, path="recorded_at"), raw=raw)]


def _is_signed(root: bytes, message: bytes, signature: bytes) -> bool:
    try:
        verify(root, message, signature)
    except BadSignature:
        return False
    return True
