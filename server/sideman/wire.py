"""What carries packets: `send` when they are due, `cut` what a player was still to say.

`PyWire` sends through a plain UDP socket from the event loop, and runs everywhere. `SimWire` sends into a list.
Nothing here knows what a packet says.
"""

from __future__ import annotations

import asyncio
import errno
import heapq
import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from .alarm import Alarm
from .clock import Clock
from .seats import Endpoint
from .voice import STALE_NS

Epoch = tuple[str, int]


class Wire(Protocol):
    """Sends datagrams when they are due."""

    def send(self, due_ns: int, packet: bytes, to: Sequence[Endpoint], epoch: Epoch | None = None) -> None:
        """Send to all of `to` at `due_ns`, at once if that has come; an item of an epoch falls with its player's cut.

        Never raises: what cannot be sent is dropped and counted.
        """

    def cut(self, player: str, after_ns: int) -> None:
        """What is due by `after_ns` is sent first; the rest of that player's items is void."""


class Heap:
    """Items in order of due time, and of handing over where that is equal."""

    def __init__(self) -> None:
        self._items: list[tuple[int, int, bytes, Sequence[Endpoint], Epoch | None]] = []
        self._count = 0
        self._dead: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._items)

    def push(self, due_ns: int, packet: bytes, to: Sequence[Endpoint], epoch: Epoch | None) -> None:
        """Keep an item until it is due."""
        self._count += 1
        heapq.heappush(self._items, (due_ns, self._count, packet, to, epoch))

    def next_ns(self) -> int | None:
        """When the first item is due."""
        return self._items[0][0] if self._items else None

    def pop(self, now: int) -> tuple[int, bytes, Sequence[Endpoint]] | None:
        """The first item if it is due."""
        if not self._items or self._items[0][0] > now:
            return None
        due, _, packet, to, _ = heapq.heappop(self._items)
        return due, packet, to

    def drop(self, player: str) -> int:
        """Forget that player's items; how many there were."""
        kept = [item for item in self._items if item[4] is None or item[4][0] != player]
        dropped = len(self._items) - len(kept)
        if dropped:
            heapq.heapify(kept)
            self._items = kept
        return dropped


class SimWire:
    """A wire for tests and replay: what was sent, in order, with the time at which it was due or handed over."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, bytes, tuple[Endpoint, ...]]] = []
        self._heap = Heap()
        self._now = 0

    def send(self, due_ns: int, packet: bytes, to: Sequence[Endpoint], epoch: Epoch | None = None) -> None:
        """Send, at `due_ns` of the simulated clock."""
        if due_ns <= self._now:
            self.sent.append((self._now, packet, tuple(to)))
        else:
            self._heap.push(due_ns, packet, to, epoch)

    def cut(self, player: str, after_ns: int) -> None:
        """Void a player's items that are due after `after_ns`."""
        self.advance(after_ns)
        self._heap.drop(player)

    def next_ns(self) -> int | None:
        """When the next item is due."""
        return self._heap.next_ns()

    def advance(self, now: int) -> None:
        """Let time pass: what has fallen due is sent."""
        while (item := self._heap.pop(now)) is not None:
            due, packet, to = item
            self._now = max(self._now, due)
            self.sent.append((self._now, packet, tuple(to)))
        self._now = max(self._now, now)


class PyWire:
    """A UDP socket on the event loop: stamps what it receives, sends what is due."""

    def __init__(self, host: str, port: int, clock: Clock) -> None:
        """Bind; raises `OSError` when the port is taken or the host is not ours."""
        self._clock = clock
        self._heap = Heap()
        self._alarm = Alarm(clock, self.flush)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind((host, port))
        self.sent = 0
        self.dropped = 0
        self.stale = 0

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    def start(self, received: Callable[[int, Endpoint, bytes], None]) -> None:
        """Call `received(time_ns, source, packet)` for each datagram from now on."""
        self._received = received
        self._loop = asyncio.get_running_loop()
        try:
            self._loop.add_reader(self._socket.fileno(), self.drain)
        except NotImplementedError:  # the proactor loop of Windows
            self._reader = self._loop.create_task(self._read())

    async def _read(self) -> None:
        while True:
            try:
                packet, source = await self._loop.sock_recvfrom(self._socket, 65536)
            except OSError:
                continue
            self._received(self._clock.now(), (source[0], source[1]), packet)

    def drain(self, most: int = 64) -> None:
        """Take what has arrived, at most so many, so that a flood leaves room for what is due."""
        receive, clock, received = self._socket.recvfrom, self._clock, self._received
        for _ in range(most):
            try:
                packet, source = receive(65536)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # an ICMP error of a port that has gone
                continue
            received(clock.now(), source, packet)

    def send(self, due_ns: int, packet: bytes, to: Sequence[Endpoint], epoch: Epoch | None = None) -> None:
        """Send to all of `to` when it is due, at once if that has come."""
        now = self._clock.now()
        if due_ns <= now and not (self._heap and (self._heap.next_ns() or 0) <= now):
            self._send_now(packet, to)
            return
        self._heap.push(due_ns, packet, to, epoch)
        self._flush(now)

    def cut(self, player: str, after_ns: int) -> None:
        """Send what is due by `after_ns`, void the rest of that player's items."""
        self._flush(after_ns)
        self._heap.drop(player)
        self._alarm.set(self._heap.next_ns())

    def close(self) -> None:
        """Stop listening; what is not due yet is not sent."""
        self._alarm.set(None)
        self._socket.close()

    def flush(self) -> None:
        """Send all that has fallen due, and set the timer for the next."""
        self._flush(self._clock.now())

    def _flush(self, now: int) -> None:
        while (item := self._heap.pop(now)) is not None:
            due, packet, to = item
            if due < now - STALE_NS:
                self.stale += 1
            else:
                self._send_now(packet, to)
        self._alarm.set(self._heap.next_ns())

    def _send_now(self, packet: bytes, to: Sequence[Endpoint]) -> None:
        send = self._socket.sendto
        for endpoint in to:
            try:
                send(packet, endpoint)
                self.sent += 1
            except OSError as error:
                self.dropped += 1
                if error.errno == errno.EBADF:
                    return
