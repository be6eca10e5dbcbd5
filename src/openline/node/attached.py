"""Which attachments were named by whom, and which of them are to be no more. Their bytes are elsewhere."""

from __future__ import annotations

from array import array
from collections.abc import Callable

from openline.core.declaration import Declaration, Erasure
from openline.core.errors import NotFound
from openline.core.notice import Notice

Name = tuple[str, str]
"""Who told it, and its digest. One that names the digest of another's attachment has an attachment of its own."""


class Attached:
    """Attachments by digest. The engine reads none of it."""

    def __init__(self) -> None:
        """None named yet."""
        self.named: dict[str, dict[str, array[int]]] = {}
        """Indexes of the entries that name a digest, by digest and teller."""
        self.erased: dict[Name, int] = {}
        """Index of the entry that erased it, in the order of the ledger."""

    def take_notice(self, notice: Notice, index: int) -> None:
        """Take what a notice names that entry `index` tells."""
        for attachment in notice.attachments:
            self.named.setdefault(attachment.digest, {}).setdefault(notice.party, array("q")).append(index)

    def take_declaration(self, declaration: Declaration, index: int) -> None:
        """Take what entry `index` declares: of erasures of one attachment the first counts."""
        if isinstance(declaration, Erasure):
            self.erased.setdefault((declaration.party, declaration.attachment), index)

    def check_own(self, party: str, digest: str) -> None:
        """See that a party has named it.

        Raises:
            NotFound: NOT_FOUND.
        """
        if party not in self.named.get(digest, ()):
            raise NotFound(
                "NOT_FOUND",
                "no notice of yours names this attachment",
                path="attachment",
                remedy="Give the digest as the notice has it, in lowercase hexadecimal.",
            )

    def check_sending(self, party: str, digest: str) -> None:
        """See that a party may send the bytes.

        Raises:
            NotFound: NOT_FOUND or ATTACHMENT_ERASED.
        """
        self.check_own(party, digest)
        if (party, digest) in self.erased:
            raise erased()

    def open_to(self, party: str, digest: str, may_read: Callable[[str, int], bool]) -> list[Name]:
        """The attachments of this digest that a party may read: its own, and those of notices disclosed to it.

        Raises:
            NotFound: NOT_FOUND, also for what is another's; ATTACHMENT_ERASED.
        """
        tellers = self.named.get(digest, {})
        entitled = [
            (teller, digest)
            for teller, entries in tellers.items()
            if teller == party or any(may_read(party, entry) for entry in entries)
        ]
        if not entitled:
            raise unknown()
        kept = [name for name in entitled if name not in self.erased]
        if not kept:
            raise erased()
        return kept


def unknown() -> NotFound:
    """What everyone gets who names an attachment that is not there, or not open to them."""
    return NotFound("NOT_FOUND", "there is nothing of yours here", remedy="See the list of addresses at /openapi.json.")


def erased() -> NotFound:
    """What those get who could have read it."""
    return NotFound(
        "ATTACHMENT_ERASED",
        "its teller has had this attachment erased",
        path="attachment",
        remedy="The notice and its proof stay as they were; what was attached is gone.",
    )
