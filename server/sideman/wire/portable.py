"""A wire that runs everywhere: a plain UDP socket on the event loop. What keeps Python busy makes it late."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from ..alarm import Alarm
from ..clock import Clock
from ..inputs import Datagram
from ..seats import Endpoint
from ..voice import STALE_NS
from .contract import Arrival, Counts, Epoch, Stoppers
from .heap import Heap

#: Lateness is told of so many of the last that waited for their time.
LAST: Final = 4096


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
        self._late_most_ns = 0
        self._late: deque[int] = deque(maxlen=LAST)

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return str(host), int(port)

    @property
    def said(self) -> str:
        """What it is."""
        return "the portable wire: what keeps Python busy makes notes and stops late"

    def start(self, received: Callable[[Arrival], None]) -> None:
        """Call `received` for each datagram from now on."""
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
            self._received(Datagram(self._clock.now(), (source[0], source[1]), packet))

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
            received(Datagram(clock.now(), source, packet))

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
        now, ends = self._clock.now(), off == packet
        if due_ns <= now and not (self._heap and (self._heap.next_ns() or 0) <= now):
            self._leave(due_ns, packet, to, epoch, ends, now)
            return
        self._heap.push(due_ns, packet, to, epoch, ends)
        self._flush(now)

    def cut(self, player: str, after_ns: int) -> None:
        """Void that player's items that are due after `after_ns`."""
        self._heap.drop(player, after_ns)
        self.flush()

    def publish(self, stoppers: Stoppers, players: Sequence[str]) -> None:
        """It obeys nobody: Python does."""

    def lift(self, cut: int) -> None:
        """It voids nothing by itself."""

    def counts(self) -> Counts:
        """What it has done so far."""
        late = sorted(self._late)
        p99 = late[min(len(late) - 1, len(late) * 99 // 100)] if late else 0
        return Counts(
            sent=self.sent,
            dropped=self.dropped,
            stale=self.stale,
            waiting=len(self._heap),
            late_p99_ns=p99,
            late_most_ns=self._late_most_ns,
        )

    def close(self) -> None:
        """Stop listening; what is not due yet is not sent."""
        self._alarm.set(None)
        self._socket.close()

    def flush(self) -> None:
        """Send all that has fallen due, and set the timer for the next."""
        self._flush(self._clock.now())

    def _flush(self, now: int) -> None:
        while (item := self._heap.pop(now)) is not None:
            due, packet, to, epoch, ends = item
            late_ns = max(0, self._clock.now() - due)
            self._late.append(late_ns)
            self._late_most_ns = max(self._late_most_ns, late_ns)
            self._leave(due, packet, to, epoch, ends, now)
        self._alarm.set(self._heap.next_ns())

    def _leave(
        self, due: int, packet: bytes, to: Sequence[Endpoint], epoch: Epoch | None, ends: bool, now: int
    ) -> None:
        """Send it; but what of a plan is long overdue is dropped. An answer or a note's end is sent however late."""
        if epoch is not None and not ends and due < now - STALE_NS:
            self.stale += 1
        else:
            self._send_now(packet, to)

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
