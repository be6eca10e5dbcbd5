"""The contracts of pyproject.toml bite: a forbidden import, planted in a copy of the house, is found."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = {
    contract["id"]: contract
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
}


def rooms_below_node() -> set[str]:
    layers: list[str] = CONTRACTS["arrow"]["layers"]
    below = layers[layers.index("node") + 1 :]
    return {f"openline.{room}" for layer in below for room in re.split(r"\s*[|:]\s*", layer)}


def test_every_room_below_node_is_pure() -> None:
    assert set(CONTRACTS["purity"]["source_modules"]) == rooms_below_node()


@pytest.mark.parametrize(
    ("contract", "planted"),
    [
        ("arrow", {"core/planted.py": "import openline.geo"}),
        ("arrow", {"ledger/planted.py": "import openline.engine"}),
        ("arrow", {"codec/planted.py": "import openline.keys"}),
        ("arrow", {"node/planted.py": "import openline.adapters"}),
        ("arrow", {"planted/__init__.py": "import openline.core"}),
        ("hotline", {"hotline/planted.py": "import openline.core.place"}),
        ("hotline", {"hotline/planted.py": "import openline.core.via", "core/via.py": "import openline.core.volume"}),
        ("purity", {"engine/planted.py": "import asyncio"}),
        ("purity", {"intake/planted.py": "from urllib.request import urlopen"}),
        ("circles", {"core/one.py": "import openline.core.two", "core/two.py": "import openline.core.one"}),
    ],
)
def test_a_planted_import_is_found(contract: str, planted: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src/openline", tmp_path / "openline", ignore=shutil.ignore_patterns("data", "__pycache__"))
    for name, line in planted.items():
        path = tmp_path / "openline" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{line}\n", encoding="utf-8")
    command = [
        sys.executable,
        "-c",
        "import importlinter.cli as c; c.lint_imports_command()",
        "--no-logo",
        "--no-cache",
    ]
    run = subprocess.run(
        [*command, "--config", str(ROOT / "pyproject.toml"), "--contract", contract],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"{CONTRACTS[contract]['name']} BROKEN" in run.stdout
    assert "planted" in run.stdout or ".two -> .one" in run.stdout
