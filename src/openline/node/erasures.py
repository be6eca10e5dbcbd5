"""What a ledger says is erased, read without its secret: bodies lie open in the node's own files."""

from __future__ import annotations

from openline.codec.declarations import read_declaration
from openline.codec.envelope import DECLARATION_TYPE, read_own_envelope
from openline.core.declaration import Erasure
from openline.ledger.leaf import LeafClass, decode_leaf
from openline.ledger.told import split_told
from openline.node.attached import Name
from openline.node.ports import Records

_MARK = DECLARATION_TYPE.encode()


def erased_in(records: Records) -> set[Name]:
    """Attachments that an entry has erased.

    Raises:
        StoreError: when the disk cannot be read.
    """
    found: set[Name] = set()
    for record in records.read():
        if _MARK not in record.body or decode_leaf(record.leaf).leaf_class is not LeafClass.TOLD:
            continue
        payload_type, payload = read_own_envelope(split_told(record.body)[1])
        if payload_type == DECLARATION_TYPE:
            declaration = read_declaration(payload, is_own=True)
            if isinstance(declaration, Erasure):
                found.add((declaration.party, declaration.attachment))
    return found
