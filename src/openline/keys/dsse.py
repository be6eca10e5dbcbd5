"""DSSE 1.0.0 envelopes, the signing half: pre-authentication encoding and deterministic JSON.

Reading envelopes belongs to the codec; `verify(key, pae(type, payload), signature)` checks what it read.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

import msgspec

from openline.keys.signing import Signer


class _Signature(msgspec.Struct, frozen=True):
    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True, rename={"payload_type": "payloadType"}):
    payload: str
    payload_type: str
    signatures: tuple[_Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed (DSSE protocol, PAE): both lengths, so that type and payload cannot trade bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload: bytes, payload_type: str, signers: Sequence[tuple[str, Signer]]) -> bytes:
    """The JSON envelope over `payload`, one signature for each (key id, signer), in the order given.

    The same arguments always give the same bytes: fixed order of fields, no spaces, standard base64. Raises
    ValueError without a signer.
    """
    if not signers:
        raise ValueError("an envelope needs at least one signer")
    message = pae(payload_type, payload)
    signatures = tuple(_Signature(name, b64encode(signer.sign(message)).decode()) for name, signer in signers)
    return msgspec.json.encode(_Envelope(b64encode(payload).decode(), payload_type, signatures))
