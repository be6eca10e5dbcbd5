"""Run every test at full count and write docs/soak.md: `make soak`."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings

import tests.conftest  # noqa: F401 -- registers the profiles
from tests.fuzz.all_targets import TARGETS
from tests.fuzz.run import NO_ATHERIS, has_atheris, search_all

FUZZ_S = 3_600
"""How long bad bytes are searched for, all targets together."""
ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/soak.md"


@dataclass
class Tally:
    """What came of the tests of one folder."""

    tests: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def add(self, case: ET.Element) -> None:
        """Count one test."""
        self.tests += 1
        self.failed += case.find("failure") is not None or case.find("error") is not None
        self.skipped += case.find("skipped") is not None
        self.seconds += float(case.get("time", "0"))

    def row(self, name: str) -> str:
        """Return one line of the table."""
        return f"| {name} | {self.tests} | {self.failed} | {self.skipped} | {self.seconds:.0f} |"


def tallies_of(report: Path) -> dict[str, Tally]:
    """Sum up a JUnit report by folder of tests."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 -- pytest wrote it a moment ago
        parts = case.get("classname", "").split(".")
        folder = parts[1] if len(parts) > 2 else "other"
        tallies[folder].add(case)
        tallies["all"].add(case)
    return tallies


def machine() -> str:
    """Say what the run had to work with."""
    cores = os.cpu_count()
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.machine()}"
    return f"{cores} cores, {memory_gib:.0f} GiB, {system}, Python {platform.python_version()}"


def page_of(tallies: dict[str, Tally], date: str, chosen: list[str], search: str) -> str:
    """Write the page; `chosen` is what was asked of pytest, and nothing when every test ran."""
    total = tallies["all"]
    outcome = "Every test passed." if not total.failed else f"{total.failed} tests failed."
    rows = [tally.row(f"`{name}`") for name, tally in sorted(tallies.items()) if name != "all"]
    samples = settings.get_profile("soak").max_examples
    usual = settings.get_profile("default").max_examples
    return "\n".join(
        [
            "# The last soak",
            "",
            "`make soak` runs every test at full count and writes this page. Edit nothing here.",
            "",
            f"- Date: {date}",
            f"- Machine: {machine()}",
            f"- Samples of each property: {samples}, newly drawn (`make test`: {usual}, always the same)",
            f"- Tests: {f'only `{shlex.join(chosen)}`' if chosen else 'every one'}",
            f"- Search for bad bytes: {search}",
            f"- Outcome: {outcome}",
            "",
            "| tests of | run | failed | left out | seconds |",
            "|---|---:|---:|---:|---:|",
            *rows,
            total.row("**all**"),
            "",
        ]
    )


def main() -> int:
    """Run, sum up, write; return what pytest returned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--date", required=True, help="the day of the run, YYYY-MM-DD")
    parser.add_argument("--fuzz-seconds", type=int, help="how long to search for bad bytes (usually an hour)")
    options, for_pytest = parser.parse_known_args()
    seconds = options.fuzz_seconds if options.fuzz_seconds is not None else 0 if for_pytest else FUZZ_S
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", *for_pytest]
        result = subprocess.run(command, cwd=ROOT, env={**os.environ, "OPENLINE_SOAK": "1"}, check=False)
        if not report.exists():
            return result.returncode
        broken, search = searched(seconds)
        PAGE.write_text(page_of(tallies_of(report), options.date, for_pytest, search), encoding="utf-8")
    return result.returncode or int(bool(broken))


def searched(seconds: int) -> tuple[list[str], str]:
    """Search for bytes that break a parser; gives the targets that broke, and what to say of it."""
    if not seconds:
        return [], "not asked for"
    if not has_atheris():
        sys.stderr.write(NO_ATHERIS + "\n")
        return [], "left out, because atheris is not installed"
    broken = search_all(list(TARGETS), seconds)
    found = f"broke {', '.join(broken)}" if broken else "found nothing"
    return broken, f"{seconds} seconds over {len(TARGETS)} parsers, {found}"


if __name__ == "__main__":
    sys.exit(main())
