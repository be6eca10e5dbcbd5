"""Signed agreements: the envelope that every party signs, made, shown and checked."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, Envelope, read_envelope, to_base64
from openline.core.agreement import Agreement
from openline.core.errors import BadUse, Malformed
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, Signer, WeakKey, verify


class SignedAgreement(Struct, frozen=True, kw_only=True):
    """An agreement and the bytes that its parties signed."""

    agreement: Agreement
    envelope: Envelope


def read_signed(raw: bytes, *, name: str) -> SignedAgreement:
    """Read a signed agreement; signatures are not checked here.

    Raises:
        BadUse: AGREEMENT_INVALID.
    """
    try:
        envelope = read_envelope(raw)
    except Malformed as error:
        raise BadUse("AGREEMENT_INVALID", error.reason, path=f"{name}: {error.path}", remedy=error.remedy) from error
    if envelope.payload_type != AGREEMENT_TYPE:
        raise BadUse("AGREEMENT_INVALID", "it is an envelope of something else", path=name, remedy="Name another file.")
    return SignedAgreement(agreement=read_agreement(envelope.payload, name=name), envelope=envelope)


def check_signatures(signed: SignedAgreement, roots: dict[str, bytes], *, name: str) -> None:
    """Check that every party of the agreement has signed it with its root key.

    Raises:
        BadUse: AGREEMENT_UNSIGNED, naming the first party whose signature is missing or wrong.
    """
    message = pae(AGREEMENT_TYPE, signed.envelope.payload)
    by_key = {signature.key_id: signature.value for signature in signed.envelope.signatures}
    for party in signed.agreement.parties:
        root = roots.get(party)
        if root is None:
            raise _unsigned(name, f"this node has no root key of {party}", "Add the party to openline.toml.")
        value = by_key.get(key_id(root))
        if value is None:
            raise _unsigned(name, f"{party} has not signed it", "Have it signed: openline agreement sign.")
        try:
            verify(root, message, value)
        except (BadSignature, WeakKey):
            raise _unsigned(name, f"the signature of {party} does not verify", "Have it signed again.") from None


def add_signature(raw: bytes, signer: Signer, *, name: str) -> bytes:
    """Sign an agreement's TOML, or add a signature to one that others have signed.

    Raises:
        BadUse: AGREEMENT_INVALID, before anything is signed.
    """
    if raw.lstrip().startswith(b"{"):
        signed = read_signed(raw, name=name)
        payload = signed.envelope.payload
        kept = {s.key_id: to_base64(s.value) for s in signed.envelope.signatures}
    else:
        read_agreement(raw, name=name)
        payload, kept = raw, {}
    kept[key_id(signer.public_key)] = to_base64(signer.sign(pae(AGREEMENT_TYPE, payload)))
    document = {
        "payload": to_base64(payload),
        "payloadType": AGREEMENT_TYPE,
        "signatures": [{"keyid": keyid, "sig": sig} for keyid, sig in kept.items()],
    }
    return msgspec.json.encode(document)


def _unsigned(name: str, reason: str, remedy: str) -> BadUse:
    return BadUse("AGREEMENT_UNSIGNED", reason, path=name, remedy=remedy)
