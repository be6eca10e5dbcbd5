"""Attachments: taken from who named them, given to who may read them, destroyed once an erasure is on disk.

All of it happens on one thread beside the sequencer, in the order in which it was asked for. So an attachment that was
being kept when its erasure was committed is destroyed all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Protocol, TypeVar

from openline.core.errors import Invalid
from openline.node.attached import Name, erased, unknown
from openline.node.journal import Output
from openline.node.line import Line

SALT_BYTES = 32
"""Of chance, before an attachment's own bytes."""
RETRY_S = 60.0
"""Between two attempts to destroy what a disk did not let go of."""

_T = TypeVar("_T")
Report = Callable[[str, Exception], None]
"""Takes a sentence and the exception behind it."""


class AttachmentStore(Protocol):
    """Keeps attachments with their salts, so that each can be destroyed."""

    def put(self, name: Name, content: bytes) -> bool:
        """Keep one; False when it is there already. Raises StoreError, and then it is not kept."""

    def get(self, name: Name) -> bytes | None:
        """One, or None. Raises StoreError."""

    def destroy(self, names: Iterable[Name]) -> None:
        """Destroy them, whatever is still there. Raises StoreError when that has to be done again."""


class Attachments:
    """The one way to the store of attachments while a node serves."""

    def __init__(self, line: Line, store: AttachmentStore, report: Report, *, retry_s: float = RETRY_S) -> None:
        """Destroy from now on what is erased; `start` does it for what was erased before."""
        self._line = line
        self._store = store
        self._report = report
        self._retry_s = retry_s
        self._seen = len(line.state.attached.erased)
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="attachments")
        line.listen(self._published)

    def start(self) -> None:
        """Destroy all that the ledger says is erased before anything is given out: a stop in between leaves nothing."""
        self._destroy(list(self._line.state.attached.erased))

    async def put(self, party: str, digest: str, content: bytes) -> bool:
        """Keep what a party has named and sends; False when it is there already.

        The caller has seen, at a moment at which no commit was under way, that the party may send it.

        Raises:
            Invalid: VALUE_INVALID, when it is not what the notice names.
            NotFound: ATTACHMENT_ERASED, when it was erased and destroyed since.
            StoreError: when the disk refuses.
        """
        if len(content) < SALT_BYTES or sha256(content).hexdigest() != digest:
            raise Invalid(
                "VALUE_INVALID",
                f"the SHA-256 of {SALT_BYTES} bytes of salt and the attachment is another one",
                path="attachment",
                remedy="Send the salt and then the attachment's bytes, as they were when the notice was signed.",
            )
        # one whose erasure is on disk has been destroyed already, and would stay; with a later one it is destroyed
        if self._line.state.attached.erased.get((party, digest), self._line.committed) < self._line.committed:
            raise erased()
        return await self._on_disk(self._store.put, (party, digest), content)

    async def get(self, names: Iterable[Name]) -> bytes:
        """The first of some attachments, of one digest, that is here.

        Raises:
            NotFound: NOT_FOUND, when its teller has not sent it.
            StoreError: when the disk refuses.
        """
        for name in names:
            found = await self._on_disk(self._store.get, name)
            if found is not None:
                return found
        raise unknown()

    def close(self) -> None:
        """See to its end what was begun."""
        self._disk.shutdown(wait=True)

    async def _on_disk(self, act: Callable[..., _T], *given: object) -> _T:
        self._catch_up()
        return await asyncio.get_running_loop().run_in_executor(self._disk, act, *given)

    def _published(self, _: list[tuple[int, Output]]) -> None:
        self._catch_up()

    def _catch_up(self) -> None:
        """Destroy what was erased since; also by a commit of which nobody heard, the line being fenced after it."""
        erased = self._line.state.attached.erased
        if self._line.journal.tree.size == self._line.committed and len(erased) != self._seen:
            fresh = list(erased)[self._seen :]
            self._seen = len(erased)
            self._destroy(fresh)

    def _destroy(self, names: list[Name]) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._destroy_now(names)
            return
        doing = loop.run_in_executor(self._disk, self._destroy_now, names)

        def see(done: asyncio.Future[bool]) -> None:
            if not done.result():
                loop.call_later(self._retry_s, self._again, names)

        doing.add_done_callback(see)

    def _again(self, names: list[Name]) -> None:
        try:
            self._destroy(names)
        except RuntimeError:
            # the node is stopping: it is done when it starts again
            return

    def _destroy_now(self, names: list[Name]) -> bool:
        try:
            self._store.destroy(names)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            self._report("An erased attachment could not be destroyed everywhere; it is tried again.", error)
            return False
        return True
