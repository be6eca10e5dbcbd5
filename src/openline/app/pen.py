"""A party's pen: fills what every document needs and signs it. For commands, scenarios, tests, benches."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import msgspec

from openline.codec.envelope import ACKNOWLEDGEMENT_TYPE, DECLARATION_TYPE, NOTICE_TYPE, SESSION_TYPE
from openline.core.time import to_text
from openline.keys.dsse import sign_envelope
from openline.keys.identify import key_id
from openline.keys.signing import Signer


class Pen:
    """Writes and signs for one key of one party, counting its notices."""

    def __init__(self, party: str, role: str, signer: Signer, *, sequence: int = 0, previous: str = "") -> None:
        """`sequence` and `previous` are those of the party's last notice."""
        self.party = party
        self.role = role
        self.sequence = sequence
        self.previous = previous
        self.seen: tuple[int, bytes] | None = None
        """Size and root of the last checkpoint that its owner has verified; its notices name it."""
        self._signers = [(key_id(signer.public_key), signer)]

    def notice(self, fields: dict[str, Any], *, identifier: str, agreement: tuple[str, int], at_ms: int) -> bytes:
        """The signed envelope of a notice: `fields` are its type and what belongs to it."""
        self.sequence += 1
        document = {
            "type": fields["type"],
            "id": identifier,
            "party": self.party,
            "sequence": self.sequence,
            "previous": self.previous,
            "agreement": {"id": agreement[0], "version": agreement[1]},
            "issued_at": to_text(at_ms),
            **self._checkpoint(),
            **{key: value for key, value in fields.items() if key != "type"},
        }
        payload = msgspec.json.encode(document)
        self.previous = sha256(payload).hexdigest()
        return sign_envelope(payload, NOTICE_TYPE, self._signers)

    def acknowledgement(self, *, alert: str, precedence: str, identifier: str, at_ms: int) -> bytes:
        """The signed envelope that says: a person on watch has read this alert at this precedence."""
        document = {
            "type": "acknowledgement",
            "id": identifier,
            "party": self.party,
            "role": self.role,
            "alert": alert,
            "precedence": precedence,
            "issued_at": to_text(at_ms),
        }
        return sign_envelope(msgspec.json.encode(document), ACKNOWLEDGEMENT_TYPE, self._signers)

    def declaration(self, fields: dict[str, Any], *, identifier: str, at_ms: int) -> bytes:
        """The signed envelope of a declaration: `fields` are its type and what belongs to it."""
        document = {
            "type": fields["type"],
            "id": identifier,
            "party": self.party,
            "role": self.role,
            "issued_at": to_text(at_ms),
            **{key: value for key, value in fields.items() if key != "type"},
        }
        return sign_envelope(msgspec.json.encode(document), DECLARATION_TYPE, self._signers)

    def _checkpoint(self) -> dict[str, Any]:
        if self.seen is None:
            return {}
        size, root = self.seen
        return {"checkpoint": {"size": size, "root": b64encode(root).decode("ascii")}}

    def session(self, challenge: str) -> bytes:
        """The signed answer to a challenge."""
        document = {"type": "session", "party": self.party, "challenge": challenge}
        return sign_envelope(msgspec.json.encode(document), SESSION_TYPE, self._signers)
