"""Signed agreements: the envelope that every party signs, made, shown and checked."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

from openline.codec.agreements import read_agreement
from openline.codec.envelope import AGREEMENT_TYPE, Envelope, read_envelope, to_base64
from openline.core.agreement import Agreement
from openline.core.errors import BadUse, Malformed
from openline.core.key_documents import RootSet
from openline.intake.keyring import Keyring
from openline.intake.two_people import missing_signatures
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import Signer


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


def check_signatures(
    signed: SignedAgreement,
    roots: Mapping[str, RootSet],
    *,
    name: str,
    keyring: Keyring | None = None,
    at_ms: int = 0,
    is_change: bool = False,
) -> None:
    """Check that every party has signed: by its roots, and a change of an agreement in use by two people of each.

    Raises:
        BadUse: AGREEMENT_UNSIGNED, naming the first party that owes something, and what.
    """
    owed = missing_signatures(
        signed.envelope,
        signed.agreement.parties,
        roots=roots,
        keyring=keyring or Keyring(),
        at_ms=at_ms,
        is_change=is_change,
    )
    for party, lack in owed.items():
        remedy = "Have it signed: openline agreement sign." if party in roots else "Add the party to openline.toml."
        raise BadUse("AGREEMENT_UNSIGNED", lack, path=name, remedy=remedy)


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
