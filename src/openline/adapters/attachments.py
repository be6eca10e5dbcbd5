"""Attachments on disk: each encrypted under a key of its own, the keys in one small file apart.

Erasing one is overwriting 32 bytes. Whatever copies of the ciphertext there are, in backups too, open to nobody from
then on. XSalsa20 and Poly1305 as in libsodium's secretbox (https://doc.libsodium.org/secret-key_cryptography/secretbox).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from openline.adapters.attachment_keys import KeyLines, overwrite, write_escrow
from openline.adapters.folders import sync_folder
from openline.adapters.key_files import new_seed
from openline.node.attached import Name
from openline.node.ports import StoreError

FOLDER_NAME = "attachments"
KEYS_NAME = "attachment-keys"
_DRAFT = ".draft"


class FileAttachments:
    """The attachments of a data folder. One thread at a time."""

    def __init__(self, folder: Path, escrow: Path | None = None) -> None:
        """Open them; `escrow` is the file outside that keeps the keys for backups.

        Raises:
            StoreError: when the keys cannot be read.
        """
        self._folder = folder / FOLDER_NAME
        self._keys = KeyLines(folder / KEYS_NAME)
        self._escrow = escrow
        for draft in self._folder.glob(f"*{_DRAFT}"):
            draft.unlink(missing_ok=True)

    def put(self, name: Name, content: bytes) -> bool:
        """Keep an attachment with its salt; False when it is there already.

        Raises:
            StoreError: when the disk refuses; then it is not kept.
        """
        if self._keys.get(name) is not None and self.path(name).exists():
            return False
        key = new_seed()
        try:
            self._write(self.path(name), SecretBox(key).encrypt(content))
            self._keys.destroy([name])
            self._keys.add(name, key)
        except (OSError, StoreError) as error:
            with suppress(OSError):
                self.path(name).unlink(missing_ok=True)
            if isinstance(error, StoreError):
                raise
            raise StoreError(
                f"an attachment cannot be written ({error.strerror})", remedy="Make room on the disk."
            ) from error
        return True

    def get(self, name: Name) -> bytes | None:
        """An attachment with its salt, or None when it is not here.

        Raises:
            StoreError: when the disk refuses, or what it gives is damaged.
        """
        key = self._keys.get(name)
        if key is None:
            return None
        try:
            return bytes(SecretBox(key).decrypt(self.path(name).read_bytes()))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"an attachment cannot be read ({error.strerror})") from error
        except CryptoError as error:
            raise StoreError(
                "an attachment is damaged on disk", remedy="Put its file back from a backup; its key is here."
            ) from error

    def destroy(self, names: Iterable[Name]) -> None:
        """Destroy attachments: keys, ciphertexts, and the keys in the escrow file. What is gone already stays gone.

        Raises:
            StoreError: when a disk refuses any of it; it has to be done again.
        """
        condemned = list(names)
        self._keys.destroy(condemned)
        try:
            for name in condemned:
                _shred(self.path(name))
            if condemned and self._folder.exists():
                sync_folder(self._folder)
        except OSError as error:
            raise StoreError(
                f"an erased attachment cannot be removed ({error.strerror}); its key is gone",
                remedy="Let this account write to the folder.",
            ) from error
        if condemned:
            self.write_escrow()

    def write_escrow(self) -> None:
        """Let the escrow file hold the keys that are alive, and no other.

        Raises:
            StoreError: when it cannot be written.
        """
        if self._escrow is not None:
            write_escrow(self._escrow, self._keys.alive())

    def path(self, name: Name) -> Path:
        """Where the ciphertext of an attachment lies."""
        return self._folder / file_name(name)

    def _write(self, path: Path, box: bytes) -> None:
        """Put a whole file in place, on disk."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        handle, draft = mkstemp(dir=self._folder, suffix=_DRAFT)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(box)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).replace(path)
        finally:
            Path(draft).unlink(missing_ok=True)
        sync_folder(self._folder)


def file_name(name: Name) -> str:
    """The name of a ciphertext's file."""
    teller, digest = name
    return f"{teller}-{digest}.box"


def _shred(path: Path) -> None:
    with suppress(FileNotFoundError):
        overwrite(path, [(0, bytes(path.stat().st_size))])
        path.unlink()
