"""A wire for tests and replay: it sends into a list, and its time is told to it."""

from __future__ import annotations

from collections.abc import Sequence

from ..seats import Endpoint
from .contract import Epoch
from .heap import Heap


class SimWire:
    """A wire for tests and replay: what was sent, in order, with the time at which it was due or handed over."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes, tuple[Endpoint, ...]]] = []
        self._heap = Heap()
        self._now = 0

    def send(
        self,
        due_ns: int,
        packet: bytes,
        to: Sequence[Endpoint],
        epoch: Epoch | None = None,
        off: bytes = b"",
        until_ns: int = 0,
    ) -> None:
        """Send, at `due_ns` of the simulated clock."""
        if due_ns <= self._now:
            self.sent.append((self._now, packet, tuple(to)))
        else:
            self._heap.push(due_ns, packet, to, epoch)

    def cut(self, player: str, after_ns: int) -> None:
        """Void a player's items that are due after `after_ns`."""
        self._heap.drop(player, after_ns)

    def next_ns(self) -> int | None:
        """When the next item is due."""
        return self._heap.next_ns()

    def advance(self, now: int) -> None:
        """Let time pass: what has fallen due is sent."""
        while (item := self._heap.pop(now)) is not None:
            due, packet, to, *_ = item
            self._now = max(self._now, due)
            self.sent.append((self._now, packet, tuple(to)))
        self._now = max(self._now, now)
