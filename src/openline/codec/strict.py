"""Strict JSON: msgspec's validation, and no repeated keys, which msgspec lets pass."""

from __future__ import annotations

import json
import re
from typing import Any, Never, TypeVar

import msgspec
from msgspec import Struct

from openline.core.errors import Malformed

_T = TypeVar("_T")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


class Wire(Struct, forbid_unknown_fields=True, omit_defaults=True, gc=False, kw_only=True):
    """A shape that nothing unknown passes, and that is written without what was left out: its keys can be counted."""


class _RepeatedKeyError(ValueError):
    """An object names a key twice."""


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> None:
    if len({key for key, _ in pairs}) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in keys if keys.count(key) > 1)
        raise _RepeatedKeyError(repeated)


def _refuse_constant(name: str) -> Never:
    raise _RepeatedKeyError(name)


_SCANNER = json.JSONDecoder(object_pairs_hook=_refuse_repeats, parse_constant=_refuse_constant)


def decode(decoder: msgspec.json.Decoder[_T], raw: bytes, *, code: str, what: str, is_own: bool = False) -> _T:
    """Decode `raw`, refusing what two readers could understand differently.

    `is_own` skips the search for repeated keys in bytes that this node has once accepted.

    Raises:
        Malformed: with `code` and the path of the field; `what` names the document in the reason.
    """
    try:
        value = decoder.decode(raw)
        if not (is_own or _names_each_key_once(raw, value)):
            _SCANNER.decode(raw.decode("utf-8"))
    except msgspec.ValidationError as error:
        raise malformed(error, code=code, what=what) from None
    except _RepeatedKeyError as error:
        raise Malformed(
            code, f"{what} repeats or misuses the key {str(error)!r}", remedy="Give every field once."
        ) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Malformed(
            code, f"{what} is not valid JSON ({error})", remedy="Send one UTF-8 JSON document and nothing after it."
        ) from None
    return value


def _names_each_key_once(raw: bytes, value: object) -> bool:
    """True when the document has no more quotes than its value needs. False decides nothing: the slower search does.

    The value keeps the last of a repeated key and drops the others, quotes and all; written again, it has only what
    was sent, and of a default nothing. An escape could hide a quote.
    """
    return isinstance(value, Wire) and b"\\" not in raw and msgspec.json.encode(value).count(b'"') == raw.count(b'"')


def malformed(error: msgspec.ValidationError, *, code: str, what: str) -> Malformed:
    """The refusal for a document of the wrong shape, with the path that msgspec reports."""
    text = str(error)
    found = _AT.search(text)
    path = found["path"] if found else ""
    reason = text[: found.start()] if found else text
    return Malformed(code, f"{what}: {reason[:1].lower()}{reason[1:]}", path=path, remedy="See the reference page.")
