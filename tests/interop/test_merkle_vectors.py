"""The proof vectors of transparency-dev/merkle: each says whether verification must fail."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from openline.ledger.proof import ProofError, verify_consistency, verify_inclusion

VECTORS = Path(__file__).parents[1] / "vectors" / "merkle"
INCLUSION = sorted((VECTORS / "inclusion").rglob("*.json"))
CONSISTENCY = sorted((VECTORS / "consistency").rglob("*.json"))


def _named(path: Path) -> str:
    return str(path.relative_to(VECTORS).with_suffix(""))


def _check_inclusion(case: dict[str, Any]) -> None:
    verify_inclusion(
        index=case["leafIdx"],
        size=case["treeSize"],
        leaf_hash=b64decode(case["leafHash"] or ""),
        proof=[b64decode(digest) for digest in case["proof"] or []],
        root=b64decode(case["root"] or ""),
    )


def _check_consistency(case: dict[str, Any]) -> None:
    verify_consistency(
        old=case["size1"],
        new=case["size2"],
        proof=[b64decode(digest) for digest in case["proof"] or []],
        old_root=b64decode(case["root1"] or ""),
        new_root=b64decode(case["root2"] or ""),
    )


def test_all_the_vectors_are_here() -> None:
    assert (len(INCLUSION), len(CONSISTENCY)) == (98, 98)


@pytest.mark.parametrize("path", INCLUSION, ids=_named)
def test_inclusion(path: Path) -> None:
    case = json.loads(path.read_text())
    if case["wantErr"]:
        with pytest.raises(ProofError):
            _check_inclusion(case)
    else:
        _check_inclusion(case)


@pytest.mark.parametrize("path", CONSISTENCY, ids=_named)
def test_consistency(path: Path) -> None:
    case = json.loads(path.read_text())
    if case["wantErr"]:
        with pytest.raises(ProofError):
            _check_consistency(case)
    else:
        _check_consistency(case)
