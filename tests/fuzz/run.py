"""Search for bytes that break a parser, and keep those that reach something new.

    python -m tests.fuzz.run notice --seconds 120           one target
    python -m tests.fuzz.run all --seconds 3600 --keep      every target, the time shared out

`--keep` adds to `tests/fuzz/corpus` what reached code that nothing there had reached, as few files as do it. What
breaks a target is left beside the corpus as `crash-...`, `timeout-...` or `oom-...`, and the command fails.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.all_targets import TARGETS
from tests.fuzz.keeping import worth_keeping
from tests.fuzz.seeds import seeds_of

ROOT = Path(__file__).parents[2]
CORPUS = Path(__file__).parent / "corpus"
FOUND = Path(__file__).parent / "found"
NO_ATHERIS = "The search for bad bytes is left out: atheris is not here. `uv sync --group fuzz` brings it (Linux)."
LIMITS = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=65536")
"""Seconds and memory that one input may take; the parsers' own limit on size is tested elsewhere."""
LARGEST_KEPT = 4_096
"""Bytes of a file of the corpus."""


def search(target: str, seconds: int, *, keeps: bool) -> bool:
    """Search for so long; True when nothing broke."""
    FOUND.mkdir(exist_ok=True)
    kept = CORPUS / target
    with tempfile.TemporaryDirectory() as folder:
        fresh, seeds = Path(folder, "fresh"), Path(folder, "seeds")
        fresh.mkdir()
        seeds.mkdir()
        for number, data in enumerate(seeds_of(target)):
            (seeds / f"{number:04}").write_bytes(data)
        known = [str(path) for path in (seeds, kept) if path.is_dir()]
        flags = [*LIMITS, f"-max_total_time={seconds}", f"-artifact_prefix={FOUND}/{target}-", "-print_final_stats=1"]
        is_sound = _fuzzed(target, *flags, str(fresh), *known)
        if keeps:
            _keep(target, kept, fresh)
    return is_sound


def _keep(target: str, kept: Path, fresh: Path) -> None:
    kept.mkdir(parents=True, exist_ok=True)
    known = [*seeds_of(target), *_contents(kept)]
    for data in worth_keeping(TARGETS[target], known, [d for d in _contents(fresh) if len(d) <= LARGEST_KEPT]):
        (kept / sha256(data).hexdigest()[:16]).write_bytes(data)


def _contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def _fuzzed(target: str, *arguments: str) -> bool:
    command = [sys.executable, "-m", "tests.fuzz.search", target, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def has_atheris() -> bool:
    """True when there is something to search with."""
    return find_spec("atheris") is not None


def search_all(targets: list[str], seconds: int, *, keeps: bool = False) -> list[str]:
    """Search, the time shared out; gives the targets that broke."""
    broken = [name for name in targets if not search(name, max(1, seconds // len(targets)), keeps=keeps)]
    for name in broken:
        sys.stderr.write(f"{name}: broken; what broke it lies in {FOUND}\n")
    return broken


def main() -> int:
    """Search as asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=["all", *TARGETS])
    parser.add_argument("--seconds", type=int, required=True, help="for all targets together")
    parser.add_argument("--keep", action="store_true", help="add to the corpus what reached something new")
    options = parser.parse_args()
    if not has_atheris():
        sys.stderr.write(NO_ATHERIS + "\n")
        return 1
    chosen = list(TARGETS) if options.target == "all" else [options.target]
    return int(bool(search_all(chosen, options.seconds, keeps=options.keep)))


if __name__ == "__main__":
    sys.exit(main())
