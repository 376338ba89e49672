"""The gate of a bridge: seats for those who come over another network, as if they sent datagrams from hosts of its own.

What a bridge sends enters as numbered inputs, checked and recorded like anybody's; what is said to its guests comes
back when it is due. A gate lives on its bridge's thread; nothing here waits for the server, nor the server for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from .addresses import Value
from .alarm import Alarm
from .clock import Clock
from .effects import Cut
from .hub import Output
from .osc import Bundle, Malformed, Message, decode, encode
from .seats import Endpoint
from .wire import Epoch, Heap

log = logging.getLogger("sideman")

#: No host of a network is called so.
SIGN: Final = "@"
PING_S: Final = 10.0
MOST_PORTS: Final = 65_535
#: So much may wait for a thread, and for a guest's seat.
ROOM: Final = 4096
ROOM_BEFORE: Final = 64
#: At most so much is taken at once where music waits.
TURN: Final = 64

Item = TypeVar("Item")
Packet = tuple[int, bytes, Endpoint, Epoch | None]


class Post(Generic[Item]):
    """From any thread to the loop of one: in order, bounded, waking it once for all that waits."""

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Item], None], turn: int = ROOM) -> None:
        self._loop = loop
        self._take = take
        self._turn = turn
        self._items: deque[Item] = deque()
        self._woken = False
        self.dropped = 0

    def put(self, item: Item, *, always: bool = False) -> None:
        """Hand over; where too much waits it is dropped and counted, unless it may not be."""
        if len(self._items) >= ROOM and not always:
            self.dropped += 1
            return
        self._items.append(item)
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # that loop has ended, and nobody waits for this any more
                self._items.clear()

    def _deliver(self) -> None:
        self._woken = False
        for _ in range(self._turn):
            if not self._items:
                return
            self._take(self._items.popleft())
        if self._items and not self._woken:
            self._woken = True
            self._loop.call_soon(self._deliver)


class Guest:
    """Somebody who came over a bridge: sends, and hears what is said to the seat."""

    def __init__(self, gate: Gate, endpoint: Endpoint, join: Message, heard: Callable[[Message, bytes], None]) -> None:
        self._gate = gate
        self._join = join
        self._heard = heard
        self._before: deque[bytes] = deque(maxlen=ROOM_BEFORE)
        self._silent = 0  # pings in a row to which nothing came back
        self.endpoint = endpoint
        self.joined = False
        self.kept = True

    def send(self, address: str, *arguments: Value | bool) -> None:
        """Say something; raises `ValueError` for what no OSC message can hold."""
        self.send_packet(encode(address, *arguments))

    def send_packet(self, packet: bytes) -> None:
        """A whole OSC packet; what is sent before the seat is there waits for it, at most 64 of them."""
        if self.joined:
            self._gate.pass_in(self.endpoint, packet)
        else:
            self._before.append(packet)

    def join(self) -> None:
        """Ask for the seat, again where it was had before; what is sent meanwhile waits."""
        self.joined = False
        self._gate.pass_in(self.endpoint, encode(self._join.address, *self._join.arguments))

    def leave(self) -> None:
        """Give the seat up."""
        self.send("/leave")
        self._gate.forget(self)

    def ping(self) -> None:
        """Keep the lease; join again where nobody knows this seat any more."""
        self._silent += 1
        if self._silent > 2 or not self.joined:
            self.join()
        else:
            self.send("/ping")

    def hear(self, packet: bytes) -> None:
        """What was said to it is due."""
        try:
            content = decode(packet)
        except Malformed:  # ours, and a fault of ours
            log.exception("a packet for %s is malformed", self.endpoint[0])
            return
        self._each(content, packet)

    def _each(self, content: Message | Bundle, packet: bytes) -> None:
        if isinstance(content, Bundle):
            for element in content.elements:
                self._each(element, packet)
            return
        address, arguments = content
        if address == "/challenge":
            self._gate.pass_in(self.endpoint, encode("/confirm", *arguments))
            return
        if address == "/pong":
            self._silent = 0
            return
        if address == "/joined":
            self._silent = 0
            self.joined = True
            for waiting in self._before:
                self._gate.pass_in(self.endpoint, waiting)
            self._before.clear()
        elif address == "/error" and arguments[:1] in (("/join",), ("/confirm",)):
            self._before.clear()
        self._heard(content, packet)


class Gate:
    """What a bridge is given: it lets guests in. All of it belongs to the bridge's own loop."""

    def __init__(
        self,
        bridge: str,
        clock: Clock,
        pass_in: Callable[[Endpoint, bytes], None],
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.bridge = bridge
        self.pass_in = pass_in
        self._tell = tell
        self._clock = clock
        self._heap = Heap()
        self._alarm = Alarm(clock, self.flush)
        self._guests: dict[Endpoint, Guest] = {}
        self._port = 0
        self.post: Post[Packet | Cut] = Post(asyncio.get_running_loop(), self._take)
        self.unheard = 0

    def trouble(self, what: str) -> None:
        """Let all performers know, and `/status`, what keeps the bridge from its work; no words: it is well again."""
        self._tell(what)

    def enter(
        self,
        name: str,
        heard: Callable[[Message, bytes], None],
        *,
        session: str = "main",
        kind: str = "server",
        token: str = "",
        kept: bool = True,
        host: str = "",
    ) -> Guest:
        """A guest under a name, who asks for a seat with the rights that `token` gives, or anybody's without one.

        `heard(message, packet)` is told what is said to that seat, when it is due: `/joined` first, or `/error /join`.
        A seat that is `kept` is pinged; another lapses while nothing is sent. Guests of the same `host` (of the
        bridge's own, by default) are to each other as programs on one machine.
        """
        self._port = self._port % MOST_PORTS + 1
        endpoint = (f"{SIGN}{self.bridge}{'/' + host if host else ''}", self._port)
        join = Message("/join", (name, 0, token or "-", session, kind))
        guest = self._guests[endpoint] = Guest(self, endpoint, join, heard)
        guest.kept = kept
        guest.join()
        return guest

    @property
    def guests(self) -> list[Guest]:
        """Who was let in and has not left."""
        return list(self._guests.values())

    def forget(self, guest: Guest) -> None:
        """Nothing is told to that guest any more."""
        self._guests.pop(guest.endpoint, None)

    def hand(self, output: Output, ours: Sequence[Endpoint]) -> None:
        """From the server's thread: what is said to guests of this gate, or a player's cut."""
        if isinstance(output, Cut):
            self.post.put(output, always=True)
            return
        for endpoint in ours:
            self.post.put((output.due_ns, output.packet, endpoint, output.epoch))

    async def keep(self) -> None:
        """Ping for those whose seats are kept, for ever."""
        while True:
            await asyncio.sleep(PING_S)
            for guest in self.guests:
                if guest.kept:
                    guest.ping()

    def close(self) -> None:
        """Nothing is told any more."""
        self._alarm.set(None)

    def _take(self, item: Packet | Cut) -> None:
        if isinstance(item, Cut):
            self._heap.drop(item.player, item.after_ns)
            self.flush()
            return
        due_ns, packet, endpoint, epoch = item
        self._heap.push(due_ns, packet, (endpoint,), epoch)
        self.flush()

    def flush(self) -> None:
        """Tell all that has fallen due, and set the timer for the next."""
        self._flush(self._clock.now())

    def _flush(self, now: int) -> None:
        while (item := self._heap.pop(now)) is not None:
            _, packet, to, *_ = item
            guest = self._guests.get(to[0])
            if guest is None:
                self.unheard += 1
            else:
                guest.hear(packet)
        self._alarm.set(self._heap.next_ns())
