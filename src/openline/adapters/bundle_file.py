"""The file of an evidence bundle: a ZIP archive of the plainest kind, with one written form for each content.

Written as in PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7 (local file headers), 4.3.12 (central directory) and 4.3.16
(its end): members stored, one after the other, with one fixed date, without extra fields, comments, folders or ZIP64.
Any program that reads ZIP reads it. We read nothing else: what is not, byte for byte, what would be written for the
same members is refused, so nothing can hide between them and nothing unpacks to more than its own size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from struct import Struct as Layout
from zlib import crc32

from openline.codec.bundles import Member, from_members, malformed, to_members
from openline.core.errors import BadUse
from openline.core.evidence import EvidenceBundle

SUFFIX = ".evidence.zip"
FILE_MAX_BYTES = 1 << 28
"""Largest file that is read or written, 256 MiB."""
MEMBERS_MAX = 65_534
"""More would need ZIP64."""

_LOCAL = Layout("<4s5H3I2H")
_CENTRAL = Layout("<4s6H3I5H2I")
_END = Layout("<4s4H2IH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION = 20
_UNIX = 3 << 8
_DATE = 1 << 5 | 1
"""1980-01-01, the earliest that the format can write: when a bundle was made is no part of it."""
_PLAIN_FILE = 0o100644 << 16
_NAME_MAX_BYTES = 100


def pack(bundle: EvidenceBundle) -> bytes:
    """The bytes of the file. Raises BadUse LIMIT_EXCEEDED when it would be larger than a reader takes."""
    return archive(to_members(bundle))


def unpack(raw: bytes) -> EvidenceBundle:
    """The bundle in the bytes of a file; nothing in it is believed yet.

    Raises:
        BadUse: BUNDLE_MALFORMED.
    """
    if len(raw) > FILE_MAX_BYTES:
        raise malformed(f"it has {len(raw)} bytes, and {FILE_MAX_BYTES} are the most")
    members = list(members_of(raw))
    if archive(members) != raw:
        raise malformed("its archive is not in the one form that bundles are written in")
    bundle = from_members(members)
    if to_members(bundle) != members:
        raise malformed("its members are not in the one form that bundles are written in")
    return bundle


def is_bundle_file(path: Path) -> bool:
    """True for a file, whatever is in it: a ledger is a folder."""
    return path.is_file()


def read_bundle(path: Path) -> EvidenceBundle:
    """Read a file.

    Raises:
        BadUse: FILE_UNREADABLE or BUNDLE_MALFORMED.
    """
    try:
        with path.open("rb") as file:
            # one byte more than is taken tells a file that is too large without reading it all
            raw = file.read(FILE_MAX_BYTES + 1)
    except OSError as error:
        raise BadUse(
            "FILE_UNREADABLE", f"it cannot be read ({error.strerror})", path=str(path), remedy="Check the path."
        ) from error
    return unpack(raw)


def members_of(raw: bytes) -> Iterator[Member]:
    """The members from the front, as far as there are headers of the plain kind; whoever reads writes and compares.

    Raises:
        BadUse: BUNDLE_MALFORMED.
    """
    at = 0
    while raw[at : at + 4] == _LOCAL_MARK:
        start = at + _LOCAL.size
        if start > len(raw):
            raise malformed("its archive is cut short")
        *_, size, _, name_bytes, _ = _LOCAL.unpack(raw[at:start])
        end = start + name_bytes + size
        if name_bytes > _NAME_MAX_BYTES or end > len(raw):
            raise malformed("its archive is cut short, or a name in it is too long")
        try:
            name = raw[start : start + name_bytes].decode("ascii")
        except UnicodeDecodeError:
            raise malformed("a name in its archive is not plain ASCII") from None
        yield name, raw[start + name_bytes : end]
        at = end
    if not at:
        raise malformed("it is no ZIP archive")


def archive(members: Sequence[Member]) -> bytes:
    """The archive of these members, in the order given. Raises BadUse LIMIT_EXCEEDED when it would be too large."""
    if len(members) > MEMBERS_MAX or sum(len(data) + 300 for _, data in members) > FILE_MAX_BYTES:
        raise BadUse(
            "LIMIT_EXCEEDED",
            f"the bundle would have {len(members)} members, or more than {FILE_MAX_BYTES} bytes",
            remedy="Ask for a shorter range, and make several bundles.",
        )
    parts: list[bytes] = []
    central: list[bytes] = []
    at = 0
    for name, data in members:
        raw_name, size = name.encode("ascii"), len(data)
        common = (_VERSION, 0, 0, 0, _DATE, crc32(data), size, size, len(raw_name), 0)
        head = _LOCAL.pack(_LOCAL_MARK, *common)
        central += (
            _CENTRAL.pack(_CENTRAL_MARK, _UNIX | _VERSION, *common, 0, 0, 0, _PLAIN_FILE, at),
            raw_name,
        )
        parts += (head, raw_name, data)
        at += len(head) + len(raw_name) + size
    directory = b"".join(central)
    end = _END.pack(_END_MARK, 0, 0, len(members), len(members), len(directory), at, 0)
    return b"".join((*parts, directory, end))
