"""What is to leave, in order of due time and of handing over where that is equal. It sends nothing."""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from ..seats import Endpoint
from .contract import Epoch


class Heap:
    """Items in order of due time, and of handing over where that is equal."""

    def __init__(self) -> None:
        self._items: list[tuple[int, int, bytes, Sequence[Endpoint], Epoch | None, bool]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._items)

    def push(self, due_ns: int, packet: bytes, to: Sequence[Endpoint], epoch: Epoch | None, ends: bool = False) -> None:
        """Keep an item until it is due; `ends` says whether it is the end of a note."""
        self._count += 1
        heapq.heappush(self._items, (due_ns, self._count, packet, to, epoch, ends))

    def next_ns(self) -> int | None:
        """When the first item is due."""
        return self._items[0][0] if self._items else None

    def pop(self, now: int) -> tuple[int, bytes, Sequence[Endpoint], Epoch | None, bool] | None:
        """The first item if it is due."""
        if not self._items or self._items[0][0] > now:
            return None
        due, _, packet, to, epoch, ends = heapq.heappop(self._items)
        return due, packet, to, epoch, ends

    def drop(self, player: str, after_ns: int) -> int:
        """Forget that player's items that are due after `after_ns`; how many there were."""
        kept = [item for item in self._items if item[4] is None or item[4][0] != player or item[0] <= after_ns]
        dropped = len(self._items) - len(kept)
        if dropped:
            heapq.heapify(kept)
            self._items = kept
        return dropped
