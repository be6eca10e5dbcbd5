"""What the ledger says of witnesses: who they are, what each has cosigned, and what is witnessed by it.

Witnessed is a matter of one checkpoint: of so many parties as the agreement asks for, a witness has cosigned *the same*
size. So one note with its cosignature lines convinces a third party, without a consistency proof beside it.
"""

from __future__ import annotations

from array import array
from base64 import b64encode
from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from openline.agreement.register import Register
from openline.core.agreement import Agreement
from openline.core.errors import NotAuthenticated
from openline.core.event import Cosigned, Delivered, Event, WitnessAlarm, Witnessed, WitnessNamed, WitnessTrouble
from openline.core.time import FOREVER_MS, MINUTE_MS, SECOND_MS
from openline.ledger.checkpoint import Checkpoint, CheckpointError, format_checkpoint
from openline.ledger.cosignature import Cosigner, parse_cosigner_key, verify_cosignature
from openline.ledger.note import NoteError, parse_signature_lines

CLOCK_MAX_MS = 10 * MINUTE_MS
"""A witness whose clock differs more from the node's is said to be wrong, or the node is."""
QUIET = (Cosigned, Witnessed, WitnessAlarm, Delivered)
"""What makes a checkpoint that no witness is asked about for its own sake; else asking would never end."""

_Identity = tuple[str, bytes]


class Cosigning(Struct, frozen=True, kw_only=True):
    """Observed: what a witness answered."""

    witness: str
    size: int
    line: str
    """The signature line, without its newline."""


class Suspicion(Struct, frozen=True, kw_only=True):
    """Observed: something is wrong between the node and a witness."""

    witness: str
    trouble: WitnessTrouble
    size: int
    told: int = 0


class Known(Struct, frozen=True):
    """A witness that the node asks."""

    cosigner: Cosigner
    party: str
    key: str


class _Record(Struct):
    """Sizes that one key has cosigned and the entries that say so, both growing."""

    sizes: array[int]
    entries: array[int]

    def entry_of(self, size: int) -> int | None:
        at = bisect_left(self.sizes, size)
        return self.entries[at] if at < len(self.sizes) and self.sizes[at] == size else None


class Witnesses:
    """Part of the state: it changes by events only."""

    def __init__(self) -> None:
        """None named yet."""
        self.known: dict[str, Known] = {}
        """Witnesses that the node asks, by name; of each name the key that was named last."""
        self.witnessed: dict[str, int] = {}
        """Entries below this size are witnessed, by agreement."""
        self.troubles: dict[str, WitnessTrouble] = {}
        """What is wrong at present, by witness."""
        self._records: dict[_Identity, _Record] = {}
        self._quiet_from = self._quiet_to = 0
        self._counted: dict[tuple[str, int], tuple[tuple[str, _Identity], ...]] = {}

    def name(self, event: WitnessNamed) -> None:
        """Take a witness that the settings name. Raises NoteError when its key is none."""
        cosigner = parse_cosigner_key(event.key)
        self.known[cosigner.name] = Known(cosigner, event.party, event.key)

    def is_named(self, event: WitnessNamed) -> bool:
        """True when it is in force already."""
        return any((held.party, held.key) == (event.party, event.key) for held in self.known.values())

    def last_size(self, witness: str) -> int:
        """The largest size that the present key of a witness has cosigned, 0 for none."""
        record = self._record_of(witness)
        return record.sizes[-1] if record is not None and record.sizes else 0

    def asked_last(self) -> int:
        """The largest size that any witness has cosigned, 0 for none."""
        return max((self.last_size(name) for name in self.known), default=0)

    def news(self, size: int) -> int:
        """The smallest checkpoint that covers whatever is worth asking about among the first `size` entries."""
        return self._quiet_from if self._quiet_from < size <= self._quiet_to else size

    def entries_at(self, size: int) -> list[int]:
        """The entries that record cosignatures of this size, in their order."""
        return sorted(entry for entry in (r.entry_of(size) for r in self._records.values()) if entry is not None)

    def confirm(self, given: Cosigning, checkpoint: Checkpoint, *, at_ms: int) -> Cosigned | None:
        """The event of a cosignature, checked; None when this key had cosigned as much before.

        Raises:
            NotAuthenticated: KEY_UNKNOWN or SIGNATURE_INVALID.
        """
        held = self._known(given.witness)
        try:
            (line,) = parse_signature_lines(given.line + "\n")
            found = verify_cosignature(format_checkpoint(checkpoint), line, held.cosigner)
        except (ValueError, CheckpointError, NoteError) as error:
            raise wrong(given.witness, str(error)) from error
        if found.time_s * SECOND_MS >= FOREVER_MS:
            raise wrong(given.witness, "its time is no time")
        if given.size <= self.last_size(given.witness):
            return None
        return Cosigned(
            at_ms=at_ms,
            witness=given.witness,
            party=held.party,
            size=given.size,
            root=b64encode(checkpoint.root).decode("ascii"),
            line=given.line,
            signed_ms=found.time_s * SECOND_MS,
        )

    def following(self, seen: Event, register: Register, at_ms: int) -> Iterator[Event]:
        """What follows from a cosignature that has been applied: what is witnessed by it, and a wrong clock."""
        if not isinstance(seen, Cosigned):
            return
        for agreement in register.in_force(at_ms):
            is_more = seen.size > self.witnessed.get(agreement.id, 0)
            if is_more and agreement.witness_quorum and self.is_quorum(agreement, seen.size):
                yield Witnessed(at_ms=at_ms, agreement=agreement.id, size=seen.size)
        if is_clock_off(seen) and self.troubles.get(seen.witness) is not WitnessTrouble.CLOCK:
            suspicion = Suspicion(witness=seen.witness, trouble=WitnessTrouble.CLOCK, size=seen.size)
            yield self._alarm(suspicion, seen.party, at_ms)

    def alarm(self, given: Suspicion, at_ms: int) -> WitnessAlarm | None:
        """The event that says what is wrong, None when that was said.

        Raises:
            NotAuthenticated: KEY_UNKNOWN.
        """
        party = self._known(given.witness).party
        return None if self.troubles.get(given.witness) is given.trouble else self._alarm(given, party, at_ms)

    def apply(self, event: Event, index: int) -> None:
        """Take an event, as the entry at `index`."""
        if isinstance(event, QUIET):
            self._quiet_from = self._quiet_from if self._quiet_to == index else index
            self._quiet_to = index + 1
        if isinstance(event, Cosigned):
            (line,) = parse_signature_lines(event.line + "\n")
            record = self._records.setdefault((line.name, line.key_hash), _Record(array("q"), array("q")))
            record.sizes.append(event.size)
            record.entries.append(index)
            if not is_clock_off(event):
                self.troubles.pop(event.witness, None)
        elif isinstance(event, Witnessed):
            self.witnessed[event.agreement] = event.size
        elif isinstance(event, WitnessAlarm):
            self.troubles[event.witness] = event.trouble

    def _known(self, witness: str) -> Known:
        held = self.known.get(witness)
        if held is None:
            raise NotAuthenticated("KEY_UNKNOWN", f"no witness {witness} is named", remedy="Name it in the settings.")
        return held

    def _record_of(self, witness: str) -> _Record | None:
        held = self.known.get(witness)
        return None if held is None else self._records.get((held.cosigner.name, held.cosigner.key_hash))

    def is_quorum(self, agreement: Agreement, size: int) -> bool:
        """True when so many parties as an agreement asks for have cosigned this very size."""
        parties = set()
        for party, identity in self._counting(agreement):
            record = self._records.get(identity)
            if record is not None and record.entry_of(size) is not None:
                parties.add(party)
        return len(parties) >= agreement.witness_quorum

    def _counting(self, agreement: Agreement) -> tuple[tuple[str, _Identity], ...]:
        """Whose cosignature counts for whom under an agreement. A key that cannot be read counts for nobody."""
        known = self._counted.get((agreement.id, agreement.version))
        if known is None:
            keys = [(witness.party, cosigner_or_none(witness.key)) for witness in agreement.witnesses]
            known = tuple((party, (key.name, key.key_hash)) for party, key in keys if key is not None)
            self._counted[agreement.id, agreement.version] = known
        return known

    def _alarm(self, given: Suspicion, party: str, at_ms: int) -> WitnessAlarm:
        return WitnessAlarm(
            at_ms=at_ms, witness=given.witness, party=party, trouble=given.trouble, size=given.size, told=given.told
        )


def cosigner_or_none(key: str) -> Cosigner | None:
    """The key of a verifier key string, or None when no cosignature can be checked with it."""
    try:
        return parse_cosigner_key(key)
    except NoteError:
        return None


def is_clock_off(event: Cosigned) -> bool:
    """True when the clocks of witness and node differ so much that one of them is wrong."""
    return abs(event.signed_ms - event.at_ms) > CLOCK_MAX_MS


def wrong(witness: str, reason: str) -> NotAuthenticated:
    """The refusal of an answer that is no cosignature."""
    return NotAuthenticated(
        "SIGNATURE_INVALID", f"{witness} has not cosigned this checkpoint: {reason}", remedy="Ask its operator."
    )
