"""Evidence bundles: the file itself, and entries that an operator with the node's key has put into one."""

from __future__ import annotations

from functools import cache

from openline.adapters.bundle_file import pack, unpack
from openline.app.scenario.drill import ENGINE_VERSION
from openline.codec.envelope import (
    ACKNOWLEDGEMENT_TYPE,
    AGREEMENT_TYPE,
    DECLARATION_TYPE,
    EVENT_TYPE,
    KEY_TYPE,
    NOTICE_TYPE,
    to_base64,
)
from openline.codec.events import write_event
from openline.core.errors import BadUse
from openline.core.event import AgreementLoaded, KeyEnrolled, NodeStarted
from openline.core.evidence import EvidenceBundle, Manifest, OpenedEntry
from openline.core.time import HOUR_MS
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.ledger.checkpoint import Checkpoint, sign_checkpoint
from openline.ledger.leaf import Leaf, LeafClass, commitment, encode_leaf
from openline.ledger.note import format_verifier_key
from openline.ledger.proof_file import ProofFile, format_proof_file
from openline.ledger.told import told_body
from openline.ledger.tree import Tree, leaf_hash
from openline.node.bundle_examination import Pins, examine
from tests.fuzz import targets
from tests.fuzz.proof_targets import ORIGIN, SIGNER, VERIFIER
from tests.fuzz.targets import Target

NOW_MS = 500_000 * HOUR_MS
SALT = bytes(range(32))
_NODE = [(key_id(SIGNER.public_key), SIGNER)]
_PARTY = [(key_id(targets.SIGNER.public_key), targets.SIGNER)]
TOLD = (NOTICE_TYPE, ACKNOWLEDGEMENT_TYPE, DECLARATION_TYPE, KEY_TYPE, AGREEMENT_TYPE)
"""What the first byte of the data may mean: a document of one of these, or else one of the node's entries."""
OWN, ADMINISTERED, AGREED, RAW = range(len(TOLD), len(TOLD) + 4)


def evidence(data: bytes) -> bool:
    """The first byte says what the rest is the payload of; the operator signs, whatever it is. Nothing breaks off."""
    kind = (data[0] if data else 0) % (RAW + 1)
    found = examine(bundle_of(kind, data[1:]), Pins(node_key=SIGNER.public_key))
    assert found.head is not None
    return not found.faults


def bundle_file(data: bytes) -> bool:
    """A bundle has one written form, and whatever it says is a finding."""
    try:
        bundle = unpack(data)
    except BadUse:
        return False
    assert pack(bundle) == data
    examine(bundle, Pins())
    return True


@cache
def administration() -> tuple[bytes, bytes]:
    """The node's start, and the party's key."""
    started = NodeStarted(
        at_ms=NOW_MS,
        engine=ENGINE_VERSION,
        openline="0",
        node_key=to_base64(SIGNER.public_key),
        origin=ORIGIN,
        is_drill=False,
        resumed_at=0,
    )
    enrolled = KeyEnrolled(
        at_ms=NOW_MS, party=targets.PARTY, role=targets.ROLE, key=to_base64(targets.SIGNER.public_key)
    )
    return _own(write_event(started)), _own(write_event(enrolled))


def bundle_of(kind: int, payload: bytes) -> EvidenceBundle:
    """A ledger of three entries, the last of them with this payload, and the bundle that shows all of it."""
    leaf_class, body = _entry(kind, payload)
    classes = (LeafClass.ADMIN, LeafClass.ADMIN, leaf_class)
    opened: list[OpenedEntry] = []
    tree = Tree()
    for index, (each, content) in enumerate(zip(classes, (*administration(), body), strict=True)):
        leaf = encode_leaf(
            Leaf(leaf_class=each, channel_tag=bytes(16), serial_field=0, commitment=commitment(SALT, content))
        )
        tree.append(leaf_hash(leaf))
        opened.append(OpenedEntry(index=index, leaf=leaf, body=content, salt=SALT))
    note = sign_checkpoint(Checkpoint(ORIGIN, tree.size, tree.root()), SIGNER)
    proofs = {
        index: format_proof_file(
            ProofFile(index=index, hashes=tuple(tree.inclusion_proof(index, tree.size)), checkpoint=note)
        )
        for index in range(tree.size)
    }
    is_key = leaf_class is LeafClass.ADMIN
    return EvidenceBundle(
        manifest=Manifest(
            origin=ORIGIN,
            node_key=format_verifier_key(VERIFIER),
            drill=False,
            party=targets.PARTY,
            from_index=0,
            to_index=tree.size,
        ),
        checkpoint=note,
        opened=() if is_key else tuple(opened[2:]),
        keys=tuple(opened) if is_key else tuple(opened[:2]),
        proofs=proofs,
    )


def _entry(kind: int, payload: bytes) -> tuple[LeafClass, bytes]:
    if kind < len(TOLD):
        return LeafClass.TOLD, told_body(sign_envelope(payload, TOLD[kind], _PARTY), NOW_MS)
    if kind == AGREED:
        envelope = to_base64(sign_envelope(payload, AGREEMENT_TYPE, _PARTY))
        return LeafClass.ADMIN, _own(
            write_event(AgreementLoaded(at_ms=NOW_MS, id="town", version=1, envelope=envelope))
        )
    if kind == RAW:
        return LeafClass.TOLD, payload
    return (LeafClass.NODE if kind == OWN else LeafClass.ADMIN), _own(payload)


def _own(payload: bytes) -> bytes:
    return sign_envelope(payload, EVENT_TYPE, _NODE)


BUNDLES: dict[str, Target] = {"bundle_file": bundle_file, "evidence": evidence}
