"""DSSE envelopes: the bytes that a party signs and sends (secure-systems-lab/dsse, protocol and envelope v1)."""

from __future__ import annotations

import binascii
from base64 import b64encode
from binascii import a2b_base64

import msgspec
from msgspec import Struct

from openline.codec.strict import decode
from openline.core.errors import Malformed

NOTICE_TYPE = "application/vnd.openline.notice+json"
ACKNOWLEDGEMENT_TYPE = "application/vnd.openline.acknowledgement+json"
DECLARATION_TYPE = "application/vnd.openline.declaration+json"
KEY_TYPE = "application/vnd.openline.key+json"
SESSION_TYPE = "application/vnd.openline.session+json"
EVENT_TYPE = "application/vnd.openline.event+json"
AGREEMENT_TYPE = "application/vnd.openline.agreement+toml"

_SIGNATURE_BYTES = 64
_SIGNATURES_MAX = 100


class _WireSignature(Struct, forbid_unknown_fields=True, gc=False):
    keyid: str
    sig: str


class _WireEnvelope(Struct, forbid_unknown_fields=True, gc=False):
    payload: str
    payloadType: str  # noqa: N815 - the name that DSSE gives it
    signatures: list[_WireSignature]


class _OwnEnvelope(Struct, gc=False):
    """What is looked at of bytes that this node has once accepted, and has just held against their hash."""

    payload: bytes
    payloadType: str  # noqa: N815 - as above


class Signature(Struct, frozen=True, gc=False):
    """One signature of an envelope and the id of the key that is said to have made it."""

    key_id: str
    value: bytes


class Envelope(Struct, frozen=True, gc=False):
    """An envelope as sent, nothing verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]


_DECODER = msgspec.json.Decoder(_WireEnvelope)
_OWN_DECODER = msgspec.json.Decoder(_OwnEnvelope)
_CODE = "ENVELOPE_MALFORMED"


def read_envelope(raw: bytes) -> Envelope:
    """Decode an envelope.

    Raises:
        Malformed: ENVELOPE_MALFORMED with the path of the field.
    """
    wire = decode(_DECODER, raw, code=_CODE, what="the envelope", is_own=True)
    if not _names_each_key_once(raw, len(wire.signatures)):
        wire = decode(_DECODER, raw, code=_CODE, what="the envelope")
    if not wire.signatures or len(wire.signatures) > _SIGNATURES_MAX:
        raise Malformed(_CODE, "it needs at least one signature", path="signatures", remedy="Sign it with your key.")
    signatures = tuple([_signature(i, signature) for i, signature in enumerate(wire.signatures)])
    return Envelope(from_base64(wire.payload, path="payload"), wire.payloadType, signatures)


def read_own_envelope(raw: bytes) -> tuple[str, bytes]:
    """The payload's type and the payload of an envelope that this node has once accepted; its signatures are not read.

    Raises:
        msgspec.DecodeError: when it is no envelope.
    """
    try:
        wire = _OWN_DECODER.decode(raw)
    except RecursionError as error:
        message = "an envelope that is nested too deeply"
        raise msgspec.DecodeError(message) from error
    return wire.payloadType, wire.payload


def _signature(number: int, wire: _WireSignature) -> Signature:
    path = f"signatures[{number}].sig"
    value = from_base64(wire.sig, path=path)
    if len(value) != _SIGNATURE_BYTES:
        raise Malformed(_CODE, "an Ed25519 signature has 64 bytes", path=path)
    return Signature(wire.keyid, value)


def _names_each_key_once(raw: bytes, signatures: int) -> bool:
    """True when its quotes are those of its keys and texts: three and two, and two and two more for each signature.

    An escape could hide a quote, so with one in it the answer is left to the slower search.
    """
    return b"\\" not in raw and raw.count(b'"') == 2 * (3 + 2) + 2 * (2 + 2) * signatures


def to_base64(raw: bytes) -> str:
    """Standard base64 with padding."""
    return b64encode(raw).decode("ascii")


def from_base64(text: str, *, path: str = "", code: str = _CODE) -> bytes:
    """Strict standard base64 with padding, whose unused bits are zero.

    Raises:
        Malformed: with `code`.
    """
    try:
        raw = a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError):
        raise Malformed(code, "it is not standard base64", path=path, remedy="Use base64 with padding.") from None
    # only the last four characters, when they stand for less than three bytes, have bits to spare
    if len(text) % 4 or (text.endswith("=") and to_base64(raw[-(len(raw) % 3) :]) != text[-4:]):
        raise Malformed(code, "its base64 is not canonical", path=path, remedy="Use base64 with padding.")
    return raw
