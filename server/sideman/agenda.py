"""What falls due when: named moments, at most one for each name.

It holds no time of its own and calls nobody: the session asks what is due.
"""

from __future__ import annotations

import heapq
from collections.abc import Hashable


class Agenda:
    """Moments in nanoseconds under names of any hashable kind.

    A moment that is moved or cleared leaves a dead entry behind, which is dropped when it comes to the top, or all at
    once when the dead outnumber the living.
    """

    def __init__(self) -> None:
        self._due: dict[Hashable, tuple[int, int]] = {}
        self._heap: list[tuple[int, int, Hashable]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._due)

    def set(self, name: Hashable, due_ns: int) -> None:
        """Let `name` fall due at `due_ns`, in place of any moment that it had."""
        held = self._due.get(name)
        if held is not None and held[0] == due_ns:
            return
        self._count += 1
        self._due[name] = (due_ns, self._count)
        heapq.heappush(self._heap, (due_ns, self._count, name))
        if len(self._heap) > 64 + 4 * len(self._due):
            self._heap = [(due, count, name) for name, (due, count) in self._due.items()]
            heapq.heapify(self._heap)

    def clear(self, name: Hashable) -> None:
        """Forget `name`, if it is there."""
        self._due.pop(name, None)

    def due(self, name: Hashable) -> int | None:
        """When `name` falls due; None where it does not."""
        held = self._due.get(name)
        return held[0] if held is not None else None

    def next_ns(self) -> int | None:
        """When the next name falls due; None when nothing is planned."""
        heap = self._heap
        while heap:
            due, count, name = heap[0]
            held = self._due.get(name)
            if held is not None and held[1] == count:
                return due
            heapq.heappop(heap)
        return None

    def pop(self, now: int) -> tuple[Hashable, int] | None:
        """The name that fell due first, and when, if that is not after `now`; it is then forgotten."""
        due = self.next_ns()
        if due is None or due > now:
            return None
        name = heapq.heappop(self._heap)[2]
        del self._due[name]
        return name, due
