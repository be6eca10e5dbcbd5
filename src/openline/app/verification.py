"""What `openline verify` does: a data folder or a published folder of tiles, held against its signed checkpoint.

A report names what was checked and what was not: the second list is as much a result as the first.
"""

from __future__ import annotations

import gc
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, field

from openline.adapters.key_files import read_or_create_node_secret
from openline.adapters.sqlite_reader import SqliteReader
from openline.app.composition import SECRET_NAME, check_drill_mark
from openline.app.configuration import Settings, check_key
from openline.core.errors import BadUse, LedgerFault
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint, parse_checkpoint
from openline.ledger.note import NoteError, NoteVerifier, parse_note, parse_verifier_key
from openline.ledger.tree import Tree
from openline.ledger.verify import LedgerFault as EntryFault
from openline.ledger.verify import verify_entries
from openline.node.examination import examine
from openline.node.recovery import Progress
from openline.node.replay import replay
from openline.node.secrets import NodeSecrets

_EVERY = 1_000
_KEY_CHARS = 44
"""Of a public key in base64; the other form is always longer."""


class Thoroughness(Struct, frozen=True, kw_only=True):
    """How much of a data folder is looked at."""

    signatures: bool = True
    """Bodies and every signature, where the node's secret is there."""
    replay: bool = True
    """Stepping through all inputs again; needs the signatures."""


class Report(Struct, kw_only=True):
    """What a verification showed. Nothing is in it that was not found right."""

    verified: bool = True
    what: str
    """`ledger` for a data folder, `tiles` for a published one."""
    origin: str
    drill: bool | None
    """None where it cannot be known."""
    entries: int
    root: str
    """Base64."""
    key_given: bool
    """False when the log's key was taken from the folder itself, which proves nothing of who signed."""
    checks: dict[str, int]
    """How many of each were checked; what is missing here was not."""
    shown: list[str] = field(default_factory=list)
    """What was checked, in words."""
    not_checked: list[str] = field(default_factory=list)


def verify_ledger(
    folder: Path, settings: Settings, reader: SqliteReader, node_key: str, asked: Thoroughness, progress: Progress
) -> Report:
    """Verify a data folder, as thoroughly as asked and as its files allow.

    Raises:
        LedgerFault: LEDGER_INVALID or REPLAY_DIFFERS, at the first thing that does not verify.
        BadUse: FILE_UNREADABLE, when nothing has been recorded in it.
        StoreError: when the disk cannot be read.
    """
    log = log_key(node_key or settings.node_key, settings.origin, "--node-key" if node_key else "node_key")
    head = _head(folder, reader, log)
    report = report_on("ledger", head, is_given=bool(node_key), drill=settings.drill)
    secrets = _secrets(folder)
    if secrets is None or not asked.signatures:
        tree = _leaves_and_tree(reader, head, progress)
        _say_tree(report, reader, tree, log, is_signed=False)
        why = "they were not asked for" if asked.signatures is False else "the node's secret is not in this folder"
        report.not_checked += [
            f"Bodies were not opened and their signatures not verified: {why}.",
            "Nothing was replayed.",
        ]
        return report
    if secrets.signer.public_key != log.public_key:
        raise fault("the node's secret in the folder is not that of the key it is verified with", SECRET_NAME)
    parts = 2 if asked.replay else 1
    with _uncollected():
        found = examine(reader, secrets, settings.origin, lambda done, total: progress(done, parts * total))
    check_drill_mark(found.state, settings)
    _say_tree(report, reader, found.journal.tree, log, is_signed=True)
    report.checks |= {"bodies": head.size, "signatures": head.size, "told": found.told, "node": found.own}
    report.shown.append("Every body fits its leaf, and every leaf its place on its channel: none has a number missing.")
    report.shown.append(
        f"All {head.size} signatures verify: {found.told} of parties, under keys that were valid when they told it, "
        f"and {found.own} of the node; so do the cosignatures of witnesses that it records."
    )
    if asked.replay:
        with _uncollected():
            replay(reader, secrets, settings.origin, lambda done, total: progress(total + done, parts * total))
        report.checks["replayed"] = head.size
        report.shown.append("A replay of what was told gives every alert and every other entry, byte for byte.")
    else:
        report.not_checked.append("Nothing was replayed: whether each alert follows from what was told is not shown.")
    report.not_checked.append("Signatures of parties under their agreements: the node checks them when it takes one.")
    return report


def report_on(what: str, head: Checkpoint, *, is_given: bool, drill: bool | None) -> Report:
    """A report with what every verification says of its checkpoint and the key."""
    report = Report(
        what=what,
        origin=head.origin,
        drill=drill,
        entries=head.size,
        root=b64encode(head.root).decode("ascii"),
        key_given=is_given,
        checks={"checkpoint": 1},
    )
    if not is_given:
        report.not_checked.append(
            "Whose key it is: it was taken from the folder itself. Compare it with the one that you were given "
            "(--node-key), or whoever made the folder may have signed it all."
        )
    report.not_checked.append("Whether others were shown another checkpoint: that takes witnesses, or comparing notes.")
    return report


def log_key(text: str, origin: str, where: str) -> NoteVerifier:
    """The key of a log: base64 as the node says it, then under `origin`, or `name+hash+key` (C2SP signed-note).

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    if len(text) <= _KEY_CHARS:
        return NoteVerifier(origin, check_key(text, where))
    try:
        return parse_verifier_key(text)
    except NoteError as error:
        raise BadUse("CONFIGURATION_INVALID", str(error), path=where, remedy="Copy the key as it was given.") from error


def fault(reason: str, path: str = "") -> LedgerFault:
    """LEDGER_INVALID, in words that fit every kind of folder."""
    return LedgerFault(
        "LEDGER_INVALID",
        f"the ledger does not verify: {reason}",
        path=path,
        remedy="Keep the files as they are and compare them with a mirror or a backup.",
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Reading a ledger makes millions of values and no cycles: looking for some would double the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _head(folder: Path, reader: SqliteReader, log: NoteVerifier) -> Checkpoint:
    note = reader.checkpoint()
    if not note and not reader.size():
        raise BadUse(
            "FILE_UNREADABLE",
            "the ledger is empty: nothing has been recorded in it yet",
            path=str(folder),
            remedy="Verify it once something has been told.",
        )
    try:
        return open_checkpoint(note, log)
    except (CheckpointError, NoteError) as error:
        raise fault(f"its checkpoint is not one that the node's key signed ({error})") from error


def _secrets(folder: Path) -> NodeSecrets | None:
    path = folder / SECRET_NAME
    return NodeSecrets(read_or_create_node_secret(path)) if path.exists() else None


def _leaves_and_tree(reader: SqliteReader, head: Checkpoint, progress: Progress) -> Tree:
    def shown() -> Iterator[tuple[bytes, None, None]]:
        for index, leaf in enumerate(reader.leaves()):
            if index % _EVERY == 0:
                progress(index, head.size)
            yield leaf, None, None

    tree = Tree()
    try:
        verify_entries(shown(), head, tree=tree)
    except EntryFault as error:
        if error.index is None:
            # an earlier checkpoint may say more nearly where it is
            _check_heads(reader, tree, None)
        raise fault(error.reason, "" if error.index is None else f"entry {error.index}") from error
    progress(head.size, head.size)
    return tree


def _say_tree(report: Report, reader: SqliteReader, tree: Tree, log: NoteVerifier, *, is_signed: bool) -> None:
    heads = _check_heads(reader, tree, log if is_signed else None)
    report.checks |= {"leaves": tree.size, "tree": 1, "earlier_checkpoints": heads - 1}
    report.shown.append("Every leaf is in the tree, and the node's key signed its root.")
    if heads > 1:
        earlier = f"Each of the {heads - 1} earlier checkpoints is of the same tree, which has only grown since"
        report.shown.append(f"{earlier}, and signed by the same key." if is_signed else f"{earlier}.")


def _check_heads(reader: SqliteReader, tree: Tree, log: NoteVerifier | None) -> int:
    """Hold every checkpoint kept against the tree; gives how many. With `log` their signatures count too."""
    count = before = 0
    for size, note in reader.checkpoints():
        try:
            head = parse_checkpoint(parse_note(note).text) if log is None else open_checkpoint(note, log)
        except (CheckpointError, NoteError) as error:
            raise fault(
                f"the checkpoint kept for size {size} is not one of this ledger ({error})", "checkpoint"
            ) from error
        if head.size != size:
            raise fault(f"a checkpoint for {head.size} entries is kept for size {size}", "checkpoint")
        if size > tree.size:
            raise fault(f"it is missing: a checkpoint has signed {size} entries", f"entry {tree.size}")
        if head.root != tree.root(size):
            reason = f"the checkpoint of size {size} has signed another root: an entry was changed, moved or replaced"
            raise fault(reason, f"entries {before} to {size - 1}")
        count, before = count + 1, size
    return count
