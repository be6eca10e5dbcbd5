"""Whether a key document takes effect: the right keys have signed it, and they are good for that at this moment.

Asked in the order of the ledger, so that a revocation that came first counts.
"""

from __future__ import annotations

from openline.core.errors import Invalid, NotAuthenticated
from openline.core.key_documents import (
    ISSUER_ROLE,
    ROOT_ROLE,
    IssuerKey,
    KeyDocument,
    OfficerKey,
    Revocation,
    RootReplacement,
    Standing,
)
from openline.core.time import to_text
from openline.intake.key_opening import brought_in
from openline.intake.keyring import Keyring, OperationalKey
from openline.keys.identify import key_id

_WHY = {
    Standing.REVOKED: ("KEY_REVOKED", "was taken back, or the key that vouches for it was"),
    Standing.EXPIRED: ("KEY_EXPIRED", "is valid no longer, or the key that vouches for it is not"),
    Standing.NOT_YET: ("KEY_NOT_VALID_YET", "is not valid yet"),
}


def admit(document: KeyDocument, signers: frozenset[bytes], *, keyring: Keyring, at_ms: int) -> None:
    """Return when the document takes effect, told at `at_ms` and signed by `signers` (verified public keys).

    Raises:
        NotAuthenticated: KEY_UNVOUCHED, KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
        Invalid: VALUE_INVALID, TIME_INVALID.
    """
    vouching = [_known(keyring, key) for key in signers - set(brought_in(document))]
    match document:
        case IssuerKey():
            _only(vouching, ROOT_ROLE, "a root of the party", keyring, at_ms)
            _check_new(document.party, ISSUER_ROLE, document.key, keyring, at_ms)
            _check_ahead(document, at_ms)
        case OfficerKey():
            issuer = _only(vouching, ISSUER_ROLE, "an issuer of the party", keyring, at_ms)
            _check_new(document.party, document.role, document.key, keyring, at_ms)
            _check_within(document, issuer, keyring)
            _check_ahead(document, at_ms)
        case Revocation():
            _check_revocation(document, vouching, keyring, at_ms)
        case RootReplacement():
            _check_replacement(document, signers, keyring, at_ms)


def check_standing(name: str, *, keyring: Keyring, at_ms: int) -> None:
    """Return when the key of this id, which is known, is in force at `at_ms`.

    Raises:
        NotAuthenticated: KEY_REVOKED, KEY_EXPIRED, KEY_NOT_VALID_YET.
    """
    standing = keyring.standing(name, at_ms)
    if standing is not Standing.IN_FORCE:
        raise out_of_force(name, standing)


def out_of_force(name: str, standing: Standing) -> NotAuthenticated:
    """The refusal of what a key that is not in force has signed."""
    code, why = _WHY[standing]
    remedy = (
        "Wait until its validity begins, or sign with a key that is in force."
        if standing is Standing.NOT_YET
        else "Sign with a key that is in force: `openline key show` names yours. Telephone meanwhile."
    )
    return NotAuthenticated(code, f"the key {name} {why}", path="signatures[0].keyid", remedy=remedy)


def _known(keyring: Keyring, public_key: bytes) -> OperationalKey:
    key = keyring.known(key_id(public_key))
    if key is None:
        raise _unvouched("a key that nobody here knows has signed it", "Have it signed by keys of the party.")
    return key


def _only(vouching: list[OperationalKey], role: str, who: str, keyring: Keyring, at_ms: int) -> OperationalKey:
    """The one key that vouches, which has this role and is in force."""
    if len(vouching) != 1 or vouching[0].role != role:
        raise _unvouched(
            f"it needs the signature of {who}, and beside it only that of the key itself", f"Let {who} sign."
        )
    check_standing(key_id(vouching[0].public_key), keyring=keyring, at_ms=at_ms)
    return vouching[0]


def _check_new(party: str, role: str, public_key: bytes, keyring: Keyring, at_ms: int) -> None:
    """A key may be vouched for anew, in its old place; it never changes place, and never comes back."""
    name = key_id(public_key)
    key = OperationalKey(party=party, role=role, public_key=public_key)
    known = keyring.known(name)
    is_back = known == key and keyring.standing(name, at_ms) is Standing.REVOKED
    if is_back or keyring.revoked_at(party, name) is not None:
        raise NotAuthenticated(
            "KEY_REVOKED", f"the key {name} was taken back, and stays so", path="key", remedy="Make a new key."
        )
    if known is not None and known != key:
        raise _known_elsewhere(name, "key")


def _check_within(document: OfficerKey, issuer: OperationalKey, keyring: Keyring) -> None:
    held = keyring.certificate(key_id(issuer.public_key))
    if held is None or document.window.start_ms < held.window.start_ms or document.window.end_ms > held.window.end_ms:
        raise Invalid(
            "TIME_INVALID",
            "an officer key is valid only while its issuer is",
            path="not_after",
            remedy=""
            if held is None
            else f"Keep within {to_text(held.window.start_ms)} and {to_text(held.window.end_ms)}.",
        )


def _check_ahead(document: IssuerKey | OfficerKey, at_ms: int) -> None:
    if document.window.end_ms <= at_ms:
        raise Invalid("TIME_INVALID", "its validity has ended already", path="not_after", remedy="Give a later end.")


def _check_revocation(document: Revocation, vouching: list[OperationalKey], keyring: Keyring, at_ms: int) -> None:
    known = keyring.known(document.key_id)
    if known is not None and known.role == ROOT_ROLE:
        raise Invalid(
            "VALUE_INVALID",
            "a root is replaced, not taken back",
            path="key_id",
            remedy="Tell a root_replacement, signed by as many roots as the threshold says.",
        )
    if len(vouching) != 1 or vouching[0].role not in {ROOT_ROLE, ISSUER_ROLE}:
        raise _unvouched("it needs the signature of one root, or of the issuer of that key", "Let one of them sign.")
    signer = key_id(vouching[0].public_key)
    held = keyring.certificate(document.key_id)
    is_own = held is not None and held.key.party == document.party and held.signer == signer
    if vouching[0].role == ISSUER_ROLE and not is_own:
        raise _unvouched("an issuer takes back only the officers that it vouches for", "Let a root of the party sign.")
    check_standing(signer, keyring=keyring, at_ms=at_ms)


def _check_replacement(document: RootReplacement, signers: frozenset[bytes], keyring: Keyring, at_ms: int) -> None:
    present = keyring.roots(document.party)
    if present is None:
        raise _unvouched("this ledger holds no roots of the party", "Ask the operator to enrol the first.")
    agreeing = len(signers.intersection(present.keys))
    if agreeing < present.threshold:
        for key in signers - set(document.roots):
            check_standing(key_id(key), keyring=keyring, at_ms=at_ms)
        raise _unvouched(
            f"{agreeing} of the present roots have signed it, and it takes {present.threshold}",
            "Let more of the present roots sign.",
        )
    if not signers <= {*present.keys, *document.roots}:
        raise _unvouched("keys that are no roots have signed it too", "Let roots sign, and nobody else.")
    for number, key in enumerate(document.roots):
        known = keyring.known(key_id(key))
        if key not in present.keys and (
            known is not None or keyring.revoked_at(document.party, key_id(key)) is not None
        ):
            raise _known_elsewhere(key_id(key), f"roots[{number}]")


def _known_elsewhere(name: str, path: str) -> Invalid:
    return Invalid(
        "VALUE_INVALID",
        f"the key {name} is known here in another place, or was one",
        path=path,
        remedy="Make a new key: a key has one place for its whole life.",
    )


def _unvouched(reason: str, remedy: str) -> NotAuthenticated:
    return NotAuthenticated("KEY_UNVOUCHED", reason, path="signatures", remedy=remedy)
