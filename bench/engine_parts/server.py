"""A PostgreSQL server with PostGIS for as long as a bench runs: a cluster of its own in a folder that goes away.

It listens on a socket in that folder and on no network. Where the packages are missing, `Unavailable` says what to
install.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

INSTALL = "apt install postgresql postgresql-postgis"
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "8GB",
    # Nothing here outlives the bench, and a question runs on one core.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "jit": "off",
}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
"""What is acknowledged is on disk, for benches that compare it."""
_PROGRAMS = ("initdb", "pg_isready", "postgres")
_PATIENCE_S = 60.0


class Unavailable(Exception):
    """The machine lacks what is needed; the message says what."""


@contextmanager
def serving(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[Path]:
    """Run a server; gives the folder of its socket, in which user `bench` may do everything.

    `settings` take the place of the usual ones.

    Raises:
        Unavailable: when there is no PostgreSQL here, or no user to run it as.
    """
    binaries = _binaries()
    user = _user()
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        command = [
            str(binaries / "initdb"),
            "-D",
            str(data),
            "--username=bench",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-sync",
        ]
        done = subprocess.run(command, user=user, cwd=folder, check=False, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"initdb says: {done.stderr.strip()}")
        options = [part for key, value in {**_SETTINGS, **settings}.items() for part in ("-c", f"{key}={value}")]
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder), *options]
        with (folder / "log").open("w") as log:
            server = subprocess.Popen(command, user=user, cwd=folder, stdout=log, stderr=log)
        try:
            _wait(server, binaries, folder)
            yield folder
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=_PATIENCE_S)


def _binaries() -> Path:
    """The folder of the newest PostgreSQL that Debian's packages laid down, or of the one on the path."""
    versions = sorted(_DEBIAN.glob("*/bin"), key=lambda path: int(path.parts[-2]))
    found = shutil.which("postgres")
    folders = [*reversed(versions), *([Path(found).resolve().parent] if found else [])]
    for folder in folders:
        if all((folder / program).exists() for program in _PROGRAMS):
            return folder
    raise Unavailable(f"There is no PostgreSQL here, so it is left out. On Debian and Ubuntu: {INSTALL}")


def _user() -> str | None:
    """PostgreSQL does not run as root; the user that its package made."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise Unavailable("PostgreSQL does not run as root, and there is no user postgres to run it as.") from None


def _wait(server: subprocess.Popen[bytes], binaries: Path, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while subprocess.run([binaries / "pg_isready", "-q", "-h", folder], check=False).returncode:
        if server.poll() is not None or time.monotonic() > until:
            raise Unavailable(f"PostgreSQL did not start: {(folder / 'log').read_text()[-500:]}")
        time.sleep(0.1)
