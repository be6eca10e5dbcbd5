"""Prepared outlines of the volumes asked for last, at most a fixed number, because each is large."""

from __future__ import annotations

from openline.core.place import Outline
from openline.geo.shape import Shape, prepare

_MOST = 2048


class Shapes:
    """Prepared outlines by slot; the one unused for longest makes room."""

    def __init__(self, most: int = _MOST) -> None:
        """Keep at most `most`."""
        self._most = most
        self._by_slot: dict[int, Shape] = {}

    def of(self, slot: int, outline: Outline) -> Shape:
        """The prepared outline of a slot."""
        shape = self._by_slot.pop(slot, None) or prepare(outline)
        if len(self._by_slot) >= self._most:
            del self._by_slot[next(iter(self._by_slot))]
        self._by_slot[slot] = shape
        return shape

    def forget(self, slot: int) -> None:
        """Drop a slot's outline, if there is one."""
        self._by_slot.pop(slot, None)

    def __len__(self) -> int:
        return len(self._by_slot)
