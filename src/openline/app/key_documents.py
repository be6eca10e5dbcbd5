"""Key documents, made and signed: by one person at once, or by several who add their signature to a file in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from openline.codec.envelope import KEY_TYPE, read_envelope, to_base64
from openline.codec.key_documents import read_key_document
from openline.core.errors import BadUse, OpenlineError
from openline.core.key_documents import KeyDocument
from openline.core.time import to_text
from openline.keys.dsse import pae, sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer


def signed(fields: dict[str, Any], signers: Sequence[Signer], *, party: str, identifier: str, at_ms: int) -> bytes:
    """The envelope of a key document: `fields` are its type and what belongs to it."""
    document = {
        "type": fields["type"],
        "id": identifier,
        "party": party,
        "issued_at": to_text(at_ms),
        **{name: value for name, value in fields.items() if name != "type"},
    }
    named = [(key_id(signer.public_key), signer) for signer in signers]
    return sign_envelope(msgspec.json.encode(document), KEY_TYPE, named)


def issuer_key(key: bytes, start_ms: int, end_ms: int) -> dict[str, Any]:
    """The fields of a document that vouches for an issuer."""
    validity = {"not_before": to_text(start_ms), "not_after": to_text(end_ms)}
    return {"type": "issuer_key", "key": to_base64(key), **validity}


def officer_key(key: bytes, role: str, watch: str, start_ms: int, end_ms: int) -> dict[str, Any]:
    """The fields of a document that vouches for an officer."""
    validity = {"not_before": to_text(start_ms), "not_after": to_text(end_ms)}
    return {"type": "officer_key", "role": role, "key": to_base64(key), "watch": watch, **validity}


def revocation(name: str, reason: str = "", suspected_since_ms: int = 0) -> dict[str, Any]:
    """The fields of a document that takes back the key of this id."""
    since = {"suspected_since": to_text(suspected_since_ms)} if suspected_since_ms else {}
    return {"type": "revocation", "key_id": name, "reason": reason, **since}


def root_replacement(roots: Sequence[bytes], threshold: int) -> dict[str, Any]:
    """The fields of a document that puts other roots in place of the present ones."""
    return {"type": "root_replacement", "roots": [to_base64(key) for key in roots], "threshold": threshold}


def add_signature(raw: bytes, signer: Signer, *, name: str) -> bytes:
    """Add one person's signature to a key document that others have signed; `name` is the file's.

    Raises:
        BadUse: CONFIGURATION_INVALID when it is none.
    """
    payload, kept = _parts(raw, name)
    kept[key_id(signer.public_key)] = to_base64(signer.sign(pae(KEY_TYPE, payload)))
    document = {
        "payload": to_base64(payload),
        "payloadType": KEY_TYPE,
        "signatures": [{"keyid": keyid, "sig": sig} for keyid, sig in kept.items()],
    }
    return msgspec.json.encode(document)


def read_signed_document(raw: bytes, *, name: str) -> tuple[KeyDocument, tuple[str, ...]]:
    """A key document and the ids of the keys that have signed it; nothing is verified.

    Raises:
        BadUse: CONFIGURATION_INVALID when it is none.
    """
    payload, kept = _parts(raw, name)
    try:
        return read_key_document(payload), tuple(kept)
    except OpenlineError as error:
        raise BadUse("CONFIGURATION_INVALID", error.reason, path=f"{name}: {error.path}") from error


def _parts(raw: bytes, name: str) -> tuple[bytes, dict[str, str]]:
    try:
        envelope = read_envelope(raw)
    except OpenlineError as error:
        raise BadUse("CONFIGURATION_INVALID", error.reason, path=f"{name}: {error.path}") from error
    if envelope.payload_type != KEY_TYPE:
        raise BadUse("CONFIGURATION_INVALID", "it is no key document", path=name, remedy="Name another file.")
    return envelope.payload, {s.key_id: to_base64(s.value) for s in envelope.signatures}
