"""Looking at the state only while all of it is on disk.

The sequencer steps ahead of the disk: between a step and its commit the state holds what may yet be taken back. Nothing
leaves the node before that commit, so whoever looks waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from openline.node.journal import Output
from openline.node.line import Line, fenced

_T = TypeVar("_T")
_PATIENCE_S = 0.25
"""How often whoever waits looks whether the commit has failed meanwhile."""


class Committed:
    """The line as its disk has it."""

    def __init__(self, line: Line) -> None:
        """Wait for the commits of `line`."""
        self._line = line
        self._waiting: list[tuple[Callable[[Line], Any], asyncio.Future[Any]]] = []
        line.listen(self._published)

    async def look(self, see: Callable[[Line], _T]) -> _T:
        """What `see` makes of the line at a moment at which no commit is under way.

        Raises:
            NodeFault: NODE_FENCED.
        """
        while True:
            if self._line.is_fenced:
                raise fenced(self._line.fence_reason)
            if self._line.journal.tree.size == self._line.committed:
                return see(self._line)
            seen: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
            waiting = (see, seen)
            self._waiting.append(waiting)
            done, _ = await asyncio.wait((seen,), timeout=_PATIENCE_S)
            if done:
                return seen.result()
            self._waiting.remove(waiting)

    def _published(self, _: list[tuple[int, Output]]) -> None:
        waiting, self._waiting = self._waiting, []
        for see, seen in waiting:
            if seen.done():
                continue
            try:
                seen.set_result(see(self._line))
            except Exception as error:  # noqa: BLE001 - it belongs to whoever looks, not to the commit
                seen.set_exception(error)
