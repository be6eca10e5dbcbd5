"""The 914 edge cases of C2SP/CCTV: our verdict is libsodium's, and the rule that the module states is the true one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from openline.keys.signing import BadSignature, WeakKey, check_public_key, verify

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "vectors" / "ed25519_edge.json").read_text())
REFUSED_FLAGS = {"low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"}


def _parts(case: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
    return bytes.fromhex(case["key"]), case["msg"].encode(), bytes.fromhex(case["sig"])


def _accepts(case: dict[str, Any]) -> bool:
    try:
        verify(*_parts(case))
    except BadSignature:
        return False
    return True


def _libsodium_accepts(case: dict[str, Any]) -> bool:
    key, message, signature = _parts(case)
    try:
        VerifyKey(key).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def test_our_verdict_is_libsodiums() -> None:
    assert len(CASES) == 914
    assert [case["number"] for case in CASES if _accepts(case) != _libsodium_accepts(case)] == []


def test_the_stated_rule_decides_every_case() -> None:
    """Red when another version of libsodium judges otherwise: then a replay might refuse what was accepted."""
    stated = [REFUSED_FLAGS.isdisjoint(case["flags"] or ()) for case in CASES]
    assert [_accepts(case) for case in CASES] == stated
    assert sum(stated) == 43


def test_admission_refuses_every_key_with_a_low_order_part() -> None:
    for case in CASES:
        is_odd = {"low_order_A", "low_order_component_A", "non_canonical_A"}.intersection(case["flags"] or ())
        try:
            check_public_key(bytes.fromhex(case["key"]))
        except WeakKey:
            assert is_odd, case["number"]
        else:
            assert not is_odd, case["number"]
