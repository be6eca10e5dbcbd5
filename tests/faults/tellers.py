"""Tellers whose conflicts are known by construction: pair `n` has a presence and an activity, far from all others."""

from __future__ import annotations

from collections.abc import Iterable

from openline.app.pen import Pen
from openline.codec.documents import read_notice
from openline.codec.envelope import AGREEMENT_TYPE, NOTICE_TYPE, read_envelope, to_base64
from openline.codec.events import read_event
from openline.core.event import AgreementLoaded, ConflictFound, Event, KeyEnrolled
from openline.core.ladder import TIER_ROLES
from openline.core.time import DAY_MS, HOUR_MS
from openline.keys.derive import derive_seed
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.leaf import body_salt
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import verify_inclusion
from openline.ledger.told import split_told
from openline.ledger.tree import leaf_hash
from openline.node.line import Receipt
from openline.node.ports import Record, Store
from openline.node.recovery import recover
from openline.node.replay import replay
from openline.node.secrets import NodeSecrets
from openline.node.state import State
from tests.parties import NOON_MS, NORTH, ORIGIN, SOUTH, activity, agreement, in_air, on_ground, presence, signer_of

SECRETS = NodeSecrets(derive_seed(b"the faults", "node"))
ROLE = TIER_ROLES[0]
_APART_M = 20_000.0
_PLACES = 100
_UNDER = ("town", 1)


def administration() -> list[Event]:
    """The keys of both parties and their agreement."""
    keys = [(party, signer_of(party)) for party in (NORTH, SOUTH)]
    signed = sign_envelope(agreement(), AGREEMENT_TYPE, [(key_id(s.public_key), s) for _, s in keys])
    return [
        *(KeyEnrolled(at_ms=NOON_MS, party=p, role=ROLE, key=to_base64(s.public_key)) for p, s in keys),
        AgreementLoaded(at_ms=NOON_MS, id="town", version=1, envelope=to_base64(signed)),
    ]


class Tellers:
    """Both parties' pens."""

    def __init__(self) -> None:
        self._pens = {party: Pen(party, ROLE, signer_of(party)) for party in (NORTH, SOUTH)}

    def pair(self, number: int) -> tuple[bytes, bytes]:
        """A presence and an activity that conflict with each other and with nothing else."""
        where, start_ms = _place(number), _start_ms(number)
        on = presence(on_ground(start_ms, start_ms + HOUR_MS, **where))
        over = activity(in_air(start_ms, start_ms + HOUR_MS, **where))
        return self._notice(SOUTH, on, f"presence-{number:04}"), self._notice(NORTH, over, f"activity-{number:04}")

    def lone(self, number: int) -> bytes:
        """An activity that conflicts with nothing."""
        where = _place(number) | {"north_m": -_APART_M * 3}
        start_ms = _start_ms(number)
        return self._notice(NORTH, activity(in_air(start_ms, start_ms + HOUR_MS, **where)), f"lone-{number:04}")

    def acknowledgement(self, party: str, alert: str, precedence: str) -> bytes:
        """Party says that it has read an alert."""
        return self._pens[party].acknowledgement(
            alert=alert, precedence=precedence, identifier=f"ack-{alert}", at_ms=NOON_MS
        )

    def _notice(self, party: str, fields: dict[str, object], name: str) -> bytes:
        return self._pens[party].notice(fields, identifier=name, agreement=_UNDER, at_ms=NOON_MS)


def _start_ms(number: int) -> int:
    """Far enough ahead that no test gets there."""
    return NOON_MS + 60 * DAY_MS + 3 * HOUR_MS * (number // _PLACES)


def _place(number: int) -> dict[str, float]:
    east, north = divmod(number % _PLACES, 10)
    return {"east_m": east * _APART_M, "north_m": north * _APART_M}


class Surviving:
    """A ledger as the disk has it, read back and verified."""

    def __init__(self, store: Store) -> None:
        self.records = list(store.read())
        self.state, self.journal = recover(store, SECRETS, ORIGIN)
        self._head = (
            open_checkpoint(store.checkpoint(), NoteVerifier(ORIGIN, SECRETS.signer.public_key))
            if self.records
            else None
        )
        replay(store, SECRETS, ORIGIN)

    def must_hold(self, raw: bytes, receipt: Receipt) -> None:
        """What was acknowledged is there, at its place, and provable."""
        assert self._head is not None
        assert receipt.index < len(self.records), f"entry {receipt.index} was acknowledged and is gone"
        record = self.records[receipt.index]
        assert split_told(record.body)[1] == raw, f"entry {receipt.index} is another than the one acknowledged"
        assert leaf_hash(record.leaf) == receipt.leaf_hash
        assert body_salt(SECRETS.salt, record.index) == receipt.salt
        verify_inclusion(
            index=receipt.index,
            size=self._head.size,
            leaf_hash=receipt.leaf_hash,
            proof=self.journal.tree.inclusion_proof(receipt.index, self._head.size),
            root=self._head.root,
        )
        seen = open_checkpoint(receipt.checkpoint, NoteVerifier(ORIGIN, SECRETS.signer.public_key))
        assert seen.root == self.journal.tree.root(seen.size), "a checkpoint that was given contradicts the ledger"

    def must_be_told_once(self) -> None:
        """No envelope stands in the ledger twice."""
        told = [split_told(record.body)[1] for record in self.records if record.leaf[1] == 1]
        assert len(told) == len(set(told))

    def must_have_found_every_conflict(self) -> None:
        """A pair whose two notices are there was found, once; nothing else was."""
        told = set(_notices(self.records))
        numbers = {name.rpartition("-")[2] for name in told}
        expected = [
            (f"{NORTH}/activity-{n}", f"{SOUTH}/presence-{n}")
            for n in numbers
            if {f"activity-{n}", f"presence-{n}"} <= told
        ]
        found = [tuple(sorted((e.first, e.second))) for e in _events(self.records) if isinstance(e, ConflictFound)]
        assert sorted(found) == sorted(expected)


def _notices(records: Iterable[Record]) -> Iterable[str]:
    for record in records:
        if record.leaf[1] == 1:
            envelope = read_envelope(split_told(record.body)[1])
            if envelope.payload_type == NOTICE_TYPE:
                yield read_notice(envelope.payload, offsets_of=State(SECRETS).offsets_of).id


def _events(records: Iterable[Record]) -> Iterable[Event]:
    for record in records:
        if record.leaf[1] != 1:
            yield read_event(read_envelope(record.body).payload)


__all__ = ["NOON_MS", "ORIGIN", "ROLE", "SECRETS", "Surviving", "Tellers", "administration"]
