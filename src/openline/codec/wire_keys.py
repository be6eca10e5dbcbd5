"""The shapes of key documents, as JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from openline.codec.strict import Wire
from openline.codec.wire import Code, Identifier, Name, Text
from openline.core.key_documents import ROOTS_MAX
from openline.core.limits import NAME_MAX_CHARS

PublicKey = Annotated[str, Meta(min_length=44, max_length=44)]
KeyId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$(?!\n)")]
Role = Annotated[str, Meta(min_length=1, max_length=NAME_MAX_CHARS, pattern=r"^[\w.:-]+$(?!\n)")]


class WireKeyDocument(Wire, tag_field="type", kw_only=True):
    """What every key document carries."""

    id: Identifier
    party: Code
    issued_at: str


class WireIssuerKey(WireKeyDocument, tag="issuer_key", kw_only=True):
    """A root vouches for the key that signs officer keys."""

    key: PublicKey
    not_before: str
    not_after: str


class WireOfficerKey(WireKeyDocument, tag="officer_key", kw_only=True):
    """An issuer vouches for the key of a role on a watch."""

    role: Role
    key: PublicKey
    watch: Name
    not_before: str
    not_after: str


class WireRevocation(WireKeyDocument, tag="revocation", kw_only=True):
    """Ends a key of the party."""

    key_id: KeyId
    reason: Text = ""
    suspected_since: str | None = None


class WireRootReplacement(WireKeyDocument, tag="root_replacement", kw_only=True):
    """Another set of roots takes the place of the present one."""

    roots: Annotated[list[PublicKey], Meta(min_length=1, max_length=ROOTS_MAX)]
    threshold: Annotated[int, Meta(ge=1, le=ROOTS_MAX)]


AnyWireKeyDocument = WireIssuerKey | WireOfficerKey | WireRevocation | WireRootReplacement
