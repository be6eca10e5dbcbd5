"""Which HTTP status each code of `core.errors` has. The one place that says so."""

from __future__ import annotations

from msgspec import Struct


class Status(Struct, frozen=True, gc=False):
    """A status, after how many seconds to come back (0 when that does not help), and whether to hang up."""

    number: int
    retry_after_s: int = 0
    hangs_up: bool = False


_MALFORMED = Status(400)
_NO_SESSION = Status(401)
_FORBIDDEN = Status(403)
_MISSING = Status(404)
_IMPOSSIBLE = Status(422)
_LATER = Status(503, retry_after_s=5)

STATUSES: dict[str, Status] = {
    "BODY_TOO_LARGE": Status(413, hangs_up=True),
    "ENVELOPE_MALFORMED": _MALFORMED,
    "PAYLOAD_TYPE_UNKNOWN": Status(415),
    "PAYLOAD_MALFORMED": _MALFORMED,
    "SIGNATURE_INVALID": _FORBIDDEN,
    "KEY_UNKNOWN": _FORBIDDEN,
    "KEY_REVOKED": _FORBIDDEN,
    "KEY_EXPIRED": _FORBIDDEN,
    "KEY_NOT_VALID_YET": _FORBIDDEN,
    "KEY_UNVOUCHED": _FORBIDDEN,
    "ROLE_UNQUALIFIED": _FORBIDDEN,
    "PARTY_MISMATCH": _FORBIDDEN,
    "SESSION_REQUIRED": _NO_SESSION,
    "SESSION_EXPIRED": _NO_SESSION,
    "CHALLENGE_UNKNOWN": _FORBIDDEN,
    "VALUE_INVALID": _IMPOSSIBLE,
    "TIME_INVALID": _IMPOSSIBLE,
    "ALTITUDE_INVALID": _IMPOSSIBLE,
    "GEOMETRY_INVALID": _IMPOSSIBLE,
    "LIMIT_EXCEEDED": _IMPOSSIBLE,
    "NOTICE_ID_REUSED": Status(409),
    "NOT_FOUND": _MISSING,
    "ATTACHMENT_ERASED": Status(410),
    "ALERT_UNKNOWN": _MISSING,
    "METHOD_NOT_ALLOWED": Status(405),
    "NODE_FENCED": _LATER,
    "NODE_BUSY": Status(503, retry_after_s=1),
    "STORE_FAILED": _LATER,
    "INTERNAL_FAULT": Status(500, retry_after_s=5),
}

NEVER_OVER_HTTP = frozenset(
    {
        "NODE_UNREACHABLE",
        "LEDGER_INVALID",
        "LEDGER_BEHIND",
        "BACKUP_DAMAGED",
        "FOLDER_DIFFERS",
        "REPLAY_DIFFERS",
        "RECEIPT_INVALID",
        "PROMISE_BROKEN",
        "HISTORY_DIFFERS",
        "NODE_KEY_DIFFERS",
        "SCENARIO_INVALID",
        "AGREEMENT_INVALID",
        "AGREEMENT_UNSIGNED",
        "CONFIGURATION_INVALID",
        "BUNDLE_MALFORMED",
        "FILE_UNREADABLE",
    }
)
"""Codes of the command line and of files; no request can meet them."""


def status_of(code: str) -> Status:
    """The status of a code; that of a fault for one that should not have come here."""
    return STATUSES.get(code, STATUSES["INTERNAL_FAULT"])
