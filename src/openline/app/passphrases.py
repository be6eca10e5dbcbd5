"""Passphrases: asked for without showing them, or read from a file that only its owner may read."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from openline.adapters.key_files import KeyFile, read_key, read_private
from openline.adapters.root_files import is_root_file, read_root
from openline.core.errors import BadUse

FILE_VARIABLE = "OPENLINE_PASSPHRASE_FILE"
"""Names the file for scripts, when no option does."""


def ask_passphrase(what: str, file: Path | None, *, is_new: bool = False) -> str:
    """The passphrase of `what`: from a file, or typed; a new one is typed twice.

    Raises:
        BadUse: FILE_UNREADABLE for a file that is missing or that others may read; CONFIGURATION_INVALID when nobody is
            there to ask, or the file is not text.
    """
    named = file or (Path(os.environ[FILE_VARIABLE]) if os.environ.get(FILE_VARIABLE) else None)
    if named is not None:
        try:
            return read_private(named).decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise BadUse(
                "CONFIGURATION_INVALID", "the passphrase in it is not text", path=str(named), remedy="Write UTF-8."
            ) from None
    if not sys.stdin.isatty():
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"{what} needs a passphrase, and nobody is there to ask",
            path="--passphrase-file",
            remedy=f"Name a file with --passphrase-file or in {FILE_VARIABLE}; only its owner may read it.",
        )
    typed: str = typer.prompt(f"Passphrase of {what}", hide_input=True, confirmation_prompt=is_new, err=True)
    return typed


def open_key(path: Path, passphrase_file: Path | None) -> KeyFile:
    """Any key file; the passphrase is asked for when it needs one.

    Raises:
        BadUse: as `read_key`, `read_root` and `ask_passphrase`.
    """
    if not is_root_file(path):
        return read_key(path)
    return read_root(path, ask_passphrase(str(path), passphrase_file))
