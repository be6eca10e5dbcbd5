"""A node's life in groups of notices, on a disk that numbers its operations: what it answered, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from contextlib import closing
from pathlib import Path

from openline.adapters.sqlite import SqliteStore
from openline.adapters.sqlite_driver import STDLIB, Driver
from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE
from openline.core.errors import NodeFault
from openline.core.event import Alert
from openline.core.time import MINUTE_MS
from openline.intake.opening import open_acknowledgement, open_notice
from openline.ledger.checkpoint import open_checkpoint
from openline.ledger.note import NoteVerifier
from openline.ledger.proof import verify_consistency
from openline.node.batch import Input
from openline.node.examination import examine
from openline.node.journal import Output
from openline.node.line import Line, Receipt, outcome_of
from openline.node.ports import Store, StoreError
from tests.faults.cuts import Promise
from tests.faults.tellers import NOON_MS, ORIGIN, SECRETS, Surviving, Tellers, administration

ATTEMPTS = 8


class Given(Promise, frozen=True):
    """A receipt that left the node."""

    raw: bytes
    receipt: Receipt


class Life:
    """One process after the other tells groups of notices to a line on `folder`, each group one commit."""

    def __init__(self, folder: Path, driver: Driver, operations: Sized) -> None:
        """`operations` grows with what is done to the disk."""
        self.given: list[Given] = []
        self.faults = 0
        self._path = folder / "ledger.sqlite"
        self._driver = driver
        self._operations = operations
        self._now_ms = NOON_MS

    def live(self, *lives: list[list[bytes]]) -> None:
        """Each life: open the ledger, tell the groups, close it."""
        for groups in lives:
            with closing(self._opened()) as store:
                line = Line(store, SECRETS, ORIGIN)
                alerts = _Alerts()
                line.listen(alerts.hear)
                self._until_done(line, lambda line: line.administer(self._now_ms, administration()))
                for group in groups:
                    self._tell(line, [*group, *alerts.answers()])

    def _opened(self) -> SqliteStore:
        for _ in range(ATTEMPTS):
            try:
                return SqliteStore(self._path, self._driver)
            except StoreError:
                self.faults += 1
        raise AssertionError("the disk works again, and the ledger does not open")

    def _tell(self, line: Line, group: list[bytes]) -> None:
        self._now_ms += MINUTE_MS
        self._until_done(line, lambda line: self._commit(line, group))

    def _commit(self, line: Line, group: list[bytes]) -> None:
        began = len(self._operations)
        batch = line.commit([_opened(line, raw) for raw in group], self._now_ms)
        for position, raw in enumerate(group):
            receipt = line.receipt(outcome_of(batch, position))
            self.given.append(Given(began, len(self._operations), raw, receipt))

    def _until_done(self, line: Line, do: Callable[[Line], None]) -> None:
        for _ in range(ATTEMPTS):
            try:
                if line.is_fenced:
                    line.rebuild()
                do(line)
            except (NodeFault, StoreError):
                self.faults += 1
            else:
                return
        raise AssertionError("the disk works again, and the node does not")


class _Alerts:
    """Every third alert is acknowledged, once."""

    def __init__(self) -> None:
        self._tellers = Tellers()
        self._heard: list[Alert] = []

    def hear(self, outputs: list[tuple[int, Output]]) -> None:
        self._heard += [o for index, o in outputs if isinstance(o, Alert) and index % 3 == 0]

    def answers(self) -> Iterator[bytes]:
        while self._heard:
            alert = self._heard.pop()
            yield self._tellers.acknowledgement(alert.to, alert.alert, alert.precedence.name)


def _opened(line: Line, raw: bytes) -> Input:
    state = line.state
    if ACKNOWLEDGEMENT_TYPE.encode() in raw:
        return open_acknowledgement(raw, keyring=state.keyring)
    return open_notice(raw, keyring=state.keyring, offsets_of=state.offsets_of)


def groups_of(tellers: Tellers, first: int, count: int) -> list[list[bytes]]:
    """Groups of one to four notices, some of which conflict inside a group and some across two; one is told twice."""
    groups: list[list[bytes]] = []
    for number in range(first, first + count):
        presence, activity = tellers.pair(number)
        groups += [[presence, activity, tellers.lone(number)]] if number % 2 else [[presence], [activity, presence]]
    return groups


def must_be_sound(store: Store, given: list[Given]) -> None:
    """What survived holds every receipt, continues every checkpoint that was seen, verifies and replays the same."""
    surviving = Surviving(store)
    examine(store, SECRETS, ORIGIN)
    for one in given:
        surviving.must_hold(one.raw, one.receipt)
    surviving.must_be_told_once()
    surviving.must_have_found_every_conflict()
    tree = surviving.journal.tree
    verifier = NoteVerifier(ORIGIN, SECRETS.signer.public_key)
    for seen in (open_checkpoint(note, verifier) for note in dict.fromkeys(one.receipt.checkpoint for one in given)):
        proof = tree.consistency_proof(seen.size, tree.size)
        verify_consistency(old=seen.size, new=tree.size, proof=proof, old_root=seen.root, new_root=tree.root())


def must_go_on(folder: Path, given: list[Given], groups: list[list[bytes]]) -> None:
    """The next process takes everything once more, and what was given before stays."""
    after = Life(folder, STDLIB, [])
    after.live(groups)
    with closing(SqliteStore(folder / "ledger.sqlite")) as store:
        must_be_sound(store, [*given, *after.given])
