"""Notices as an officer writes them: TOML with what the notice says; ids, numbers and signature are filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from openline.app.public_keys import read_file
from openline.app.scenario.loading import plain
from openline.codec.agreements import read_toml
from openline.codec.wire import Reference
from openline.core.errors import BadUse


class NoticeFile(Struct, forbid_unknown_fields=True, kw_only=True):
    """The file: which agreement, optionally an id, and the notice."""

    agreement: Reference
    version: int = 1
    id: Reference = ""
    notice: dict[str, Any]

    @property
    def fields(self) -> dict[str, Any]:
        """The notice's own fields, as JSON knows them."""
        fields: dict[str, Any] = plain(self.notice)
        return fields


def read_notice_file(path: Path) -> NoticeFile:
    """Read a notice file.

    Raises:
        BadUse: FILE_UNREADABLE or CONFIGURATION_INVALID, with file and field.
    """
    written = read_toml(read_file(path), NoticeFile, code="CONFIGURATION_INVALID", name=str(path))
    if "type" not in written.notice:
        raise BadUse(
            "CONFIGURATION_INVALID",
            "the notice has no type",
            path=f"{path}: notice.type",
            remedy="Say air_activity, ground_presence, humanitarian_site, zone or withdrawal.",
        )
    return written
