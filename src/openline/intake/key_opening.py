"""Opening a key document: every signature verifies, and the keys that it brings in have signed it themselves."""

from __future__ import annotations

from hashlib import sha256

from openline.codec.envelope import KEY_TYPE, Signature, read_envelope
from openline.codec.key_documents import read_key_document
from openline.core.errors import Invalid, NotAuthenticated
from openline.core.key_documents import IssuerKey, KeyDocument, OfficerKey, RootReplacement
from openline.intake.keyring import Keyring, OperationalKey
from openline.intake.opening import Opened, checked_envelope
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, WeakKey, check_public_key, verify


class OpenedKeyDocument(Opened, frozen=True, kw_only=True):
    """A key document whose signatures verified; whether they are the right ones is for `admission` to say."""

    document: KeyDocument
    signers: frozenset[bytes]
    """Public keys that have signed it."""


def open_key_document(raw: bytes, *, keyring: Keyring) -> OpenedKeyDocument:
    """Open the envelope of a key document.

    Raises:
        Malformed: when the bytes do not follow the format.
        NotAuthenticated: KEY_UNKNOWN, PARTY_MISMATCH, SIGNATURE_INVALID, or KEY_UNVOUCHED when a key that it brings in
            has not signed it.
        Invalid: when a value cannot be, also a key that nobody may hold.
    """
    envelope = checked_envelope(raw, payload_type=KEY_TYPE)
    document = read_key_document(envelope.payload)
    _check_keys(document)
    message = pae(envelope.payload_type, envelope.payload)
    brought = {key_id(key): key for key in brought_in(document)}
    signers: dict[str, bytes] = {}
    for number, signature in enumerate(envelope.signatures):
        path = f"signatures[{number}]"
        if signature.key_id in signers:
            raise _unvouched("one key has signed it twice", f"{path}.keyid", "Let every key sign once.")
        key = brought.get(signature.key_id) or _vouching(document.party, signature, keyring, path)
        try:
            verify(key, message, signature.value)
        except BadSignature:
            raise NotAuthenticated(
                "SIGNATURE_INVALID",
                "the signature does not verify",
                path=f"{path}.sig",
                remedy="Sign the payload bytes exactly as they are sent.",
            ) from None
        signers[signature.key_id] = key
    for name in brought:
        if name not in signers:
            raise _unvouched(
                f"the key {name} is brought in and has not signed",
                "signatures",
                "Let whoever holds it sign too, which shows that somebody does.",
            )
    first = next((name for name in signers if name not in brought), next(iter(signers)))
    known = keyring.known(first)
    role = "" if known is None else known.role
    return OpenedKeyDocument(
        raw=raw,
        digest=sha256(envelope.payload).hexdigest(),
        key=OperationalKey(party=document.party, role=role, public_key=signers[first]),
        document=document,
        signers=frozenset(signers.values()),
    )


def reopened(raw: bytes, *, keyring: Keyring) -> tuple[KeyDocument, frozenset[bytes]]:
    """The document and who signed it, of an envelope that this node has once accepted; nothing is verified."""
    envelope = read_envelope(raw)
    document = read_key_document(envelope.payload, is_own=True)
    brought = {key_id(key): key for key in brought_in(document)}
    known = [keyring.known(signature.key_id) for signature in envelope.signatures]
    held = [key.public_key for key in known if key is not None]
    return document, frozenset([*held, *brought.values()])


def brought_in(document: KeyDocument) -> tuple[bytes, ...]:
    """The public keys that a document brings in."""
    if isinstance(document, (IssuerKey, OfficerKey)):
        return (document.key,)
    return document.roots if isinstance(document, RootReplacement) else ()


def _check_keys(document: KeyDocument) -> None:
    for number, key in enumerate(brought_in(document)):
        try:
            check_public_key(key)
        except WeakKey:
            path = f"roots[{number}]" if isinstance(document, RootReplacement) else "key"
            raise Invalid(
                "VALUE_INVALID", "it is no Ed25519 key that anyone may hold", path=path, remedy="Make a new key."
            ) from None


def _vouching(party: str, signature: Signature, keyring: Keyring, path: str) -> bytes:
    key = keyring.known(signature.key_id)
    if key is None:
        raise NotAuthenticated(
            "KEY_UNKNOWN",
            "no party here has this key",
            path=f"{path}.keyid",
            remedy="Have the document signed by a root or an issuer that this ledger holds.",
        )
    if key.party != party:
        raise NotAuthenticated(
            "PARTY_MISMATCH",
            f"it speaks for {party}, a key that has signed it does not",
            path="party",
            remedy="A party vouches for its own keys only.",
        )
    return key.public_key


def _unvouched(reason: str, path: str, remedy: str) -> NotAuthenticated:
    return NotAuthenticated("KEY_UNVOUCHED", reason, path=path, remedy=remedy)
