"""One moment on the event loop at which something is called; it may be moved."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .clock import Clock
from .timeline import SECOND


class Alarm:
    """Calls `ring` at the moment that was set last, on the loop that runs then."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._due_ns = 0

    def set(self, due_ns: int | None) -> None:
        """Ring at `due_ns` in place of any moment before; None: not at all."""
        if self._timer is not None:
            if due_ns == self._due_ns:
                return
            self._timer.cancel()
            self._timer = None
        if due_ns is not None:
            self._due_ns = due_ns
            delay_s = max(0, due_ns - self._clock.now()) / SECOND
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._rings)

    def _rings(self) -> None:
        self._timer = None
        self._ring()
