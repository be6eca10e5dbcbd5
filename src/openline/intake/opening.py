"""Verify, decode, refuse: nothing past this module is unsigned or malformed."""

from __future__ import annotations

from hashlib import sha256

from msgspec import Struct

from openline.codec.declarations import read_declaration
from openline.codec.documents import OffsetsOf, read_acknowledgement, read_notice, read_session
from openline.codec.envelope import (
    ACKNOWLEDGEMENT_TYPE,
    DECLARATION_TYPE,
    NOTICE_TYPE,
    SESSION_TYPE,
    Envelope,
    read_envelope,
    read_own_envelope,
)
from openline.core.declaration import Declaration
from openline.core.errors import Invalid, Malformed, NotAuthenticated
from openline.core.limits import BODY_MAX_BYTES
from openline.core.notice import Acknowledgement, AirActivity, Notice
from openline.core.volume import Volume4D
from openline.geo.validity import GeometryError, check_outline
from openline.intake.keyring import Keyring, OperationalKey
from openline.intake.places import as_sent
from openline.keys.dsse import pae
from openline.keys.signing import BadSignature, WeakKey, verify


class Opened(Struct, frozen=True, kw_only=True):
    """A document whose signature verified, with the bytes as received."""

    raw: bytes
    digest: str
    """SHA-256 of the payload, hex."""
    key: OperationalKey


class OpenedNotice(Opened, frozen=True, kw_only=True):
    """A verified notice."""

    notice: Notice


class OpenedAcknowledgement(Opened, frozen=True, kw_only=True):
    """A verified acknowledgement."""

    acknowledgement: Acknowledgement


class OpenedDeclaration(Opened, frozen=True, kw_only=True):
    """A verified declaration."""

    declaration: Declaration


def open_notice(raw: bytes, *, keyring: Keyring, offsets_of: OffsetsOf) -> OpenedNotice:
    """Open the envelope of a notice.

    Raises:
        Malformed: when the bytes do not follow the format.
        NotAuthenticated: when no key that we know signed it, or it speaks for another party.
        Invalid: when a value cannot be.
    """
    envelope, key = _authenticate(raw, keyring=keyring, payload_type=NOTICE_TYPE)
    notice = read_notice(envelope.payload, offsets_of=offsets_of)
    _check_party(notice.party, key)
    _check_outlines(notice.volumes, "volumes", envelope.payload)
    if isinstance(notice, AirActivity):
        _check_outlines(notice.hazard_volumes, "hazard_volumes", envelope.payload)
    return OpenedNotice(raw=raw, digest=sha256(envelope.payload).hexdigest(), key=key, notice=notice)


def open_acknowledgement(raw: bytes, *, keyring: Keyring) -> OpenedAcknowledgement:
    """Open the envelope of an acknowledgement.

    Raises:
        Malformed, NotAuthenticated, Invalid: as `open_notice`.
    """
    envelope, key = _authenticate(raw, keyring=keyring, payload_type=ACKNOWLEDGEMENT_TYPE)
    acknowledgement = read_acknowledgement(envelope.payload)
    _check_party(acknowledgement.party, key)
    _check_role(acknowledgement.role, key)
    digest = sha256(envelope.payload).hexdigest()
    return OpenedAcknowledgement(raw=raw, digest=digest, key=key, acknowledgement=acknowledgement)


def open_declaration(raw: bytes, *, keyring: Keyring) -> OpenedDeclaration:
    """Open the envelope of a declaration.

    Raises:
        Malformed, NotAuthenticated, Invalid: as `open_notice`.
    """
    envelope, key = _authenticate(raw, keyring=keyring, payload_type=DECLARATION_TYPE)
    declaration = read_declaration(envelope.payload)
    _check_party(declaration.party, key)
    _check_role(declaration.role, key)
    digest = sha256(envelope.payload).hexdigest()
    return OpenedDeclaration(raw=raw, digest=digest, key=key, declaration=declaration)


def open_session(raw: bytes, *, keyring: Keyring) -> tuple[OperationalKey, str]:
    """Open the signed answer to a challenge: the key that signed it and the challenge.

    Raises:
        Malformed, NotAuthenticated: as `open_notice`.
    """
    envelope, key = _authenticate(raw, keyring=keyring, payload_type=SESSION_TYPE)
    party, challenge = read_session(envelope.payload)
    _check_party(party, key)
    return key, challenge


def signer_of(raw: bytes, *, keyring: Keyring) -> OperationalKey:
    """The key that signed an envelope, whatever its payload says; the payload is not read.

    Raises:
        Malformed, NotAuthenticated: as `open_notice`.
    """
    return _authenticate(raw, keyring=keyring, payload_type=read_own_envelope(raw)[0])[1]


def checked_envelope(raw: bytes, *, payload_type: str) -> Envelope:
    """An envelope of this payload type, nothing verified.

    Raises:
        Malformed: BODY_TOO_LARGE, ENVELOPE_MALFORMED, PAYLOAD_TYPE_UNKNOWN.
    """
    if len(raw) > BODY_MAX_BYTES:
        raise Malformed(
            "BODY_TOO_LARGE", f"the envelope has {len(raw)} bytes", remedy=f"Send at most {BODY_MAX_BYTES} bytes."
        )
    envelope = read_envelope(raw)
    if envelope.payload_type != payload_type:
        raise Malformed(
            "PAYLOAD_TYPE_UNKNOWN",
            "the payload is of another type than this address accepts",
            path="payloadType",
            remedy=f"Send {payload_type}.",
        )
    return envelope


def _authenticate(raw: bytes, *, keyring: Keyring, payload_type: str) -> tuple[Envelope, OperationalKey]:
    envelope = checked_envelope(raw, payload_type=payload_type)
    if len(envelope.signatures) != 1:
        raise Malformed(
            "ENVELOPE_MALFORMED",
            f"it has {len(envelope.signatures)} signatures",
            path="signatures",
            remedy="Sign it once.",
        )
    signature = envelope.signatures[0]
    key = keyring.find(signature.key_id)
    if key is None:
        raise NotAuthenticated(
            "KEY_UNKNOWN",
            "no party here has this key",
            path="signatures[0].keyid",
            remedy="Ask the operator of the node to enrol it.",
        )
    try:
        verify(key.public_key, pae(envelope.payload_type, envelope.payload), signature.value)
    except (BadSignature, WeakKey):
        raise NotAuthenticated(
            "SIGNATURE_INVALID",
            "the signature does not verify",
            path="signatures[0].sig",
            remedy="Sign the payload bytes exactly as they are sent.",
        ) from None
    return envelope, key


def _check_party(party: str, key: OperationalKey) -> None:
    if party != key.party:
        raise NotAuthenticated(
            "PARTY_MISMATCH",
            f"it speaks for {party}, its key does not",
            path="party",
            remedy="A party tells only for itself.",
        )


def _check_role(role: str, key: OperationalKey) -> None:
    if role != key.role:
        raise NotAuthenticated(
            "PARTY_MISMATCH",
            f"the key belongs to the role {key.role}, the document says {role}",
            path="role",
            remedy="Sign it with the key of the role that acts.",
        )


def _check_outlines(volumes: tuple[Volume4D, ...], name: str, payload: bytes) -> None:
    for i, volume in enumerate(volumes):
        try:
            check_outline(volume.outline, path="")
        except GeometryError as error:
            path = as_sent(payload, f"{name}[{i}]", error.path)
            raise Invalid(error.code, error.reason, path=path, remedy=error.remedy) from None
