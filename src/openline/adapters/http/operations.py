"""Every address: what it is for, what it takes, what it answers and what it may refuse."""

from __future__ import annotations

from typing import Any

from openline.adapters.http.operation import EVENT_STREAM, HTML, OCTETS, SIZE, TEXT, ZIP, Good, Operation
from openline.core.limits import NAME_MAX_CHARS

_ENVELOPE = (
    "BODY_TOO_LARGE",
    "ENVELOPE_MALFORMED",
    "PAYLOAD_TYPE_UNKNOWN",
    "PAYLOAD_MALFORMED",
    "SIGNATURE_INVALID",
    "KEY_UNKNOWN",
    "PARTY_MISMATCH",
)
_STANDING = ("KEY_REVOKED", "KEY_EXPIRED", "KEY_NOT_VALID_YET")
_VALUES = ("VALUE_INVALID", "TIME_INVALID", "ALTITUDE_INVALID", "GEOMETRY_INVALID", "LIMIT_EXCEEDED")
_SESSION = ("SESSION_REQUIRED", "SESSION_EXPIRED")
_TAKING = ("NODE_FENCED", "NODE_BUSY", "STORE_FAILED")


def _path(name: str, says: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - keywords of JSON Schema
    return {"name": name, "in": "path", "required": True, "description": says, "schema": schema}


def _query(name: str, says: str, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    return {"name": name, "in": "query", "required": False, "description": says, "schema": schema}


def _index(place: str, name: str, says: str) -> dict[str, Any]:
    schema = {"type": "integer", "minimum": -1}
    return {"name": name, "in": place, "required": False, "description": says, "schema": schema}


_TAKEN = (
    Good(status=201, says="Recorded: it is on disk.", shape="Receipt"),
    Good(status=200, says="The same bytes had been recorded before.", shape="Receipt"),
)
_TILE_INDEX = _path(
    "index",
    "Groups of three digits as in `x001/x234/067`, for a partial tile with `.p/` and its width.",
    type="string",
    pattern=r"^(x[0-9]{3}/)*[0-9]{3}(\.p/[0-9]{1,3})?$",
)
_TILE = (Good(status=200, says="The tile.", media=OCTETS),)

_ATTACHMENT = _path(
    "digest", "As in the notice: SHA-256 in lowercase hexadecimal.", type="string", pattern="^[0-9a-f]{64}$"
)

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="post",
        path="/notices",
        name="tell",
        tag="tell",
        summary="Tell a notice. Its signature is its authentication.",
        sends="NoticeEnvelope",
        answers=_TAKEN,
        codes=(*_ENVELOPE, *_STANDING, *_VALUES, "NOTICE_ID_REUSED", *_TAKING),
    ),
    Operation(
        method="post",
        path="/acknowledgements",
        name="acknowledge",
        tag="tell",
        summary="Say that a person on watch has read an alert. It is neither consent nor permission.",
        sends="AcknowledgementEnvelope",
        answers=_TAKEN,
        codes=(
            *_ENVELOPE,
            *_STANDING,
            "TIME_INVALID",
            "NOTICE_ID_REUSED",
            "ALERT_UNKNOWN",
            "ROLE_UNQUALIFIED",
            *_TAKING,
        ),
    ),
    Operation(
        method="post",
        path="/declarations",
        name="declare",
        tag="tell",
        summary="Say how something of one's own may be used: disclose an entry, have an attachment erased.",
        sends="DeclarationEnvelope",
        answers=_TAKEN,
        codes=(*_ENVELOPE, *_STANDING, "TIME_INVALID", "VALUE_INVALID", "NOTICE_ID_REUSED", "NOT_FOUND", *_TAKING),
    ),
    Operation(
        method="post",
        path="/keys",
        name="tell_keys",
        tag="tell",
        summary="Say which keys speak for one's party: issuers, officers, revocations, other roots.",
        sends="KeyEnvelope",
        answers=_TAKEN,
        codes=(
            *_ENVELOPE,
            *_STANDING,
            "KEY_UNVOUCHED",
            "TIME_INVALID",
            "VALUE_INVALID",
            "LIMIT_EXCEEDED",
            "NOTICE_ID_REUSED",
            *_TAKING,
        ),
    ),
    Operation(
        method="get",
        path="/keys",
        name="known_keys",
        tag="read",
        summary="Keys of the session's party and of those with whom it shares an agreement, and who vouches for each.",
        answers=(Good(status=200, says="Parties by code, documents in the order told.", shape="KnownKeys"),),
        codes=(*_SESSION, "NODE_FENCED", "STORE_FAILED"),
        needs_session=True,
    ),
    Operation(
        method="post",
        path="/sessions/challenge",
        name="challenge",
        tag="sessions",
        summary="Ask for a challenge; it can be answered once, within two minutes.",
        answers=(Good(status=201, says="A text to sign.", shape="ChallengeGiven"),),
        codes=("BODY_TOO_LARGE",),
    ),
    Operation(
        method="post",
        path="/sessions",
        name="open_session",
        tag="sessions",
        summary="Answer a challenge with its signature, and get a token to read with.",
        sends="SessionEnvelope",
        answers=(Good(status=201, says="A token that lasts 15 minutes.", shape="SessionOpened"),),
        codes=(*_ENVELOPE, *_STANDING, "CHALLENGE_UNKNOWN", "LIMIT_EXCEEDED"),
    ),
    Operation(
        method="get",
        path="/feed",
        name="follow",
        tag="read",
        summary="Everything that the line tells the session's party, as server-sent events, from the start or resumed.",
        parameters=(
            _index("header", "Last-Event-ID", "Resume exactly after this entry. It goes before `after`."),
            _index("query", "after", "Begin after this entry; -1 for the start, as without it."),
        ),
        answers=(
            Good(
                status=200, says="`id` is the entry's index, `event` its kind, `data` a FeedEvent.", media=EVENT_STREAM
            ),
        ),
        codes=(*_SESSION, "VALUE_INVALID", "NODE_BUSY"),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/alerts",
        name="own_alerts",
        tag="read",
        summary="Open alerts of the session's party.",
        answers=(Good(status=200, says="Oldest first.", shape="OwnAlerts"),),
        codes=(*_SESSION, "NODE_FENCED"),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/notices",
        name="own_notices",
        tag="read",
        summary="Notices of the session's party that are in force.",
        answers=(Good(status=200, says="In the order told.", shape="OwnNotices"),),
        codes=(*_SESSION, "NODE_FENCED"),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/zones",
        name="known_zones",
        tag="read",
        summary="Zones in force of the session's party and of those with whom it shares an agreement.",
        answers=(Good(status=200, says="In the order told.", shape="KnownZones"),),
        codes=(*_SESSION, "NODE_FENCED", "STORE_FAILED"),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/entries/{index}",
        name="own_entry",
        tag="read",
        summary="An entry that the session's party told, that was addressed to it or disclosed to it, with its proof.",
        parameters=(_path("index", "Its place in the ledger.", type="integer", minimum=0),),
        answers=(Good(status=200, says="Leaf, body, salt, proof and checkpoint.", shape="OwnEntry"),),
        codes=(*_SESSION, "NOT_FOUND", "STORE_FAILED"),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/channels",
        name="own_channels",
        tag="read",
        summary="Names and secrets of the session's channels, to check in the public leaves that no serial is missing.",
        answers=(Good(status=200, says="Keep the secrets.", shape="OwnChannels"),),
        codes=(*_SESSION, "NODE_FENCED"),
        needs_session=True,
    ),
    Operation(
        method="post",
        path="/attachments/{digest}",
        name="attach",
        tag="tell",
        summary="Send what a notice of the session's party names as an attachment: 32 bytes of salt, then its bytes.",
        parameters=(_ATTACHMENT,),
        sends_octets=True,
        answers=(
            Good(status=201, says="Kept, encrypted: it is on disk.", shape="AttachmentKept"),
            Good(status=200, says="It had been sent before.", shape="AttachmentKept"),
        ),
        codes=(
            *_SESSION,
            "BODY_TOO_LARGE",
            "ENVELOPE_MALFORMED",
            "NOT_FOUND",
            "ATTACHMENT_ERASED",
            "VALUE_INVALID",
            "NODE_FENCED",
            "STORE_FAILED",
        ),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/attachments/{digest}",
        name="attached",
        tag="read",
        summary="An attachment with its salt, for its teller and for whom the notice was disclosed to.",
        parameters=(_ATTACHMENT,),
        answers=(Good(status=200, says="The salt, 32 bytes, and then the attachment.", media=OCTETS),),
        codes=(*_SESSION, "NOT_FOUND", "ATTACHMENT_ERASED", "NODE_FENCED", "STORE_FAILED"),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/evidence",
        name="own_evidence",
        tag="read",
        summary="The evidence bundle of the session's party: what it told and was told, with all that proves it.",
        parameters=(
            _query("from", "Entries recorded from this time on, RFC 3339 with an offset.", type="string"),
            _query("to", "Entries recorded before this time.", type="string"),
            _query("from_index", "Entries from this one on.", type="integer", minimum=0),
            _query("to_index", "Entries before this one.", type="integer", minimum=0),
            _query("absence", "An exclusive channel: show what is not on it. May be given again.", type="string"),
            _query("inquiry", "Only what was disclosed to this inquiry.", type="string", maxLength=NAME_MAX_CHARS),
        ),
        answers=(Good(status=200, says="A ZIP archive; `openline verify` reads it.", media=ZIP),),
        codes=(
            *_SESSION,
            "TIME_INVALID",
            "VALUE_INVALID",
            "LIMIT_EXCEEDED",
            "NOT_FOUND",
            "NODE_FENCED",
            "NODE_BUSY",
            "STORE_FAILED",
        ),
        needs_session=True,
    ),
    Operation(
        method="get",
        path="/key",
        name="ledger_key",
        tag="ledger",
        summary="The key that the ledger's checkpoints and receipts are signed with (C2SP signed-note verifier key).",
        answers=(Good(status=200, says="One line: name, hash and key.", media=TEXT),),
    ),
    Operation(
        method="get",
        path="/checkpoint",
        name="checkpoint",
        tag="ledger",
        summary="The signed checkpoint of the ledger (C2SP tlog-checkpoint).",
        answers=(Good(status=200, says="A signed note.", media=TEXT),),
        codes=("NOT_FOUND",),
    ),
    Operation(
        method="get",
        path="/tile/{level}/{index}",
        name="tile",
        tag="ledger",
        summary="Hashes of the tree (C2SP tlog-tiles).",
        parameters=(_path("level", "Eight rows of the tree each.", type="integer", minimum=0, maximum=63), _TILE_INDEX),
        answers=_TILE,
        codes=("NOT_FOUND",),
    ),
    Operation(
        method="get",
        path="/tile/entries/{index}",
        name="leaves",
        tag="ledger",
        summary="Leaves of the ledger, each after its length (C2SP tlog-tiles). Bodies are not among them.",
        parameters=(_TILE_INDEX,),
        answers=_TILE,
        codes=("NOT_FOUND", "STORE_FAILED"),
    ),
    Operation(
        method="post",
        path="/add-checkpoint",
        name="add_checkpoint",
        tag="witness",
        summary="Ask this node, as a witness, to cosign the checkpoint of another ledger (C2SP tlog-witness).",
        sends_text="`old N`, the hashes of a consistency proof, an empty line and the checkpoint's note.",
        answers=(
            Good(status=200, says="The cosignature line.", media=TEXT),
            Good(status=400, says="The request cannot be read, or its old size is the larger one.", media=TEXT),
            Good(status=403, says="The ledger's key has not signed it.", media=TEXT),
            Good(status=404, says="A ledger that this node does not watch.", media=TEXT),
            Good(status=409, says="Another size was cosigned last, which the body names, or another root.", media=SIZE),
            Good(status=422, says="The proof does not show that it continues the last one cosigned.", media=TEXT),
            Good(status=503, says="Nothing can be kept at the moment, so nothing is cosigned.", media=TEXT),
        ),
        codes=("BODY_TOO_LARGE",),
    ),
    Operation(
        method="get",
        path="/proofs/{index}",
        name="proof",
        tag="ledger",
        summary="Proof that an entry's leaf is in the ledger, to be kept and checked offline (C2SP tlog-proof).",
        parameters=(_path("index", "Its place in the ledger.", type="integer", minimum=0),),
        answers=(Good(status=200, says="A proof file; `Openline-Witnessed` says yes or no.", media=TEXT),),
        codes=("NOT_FOUND", "STORE_FAILED"),
    ),
    Operation(
        method="get",
        path="/healthz",
        name="alive",
        tag="watch",
        summary="Whether the process answers.",
        answers=(Good(status=200, says="It does.", shape="Alive"),),
    ),
    Operation(
        method="get",
        path="/readyz",
        name="ready",
        tag="watch",
        summary="Whether the node takes notices.",
        answers=(Good(status=200, says="It does.", shape="Ready"),),
        codes=("NODE_FENCED",),
    ),
    Operation(
        method="get",
        path="/metrics",
        name="counts",
        tag="watch",
        summary="Counts in the text format of Prometheus; none of them names a party.",
        answers=(Good(status=200, says="Counts.", media=TEXT),),
    ),
    Operation(
        method="get",
        path="/openapi.json",
        name="interface",
        tag="about",
        summary="This document.",
        answers=(Good(status=200, says="OpenAPI 3.1.", shape="Interface"),),
    ),
    Operation(
        method="get",
        path="/problems/{code}",
        name="problem",
        tag="about",
        summary="What a code means.",
        parameters=(_path("code", "As in a problem document.", type="string", pattern="^[A-Z_]+$"),),
        answers=(Good(status=200, says="A short page.", media=HTML),),
        codes=("NOT_FOUND",),
    ),
    Operation(
        method="get",
        path="/",
        name="front",
        tag="about",
        summary="What this node is.",
        answers=(Good(status=200, says="A page.", media=HTML),),
    ),
)

EVERYWHERE = ("INTERNAL_FAULT",)
"""Codes that any address may answer."""
ANYWHERE_ELSE = ("METHOD_NOT_ALLOWED",)
"""Codes of what is no operation."""
