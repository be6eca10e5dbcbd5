"""Running what a page tells its reader to type, in one shell, and comparing what comes with what the page shows.

A page shows ids, keys, numbers of entries and times as they were for whoever wrote it. A reader gets others, and types
those; so whatever the page shows in their place is remembered, and replaced in the commands that follow. `...` alone on
a line stands for any lines, `[...]` for the rest of a line or a part of it. Anything else must come as it is shown.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from types import TracebackType
from typing import Self

import httpx

from openline.core.errors import CODES
from tests.docs.pages import ROOT, Step

WITHIN_S = 60.0
"""More than any step takes on a slow machine."""
STORY_YEAR = "2050"
"""The year in which the tutorial's notices lie: those times are compared, all others are the clock's."""
_MARK = "-- end of step --"
_SHORT = 8
_PART = "[...]"
_VARIES = re.compile(
    rf"(?!{STORY_YEAR})\b2\d{{3}}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"  # a time of the clock
    r"|\b[0-9a-f]{64}\b|\b[0-9a-f]{32}\b|\b[0-9a-f]{20}\b"  # a root, a key id, an alert
    r"|(?<![\w/+-])[\w-]{32}(?![\w=/+-])"  # the id of a notice
    r"|(?<![\w/+])[A-Za-z0-9/+]{43}="  # a key
    r"|(?<=entry )\d+|(?<=#)\d+|\b\d+(?= entries)"  # numbers of entries
)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port


class Shell:
    """One bash in a folder of its own, with our commands on its path and a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), "OPENLINE_PORT": str(self.port)}
        self._seen: dict[str, str] = {}
        self._rest = b""
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],  # noqa: S607 - whichever bash the reader has
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: object, __: TracebackType | None) -> None:
        """End the shell and, should a step have failed, whatever it left running."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        if kind is not None:
            os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(WITHIN_S)
        self._process.stdout.close()

    def follow(self, step: Step) -> None:
        """Type a step and compare what it prints."""
        command = self._as_typed(step.command)
        printed, status = self._run(command)
        told = f"line {step.line}: $ {command}\n" + "\n".join(printed)
        differs = self._compare(step.shown, printed)
        assert not differs, f"{told}\n\n{differs}"
        assert status == self._status_of(step), f"{told}\n\nexit status {status}"
        if command.endswith("&"):
            self._wait_for_node()

    @staticmethod
    def _status_of(step: Step) -> int:
        """2 where the page shows a refusal, 1 where it shows an alert that waits for its answer, else 0."""
        if any(line.partition(":")[0] in CODES for line in step.shown):
            return 2
        return 1 if step.command.startswith("openline status") and "answer due" in "".join(step.shown) else 0

    def _run(self, command: str) -> tuple[list[str], int]:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\nprintf '%s %s\\n' '{_MARK}' $?\n".encode())
        self._process.stdin.flush()
        text, _, rest = self._read_until(_MARK.encode()).partition(_MARK.encode())
        status, _, self._rest = rest.partition(b"\n")
        return [line.rstrip() for line in text.decode().splitlines()], int(status)

    def _read_until(self, mark: bytes) -> bytes:
        assert self._process.stdout is not None
        handle, ends = self._process.stdout.fileno(), time.monotonic() + WITHIN_S
        read = self._rest
        with DefaultSelector() as selector:
            selector.register(handle, EVENT_READ)
            while mark not in read or not read.endswith(b"\n"):
                assert selector.select(ends - time.monotonic()), f"no end within {WITHIN_S:g} s:\n{read.decode()}"
                more = os.read(handle, 65_536)
                assert more, f"the shell has ended:\n{read.decode()}"
                read += more
        return read

    def _wait_for_node(self) -> None:
        ends = time.monotonic() + WITHIN_S
        transport = httpx.HTTPTransport(retries=0)
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", transport=transport) as node:
            while time.monotonic() < ends:
                try:
                    if node.get("/readyz").is_success:
                        return
                except httpx.ConnectError:
                    os.sched_yield()
        raise AssertionError(f"no node answered within {WITHIN_S:g} s")

    def _as_typed(self, command: str) -> str:
        """The command with the ids that this reader has seen, whole or by their first characters."""
        for shown, seen in self._seen.items():
            command = command.replace(shown, seen)
            if re.fullmatch(r"[0-9a-f]{20}", shown):
                command = command.replace(shown[:_SHORT], seen[:_SHORT])
        return command

    def _compare(self, shown: tuple[str, ...], printed: list[str]) -> str:
        """What differs, empty when nothing does."""
        at = 0
        is_skipping = False
        for line in shown:
            if line == "...":
                is_skipping = True
                continue
            while is_skipping and at < len(printed) and not self._match(line, printed[at]):
                at += 1
            if at == len(printed):
                return f"the page shows a line that did not come: {line}"
            if not self._match(line, printed[at]):
                return f"the page shows: {line}\nthis came:      {printed[at]}"
            at, is_skipping = at + 1, False
        return "" if is_skipping or at == len(printed) else f"the page does not show: {printed[at]}"

    def _match(self, shown: str, printed: str) -> bool:
        parts: list[str] = []
        names: list[str] = []
        end = 0
        for found in re.finditer(rf"{_VARIES.pattern}|{re.escape(_PART)}", shown):
            parts.append(re.escape(shown[end : found.start()]))
            end = found.end()
            if found.group() == _PART:
                parts.append(".*")
            else:
                known = self._seen.get(found.group())
                parts.append(f"({re.escape(known) if known else _like(found.group())})")
                names.append(found.group())
        parts.append(re.escape(shown[end:]))
        matched = re.fullmatch("".join(parts), printed)
        if matched is None:
            return False
        self._seen.update((name, value) for name, value in zip(names, matched.groups(), strict=True) if _is_name(name))
        return True


def _like(shown: str) -> str:
    """What another reader may get in its place."""
    if shown.isdigit():
        return r"\d+"
    if shown.endswith("Z") and "T" in shown:
        return r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
    return r"[A-Za-z0-9_/+=-]+"


def _is_name(shown: str) -> bool:
    """True for what names the same thing wherever the page shows it: not for times and numbers."""
    return not shown.isdigit() and not (shown.endswith("Z") and "T" in shown)


def link_sources(folder: Path) -> None:
    """Put scenarios and agreements where a reader in a clone has them."""
    for name in ("scenarios", "agreements"):
        (folder / name).symlink_to(ROOT / name)
