"""A thread that does calls in order, and what threads take from one another.

Threads end with the program, in the middle of a call if need be.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Line(Generic[Item]):
    """Things that wait, until there are no more to come."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[Item | None] = queue.SimpleQueue()

    def __len__(self) -> int:
        return self._waiting.qsize()

    def put(self, item: Item) -> None:
        """Something more."""
        self._waiting.put(item)

    def end(self) -> None:
        """No more will come."""
        self._waiting.put(None)

    def take(self) -> list[Item] | None:
        """All that waits, at least one thing, for which it is waited; None at the end."""
        items: list[Item] = []
        while True:
            try:
                item = self._waiting.get_nowait() if items else self._waiting.get()
            except queue.Empty:
                return items
            if item is None:
                return None
            items.append(item)


class Background:
    """Calls are done one after another; what they raise is theirs to catch."""

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, call: Callable[[], None]) -> None:
        """Do a call after those that were submitted before."""
        self._calls.put(call)

    def finish(self) -> None:
        """Wait until all that was submitted is done; nothing may be submitted afterwards."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()
