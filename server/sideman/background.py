"""A thread that does calls in order. It ends with the program, in the middle of a call if need be."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable


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
