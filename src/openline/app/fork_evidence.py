"""Two checkpoints of one ledger that contradict each other, in a file that anybody can check.

    openline/fork-evidence/v1
    key drill.openline/town+5a8c9f1e+AQ...          the ledger's verifier key (C2SP signed-note)
    ----- first checkpoint -----
    (a signed note)
    ----- second checkpoint -----
    (a signed note)
    ----- end -----

Two sizes that are equal with two roots are a proof by themselves: one key has signed two histories. Where the sizes
differ, the file shows what the node signed; whether the larger continues the smaller, the ledger's tiles must show.
"""

from __future__ import annotations

from msgspec import Struct

from openline.ledger.checkpoint import Checkpoint, CheckpointError, open_checkpoint
from openline.ledger.note import NoteError, NoteVerifier, format_verifier_key, parse_verifier_key

_HEADER = "openline/fork-evidence/v1"
_KEY = "key "
_FIRST, _SECOND, _END = (f"----- {words} -----" for words in ("first checkpoint", "second checkpoint", "end"))


class EvidenceError(ValueError):
    """The text is no such file, or one of its notes is not signed by its key."""


class Evidence(Struct, frozen=True):
    """Two notes under one key, both verified."""

    log: NoteVerifier
    first: Checkpoint
    second: Checkpoint
    notes: tuple[str, str]

    @property
    def is_proof(self) -> bool:
        """True when the two notes alone prove two histories."""
        return self.first.size == self.second.size and self.first.root != self.second.root


def format_evidence(log: NoteVerifier, first: str, second: str) -> str:
    """The text of the file. `first` and `second` are signed notes."""
    lines = [_HEADER, f"{_KEY}{format_verifier_key(log)}", _FIRST, first.rstrip("\n"), _SECOND, second.rstrip("\n")]
    return "\n".join([*lines, _END]) + "\n"


def read_evidence(text: str) -> Evidence:
    """The evidence in a file, its signatures verified. Raises EvidenceError."""
    head, _, rest = text.partition(f"{_FIRST}\n")
    first, _, rest = rest.partition(f"{_SECOND}\n")
    second, end, after = rest.partition(f"{_END}\n")
    header, _, key = head.partition("\n")
    if header != _HEADER or not key.startswith(_KEY) or not end or after:
        raise EvidenceError(f"it is no file of the form {_HEADER}")
    try:
        log = parse_verifier_key(key.removeprefix(_KEY).strip())
        return Evidence(log, open_checkpoint(first, log), open_checkpoint(second, log), (first, second))
    except (NoteError, CheckpointError) as error:
        raise EvidenceError(str(error)) from error


def is_evidence(text: str) -> bool:
    """True for a text that says that it is such a file."""
    return text.startswith(f"{_HEADER}\n")
