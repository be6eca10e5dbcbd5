"""Attachments at a desk: salted before the notice is signed, kept beside the key until the node has them."""

from __future__ import annotations

import os
import re
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from msgspec import Struct

from openline.adapters.key_files import new_seed
from openline.app.desk import Desk
from openline.app.public_keys import read_file
from openline.core.errors import BadUse
from openline.core.limits import BODY_MAX_BYTES
from openline.node.attachments import SALT_BYTES

_DIGEST = re.compile(r"[0-9a-f]{64}")
_UNKNOWN = "application/octet-stream"


class Salted(Struct, frozen=True, kw_only=True):
    """An attachment as it is sent."""

    digest: str
    media_type: str
    content: bytes
    """The salt and then the bytes."""

    @property
    def field(self) -> dict[str, Any]:
        """What the notice says of it: nothing of its name, which may be a person's."""
        return {"digest": self.digest, "media_type": self.media_type}


def salted(path: Path) -> Salted:
    """Read a file and salt it.

    Raises:
        BadUse: FILE_UNREADABLE; CONFIGURATION_INVALID, when it is too large.
    """
    raw = read_file(path)
    if len(raw) > BODY_MAX_BYTES - SALT_BYTES:
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"an attachment has at most {BODY_MAX_BYTES - SALT_BYTES} bytes, and this one has {len(raw)}",
            path=str(path),
            remedy="Make it smaller, or split it.",
        )
    content = new_seed() + raw
    media_type = guess_type(path.name)[0] or _UNKNOWN
    return Salted(digest=sha256(content).hexdigest(), media_type=media_type, content=content)


class Waiting:
    """Salted attachments that the node does not have yet, in a folder beside the key."""

    def __init__(self, key_path: Path) -> None:
        """The folder is made with the first of them."""
        self.folder = key_path.with_suffix(".attachments")

    def keep(self, attachment: Salted) -> None:
        """Keep one until it is sent: were its salt lost, nobody could send what the notice names.

        Raises:
            BadUse: FILE_UNREADABLE.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(self.folder / attachment.digest, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(attachment.content)
        except OSError as error:
            raise BadUse(
                "FILE_UNREADABLE",
                f"an attachment that is to be sent cannot be kept ({error.strerror})",
                path=str(self.folder),
                remedy="Let this account write beside the key.",
            ) from error

    def content(self, digest: str) -> bytes:
        """What is to be sent.

        Raises:
            BadUse: FILE_UNREADABLE; CONFIGURATION_INVALID for what is no digest.
        """
        return read_file(self._path(digest))

    def sent(self, digest: str) -> None:
        """The node has it: it is kept here no longer."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        """Never another file: what is read here is sent, and then goes."""
        if not _DIGEST.fullmatch(digest):
            raise BadUse(
                "CONFIGURATION_INVALID",
                "it is no digest of an attachment",
                path="DIGEST",
                remedy="Give the 64 hexadecimal digits that the notice has.",
            )
        return self.folder / digest


def send_waiting(desk: Desk, waiting: Waiting, digests: list[str]) -> None:
    """Send attachments of notices that are recorded, and forget each here once the node has it. Needs a session.

    Raises:
        Refusal, NodeFault: what the node answered; what was not sent is kept.
    """
    for digest in digests:
        desk.send_attachment(digest, waiting.content(digest))
        waiting.sent(digest)


def opened(content: bytes, digest: str) -> tuple[bytes, bytes]:
    """The salt and the bytes of an attachment that a node has given.

    Raises:
        BadUse: FILE_UNREADABLE, when it is not what the notice names.
    """
    if sha256(content).hexdigest() != digest or len(content) < SALT_BYTES:
        raise BadUse(
            "FILE_UNREADABLE",
            "what the node gave is not what the notice names",
            path=digest,
            remedy="Ask again; if it happens again, the node gives something else than was told.",
        )
    return content[:SALT_BYTES], content[SALT_BYTES:]
