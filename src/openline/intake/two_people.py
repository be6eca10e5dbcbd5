"""Who has to sign an agreement: a party's roots, and for a change of one that is in use, two different people.

Pure, so that whoever checks a record years later asks the same question as the node did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from openline.codec.envelope import Envelope
from openline.core.key_documents import SIGNATORY_ROLE, RootSet, Standing
from openline.intake.keyring import Keyring
from openline.keys.dsse import pae
from openline.keys.identify import key_id
from openline.keys.signing import BadSignature, verify

PEOPLE_OF_A_CHANGE = 2


def missing_signatures(
    envelope: Envelope,
    parties: Iterable[str],
    *,
    roots: Mapping[str, RootSet],
    keyring: Keyring,
    at_ms: int,
    is_change: bool,
) -> dict[str, str]:
    """What each party still owes, in a sentence; empty when the agreement may be loaded at `at_ms`.

    A first version needs as many roots of each party as its threshold says. A change needs at least two people of each:
    two roots, or a root and an officer whom the party's own issuer has made `signatory`, who then counts once. The
    threshold of roots holds for it too: one root alone can make an issuer, and that a signatory.
    """
    message = pae(envelope.payload_type, envelope.payload)
    owed = {}
    for party in parties:
        held = roots.get(party)
        if held is None:
            owed[party] = f"this node has no root key of {party}"
            continue
        lack = _lack(envelope, message, party, held, keyring=keyring, at_ms=at_ms, is_change=is_change)
        if lack:
            owed[party] = lack
    return owed


def _lack(
    envelope: Envelope,
    message: bytes,
    party: str,
    held: RootSet,
    *,
    keyring: Keyring,
    at_ms: int,
    is_change: bool,
) -> str:
    names = {key_id(key): key for key in held.keys}
    roots, signatories = set[bytes](), set[bytes]()
    for signature in envelope.signatures:
        root = names.get(signature.key_id)
        key = root or (_signatory(party, signature.key_id, keyring, at_ms) if is_change else None)
        if key is None:
            continue
        try:
            verify(key, message, signature.value)
        except BadSignature:
            return f"a signature of {party}, by the key {signature.key_id}, does not verify"
        (signatories if root is None else roots).add(key)
    return _said(party, len(roots), len(signatories), held.threshold, is_change=is_change)


def _said(party: str, roots: int, signatories: int, threshold: int, *, is_change: bool) -> str:
    if not roots:
        return f"{party} has not signed it with a root"
    if roots < threshold:
        return f"{roots} of the roots of {party} have signed it, and it takes {threshold}"
    people = roots + min(signatories, 1)
    if not is_change or people >= PEOPLE_OF_A_CHANGE:
        return ""
    return (
        f"it changes an agreement that is in use, and of {party} {people} {'person has' if people == 1 else 'have'} "
        f"signed it; it takes {PEOPLE_OF_A_CHANGE}: roots, or one of them and a signatory"
    )


def _signatory(party: str, name: str, keyring: Keyring, at_ms: int) -> bytes | None:
    """The key of an officer whom the party's own issuer has made signatory, and who is so now."""
    key = keyring.find(name)
    if key is None or (key.party, key.role) != (party, SIGNATORY_ROLE) or keyring.certificate(name) is None:
        return None
    return key.public_key if keyring.standing(name, at_ms) is Standing.IN_FORCE else None
