"""Gathering what one party may show: what it told, what it was told, what was disclosed to it, and what that rests on.

Nothing else is read into it: of the entries of others only those that were disclosed to the party, and of the
administrative ones the node's starts, the agreements that the party signed, and the keys of those whose word is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter

import msgspec
from msgspec import Struct

from openline.codec.declarations import read_declaration
from openline.codec.envelope import DECLARATION_TYPE, read_own_envelope
from openline.codec.key_documents import read_key_document
from openline.core.declaration import Disclosure
from openline.core.errors import Invalid, LedgerFault
from openline.core.event import AgreementLoaded, Cosigned, Disclosed, KeyEnrolled, NodeStarted, RootsEnrolled
from openline.core.evidence import EvidenceBundle, Manifest, OpenedEntry, Span
from openline.core.key_documents import RootReplacement
from openline.core.time import FOREVER_MS, to_text
from openline.ledger.checkpoint import parse_checkpoint
from openline.ledger.cosignature import append_signatures
from openline.ledger.leaf import LeafClass, Salts, decode_leaf
from openline.ledger.note import MAX_SIGNATURES, NoteVerifier, format_verifier_key, parse_note, parse_signature_lines
from openline.ledger.proof_file import ProofFile, format_proof_file
from openline.ledger.told import split_told
from openline.ledger.tree import Tree
from openline.node.holdings import Holdings, agreement_in, recorded_ms, signs, teller_of
from openline.node.ports import Record
from openline.node.recovery import Progress, event_of

SHOWN_MAX = 20_000
"""Entries of one bundle; each has a proof file of its own."""
BODIES_MAX_BYTES = 1 << 26
"""Bodies of one bundle, 64 MiB."""


class Source(Struct, frozen=True, kw_only=True):
    """A ledger as it stood at one moment, all of it on disk; it may grow meanwhile."""

    record: Callable[[int], Record | None]
    salts: Salts
    tree: Tree
    node_key: NoteVerifier
    """Its name is the origin."""
    checkpoint: str
    sign: Callable[[int], str]
    """The signed checkpoint of an earlier size: the same bytes as were signed then."""
    is_drill: bool


class Asked(Struct, frozen=True, kw_only=True):
    """What a bundle is to hold."""

    party: str
    span: Span = Span()
    inquiry: str = ""
    """Only what the party has disclosed to this inquiry; empty for all that it may show."""
    absences: tuple[str, ...] = ()
    """Exclusive channels of which it is to be shown what is not on them."""


def gather(source: Source, holdings: Holdings, asked: Asked, progress: Progress | None = None) -> EvidenceBundle:
    """The bundle of a party.

    Raises:
        Invalid: LIMIT_EXCEEDED, when the range holds too much; VALUE_INVALID, when it lies outside the ledger.
        LedgerFault: LEDGER_INVALID, when an entry cannot be read.
        StoreError: when the disk cannot be read.
    """
    try:
        return _Gathering(source, asked, holdings).run(progress or _silent)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LedgerFault(
            "LEDGER_INVALID",
            f"an entry cannot be read ({error})",
            remedy="Verify the ledger: `openline verify DIR` names the entry.",
        ) from error


def size_of(source: Source) -> int:
    """How many entries the checkpoint covers."""
    return parse_checkpoint(parse_note(source.checkpoint).text).size


def range_of(source: Source, span: Span) -> tuple[int, int]:
    """The entries that are asked for, half-open.

    Raises:
        ValueError, msgspec.DecodeError: when an entry cannot be read.
        StoreError: when the disk cannot be read.
    """
    size = size_of(source)
    end = size if span.end is None else min(span.end, size)
    first = max(span.first, _index_at(source, span.since_ms, size) if span.since_ms else 0)
    if span.until_ms < FOREVER_MS:
        end = min(end, _index_at(source, span.until_ms, size))
    return min(first, end), end


def _index_at(source: Source, at_ms: int, size: int) -> int:
    """The first entry that was recorded at `at_ms` or later; the size when there is none."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        record = source.record(middle)
        if record is None:
            message = f"entry {middle} is not there"
            raise ValueError(message)
        if recorded_ms(record) < at_ms:
            low = middle + 1
        else:
            high = middle
    return low


class _Gathering:
    """One bundle in the making."""

    def __init__(self, source: Source, asked: Asked, holdings: Holdings) -> None:
        self._source = source
        self._asked = asked
        self._holdings = holdings
        self._size = size_of(source)
        self._bytes = 0
        # what witnesses answered is recorded behind what they cosigned, so this checkpoint is never the last
        self._early, self._early_note = holdings.witnessed, self._cosigned_note()

    def run(self, progress: Progress) -> EvidenceBundle:
        first, end = range_of(self._source, self._asked.span)
        indexes = [i for i in self._holdings.within(first, end) if i not in self._holdings.key_documents]
        self._check_count(len(indexes))
        shown: dict[int, Record] = {}
        opened_by: set[int] = set()
        for done, index in enumerate(indexes):
            record = self._read(index)
            entry = self._disclosing(record)
            if not self._asked.inquiry or entry is not None:
                shown[index] = record
            if entry is not None:
                opened_by.add(entry)
            if done % 500 == 0:
                progress(done, len(indexes))
        for index in sorted(opened_by - shown.keys() - self._holdings.key_documents.keys()):
            shown[index] = self._read(index)
        self._check_count(len(shown))
        last = max([end, *(index + 1 for index in shown)])
        keys = self._keys(self._tellers(shown.values()), last)
        progress(len(indexes), len(indexes))
        return self._bundle((first, end), [shown[i] for i in sorted(shown)], sorted(keys, key=attrgetter("index")))

    def _bundle(self, span: tuple[int, int], shown: list[Record], keys: list[Record]) -> EvidenceBundle:
        source, asked = self._source, self._asked
        is_early_used = any(record.index < self._early for record in (*shown, *keys))
        until = asked.span.until_ms
        return EvidenceBundle(
            manifest=Manifest(
                origin=source.node_key.name,
                node_key=format_verifier_key(source.node_key),
                drill=source.is_drill,
                party=asked.party,
                from_index=span[0],
                to_index=span[1],
                since=to_text(asked.span.since_ms) if asked.span.since_ms else "",
                until=to_text(until) if until < FOREVER_MS else "",
                inquiry=asked.inquiry,
            ),
            checkpoint=source.checkpoint,
            witnessed=self._early_note if is_early_used else "",
            consistency=tuple(source.tree.consistency_proof(self._early, self._size)) if is_early_used else (),
            opened=tuple(map(self._opened, shown)),
            keys=tuple(map(self._opened, keys)),
            proofs={record.index: self._proof(record.index) for record in (*shown, *keys)},
        )

    def _cosigned_note(self) -> str:
        """The checkpoint that witnesses cosigned, with their lines; empty when there is none."""
        size, lines = self._holdings.witnessed, []
        for index in self._holdings.cosigned:
            event = event_of(self._read(index).body)
            lines += list(parse_signature_lines(event.line + "\n")) if isinstance(event, Cosigned) else []
        return append_signatures(self._source.sign(size), lines[: MAX_SIGNATURES - 1]) if size else ""

    def _disclosing(self, record: Record) -> int | None:
        """The entry that this one opens: to the party, or by the party to the inquiry that is asked for."""
        if decode_leaf(record.leaf).leaf_class is not LeafClass.TOLD:
            event = event_of(record.body)
            is_opened = isinstance(event, Disclosed) and event.to == self._asked.party and not self._asked.inquiry
            return event.entry if isinstance(event, Disclosed) and is_opened else None
        payload_type, payload = read_own_envelope(split_told(record.body)[1])
        if payload_type != DECLARATION_TYPE or not self._asked.inquiry:
            return None
        declaration = read_declaration(payload, is_own=True)
        if not isinstance(declaration, Disclosure) or declaration.inquiry != self._asked.inquiry:
            return None
        return declaration.entry

    def _tellers(self, shown: Iterable[Record]) -> set[str]:
        told = (record for record in shown if decode_leaf(record.leaf).leaf_class is LeafClass.TOLD)
        return {self._asked.party, *(teller_of(record.body) for record in told)}

    def _keys(self, tellers: set[str], last: int) -> list[Record]:
        """What a party may show of it: starts, what it signed, keys of whoever's word it shows, roots of who signed."""
        acts = [(record, event_of(record.body)) for record in self._before(self._holdings.administered, last)]
        signed = [e for _, e in acts if isinstance(e, AgreementLoaded) and signs(e, self._asked.party)]
        fellows = tellers.union(*(agreement_in(event).parties for event in signed))
        found: list[Record] = []
        for record, event in acts:
            is_key = isinstance(event, KeyEnrolled) and event.party in tellers
            is_root = isinstance(event, RootsEnrolled) and event.party in fellows
            if is_key or is_root or event in signed or isinstance(event, NodeStarted):
                found.append(record)
        concerned = [index for index, teller in self._holdings.key_documents.items() if teller in fellows]
        documents = self._before(concerned, last)
        teller_at = self._holdings.key_documents
        return found + [r for r in documents if teller_at[r.index] in tellers or _replaces_roots(r.body)]

    def _before(self, indexes: Iterable[int], last: int) -> Iterator[Record]:
        return (self._read(index) for index in indexes if index < last)

    def _opened(self, record: Record) -> OpenedEntry:
        salt = self._source.salts.of(record.index)
        return OpenedEntry(index=record.index, leaf=record.leaf, body=record.body, salt=salt)

    def _proof(self, index: int) -> str:
        is_early = index < self._early
        size, note = (self._early, self._early_note) if is_early else (self._size, self._source.checkpoint)
        hashes = tuple(self._source.tree.inclusion_proof(index, size))
        return format_proof_file(ProofFile(index=index, hashes=hashes, checkpoint=note))

    def _read(self, index: int) -> Record:
        record = self._source.record(index)
        if record is None or index >= self._size:
            message = f"entry {index} is not there"
            raise ValueError(message)
        self._bytes += len(record.body)
        if self._bytes > BODIES_MAX_BYTES:
            raise _too_much(f"the bodies in the range have more than {BODIES_MAX_BYTES} bytes")
        return record

    def _check_count(self, count: int) -> None:
        if count > SHOWN_MAX:
            raise _too_much(f"the range holds {count} entries of {self._asked.party}, and {SHOWN_MAX} are the most")


def _replaces_roots(body: bytes) -> bool:
    _, payload = read_own_envelope(split_told(body)[1])
    return isinstance(read_key_document(payload, is_own=True), RootReplacement)


def _too_much(reason: str) -> Invalid:
    return Invalid("LIMIT_EXCEEDED", reason, path="to", remedy="Ask for a shorter range, and make several bundles.")


def _silent(_done: int, _total: int) -> None:
    """Nobody watches."""
