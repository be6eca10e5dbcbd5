"""Strict JSON: msgspec's validation, and no repeated keys, which msgspec lets pass."""

from __future__ import annotations

import json
import re
from typing import Any, Never, TypeVar

import msgspec

from openline.core.errors import Malformed

_T = TypeVar("_T")
_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


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
        # bytes that decode and encode to themselves have dropped no key; only others are searched, which is slower
        if not is_own and msgspec.json.encode(msgspec.json.decode(raw)) != raw:
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


def malformed(error: msgspec.ValidationError, *, code: str, what: str) -> Malformed:
    """The refusal for a document of the wrong shape, with the path that msgspec reports."""
    text = str(error)
    found = _AT.search(text)
    path = found["path"] if found else ""
    reason = text[: found.start()] if found else text
    return Malformed(code, f"{what}: {reason[:1].lower()}{reason[1:]}", path=path, remedy="See the reference page.")
