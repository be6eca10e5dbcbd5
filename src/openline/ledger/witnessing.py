"""What a witness is asked and how it decides, as C2SP lays down (https://c2sp.org/tlog-witness, call add-checkpoint).

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    (further hashes of the consistency proof, at most 63)
    (an empty line)
    (the checkpoint's note)

`open_request` says whether a log that the witness knows has signed the checkpoint; `judge` compares it with the last
one that the witness cosigned. Whoever calls `judge` keeps the checkpoint in the same atomic step, before the
cosignature leaves: otherwise two requests at once could be given cosignatures over heads that contradict each other.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence

from msgspec import Struct

from openline.ledger.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from openline.ledger.note import NoteError, NoteUnverified, NoteVerifier, decode_base64, parse_note, verify_note
from openline.ledger.proof import ProofError, verify_consistency
from openline.ledger.tree import EMPTY_ROOT, HASH_BYTES

MAX_PROOF_LINES = 63
MAX_REQUEST_BYTES = 1 << 18
"""Room for a hundred signatures, some of them large."""
SIZE_TYPE = "text/x.tlog.size"
"""Media type of an answer that says which size the witness has cosigned."""

BAD_REQUEST, FORBIDDEN, UNKNOWN_LOG, CONFLICT, UNPROVEN = 400, 403, 404, 409, 422
"""HTTP statuses of refusals."""

_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")


class Declined(Exception):
    """The witness does not cosign."""

    def __init__(self, status: int, reason: str, *, size: int = 0, is_evidence: bool = False) -> None:
        """`size` goes into the body of a conflict; `is_evidence` when the log has signed what cannot both be true."""
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.size = size
        self.is_evidence = is_evidence


class Request(Struct, frozen=True, kw_only=True):
    """An add-checkpoint request, taken apart and not yet believed."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str


class Asked(Struct, frozen=True, kw_only=True):
    """A request whose checkpoint a known log has signed."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str
    text: str
    """The note's text, which is what is cosigned."""
    checkpoint: Checkpoint


class Head(Struct, frozen=True):
    """The last checkpoint of a log that the witness cosigned; size 0 when it never did."""

    size: int = 0
    root: bytes = EMPTY_ROOT


def format_request(request: Request) -> bytes:
    """The body of a request. Raises ValueError when its proof is too long or its old size no size."""
    if len(request.proof) > MAX_PROOF_LINES or request.old_size < 0:
        raise ValueError(f"a request has a size and at most {MAX_PROOF_LINES} hashes")
    lines = [f"old {request.old_size}", *(b64encode(digest).decode() for digest in request.proof)]
    return ("\n".join(lines) + "\n\n" + request.note).encode()


def parse_request(body: bytes) -> Request:
    """Take a request apart. Raises Declined (400) when it is malformed."""
    try:
        head, divider, note = body.decode().partition("\n\n")
        old, *hashes = head.split("\n")
        found = _OLD.fullmatch(old)
        if not divider or found is None or len(hashes) > MAX_PROOF_LINES:
            raise Declined(BAD_REQUEST, f"a line `old N`, at most {MAX_PROOF_LINES} hashes, an empty line, a note")
        proof = tuple(decode_base64(line) for line in hashes)
        if any(len(digest) != HASH_BYTES for digest in proof):
            raise Declined(BAD_REQUEST, f"a hash of the proof has {HASH_BYTES} bytes")
        parse_checkpoint(parse_note(note).text)
    except (UnicodeDecodeError, NoteError, CheckpointError) as error:
        raise Declined(BAD_REQUEST, f"the request cannot be read ({error})") from error
    return Request(old_size=int(found[1]), proof=proof, note=note)


def open_request(request: Request, logs: Mapping[str, Sequence[NoteVerifier]]) -> Asked:
    """What a log that the witness knows asks for; `logs` holds the keys of each by its origin.

    Raises Declined: 404 for an unknown log, 403 when none of its keys has signed, 400 when the old size is larger.
    """
    text = parse_note(request.note).text
    checkpoint = parse_checkpoint(text)
    verifiers = logs.get(checkpoint.origin)
    if verifiers is None:
        raise Declined(UNKNOWN_LOG, "this witness does not know a log of that origin")
    try:
        verify_note(request.note, verifiers)
    except NoteUnverified as error:
        raise Declined(FORBIDDEN, f"the log has not signed it ({error})") from error
    if request.old_size > checkpoint.size:
        raise Declined(BAD_REQUEST, "the old size is larger than the checkpoint's")
    return Asked(old_size=request.old_size, proof=request.proof, note=request.note, text=text, checkpoint=checkpoint)


def judge(asked: Asked, kept: Head) -> None:
    """Return when the checkpoint may be cosigned after `kept`, the last one cosigned of the same log.

    Raises Declined: 409 when the request starts from another size or has another root at the same size, 422 when the
    consistency proof does not verify.
    """
    head = asked.checkpoint
    is_fork = head.size == kept.size and head.root != kept.root
    if asked.old_size != kept.size:
        raise Declined(CONFLICT, f"the last size cosigned is {kept.size}", size=kept.size, is_evidence=is_fork)
    if is_fork:
        raise Declined(
            CONFLICT,
            "another root was cosigned at this size: the log shows two histories",
            size=kept.size,
            is_evidence=True,
        )
    if kept.size in {0, head.size}:
        if asked.proof:
            raise Declined(UNPROVEN, "from an empty or equal tree the proof is empty")
        return
    try:
        verify_consistency(old=kept.size, new=head.size, proof=asked.proof, old_root=kept.root, new_root=head.root)
    except ProofError as error:
        reason = f"it is not shown that the checkpoint continues the one cosigned before ({error})"
        raise Declined(UNPROVEN, reason, is_evidence=True) from error
