"""Every way Openline says no, drawn once.

    OpenlineError
    |- Refusal          what was sent cannot be accepted; it changed nothing
    |  |- Malformed        bytes that do not follow the format
    |  |- NotAuthenticated nobody we know signed it, or the session is missing
    |  |- Invalid          well formed, but a value is impossible
    |  `- NotFound         names something that its sender has no part in, or that does not exist
    |- NodeFault         the node cannot take it now; nothing was lost
    |- LedgerFault       a ledger does not verify
    `- BadUse            a file, a setting or a command line that we cannot follow

`CODES` says of each code when it happens and whether to try again. `docs/reference/errors.md` lists the same codes;
a test keeps both alike.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Retry(StrEnum):
    """Whether sending the same thing again can help."""

    NEVER = "never"
    AFTER_CHANGE = "after_change"
    LATER = "later"


class Code(Struct, frozen=True):
    """One code: when it happens and whether to retry."""

    when: str
    retry: Retry


_N, _C, _L = Retry.NEVER, Retry.AFTER_CHANGE, Retry.LATER

CODES: dict[str, Code] = {
    "BODY_TOO_LARGE": Code("the body is larger than the node accepts", _C),
    "ENVELOPE_MALFORMED": Code("the envelope is not the DSSE JSON we accept, or repeats or adds a field", _C),
    "PAYLOAD_TYPE_UNKNOWN": Code("the envelope's payload type is none that this address accepts", _C),
    "PAYLOAD_MALFORMED": Code("the signed payload is not the JSON document that its type promises", _C),
    "SIGNATURE_INVALID": Code("the signature does not verify, or its key is of low order", _C),
    "KEY_UNKNOWN": Code("the signing key belongs to no party that this node knows", _C),
    "KEY_REVOKED": Code("the signing key, or the one that vouches for it, was taken back by its party", _C),
    "KEY_EXPIRED": Code("the signing key's validity has ended, and what it signed is not urgent", _C),
    "KEY_NOT_VALID_YET": Code("the signing key's validity has not begun", _C),
    "KEY_UNVOUCHED": Code("a key document lacks the signature of a key that it needs", _C),
    "PARTY_MISMATCH": Code("the document speaks for another party than the one whose key signed it", _C),
    "ROLE_UNQUALIFIED": Code("the key's role stands on no tier of the ladder that the agreement gives the party", _C),
    "SESSION_REQUIRED": Code("the address needs a session token and none was sent", _C),
    "SESSION_EXPIRED": Code("the session token is unknown here or has run out", _C),
    "CHALLENGE_UNKNOWN": Code("the challenge was not given by this node, was used, or has run out", _C),
    "VALUE_INVALID": Code("a field has a value that cannot be", _C),
    "TIME_INVALID": Code("a time or a window cannot be", _C),
    "ALTITUDE_INVALID": Code("an altitude, its reference or its units cannot be", _C),
    "GEOMETRY_INVALID": Code("an outline crosses itself, is degenerate, or lies off the globe", _C),
    "LIMIT_EXCEEDED": Code("a stated limit is passed", _C),
    "NOTICE_ID_REUSED": Code("another notice of yours already carries this id", _C),
    "NOT_FOUND": Code("nothing of yours has this name here", _N),
    "ATTACHMENT_ERASED": Code("the attachment was erased by its teller", _N),
    "ALERT_UNKNOWN": Code("no alert of yours has this id", _N),
    "METHOD_NOT_ALLOWED": Code("the address exists, the method does not", _C),
    "NODE_FENCED": Code("the node's store failed; it takes nothing until its ledger has been read again", _L),
    "NODE_BUSY": Code("the node's queue is full", _L),
    "NODE_UNREACHABLE": Code("a client could not reach the node", _L),
    "STORE_FAILED": Code("the disk or the database refused a read or a write", _L),
    "INTERNAL_FAULT": Code("something in the node broke off; its operator has been told", _L),
    "LEDGER_INVALID": Code("a ledger does not verify", _N),
    "LEDGER_BEHIND": Code(
        "more, or something else, was signed for this ledger than it holds: going on would fork it", _N
    ),
    "BACKUP_DAMAGED": Code("a file of a backup is not what was written", _N),
    "REPLAY_DIFFERS": Code("a replay of the ledger gives something else than what it recorded", _N),
    "FOLDER_DIFFERS": Code("a folder to publish into holds another ledger, a longer one or another history", _N),
    "RECEIPT_INVALID": Code("a node's receipt is not its signed word about what was sent", _N),
    "PROMISE_BROKEN": Code("an entry was not shown as its receipt promised, or its deadline has passed", _N),
    "HISTORY_DIFFERS": Code("a node shows another history than it showed before, or an earlier one", _N),
    "NODE_KEY_DIFFERS": Code("a node speaks with another key than the one that was kept", _N),
    "SCENARIO_INVALID": Code("a scenario file cannot be followed", _C),
    "AGREEMENT_INVALID": Code("an agreement file cannot be followed", _C),
    "AGREEMENT_UNSIGNED": Code("an agreement lacks the valid signature of one of its parties", _C),
    "CONFIGURATION_INVALID": Code("a setting cannot be followed", _C),
    "BUNDLE_MALFORMED": Code("an evidence bundle is not in the form that bundles are written in", _C),
    "FILE_UNREADABLE": Code("a file is missing or cannot be read or written", _C),
}


class OpenlineError(Exception):
    """The root: a code of `CODES`, a reason in plain words, where it is, and what to do."""

    def __init__(self, code: str, reason: str, *, path: str = "", remedy: str = "") -> None:
        """Keep the parts apart so that every edge (HTTP, CLI, log) can show them its own way."""
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.path = path
        self.remedy = remedy

    @property
    def retry(self) -> Retry:
        """Whether sending the same again can help."""
        return CODES[self.code].retry

    def __str__(self) -> str:
        """One line: code, place, reason, remedy."""
        where = f" at {self.path}" if self.path else ""
        todo = f" {self.remedy}" if self.remedy else ""
        return f"{self.code}{where}: {self.reason}{todo}"


class Refusal(OpenlineError):
    """What was sent cannot be accepted. It changed nothing."""


class Malformed(Refusal):
    """Bytes that do not follow the format."""


class NotAuthenticated(Refusal):
    """Nobody that this node knows has signed it."""


class Invalid(Refusal):
    """Well formed, but a value is impossible."""


class NotFound(Refusal):
    """It names something that does not exist, or that its sender has no part in; both look the same."""


class NodeFault(OpenlineError):
    """The node cannot take it now; nothing was lost, and it says when to come back."""


class LedgerFault(OpenlineError):
    """A ledger does not verify."""


class BadUse(OpenlineError):
    """A file, a setting or a command line that cannot be followed."""
