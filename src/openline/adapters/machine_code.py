"""Where compiled kernels are kept between runs: a folder of the user's cache, one for each state of the sources."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from platformdirs import user_cache_path

import openline
from openline.engine.compiling import keep_in

_KEPT = 4
"""Folders of other versions that stay, for those that run beside this one."""


def keep_machine_code(folder: Path | None = None) -> Path | None:
    """Keep machine code under `folder`, or in the user's cache; None, and nothing is kept, when it cannot be written.

    Call it before anything imports a kernel.
    """
    base = (user_cache_path("openline") if folder is None else folder) / "kernels"
    own = base / _fingerprint()
    try:
        own.mkdir(parents=True, exist_ok=True)
        others = sorted((f for f in base.iterdir() if f != own), key=lambda f: f.stat().st_mtime, reverse=True)
        for old in others[_KEPT:]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        return None
    keep_in(str(own))
    return own


def _fingerprint() -> str:
    """A digest of every source that a kernel can be made of."""
    rooms = Path(openline.__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*rooms.glob("engine/**/*.py"), *rooms.glob("geo/*.py")]):
        digest.update(path.relative_to(rooms).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
