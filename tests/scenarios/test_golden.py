"""Every scenario, every branch: the replay as JSON lines equals the file beside it, byte for byte.

After a change that is meant: `OPENLINE_GOLDEN=write pytest tests/scenarios`, and read the difference before keeping it.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from openline.adapters.memory import MemoryStore
from openline.app.scenario.loading import load_scenario
from openline.app.scenario.running import Replay
from openline.engine.finder import Engine
from openline.node.state import EngineMaker
from tests.searches import other_engine

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "golden"


def _cases() -> list[tuple[Path, str]]:
    cases = []
    for path in sorted((ROOT / "scenarios").glob("*.toml")):
        branches = load_scenario(path).table.branches
        cases += [(path, branch) for branch in branches or [""]]
    return cases


def _replayed(path: Path, branch: str, make_engine: EngineMaker = Engine) -> bytes:
    lines = Replay(load_scenario(path, branch=branch), MemoryStore(), make_engine).run()
    return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)


@pytest.mark.parametrize(("path", "branch"), _cases(), ids=lambda value: getattr(value, "stem", value) or "-")
def test_replay_equals_golden_output(path: Path, branch: str) -> None:
    replayed = _replayed(path, branch)
    assert replayed == _replayed(path, branch), "two replays of one file differ"
    assert replayed == _replayed(path, branch, other_engine), "the two searches do not lead to the same lines"
    golden = GOLDEN / f"{path.stem}{'.' if branch else ''}{branch}.jsonl"
    if os.environ.get("OPENLINE_GOLDEN") == "write":
        golden.write_bytes(replayed)
    assert replayed.decode() == golden.read_text(encoding="utf-8")


def test_no_golden_file_is_left_over() -> None:
    names = {f"{path.stem}{'.' if branch else ''}{branch}.jsonl" for path, branch in _cases()}
    assert {path.name for path in GOLDEN.glob("*")} == names
