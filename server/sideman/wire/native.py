"""The wire of the C++ core: a thread of its own receives and sends, whatever Python is doing (Linux).

It obeys `/panic`, `/stop` and `/player/<p>/stop` before Python sees them; here they come out as `Obeyed`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from .._core.wire import Wire as Core
from .._core.wire import real_time as real_time
from ..inputs import Datagram, Obeyed
from ..seats import Endpoint
from .contract import Arrival, Counts, Epoch, Stoppers


class NativeWire:
    """A UDP socket with a thread that stamps what it receives and sends what is due."""

    def __init__(self, host: str, port: int) -> None:
        """Bind; raises `OSError` when the port is taken or the host is not ours."""
        self._core = Core(host, port)
        self.cut = self._core.cut
        self.flush = self._core.flush
        self._loop: asyncio.AbstractEventLoop | None = None
        self._why = ""

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return self._core.endpoint

    @property
    def said(self) -> str:
        """Whether its thread has real-time priority, and why not."""
        if self._why:
            return f"the wire has no real-time priority: {self._why}; `sideman doctor` tells the cure"
        return "the wire has real-time priority"

    def start(self, received: Callable[[Arrival], None]) -> None:
        """Begin; `received` is called on the running loop."""
        self._received = received
        self._why = self._core.start()
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._core.bell, self.drain)

    def drain(self, most: int = 64) -> None:
        """Take what has arrived, at most so many."""
        for time_ns, source, packet, obeyed in self._core.take(most):
            if obeyed is None:
                self._received(Datagram(time_ns, source, packet))
            else:
                self._received(Obeyed(time_ns, source, packet, *obeyed))

    def send(
        self,
        due_ns: int,
        packet: bytes,
        to: Sequence[Endpoint],
        epoch: Epoch | None = None,
        off: bytes = b"",
        until_ns: int = 0,
    ) -> None:
        """Send to all of `to` when it is due, at once if that has come."""
        self._core.send(due_ns, packet, to, epoch[0] if epoch else "", off, until_ns)

    def publish(self, stoppers: Stoppers, players: Sequence[str]) -> None:
        """Whose stops it obeys."""
        self._core.publish(stoppers, players)

    def lift(self, cut: int) -> None:
        """A stop that it obeyed is known: what is planned from now on may leave."""
        self._core.lift(cut)

    def counts(self) -> Counts:
        """What it has done so far."""
        _, most, (p99,) = self._core.lateness([0.99])
        return Counts(**self._core.counts(), late_p99_ns=p99, late_most_ns=most)

    def lateness(self, *shares: float) -> list[int]:
        """What each share (0 to 1) of all that waited for its time did not exceed, in ns."""
        return self._core.lateness(shares)[2]

    def close(self) -> None:
        """End its thread; what is not due yet is not sent."""
        if self._loop is not None:
            self._loop.remove_reader(self._core.bell)
            self._loop = None
        self._core.close()
