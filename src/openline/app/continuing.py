"""Before a node signs: it sees whether more, or something else, was signed for this ledger than it holds.

Whoever goes on from an old copy of a ledger signs a second history of it. Three places may know better: a small file
beside the database, the published folder, and every witness, which answers with the size that it has cosigned.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from openline.adapters.head_file import HEAD_NAME, read_head
from openline.adapters.witness_client import HttpWitnesses
from openline.app.configuration import Settings
from openline.app.restored import continuation, read_mark
from openline.core.errors import LedgerFault
from openline.core.event import Event
from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from openline.ledger.note import NoteError, NoteVerifier
from openline.ledger.witnessing import CONFLICT, UNPROVEN, Request, format_request
from openline.node.line import Line
from openline.node.ports import WitnessDoor, WitnessSilent

PUBLISHED_NAME = "checkpoint"
_GOOD = 200
_SIZE_DIGITS = 19
_REMEDY = (
    "Stop. Put a later backup back, or the folder as it was last used. What mirrors and parties hold shows what is "
    "missing. If it is lost, begin a new ledger that names the last checkpoint of this one: openline restore BACKUP "
    "--data NEWDIR --new-origin ORIGIN."
)


class Outlook(Struct, kw_only=True):
    """Who could be asked, and who could not."""

    agreed: list[str]
    """Witnesses and mirrors that know this ledger, and no more of it than is here."""
    silent: list[str]
    """Witnesses that gave no answer to go by."""


def go_on(
    folder: Path, settings: Settings, line: Line, words: str, at_ms: int, say_silent: Callable[[str], None]
) -> list[Event]:
    """See that a ledger may be gone on with; gives what is to be recorded of it. `words` are the operator's.

    Raises:
        LedgerFault: LEDGER_BEHIND.
        BadUse: when the mark of a restored folder cannot be read.
    """
    mark = read_mark(folder)
    outlook = check_continues(folder, settings, line, is_restored=mark is not None and mark.origin == line.origin)
    for who in outlook.silent:
        say_silent(who)
    if mark is None:
        return []
    if mark.origin == line.origin:
        check_mark(mark.size, outlook, words)
    return [continuation(mark, words, at_ms)]


def check_continues(
    folder: Path, settings: Settings, line: Line, door: WitnessDoor | None = None, *, is_restored: bool = False
) -> Outlook:
    """See that the ledger goes on where it ended, as far as anybody can be asked.

    Of a ledger that was put back from a backup a witness that has never seen it learns nothing by being asked: were it
    shown the ledger, it would vouch for it the next time.

    Raises:
        LedgerFault: LEDGER_BEHIND.
    """
    outlook = Outlook(agreed=[], silent=[])
    verifier = NoteVerifier(line.origin, line.secrets.signer.public_key)
    for who, path, is_elsewhere in _files(folder, settings):
        head = _signed(read_head(path), verifier)
        if head is None:
            continue
        _compare(line, head, who)
        if is_elsewhere:
            outlook.agreed.append(who)
    if settings.witnesses:
        asyncio.run(_ask_all(line, settings, door or HttpWitnesses(), outlook, is_restored=is_restored))
    return outlook


def check_mark(size: int, outlook: Outlook, words: str) -> None:
    """See that somebody vouches for a ledger that was put back from a backup: a witness, a mirror, or the operator.

    Raises:
        LedgerFault: LEDGER_BEHIND.
    """
    if outlook.agreed or words:
        return
    asked = (
        f"{', '.join(outlook.silent)} gave no answer to go by" if outlook.silent else "no witness and no mirror is set"
    )
    raise LedgerFault(
        "LEDGER_BEHIND",
        f"this folder was put back from a backup of {size} entries, and {asked}: nobody can say whether more was "
        "signed since",
        remedy="Let a witness answer. If you know that nothing was recorded after the backup, say so on the record: "
        'openline serve --trust-backup "how you know".',
    )


def _files(folder: Path, settings: Settings) -> Iterator[tuple[str, Path, bool]]:
    yield f"the file {HEAD_NAME} beside it", folder / HEAD_NAME, False
    if settings.publish:
        yield "the published folder", folder / settings.publish / PUBLISHED_NAME, True


def _signed(note: str, verifier: NoteVerifier) -> Checkpoint | None:
    """The checkpoint of a note that this node has signed; None for anything else, which proves nothing."""
    try:
        return open_checkpoint(note, verifier) if note else None
    except (CheckpointError, NoteError):
        return None


def _compare(line: Line, head: Checkpoint, who: str) -> None:
    if head.size > line.committed:
        raise _behind(line.committed, head.size, who)
    if head.size and line.journal.tree.root(head.size) != head.root:
        raise _beside(head.size, who)


async def _ask_all(line: Line, settings: Settings, door: WitnessDoor, outlook: Outlook, *, is_restored: bool) -> None:
    try:
        found = await asyncio.gather(
            *(_ask(line, door, witness.url, is_restored=is_restored) for witness in settings.witnesses),
            return_exceptions=True,
        )
    finally:
        await door.close()
    for witness, answer in zip(settings.witnesses, found, strict=True):
        if isinstance(answer, LedgerFault):
            raise answer
        knows = answer is True
        (outlook.agreed if knows else outlook.silent).append(f"the witness at {witness.url}")


async def _ask(line: Line, door: WitnessDoor, url: str, *, is_restored: bool) -> bool:
    """Show a witness the checkpoint that was signed last, and see what it knows; True when it knows this ledger.

    Nothing new is signed for it: a witness that has not seen this checkpoint yet may cosign it.
    """
    size, who = line.committed, f"the witness at {url}"
    note = line.checkpoint or line.journal.sign(0)  # of nothing there is one history only
    old = size
    for _ in range(2):
        proof = line.journal.tree.consistency_proof(old, size) if old else []
        body = format_request(Request(old_size=old, proof=tuple(proof), note=note))
        answer = await door.add_checkpoint(url, body)
        if answer.status == UNPROVEN:
            raise _beside(old, who)
        if answer.status != CONFLICT:
            return answer.status == _GOOD and old > 0
        text = answer.body.removesuffix(b"\n")
        if not text.isdigit() or len(text) > _SIZE_DIGITS:
            raise WitnessSilent("it answers with something else")
        told = int(text)
        if told > size:
            raise _behind(size, told, who)
        if told == old:
            raise _beside(size, who)
        if is_restored and told == 0:
            return False
        old = told
    return False


def _behind(size: int, seen: int, who: str) -> LedgerFault:
    return LedgerFault(
        "LEDGER_BEHIND",
        f"the ledger here has {size} entries, and {who} has seen {seen} signed: {seen - size} are missing, and "
        "whatever is recorded in their place would be a second history",
        remedy=_REMEDY,
    )


def _beside(size: int, who: str) -> LedgerFault:
    return LedgerFault(
        "LEDGER_BEHIND",
        f"{who} has seen another history of this ledger, of {size} entries, than the one here",
        remedy=_REMEDY,
    )
