"""The line itself: state, journal and store behind one door. What it records is on disk before anybody hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from openline.core.errors import NodeFault, OpenlineError
from openline.core.event import (
    AgreementLoaded,
    Cosigned,
    Event,
    Flagged,
    KeyEnrolled,
    NodeStarted,
    RootsEnrolled,
    WitnessNamed,
)
from openline.core.flags import FlagCode
from openline.core.time import MINUTE_MS
from openline.engine.finder import Engine
from openline.ledger.cosignature import append_signatures
from openline.ledger.note import MAX_SIGNATURES, NoteSignature, parse_signature_lines
from openline.ledger.proof_file import ProofFile, format_proof_file
from openline.ledger.receipt import ReceiptSigner
from openline.node.batch import Administration, Batch, ClockJump, Input, Tick, process
from openline.node.journal import Journal, Output, Told
from openline.node.ports import Record, Store, StoreError
from openline.node.recovery import Progress, event_of, recover
from openline.node.secrets import NodeSecrets
from openline.node.state import EngineMaker, State
from openline.node.step import Accepted

Listener = Callable[[list[tuple[int, Output]]], None]
"""Told of every output with its index once it is on disk."""

CLOCK_JUMP_MS = MINUTE_MS
"""A clock that is that much off what was to be expected has jumped. Ours: clocks that are kept in step move by less."""


class Receipt(Struct, frozen=True, kw_only=True):
    """What a teller gets once its entry is on disk: enough to prove later that it is in the ledger."""

    index: int
    recorded_ms: int
    leaf: bytes
    leaf_hash: bytes
    salt: bytes
    checkpoint: str
    signed: str
    """The signed promise that the entry is in the ledger, and by when that is shown."""
    is_duplicate: bool
    flags: tuple[str, ...]


class Line:
    """One node's line. One thread calls it; `store.append` alone may run on another."""

    def __init__(self, store: Store, secrets: NodeSecrets, origin: str, make_engine: EngineMaker = Engine) -> None:
        """Nothing is read before `open`."""
        self.store = store
        self.secrets = secrets
        self.origin = origin
        self.state = State(secrets, make_engine)
        self._make_engine = make_engine
        self.journal = Journal(secrets, origin)
        self.checkpoint = ""
        self.committed = 0
        self.fence_reason = "it has not been opened"
        self._last_ms = 0
        self._fresh: list[Record] = []
        """The records of the last commit."""
        self._receipts = ReceiptSigner(origin, secrets.signer)
        self._listeners: list[Listener] = []

    @property
    def is_fenced(self) -> bool:
        """True while the node takes nothing because it cannot say what its disk holds."""
        return bool(self.fence_reason)

    def listen(self, listener: Listener) -> None:
        """Tell `listener` of everything that is committed from now on."""
        self._listeners.append(listener)

    def open(self, progress: Progress | None = None) -> None:
        """Read the ledger back.

        Raises:
            LedgerFault: when it does not verify; the line stays fenced.
            StoreError: when the disk cannot be read.
        """
        self.fence_reason = "its ledger is being read"
        self.state, self.journal = recover(self.store, self.secrets, self.origin, progress, self._make_engine)
        self.checkpoint = self.store.checkpoint()
        self.committed = self.journal.tree.size
        self._fresh = []
        self._last_ms = max(self._last_ms, self.state.past.last_ms)
        self.fence_reason = ""

    def rebuild(self) -> None:
        """After a failed write: look at the disk afresh and take what it holds, applied or not.

        Raises:
            LedgerFault: when what is there does not verify.
            StoreError: when the disk still refuses.
        """
        self.store.reopen()
        self.open()

    def fence(self, reason: str) -> None:
        """Take nothing more until the ledger has been read again."""
        self.fence_reason = reason

    def administer(self, at_ms: int, events: Sequence[Event]) -> None:
        """Record what the operator changed, leaving out what is in force already.

        What is recorded carries no earlier time than what was recorded before it.
        """
        fresh = tuple(
            event if event.at_ms >= self._last_ms else replace(event, at_ms=self._last_ms)
            for event in events
            if not self._is_known(event)
        )
        if fresh:
            self.commit([Administration(events=fresh)], at_ms)

    def commit(self, inputs: Sequence[Input], at_ms: int) -> Batch:
        """Step, write and publish, all in this thread.

        Raises:
            NodeFault: NODE_FENCED when the write failed; nothing has left the node.
        """
        batch = self.stage(inputs, at_ms)
        if batch.staged is not None:
            try:
                self.store.append(batch.staged.records, batch.staged.checkpoint)
            except StoreError as error:
                self.fence(str(error))
                raise fenced(self.fence_reason) from error
        self.publish(batch)
        return batch

    def has_jumped_back(self, now_ms: int) -> bool:
        """True when the clock lies well before what was recorded, and nobody was told since it does."""
        return now_ms < self._last_ms - CLOCK_JUMP_MS and self.state.past.behind_ms != self._last_ms

    def stage(self, inputs: Sequence[Input], at_ms: int) -> Batch:
        """Step through the inputs; whatever was due by then comes first. The caller writes, then publishes.

        Raises:
            NodeFault: NODE_FENCED.
        """
        if self.is_fenced:
            raise fenced(self.fence_reason)
        first: list[Input] = []
        if self.has_jumped_back(at_ms):
            first.append(ClockJump(clock_ms=at_ms, expected_ms=self._last_ms))
        self._last_ms = max(at_ms, self._last_ms)
        due_ms = self.state.next_due_ms()
        if due_ms is not None and due_ms <= self._last_ms:
            first.append(Tick())
        try:
            batch = process(self.state, self.journal, [*first, *inputs] if first else inputs, self._last_ms)
        except BaseException as error:
            # The state has gone part of the way, and no ledger explains it.
            self.fence(f"a step broke off ({type(error).__name__})")
            raise
        return replace(batch, outcomes=batch.outcomes[len(first) :]) if first else batch

    def publish(self, batch: Batch) -> None:
        """The batch is on disk: let it be known."""
        if batch.staged is None:
            return
        self.checkpoint = batch.staged.checkpoint
        self._fresh = batch.staged.records
        self.committed = batch.staged.records[-1].index + 1
        indexed = [(r.index, o) for r, o in zip(batch.staged.records, batch.outputs, strict=True)]
        for listener in self._listeners:
            listener(indexed)

    def receipt(self, accepted: Accepted) -> Receipt:
        """The receipt of an input that is on disk. The same bytes get the same promise, however often they are told.

        Raises:
            StoreError: when the leaf of what was told before cannot be read.
        """
        teller, flags = "", []
        for output in accepted.outputs:
            if isinstance(output, Told):
                teller = output.party
            elif isinstance(output, Flagged) and output.to == teller and _is_of_told(output):
                flags.append(output.flag.value)
        leaf_hash = self.journal.tree.leaf_hash_at(accepted.index)
        return Receipt(
            index=accepted.index,
            recorded_ms=accepted.recorded_ms,
            leaf=self._leaf(accepted.index),
            leaf_hash=leaf_hash,
            salt=self.journal.salts.of(accepted.index),
            checkpoint=self.checkpoint,
            signed=self._receipts.sign(
                index=accepted.index,
                leaf_hash=leaf_hash,
                digest=bytes.fromhex(accepted.digest),
                recorded_ms=accepted.recorded_ms,
                within_ms=accepted.pledge.within_ms,
                is_witnessed=accepted.pledge.is_witnessed,
            ),
            is_duplicate=accepted.is_duplicate,
            flags=tuple(flags),
        )

    def record(self, index: int) -> Record | None:
        """A committed entry, or None.

        Raises:
            StoreError: when the disk cannot be read.
        """
        return self.store.get(index) if 0 <= index < self.committed else None

    def _leaf(self, index: int) -> bytes:
        if self._fresh and index >= self._fresh[0].index:
            return self._fresh[index - self._fresh[0].index].leaf
        record = self.store.get(index)
        if record is None:
            message = f"entry {index} is not there"
            raise StoreError(message)
        return record.leaf

    def salt(self, index: int) -> bytes:
        """What opens the leaf of an entry, for those entitled to its body."""
        return self.journal.salts.of(index)

    def proof(self, index: int) -> list[bytes]:
        """Inclusion proof of a committed entry in the present checkpoint."""
        return self.journal.tree.inclusion_proof(index, self.committed)

    def cosigned_note(self, size: int) -> str:
        """The signed checkpoint of a committed size with every cosignature of it that is recorded.

        Raises:
            ValueError: when the ledger never had that many entries on disk.
            StoreError: when the disk cannot be read.
        """
        if not 0 <= size <= self.committed:
            message = f"no checkpoint of {size} entries: {self.committed} are on disk"
            raise ValueError(message)
        lines: list[NoteSignature] = []
        for index in self.state.witnesses.entries_at(size):
            record = self.record(index)
            event = None if record is None else event_of(record.body)
            if isinstance(event, Cosigned):
                lines += parse_signature_lines(event.line + "\n")
        return append_signatures(self.journal.sign(size), lines[: MAX_SIGNATURES - 1])

    def witnessed_note(self, agreement: str) -> str:
        """The cosigned note of the largest size that is witnessed under an agreement, empty when none is.

        Raises:
            StoreError: when the disk cannot be read.
        """
        size = self.state.witnessed(agreement)
        return self.cosigned_note(size) if size else ""

    def proof_file(self, index: int) -> str:
        """The proof file (C2SP tlog-proof) of a committed entry, as well witnessed as it is.

        Raises:
            ValueError: when the ledger has no such entry on disk.
            StoreError: when the disk cannot be read.
        """
        size = self.witnessed_size(index) or self.committed
        hashes = self.journal.tree.inclusion_proof(index, size)
        return format_proof_file(ProofFile(index=index, hashes=tuple(hashes), checkpoint=self.cosigned_note(size)))

    def witnessed_size(self, index: int) -> int:
        """A size that covers an entry and is witnessed under as many agreements as any: the newest. 0 when none is."""
        policies = [agreement for agreement in self.state.register.all_loaded() if agreement.witness_quorum]
        sizes = {size for size in (self.state.witnessed(a.id) for a in policies) if size > index}
        quorums = {size: sum(self.state.witnesses.is_quorum(a, size) for a in policies) for size in sizes}
        return max(sizes, key=lambda size: (quorums[size], size), default=0)

    def _is_known(self, event: Event) -> bool:
        if isinstance(event, KeyEnrolled):
            held = self.state.keys_enrolled
            return (event.party, event.role, event.key) in held
        if isinstance(event, WitnessNamed):
            return self.state.witnesses.is_named(event)
        if isinstance(event, RootsEnrolled):
            return self.state.keyring.roots(event.party) is not None
        if isinstance(event, AgreementLoaded):
            return self.state.register.holds(event.id, event.version)
        if isinstance(event, NodeStarted):
            return self.state.started == (event.engine, event.openline, event.node_key, event.origin, event.is_drill)
        return False


def _is_of_told(flagged: Flagged) -> bool:
    """True for a flag of what was just told: of a notice, or of the key that has signed an acknowledgement."""
    return bool(flagged.notice) or flagged.flag is FlagCode.KEY_EXPIRED


def outcome_of(batch: Batch, position: int) -> Accepted:
    """What became of the input at `position`.

    Raises:
        OpenlineError: the refusal.
    """
    outcome = batch.outcomes[position]
    if isinstance(outcome, OpenlineError):
        raise outcome
    return outcome


def fenced(reason: str) -> NodeFault:
    """The fault that every input gets while the line is fenced."""
    return NodeFault(
        "NODE_FENCED",
        f"the node is not taking anything at the moment: {reason}",
        remedy="Nothing that you were given a receipt for is lost. Send it again soon; telephone meanwhile.",
    )
